// A base and the deltas behind it as one snapshot.

import type { ShareSnapshot, Snapshot } from '../ports.ts';
import { damaged, type Fault } from './frame.ts';
import type { DecodedSnapshot } from './snapshot.ts';

type Decoded = Extract<DecodedSnapshot, { readonly ok: true }>;

/** A snapshot that deltas are put on, one by one. */
export interface Merged {
  /** Puts a delta on, whole; or changes nothing and says why it does not belong here. */
  put(delta: Decoded): Fault | undefined;
  snapshot(): Snapshot;
}

export function merged(base: Decoded): Merged {
  let shares = base.snapshot.shares;
  let footerCrc = base.footerCrc;
  /** By uid; filled with the first delta. */
  const slabs = new Map<string, Map<string, Uint8Array>>();
  const slabsOf = ({ uid, series }: ShareSnapshot): Map<string, Uint8Array> => {
    const known = slabs.get(uid) ?? new Map(series.map(({ key, slab }) => [key, slab]));
    slabs.set(uid, known);
    return known;
  };
  return {
    put(delta) {
      if (delta.header.previous !== footerCrc) return damaged('stands on another checkpoint than the one before it');
      if (!isSameKind(shares, delta.snapshot.shares)) return damaged('is of other shares than the one before it');
      for (const [index, share] of shares.entries()) {
        const fault = checked(slabsOf(share), delta, index);
        if (fault !== undefined) return fault;
      }
      for (const [index, share] of shares.entries()) {
        const known = slabsOf(share);
        for (const key of delta.lines[index]?.gone ?? []) known.delete(key);
        for (const { key, slab } of delta.snapshot.shares[index]?.series ?? []) known.set(key, slab);
      }
      shares = delta.snapshot.shares;
      footerCrc = delta.footerCrc;
      return undefined;
    },
    snapshot: () => ({
      shares: shares.map((share) => ({
        ...share,
        series: slabs.has(share.uid) ? [...slabsOf(share)].map(([key, slab]) => ({ key, slab })) : share.series,
      })),
    }),
  };
}

/** Deltas are only written while neither streams nor layouts change. */
function isSameKind(before: readonly ShareSnapshot[], after: readonly ShareSnapshot[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ uid, configHash, layoutHash }, index) => {
      const other = after[index];
      return other?.uid === uid && other.configHash === configHash && other.layoutHash === layoutHash;
    })
  );
}

/** What goes must have been there, and what comes must add up. */
function checked(known: ReadonlyMap<string, Uint8Array>, delta: Decoded, index: number): Fault | undefined {
  const line = delta.lines[index];
  const series = delta.snapshot.shares[index]?.series ?? [];
  const gone = new Set(line?.gone);
  if ([...gone].some((key) => !known.has(key))) return damaged('drops a series that was not there');
  const fresh = series.filter(({ key }) => !known.has(key)).length;
  if (line === undefined || known.size - gone.size + fresh !== line.live || series.some(({ key }) => gone.has(key))) {
    return damaged('does not add up with the one before it');
  }
  const [old] = known.values();
  const [slab] = series;
  if (old !== undefined && slab !== undefined && old.length !== slab.slab.length) return damaged('has other slabs');
  return undefined;
}

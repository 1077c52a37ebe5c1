// When a delta will do, and what it must say: what is known of the checkpoints since the last base.

import type { ShareSnapshot, Snapshot } from '../ports.ts';
import type { Before } from './snapshot.ts';

/** Files to read at a restore, at most, beside the base. */
const DELTAS_MAX = 64;

/** The newest sealed checkpoint and those it stands on. */
export interface Chain {
  readonly footerCrc: number;
  readonly baseBytes: number;
  /** Of all deltas together. */
  readonly deltaBytes: number;
  readonly deltas: number;
  readonly shares: readonly Pick<ShareSnapshot, 'uid' | 'configHash' | 'layoutHash'>[];
  /** By uid: the keys that it holds, each with the number of the checkpoint in which it was seen last. */
  readonly keys: ReadonlyMap<string, Map<string, number>>;
}

/** A checkpoint that is being written. */
interface Attempt {
  /** The chain that it becomes once it is durable. */
  sealed(bytes: number, footerCrc: number): Chain;
}

/**
 * A delta is worth its while when less than half has changed. All of them together stay smaller than a base and a half:
 * that bounds what a restore must read.
 */
export function mayBeDelta(chain: Chain, snapshot: Snapshot): boolean {
  const series = snapshot.shares.flatMap((share) => share.series);
  return (
    2 * series.filter(({ changed }) => changed !== false).length < series.length &&
    chain.deltas < DELTAS_MAX &&
    chain.deltaBytes < chain.baseBytes &&
    chain.shares.length === snapshot.shares.length &&
    chain.shares.every(({ uid, configHash, layoutHash }) => {
      const share = snapshot.shares.find((other) => other.uid === uid);
      return share?.configHash === configHash && share.layoutHash === layoutHash;
    })
  );
}

/** A chain that begins with a base. */
export function startChain(snapshot: Snapshot): Attempt {
  const keys = new Map(snapshot.shares.map(({ uid }) => [uid, new Map<string, number>()]));
  for (const { uid, series } of snapshot.shares) for (const { key } of series) keys.get(uid)?.set(key, 0);
  return {
    sealed: (bytes, footerCrc) => {
      return { footerCrc, baseBytes: bytes, deltaBytes: 0, deltas: 0, shares: named(snapshot), keys };
    },
  };
}

/** The next delta of a chain, which must not be used any more: its keys are those of the delta from now on. */
export function nextLink(chain: Chain, snapshot: Snapshot): { readonly chain: Attempt; readonly before: Before } {
  const { footerCrc, keys } = chain;
  const deltas = chain.deltas + 1;
  const gone = new Map<string, string[]>();
  for (const { uid, series } of snapshot.shares) {
    const seen = keys.get(uid) ?? new Map<string, number>();
    for (const { key } of series) seen.set(key, deltas);
    if (seen.size === series.length) continue;
    const missing = [...seen].filter(([, last]) => last !== deltas).map(([key]) => key);
    for (const key of missing) seen.delete(key);
    gone.set(uid, missing);
  }
  return {
    chain: {
      sealed: (bytes, crc) => ({ ...chain, footerCrc: crc, deltaBytes: chain.deltaBytes + bytes, deltas }),
    },
    before: { footerCrc, gone },
  };
}

function named({ shares }: Snapshot): Chain['shares'] {
  return shares.map(({ uid, configHash, layoutHash }) => ({ uid, configHash, layoutHash }));
}

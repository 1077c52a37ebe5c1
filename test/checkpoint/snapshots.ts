// Small snapshots for the tests of checkpoints; each follows from one number, its position.

import type { PartitionId } from '../../src/domain.ts';
import type { ShareSnapshot, Snapshot } from '../../src/ports.ts';

export const PARTITION: PartitionId = { topic: 'sensors/eu:a', partition: 3 };

/** A partition with two shares that read it, the first of them `position` records far. */
export function snapshotAt(position: number, seriesCount = 2): Snapshot {
  const series = Array.from({ length: seriesCount }, (_, index) => ({
    key: JSON.stringify(['value', `host-${index}`]),
    slab: bytesOf(position * 31 + index, 48),
  }));
  return {
    shares: [
      { ...shareOf('alpha', position), series },
      { ...shareOf('beta', position + 7), series: [] },
    ],
  };
}

/** `snapshotAt(position)`, told apart from the sealed one as the port wants it: what is the same has not changed. */
export function changesSince(sealed: Snapshot | undefined, now: Snapshot): Snapshot {
  const shares = now.shares.map((share) => {
    const before = new Map(
      sealed?.shares.find(({ uid }) => uid === share.uid)?.series.map((one) => [one.key, one.slab]),
    );
    const series = share.series.map((one) => ({ ...one, changed: !equal(one.slab, before.get(one.key)) }));
    return { ...share, series };
  });
  return { shares };
}

/** Eleven series: with each position one or two change, one goes and another one comes back. */
export function slowSnapshotAt(position: number): Snapshot {
  const all = Array.from({ length: 12 }, (_, index) => ({
    key: JSON.stringify(['value', `host-${index}`]),
    slab: bytesOf(index * 1_000 + Math.floor((position + index) / 7), 48),
  }));
  const series = all.filter((_, index) => index !== 2 + (position % 3));
  return {
    shares: [
      { ...shareOf('alpha', position), series },
      { ...shareOf('beta', position + 7), series: [] },
    ],
  };
}

function shareOf(uid: string, position: number): Omit<ShareSnapshot, 'series'> {
  const block = bytesOf(position, 40);
  return { uid, position, configHash: 'c0ffee00c0ffee00', layoutHash: 'feedfacefeedface', block };
}

export function bytesOf(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = Math.imul(seed + 1, 2654435761 + at * 40503) >>> 24;
  return bytes;
}

/** Which `snapshotAt` this is: its number, or undefined when it is none, even by one byte. */
export function numberOf({ shares }: Snapshot): number | undefined {
  const position = shares[0]?.position ?? -1;
  return isSnapshot({ shares }, snapshotAt(position, shares[0]?.series.length)) ? position : undefined;
}

/** Which `slowSnapshotAt` this is. */
export function slowNumberOf({ shares }: Snapshot): number | undefined {
  const position = shares[0]?.position ?? -1;
  return isSnapshot({ shares }, slowSnapshotAt(position)) ? position : undefined;
}

function isSnapshot({ shares }: Snapshot, { shares: expected }: Snapshot): boolean {
  return shares.length === expected.length && expected.every((share, index) => isSame(share, shares[index]));
}

function isSame(a: ShareSnapshot, b: ShareSnapshot | undefined): boolean {
  return (
    b !== undefined &&
    a.uid === b.uid &&
    a.position === b.position &&
    a.configHash === b.configHash &&
    a.layoutHash === b.layoutHash &&
    equal(a.block, b.block) &&
    a.series.length === b.series.length &&
    a.series.every(({ key, slab }) => equal(slab, b.series.find((other) => other.key === key)?.slab))
  );
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}

import { expect, it } from 'vitest';
import { merged } from '../../src/checkpoint/merge.ts';
import { type Before, type DecodedSnapshot, decodeSnapshot, encodeSnapshot } from '../../src/checkpoint/snapshot.ts';
import type { Snapshot } from '../../src/ports.ts';
import { bytesOf, changesSince, slowNumberOf, slowSnapshotAt } from './snapshots.ts';

type Decoded = Extract<DecodedSnapshot, { ok: true }>;

function decoded(snapshot: Snapshot, before?: Before): Decoded {
  const pieces = encodeSnapshot(snapshot, { partition: 0, epoch: 1, number: 1 }, before);
  const read = decodeSnapshot(new Uint8Array(Buffer.concat([...pieces])));
  if (!read.ok) throw new Error(read.detail);
  return read;
}

const base = decoded(slowSnapshotAt(1));
const changes = changesSince(slowSnapshotAt(1), slowSnapshotAt(2));
const keysOf = (number: number): string[] => slowSnapshotAt(number).shares[0]?.series.map(({ key }) => key) ?? [];
const gone = new Map([['alpha', keysOf(1).filter((key) => !keysOf(2).includes(key))]]);

it('is the later snapshot, whole', () => {
  const state = merged(base);
  const delta = decoded(changes, { footerCrc: base.footerCrc, gone });
  expect(delta.header.slabs).toBeLessThan(base.header.slabs);
  expect(state.put(delta)).toBeUndefined();
  expect(slowNumberOf(state.snapshot())).toBe(2);
  // It stands on the base, not on itself.
  expect(state.put(delta)).toMatchObject({ detail: 'stands on another checkpoint than the one before it' });
});

it('changes nothing where a delta does not belong', () => {
  const before = { footerCrc: base.footerCrc, gone };
  const other = (share: Partial<Snapshot['shares'][number]>): Snapshot => ({
    shares: changes.shares.map((one, index) => (index === 0 ? { ...one, ...share } : one)),
  });
  const slabs = changes.shares[0]?.series.map((one) => ({ ...one, slab: bytesOf(1, 7) })) ?? [];
  const cases: readonly (readonly [Decoded, string])[] = [
    [decoded(changes, { ...before, footerCrc: 1 }), 'stands on another'],
    [decoded(other({ configHash: 'x' }), before), 'other shares'],
    [decoded(changes, { ...before, gone: new Map() }), 'does not add up'],
    [decoded(changes, { ...before, gone: new Map([['alpha', ['who?']]]) }), 'was not there'],
    [decoded(other({ series: slabs }), before), 'has other slabs'],
  ];
  const state = merged(base);
  for (const [delta, detail] of cases) expect(state.put(delta)?.detail).toContain(detail);
  expect(slowNumberOf(state.snapshot())).toBe(1);
});

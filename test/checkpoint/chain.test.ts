import { expect, it } from 'vitest';
import { type Chain, mayBeDelta, nextLink, startChain } from '../../src/checkpoint/chain.ts';
import type { Snapshot } from '../../src/ports.ts';
import { changesSince, slowSnapshotAt } from './snapshots.ts';

const changed = changesSince(slowSnapshotAt(1), slowSnapshotAt(2));

function begun(): Chain {
  return startChain(slowSnapshotAt(1)).sealed(1_000, 77);
}

it('a delta says what it stands on and which series are gone', () => {
  const { chain, before } = nextLink(begun(), changed);
  const [one, two] = [slowSnapshotAt(1), slowSnapshotAt(2)].map(({ shares: [share] }) =>
    (share?.series ?? []).map(({ key }) => key),
  );
  const gone = one?.filter((key) => two?.includes(key) !== true);
  expect(gone).toHaveLength(1);
  expect(before).toEqual({ footerCrc: 77, gone: new Map([['alpha', gone]]) });
  expect(chain.sealed(30, 78)).toMatchObject({ footerCrc: 78, baseBytes: 1_000, deltaBytes: 30, deltas: 1 });
});

it('ends with a base when it has grown long or large, when much changed, and when the shares are others', () => {
  const chain = begun();
  const other = (share: Partial<Snapshot['shares'][number]>): Snapshot => ({
    shares: changed.shares.map((one, index) => (index === 0 ? { ...one, ...share } : one)),
  });
  expect(mayBeDelta(chain, changed)).toBe(true);
  expect(mayBeDelta({ ...chain, deltas: 64 }, changed)).toBe(false);
  expect(mayBeDelta({ ...chain, deltaBytes: 1_000 }, changed)).toBe(false);
  expect(mayBeDelta(chain, slowSnapshotAt(2))).toBe(false);
  for (const share of [{ uid: 'x' }, { configHash: 'x' }, { layoutHash: 'x' }]) {
    expect(mayBeDelta(chain, other(share))).toBe(false);
  }
  expect(mayBeDelta(chain, { shares: changed.shares.slice(1) })).toBe(false);
});

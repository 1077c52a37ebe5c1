import { describe, expect, it } from 'vitest';
import { reads } from '../src/owner.ts';
import type { Snapshot } from '../src/ports.ts';
import type { StreamSettings } from '../src/settings.ts';
import { aStream, batch, FAULT, ID, newJournal, newLane } from './support/owners.ts';

describe('owner', () => {
  it('acknowledges events before it seals state, and seals state before it commits', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    expect(await lane.owner.take(ID, undefined)).toEqual({ kind: 'earliest' });
    await lane.owner.deliver(batch(0, 50));
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual(['events', 'state 50', 'commit 50']);
  });

  it('writes nothing for a partition that did not change', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.settle(1000);
    await lane.owner.deliver(batch(0, 5));
    await lane.owner.settle(1000);
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual(['events', 'state 5', 'commit 5']);
  });

  it('begins a checkpoint by itself when its time has come', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 5));
    expect(lane.journal).toEqual([]);
    lane.advance(10_001);
    lane.owner.tick();
    await expect.poll(() => lane.journal).toEqual(['events', 'state 5', 'commit 5']);
  });

  it('begins a checkpoint early after so many records, but not sooner than a tenth of the time allows', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(1000, 999));
    expect(lane.journal).toEqual([]);
    await lane.owner.deliver(batch(1999, 1));
    await expect.poll(() => lane.journal).toEqual(['events', 'state 2000', 'commit 2000']);
    const go = lane.stall();
    await lane.owner.deliver(batch(2000, 1000));
    lane.advance(100);
    go();
    await expect.poll(() => lane.journal.at(-1)).toBe('commit 3000');
    lane.advance(899);
    await lane.owner.deliver(batch(3000, 4000));
    expect(lane.journal).toHaveLength(6);
    lane.advance(1);
    lane.owner.tick();
    await expect.poll(() => lane.journal.at(-1)).toBe('commit 7000');
  });

  it('keeps the older state, counts and tries again when a checkpoint fails', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 5));
    lane.failNext();
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual(['events']);
    expect(lane.owner.checkpoint).toMatchObject({ failures: 1, failuresInARow: 1 });
    expect(lane.logged).toContain('checkpoint_failed');
    await lane.owner.settle(1000);
    expect(lane.journal.slice(1)).toEqual(['events', 'state 5', 'commit 5']);
    expect(lane.owner.checkpoint).toMatchObject({ failures: 1, failuresInARow: 0 });
  });

  it('writes the slabs as it froze them though the lane works on, and then what changed since', async () => {
    const calm = newLane([aStream({ topics: ['orders'] })]);
    await calm.owner.take(ID, undefined);
    await calm.owner.deliver(batch(0, 50));
    await calm.owner.settle(1000);
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 50));
    const go = lane.stall();
    lane.advance(10_001);
    lane.owner.tick();
    await lane.owner.deliver(batch(50, 70));
    go();
    await expect.poll(() => lane.journal).toContain('state 50');
    expect([...lane.snapshots.values()]).toEqual([...calm.snapshots.values()]);
    await lane.owner.settle(1000);
    const [sealed] = lane.snapshots.values();
    // The series, and what the stream's series have learned together.
    expect(sealed?.shares[0]?.series.map(({ changed }) => changed)).toEqual([true, true]);
  });

  it('takes no more records once somebody else owns the partition: the source must ask its group', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 5));
    lane.takeNext();
    await lane.owner.settle(1000);
    await expect(lane.owner.deliver(batch(5, 5))).rejects.toMatchObject({ code: 'state_taken' });
    lane.owner.drop(ID);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 5));
  });

  it('reads on from its checkpoint, whatever the group has committed before it', async () => {
    const first = newLane([aStream({ topics: ['orders'] })]);
    await first.owner.take(ID, undefined);
    await first.owner.deliver(batch(0, 50));
    await first.owner.settle(1000);
    const second = newLane([aStream({ topics: ['orders'] })], newJournal(first.snapshots));
    expect(await second.owner.take(ID, 40)).toEqual({ kind: 'offset', offset: 50 });
    expect(second.summary.take().shares[0]?.position).toBe(50);
  });

  it('works on in other partitions while one is restored', async () => {
    const many = aStream({ topics: ['orders'] });
    const first = newLane([many]);
    await first.owner.take(ID, undefined);
    await first.owner.deliver(batch(1000, 400, ID, (offset) => `host-${offset % 40}`));
    await first.owner.settle(1000);
    // A look at the clock takes 10 ms: so a slice of the restore is two series, and each of 40 is a step.
    const second = newLane([many], newJournal(first.snapshots), { lookMs: 10 });
    const other = { topic: 'orders', partition: 4 };
    await second.owner.take(other, undefined);
    let restored = false;
    const taking = second.owner.take(ID, undefined).then((start) => {
      restored = true;
      return start;
    });
    for (let at = 1000; at < 1005; at++) await second.owner.deliver(batch(at, 1, other));
    expect(restored).toBe(false);
    expect(await taking).toEqual({ kind: 'offset', offset: 1400 });
    const shares = second.summary.take().shares.map(({ partition, position }) => [partition, position]);
    expect(shares).toEqual([
      [4, 1005],
      [3, 1400],
    ]);
  });

  it('starts cold at the committed offset when somebody else has read on', async () => {
    const first = newLane([aStream({ topics: ['orders'] })]);
    await first.owner.take(ID, undefined);
    await first.owner.deliver(batch(0, 50));
    await first.owner.settle(1000);
    const second = newLane([aStream({ topics: ['orders'] })], newJournal(first.snapshots));
    expect(await second.owner.take(ID, 60)).toEqual({ kind: 'offset', offset: 60 });
    expect(second.logged).toContain('state_stale');
    expect(second.summary.take().shares[0]?.series.warming).toBe(0);
  });

  it('starts cold where there is no checkpoint: at the committed offset, else where the stream says', async () => {
    const at = async (startFrom: StreamSettings['startFrom'], committed?: number): Promise<unknown> => {
      const lane = newLane([aStream({ topics: ['orders'], startFrom })]);
      lane.advance(100_000);
      return await lane.owner.take(ID, committed);
    };
    expect(await at({ kind: 'earliest' }, 7)).toEqual({ kind: 'offset', offset: 7 });
    expect(await at({ kind: 'earliest' })).toEqual({ kind: 'earliest' });
    expect(await at({ kind: 'latest' })).toEqual({ kind: 'latest' });
    expect(await at({ kind: 'ago', ms: 60_000 })).toEqual({ kind: 'timestamp', ms: 40_000 });
  });

  it('lets a new stream start at its own place while the others skip what they have', async () => {
    const old = aStream({ name: 'old', uid: 'old', topics: ['orders'] });
    const first = newLane([old]);
    await first.owner.take(ID, undefined);
    await first.owner.deliver(batch(0, 50));
    await first.owner.settle(1000);
    const second = newLane([old, aStream({ name: 'new', uid: 'new', topics: ['ord*'] })], newJournal(first.snapshots));
    expect(await second.owner.take(ID, 50)).toEqual({ kind: 'earliest' });
    await second.owner.deliver(batch(0, 60));
    const received = second.summary.take().shares.map(({ counters }) => counters.recordsReceived);
    expect(received).toEqual([10, 60]);
  });

  it('drops the models of a stream whose model configuration changed, and only those', async () => {
    const a = aStream({ name: 'a', uid: 'a', topics: ['orders'] });
    const b = aStream({ name: 'b', uid: 'b', topics: ['orders'] });
    const first = newLane([a, b]);
    await first.owner.take(ID, undefined);
    await first.owner.deliver(batch(0, 50));
    await first.owner.settle(1000);
    const second = newLane([a, { ...b, configHash: 'changed' }], newJournal(first.snapshots));
    await second.owner.take(ID, 50);
    expect(second.logged).toContain('state_other_config');
    const seen = second.summary.take().shares.map(({ series }) => series.warming + series.ready);
    expect(seen).toEqual([1, 0]);
  });

  it('forgets a dropped partition without writing, and gives its memory back', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 50));
    const { top } = lane.memory;
    lane.owner.drop(ID);
    lane.owner.drop(ID);
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual([]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 50));
    expect(lane.memory.top).toBe(top);
  });

  it('begins no checkpoint when its settling comes too late: a batch may be under way by then', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 50));
    const go = lane.stall();
    lane.advance(10_001);
    lane.owner.tick();
    await lane.owner.deliver(batch(50, 50));
    await lane.owner.settle(1);
    expect(lane.owner.isSettled()).toBe(false);
    go();
    await expect.poll(() => lane.journal).toEqual(['events', 'state 50', 'commit 50']);
    await lane.owner.settle(1000);
    expect(lane.journal.slice(3)).toEqual(['events', 'state 100', 'commit 100']);
    expect(lane.owner.isSettled()).toBe(true);
  });

  it('seals nothing of a partition that was dropped while its events waited, even when it has it again', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 50));
    const go = lane.stall();
    await lane.owner.settle(1);
    lane.owner.drop(ID);
    await lane.owner.take(ID, undefined);
    go();
    await expect.poll(() => lane.journal).toEqual(['events']);
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual(['events']);
    expect(lane.owner.checkpoint.failures).toBe(0);
  });

  it('seals nothing any more once a batch failed between stages', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 50));
    await expect(lane.owner.deliver(batch(FAULT, 1))).rejects.toThrow('stopping');
    lane.advance(10_001);
    lane.owner.tick();
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual([]);
    expect(lane.owner.isSettled()).toBe(false);
  });

  it('refuses a topic that no stream reads', async () => {
    const lane = newLane([aStream({ topics: ['payments'] })]);
    await expect(lane.owner.take(ID, undefined)).rejects.toMatchObject({ code: 'usage' });
  });

  it('gives the memory back of a partition that could not be restored', async () => {
    const first = newLane([aStream({ topics: ['orders'] })]);
    await first.owner.take(ID, undefined);
    await first.owner.deliver(batch(0, 50));
    await first.owner.settle(1000);
    const [snapshot] = first.snapshots.values();
    const [share] = snapshot?.shares ?? [];
    const series = share?.series.map(({ slab }) => ({ key: '["unknown","web"]', slab })) ?? [];
    const damaged = new Map([['orders/3', { shares: [{ ...share, series }] } as unknown as Snapshot]]);
    const second = newLane([aStream({ topics: ['orders'] })], newJournal(damaged));
    await expect(second.owner.take(ID, undefined)).rejects.toThrow('unknown field');
    const { top } = second.memory;
    await expect(second.owner.take(ID, undefined)).rejects.toThrow('unknown field');
    expect(second.memory.top).toBe(top);
  });

  it('knows topics by name and by prefix', () => {
    expect(reads(aStream({ topics: ['orders'] }), 'orders')).toBe(true);
    expect(reads(aStream({ topics: ['orders'] }), 'orders.v2')).toBe(false);
    expect(reads(aStream({ topics: ['metrics.*'] }), 'metrics.cpu')).toBe(true);
    expect(reads(aStream({ topics: ['metrics.*'] }), 'metric')).toBe(false);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PartitionId, RecordBatch } from '../src/domain.ts';
import { newFeed } from '../src/feed.ts';
import { newFloat32Kernel } from '../src/kernel/float32.ts';
import { newLaneMemory } from '../src/kernel/memory.ts';
import { newOwner, reads } from '../src/owner.ts';
import { pipeline, type Work } from '../src/pipeline.ts';
import type { CheckpointStore, Snapshot } from '../src/ports.ts';
import type { StreamSettings } from '../src/settings.ts';
import { newSummary } from '../src/summary.ts';
import { SMALL_MODEL, streamSettings } from './support/streams.ts';

/** A stream of this topic, small and quick. */
function aStream(changes: Partial<StreamSettings>): StreamSettings {
  const small = streamSettings({ window: { every: { kind: 'fixed', ms: 1000 }, latenessMs: 0 }, model: SMALL_MODEL });
  return { ...small, ...changes };
}

const ID: PartitionId = { topic: 'orders', partition: 3 };
/** Offset of a record on which the pipeline fails. */
const FAULT = 666;

/** Keeps snapshots in memory and the order of everything that is durable. */
function newJournal(snapshots = new Map<string, Snapshot>()) {
  const journal: string[] = [];
  let failures = 0;
  let gate = Promise.resolve();
  const store: CheckpointStore = {
    open: ({ topic, partition }) => Promise.resolve({ snapshot: snapshots.get(`${topic}/${partition}`), epoch: 1 }),
    async save({ topic, partition }, snapshot) {
      await sleep(1);
      await gate;
      if (failures > 0) {
        failures--;
        throw new Error('no space left');
      }
      journal.push(`state ${snapshot.shares.map(({ position }) => position)}`);
      snapshots.set(`${topic}/${partition}`, snapshot);
      return { bytes: 1 };
    },
    close: () => {},
  };
  /** Nothing becomes durable from now on until the answer is called. */
  const stall = (): (() => void) => {
    let open = (): void => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  };
  return { journal, store, snapshots, failNext: () => failures++, stall, stalled: () => gate };
}

function newLane(streams: readonly StreamSettings[], kept = newJournal()) {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const memory = newLaneMemory();
  const kernel = newFloat32Kernel(memory);
  const feed = newFeed(clock.monotonic, () => {});
  const summary = newSummary(
    streams.map(({ name }) => name),
    clock,
  );
  const logged: string[] = [];
  const report = (work: Work): Work => {
    if (work.batch.records.some(({ offset }) => offset === FAULT)) throw new Error('a programmer error');
    return work;
  };
  pipeline(feed.works, { timed: summary.timed, report }).subscribe({ error: () => {} });
  const owner = newOwner({
    streams,
    memory,
    kernelOf: () => kernel,
    store: kept.store,
    everyMs: 10_000,
    feed,
    summary,
    rejects: undefined,
    flush: async () => {
      await sleep(1);
      await kept.stalled();
      kept.journal.push('events');
    },
    overfull: () => false,
    commit: ([position]) => {
      kept.journal.push(`commit ${position?.offset}`);
      return Promise.resolve();
    },
    clock,
    log: (_level, code) => logged.push(code),
    firstOffset: () => 0,
    file: undefined,
  });
  return { owner, feed, summary, memory, logged, ...kept, advance: (ms: number) => (now += ms) };
}

function batch(from: number, count: number): RecordBatch {
  const records = Array.from({ length: count }, (_, i) => {
    const offset = from + i;
    const value = Buffer.from(JSON.stringify({ t: offset * 1000, h: 'web', v: Math.sin(offset) }));
    return { offset, timestampMs: offset * 1000, key: null, value };
  });
  return { ...ID, records, endOffset: from + count };
}

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

  it('keeps the older state, counts and tries again when a checkpoint fails', async () => {
    const lane = newLane([aStream({ topics: ['orders'] })]);
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 5));
    lane.failNext();
    await lane.owner.settle(1000);
    expect(lane.journal).toEqual(['events']);
    expect(lane.owner.checkpoint.failures).toBe(1);
    expect(lane.logged).toContain('checkpoint_failed');
    await lane.owner.settle(1000);
    expect(lane.journal.slice(1)).toEqual(['events', 'state 5', 'commit 5']);
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

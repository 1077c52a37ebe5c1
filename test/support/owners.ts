// A lane's owner without threads: a store that keeps the order of everything durable, a feed, a clock to advance.

import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionId, RecordBatch } from '../../src/domain.ts';
import { GruardError } from '../../src/errors.ts';
import { newFeed } from '../../src/feed.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { newOverloadLadder } from '../../src/overload.ts';
import { newOwner } from '../../src/owner.ts';
import { pipeline, type Work } from '../../src/pipeline.ts';
import type { CheckpointStore, Snapshot } from '../../src/ports.ts';
import type { StreamSettings } from '../../src/settings.ts';
import { newSummary } from '../../src/summary.ts';
import { kept } from './shares.ts';
import { SMALL_MODEL, streamSettings } from './streams.ts';

/** A stream of this topic, small and quick. */
export function aStream(changes: Partial<StreamSettings>): StreamSettings {
  const small = streamSettings({ window: { every: { kind: 'fixed', ms: 1000 }, latenessMs: 0 }, model: SMALL_MODEL });
  return { ...small, ...changes };
}

export const ID: PartitionId = { topic: 'orders', partition: 3 };
/** Offset of a record on which the pipeline fails. */
export const FAULT = 666;

/** Keeps snapshots in memory and the order of everything that is durable. */
export function newJournal(snapshots = new Map<string, Snapshot>()) {
  const journal: string[] = [];
  let failures = 0;
  let failure = new Error('no space left');
  let gate = Promise.resolve();
  const store: CheckpointStore = {
    open: ({ topic, partition }) => Promise.resolve({ snapshot: snapshots.get(`${topic}/${partition}`), epoch: 1 }),
    async save({ topic, partition }, snapshot) {
      await sleep(1);
      await gate;
      if (failures > 0) {
        failures--;
        throw failure;
      }
      journal.push(`state ${snapshot.shares.map(({ position }) => position)}`);
      // Written: slabs are read now or never.
      snapshots.set(`${topic}/${partition}`, { shares: snapshot.shares.map(kept) });
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
  const failNext = (): void => {
    failures++;
  };
  const takeNext = (): void => {
    failures++;
    failure = new GruardError('state_taken', 'taken over');
  };
  return { journal, store, snapshots, failNext, takeNext, stall, stalled: () => gate };
}

/** `lookMs` pass between two looks at the clock. */
export function newLane(
  streams: readonly StreamSettings[],
  kept = newJournal(),
  { learning = 'keep' as 'keep' | 'shed', lookMs = 0 } = {},
) {
  let now = 0;
  const load = newOverloadLadder(learning);
  const clock = { now: () => now, monotonic: () => (now += lookMs) };
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
    everyRecords: 1000,
    load,
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
  return { owner, load, feed, summary, memory, logged, ...kept, advance: (ms: number) => (now += ms) };
}

export function batch(from: number, count: number, id = ID, host = (_offset: number) => 'web'): RecordBatch {
  const records = Array.from({ length: count }, (_, i) => {
    const offset = from + i;
    const value = Buffer.from(JSON.stringify({ t: offset * 1000, h: host(offset), v: Math.sin(offset) }));
    return { offset, timestampMs: offset * 1000, key: null, value };
  });
  return { ...id, records, endOffset: from + count };
}

// What a lane owns: the shares of its partitions, from restoring them to their last checkpoint. Implements the port
// that sources call, and keeps its order: events first, then state, then the commit.

import { newWave, type PartitionId, type RecordBatch, type Wave } from './domain.ts';
import { GruardError } from './errors.ts';
import type { Feed } from './feed.ts';
import { JOBS_MAX, type Kernel } from './kernel/kernel.ts';
import type { LaneMemory } from './kernel/memory.ts';
import type { Work } from './pipeline.ts';
import type { PartitionOwner, RejectSink, StartPosition } from './ports.ts';
import { nameOf, type Partition, restore } from './restoring.ts';
import {
  type CheckpointFacts,
  isClean,
  newCheckpointFacts,
  type Owned,
  type Sealing,
  type SealingOptions,
  settle,
  tick,
} from './sealing.ts';
import type { StreamSettings } from './settings.ts';
import { dissolveShare, newShare, type Share } from './share.ts';

export interface OwnerOptions extends SealingOptions {
  readonly streams: readonly StreamSettings[];
  readonly memory: LaneMemory;
  readonly kernelOf: (stream: StreamSettings) => Kernel;
  readonly feed: Feed;
  /** Undefined: rejected records are only counted. */
  readonly rejects: RejectSink | undefined;
  /** So much waits for acknowledgement that reading must wait, too. */
  readonly overfull: () => boolean;
  /** Offset of the first record of a partition: 0 in Kafka, the first data line of a file. */
  readonly firstOffset: () => number;
  /** Set when the records are lines of this file. */
  readonly file: string | undefined;
}

export interface Owner extends PartitionOwner {
  /** The input has ended for good: closes every window that has a sample. */
  finish(): Promise<void>;
  /** Begins the checkpoints that are due; cheap when none is. */
  tick(): void;
  /** True when everything that was delivered is sealed, or nothing is kept. */
  isSettled(): boolean;
  /** Time that reading waited for sinks. */
  readonly waits: { readonly seconds: number };
  /** Partitions that were created anew, so that their state was left. */
  readonly recreations: { readonly count: number };
  readonly checkpoint: CheckpointFacts;
}

interface State extends Sealing {
  readonly options: OwnerOptions;
  readonly owned: Map<string, Owned>;
  readonly wave: Wave;
  readonly waits: { seconds: number };
  readonly recreations: { count: number };
}

export function newOwner(options: OwnerOptions): Owner {
  const owned = new Map<string, Owned>();
  const state: State = {
    options,
    owned,
    // What the kernel takes at once; it also bounds the work between two looks at the clock.
    wave: newWave(JOBS_MAX),
    checkpoint: newCheckpointFacts(owned),
    waits: { seconds: 0 },
    recreations: { count: 0 },
    delivering: false,
    broken: false,
  };
  return {
    checkpoint: state.checkpoint,
    waits: state.waits,
    tick: () => tick(state),
    isSettled: () => options.store === undefined || [...state.owned.values()].every(isClean),
    recreations: state.recreations,
    take: (id, committed, reaches) => take(state, id, { committed, reaches }),
    drop: (id) => drop(state, id),
    settle: (deadlineMs) => settle(state, deadlineMs),
    async deliver(batch) {
      const one = state.owned.get(nameOf(batch));
      if (one === undefined) throw new GruardError('internal', `records of ${nameOf(batch)}, which is not owned`);
      // The source then joins its group anew and is told what it really owns.
      if (one.taken) throw new GruardError('state_taken', `${nameOf(batch)} is somebody else's now`);
      await run(state, one, batch, false);
    },
    async finish() {
      const end = { records: [], endOffset: undefined, file: options.file };
      for (const one of state.owned.values()) await run(state, one, { ...one.id, ...end }, true);
    },
  };
}

async function take(state: State, id: PartitionId, partition: Partition): Promise<StartPosition> {
  const { options } = state;
  const { memory, kernelOf, firstOffset } = options;
  const streams = options.streams.filter((stream) => reads(stream, id.topic));
  if (streams.length === 0) throw new GruardError('usage', `no stream reads topic ${id.topic}`);
  const shares = streams.map((stream) => newShare(stream, id, memory, kernelOf(stream), firstOffset()));
  const { start, isRecreated } = await restore(options, id, shares, partition).catch((error) => {
    shares.forEach(dissolveShare);
    throw error;
  });
  for (const share of shares) options.summary.add(share);
  if (isRecreated) state.recreations.count++;
  // Sealed at once: the new partition may outgrow the older one's position, and then nobody could tell them apart.
  const nextAt = options.clock.monotonic() + (isRecreated ? 0 : options.everyMs * options.load.rarer.checkpoints);
  // A replay goes on as the lane did that recorded this, until this lane knows better.
  for (const { forecast } of shares) options.load.resume(forecast.trainEvery);
  const dirty = isRecreated;
  const fresh = { saving: undefined, records: 0, forwardAt: 0, failures: 0, taken: false };
  state.owned.set(nameOf(id), { id, shares, dirty, nextAt, ...fresh });
  return start;
}

function drop({ owned, options }: State, id: PartitionId): void {
  const one = owned.get(nameOf(id));
  if (one === undefined) return;
  owned.delete(nameOf(id));
  for (const share of one.shares) {
    options.summary.remove(share);
    dissolveShare(share);
  }
  options.store?.close(id);
}

async function run(state: State, one: Owned, batch: RecordBatch, flush: boolean): Promise<void> {
  const { options, wave } = state;
  const { clock, feed, summary } = options;
  state.delivering = true;
  try {
    // Part of the input: it changes between two batches only, and the next checkpoint holds it.
    for (const { forecast } of one.shares) forecast.trainEvery = options.load.trainEvery;
    const works = one.shares.map((share) => newWork(share, batch, flush, wave, options.rejects));
    await feed.push(works);
    for (const work of works) summary.batchEnded(work);
    one.dirty = true;
    one.records += batch.records.length;
    if (options.overfull()) {
      const from = clock.monotonic();
      await options.flush();
      state.waits.seconds += (clock.monotonic() - from) / 1000;
    }
  } catch (error) {
    state.broken = true;
    throw error;
  } finally {
    state.delivering = false;
  }
  tick(state);
}

function newWork(
  share: Share,
  batch: RecordBatch,
  flush: boolean,
  wave: Work['wave'],
  rejects: RejectSink | undefined,
): Work {
  return {
    share,
    batch,
    wave,
    changes: [],
    flush,
    decoded: false,
    done: false,
    reject: (record, reason, detail) => {
      if (rejects === undefined) return;
      share.counters.deadLetters++;
      rejects.reject(share.partition, record, reason, detail);
    },
  };
}

export function reads(stream: StreamSettings, topic: string): boolean {
  return stream.topics.some((name) => (name.endsWith('*') ? topic.startsWith(name.slice(0, -1)) : name === topic));
}

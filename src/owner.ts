// What a lane owns: the shares of its partitions, from restoring them to their last checkpoint. Implements the port
// that sources call, and keeps its order: events first, then state, then the commit.

import { newWave, type PartitionId, type RecordBatch, type Wave } from './domain.ts';
import { type ErrorCode, GruardError } from './errors.ts';
import type { Feed } from './feed.ts';
import { JOBS_MAX, type Kernel } from './kernel/kernel.ts';
import type { LaneMemory } from './kernel/memory.ts';
import type { Work } from './pipeline.ts';
import type { CheckpointStore, Clock, Log, PartitionOwner, RejectSink, StartPosition } from './ports.ts';
import { CHECKPOINT_BOUNDS } from './report/metrics.ts';
import { nameOf, type Partition, restore } from './restoring.ts';
import type { StreamSettings } from './settings.ts';
import { dissolveShare, endFreeze, freezeShare, newShare, type Share } from './share.ts';
import { newHistogram, observe, type Summary } from './summary.ts';

/** A checkpoint may take this share of the time, at most: the interval grows with its cost. */
const CHECKPOINT_SHARE = 0.1;

export interface OwnerOptions {
  readonly streams: readonly StreamSettings[];
  readonly memory: LaneMemory;
  readonly kernelOf: (stream: StreamSettings) => Kernel;
  /** Undefined: nothing is kept. */
  readonly store: CheckpointStore | undefined;
  readonly everyMs: number;
  readonly feed: Feed;
  readonly summary: Summary;
  /** Undefined: rejected records are only counted. */
  readonly rejects: RejectSink | undefined;
  /** Resolves when everything published so far is acknowledged. */
  readonly flush: () => Promise<void>;
  /** So much waits for acknowledgement that reading must wait, too. */
  readonly overfull: () => boolean;
  readonly commit: (positions: readonly (PartitionId & { readonly offset: number })[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** Offset of the first record of a partition: 0 in Kafka, the first data line of a file. */
  readonly firstOffset: () => number;
  /** Set when the records are lines of this file. */
  readonly file: string | undefined;
}

interface Owned {
  readonly id: PartitionId;
  readonly shares: readonly Share[];
  dirty: boolean;
  saving: Promise<void> | undefined;
  nextAt: number;
  /** Checkpoints that failed since the last sealed one. */
  failures: number;
  /** Somebody else owns it now: what is done here will never be sealed. */
  taken: boolean;
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
  readonly checkpoint: {
    readonly durations: ReturnType<typeof newHistogram>;
    bytes: number;
    lastSuccessMs: number | undefined;
    failures: number;
    /** Why the newest one failed; undefined after a sealed one. */
    failure: { readonly code: ErrorCode; readonly text: string } | undefined;
    /** Of the partition that has failed most often in a row. */
    readonly failuresInARow: number;
  };
}

interface State {
  readonly options: OwnerOptions;
  readonly owned: Map<string, Owned>;
  readonly wave: Wave;
  readonly checkpoint: Owner['checkpoint'];
  readonly waits: { seconds: number };
  readonly recreations: { count: number };
  /** A batch is between stages: nothing may be frozen. */
  delivering: boolean;
  /** A batch failed between stages: half of it is in the slabs, so nothing may be frozen any more. */
  broken: boolean;
}

export function newOwner(options: OwnerOptions): Owner {
  const owned = new Map<string, Owned>();
  const state: State = {
    options,
    owned,
    // What the kernel takes at once; it also bounds the work between two looks at the clock.
    wave: newWave(JOBS_MAX),
    checkpoint: {
      durations: newHistogram(CHECKPOINT_BOUNDS),
      bytes: 0,
      lastSuccessMs: undefined,
      failures: 0,
      failure: undefined,
      get failuresInARow() {
        return Math.max(0, ...[...owned.values()].map(({ failures }) => failures));
      },
    },
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
  const nextAt = options.clock.monotonic() + (isRecreated ? 0 : options.everyMs);
  const dirty = isRecreated;
  state.owned.set(nameOf(id), { id, shares, dirty, saving: undefined, nextAt, failures: 0, taken: false });
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
    const works = one.shares.map((share) => newWork(share, batch, flush, wave, options.rejects));
    await feed.push(works);
    for (const work of works) summary.batchEnded(work);
    one.dirty = true;
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

function tick(state: State): void {
  if (state.delivering) return;
  const now = state.options.clock.monotonic();
  for (const one of state.owned.values()) if (now >= one.nextAt) void begin(state, one);
}

async function settle(state: State, deadlineMs: number): Promise<void> {
  let late = false;
  const all = [...state.owned.values()].map(async (one) => {
    await one.saving; // of an older state
    // Behind the deadline the source goes on, and nobody knows where a batch stands.
    if (!late) await begin(state, one);
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([Promise.all(all), deadline]);
  late = true;
  clearTimeout(timer);
}

/** Begins a checkpoint unless one is on its way. The freeze happens before this returns; the writing goes on. */
function begin(state: State, one: Owned): Promise<void> {
  const { store } = state.options;
  const mayFreeze = !state.delivering && !state.broken && isOwned(state, one);
  if (one.saving === undefined && one.dirty && mayFreeze && store !== undefined) {
    one.saving = save(state, one, store).finally(() => {
      one.saving = undefined;
    });
  }
  return one.saving ?? Promise.resolve();
}

async function save(state: State, one: Owned, store: CheckpointStore): Promise<void> {
  const { options, checkpoint } = state;
  const { clock } = options;
  const from = clock.monotonic();
  one.dirty = false;
  const snapshot = { shares: one.shares.map(freezeShare) };
  const offset = Math.min(...one.shares.map(({ position }) => position));
  try {
    // Events before state: after a crash in between they would never be sent.
    await options.flush();
    // Dropped meanwhile, and perhaps taken again: the store would seal an old state over a newer one.
    if (!isOwned(state, one)) return;
    const { bytes } = await store.save(one.id, snapshot);
    const took = clock.monotonic() - from;
    for (const share of one.shares) endFreeze(share, 'sealed');
    one.failures = 0;
    checkpoint.failure = undefined;
    checkpoint.bytes = bytes;
    checkpoint.lastSuccessMs = clock.now();
    one.nextAt = from + Math.max(options.everyMs, took / CHECKPOINT_SHARE);
    observe(checkpoint.durations, took / 1000);
    if (!isOwned(state, one)) return;
    options.summary.note(one.id, { checkpointed: offset });
    await options.commit([{ ...one.id, offset }]);
  } catch (error) {
    one.dirty = true;
    one.nextAt = clock.monotonic() + options.everyMs;
    for (const share of one.shares) endFreeze(share, 'failed');
    if (!isOwned(state, one)) return;
    checkpoint.failures++;
    const code = error instanceof GruardError ? error.code : 'checkpoint_failed';
    checkpoint.failure = { code, text: messageOf(error) };
    one.failures++;
    one.taken ||= code === 'state_taken';
    const message = `checkpoint of ${nameOf(one.id)} failed: ${messageOf(error)}`;
    options.log('warn', 'checkpoint_failed', message, { ...one.id });
  }
}

function isOwned({ owned }: State, one: Owned): boolean {
  return owned.get(nameOf(one.id)) === one;
}

function isClean({ dirty, saving }: Owned): boolean {
  return !dirty && saving === undefined;
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function reads(stream: StreamSettings, topic: string): boolean {
  return stream.topics.some((name) => (name.endsWith('*') ? topic.startsWith(name.slice(0, -1)) : name === topic));
}

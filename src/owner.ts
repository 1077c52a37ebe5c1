// What a lane owns: the shares of its partitions, from restoring them to their last checkpoint. Implements the port that
// sources call, and keeps its order: events first, then state, then the commit.

import { newWave, type PartitionId, type RecordBatch } from './domain.ts';
import { GruardError } from './errors.ts';
import type { Feed } from './feed.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { LaneMemory } from './kernel/memory.ts';
import type { Work } from './pipeline.ts';
import type { CheckpointStore, Clock, Log, PartitionOwner, RejectSink, StartPosition } from './ports.ts';
import { CHECKPOINT_BOUNDS } from './report/metrics.ts';
import type { StreamSettings } from './settings.ts';
import { dissolveShare, fits, freezeShare, newShare, type Share, thawShare } from './share.ts';
import { newHistogram, observe, type Summary } from './summary.ts';

/** Largest wave: bounds the work between two looks at the clock. */
const WAVE_MAX = 256;
/** A checkpoint may take this share of the time, at most: the interval grows with its cost. */
const CHECKPOINT_SHARE = 0.1;

export interface OwnerOptions {
  readonly streams: readonly StreamSettings[];
  readonly memory: LaneMemory;
  readonly kernel: Kernel;
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
}

export interface Owner extends PartitionOwner {
  /** The input has ended for good: closes every window that has a sample. */
  finish(): Promise<void>;
  /** Begins the checkpoints that are due; cheap when none is. */
  tick(): void;
  /** Time that reading waited for sinks. */
  readonly waits: { readonly seconds: number };
  readonly checkpoint: {
    readonly durations: ReturnType<typeof newHistogram>;
    bytes: number;
    lastSuccessMs: number | undefined;
    failures: number;
  };
}

export function newOwner(options: OwnerOptions): Owner {
  const { store, feed, summary, clock, log } = options;
  const owned = new Map<string, Owned>();
  const wave = newWave(WAVE_MAX);
  const checkpoint: Owner['checkpoint'] = {
    durations: newHistogram(CHECKPOINT_BOUNDS),
    bytes: 0,
    lastSuccessMs: undefined,
    failures: 0,
  };
  const waits = { seconds: 0 };
  let delivering = false;

  const save = async (one: Owned, kept: CheckpointStore): Promise<void> => {
    const from = clock.monotonic();
    one.dirty = false;
    const snapshot = { shares: one.shares.map(freezeShare) };
    const offset = Math.min(...one.shares.map(({ position }) => position));
    try {
      // Events before state: after a crash in between they would never be sent.
      await options.flush();
      const { bytes } = await kept.save(one.id, snapshot);
      const took = clock.monotonic() - from;
      checkpoint.bytes = bytes;
      checkpoint.lastSuccessMs = clock.now();
      one.nextAt = from + Math.max(options.everyMs, took / CHECKPOINT_SHARE);
      observe(checkpoint.durations, took / 1000);
      summary.note(one.id, { checkpointed: offset });
      await options.commit([{ ...one.id, offset }]);
    } catch (error) {
      one.dirty = true;
      one.nextAt = clock.monotonic() + options.everyMs;
      checkpoint.failures++;
      log('warn', 'checkpoint_failed', `checkpoint of ${nameOf(one.id)} failed: ${messageOf(error)}`, { ...one.id });
    }
  };

  /** The freeze happens before this returns; the writing goes on. */
  const begin = (one: Owned): Promise<void> => {
    if (one.saving === undefined && one.dirty && store !== undefined) {
      one.saving = save(one, store).finally(() => {
        one.saving = undefined;
      });
    }
    return one.saving ?? Promise.resolve();
  };

  const tick = (): void => {
    if (delivering) return;
    const now = clock.monotonic();
    for (const one of owned.values()) if (now >= one.nextAt) void begin(one);
  };

  const run = async (one: Owned, batch: RecordBatch, flush: boolean): Promise<void> => {
    delivering = true;
    try {
      const works = one.shares.map((share) => newWork(share, batch, flush, wave, options.rejects));
      await feed.push(works);
      for (const work of works) summary.batchEnded(work);
      one.dirty = true;
      if (options.overfull()) {
        const from = clock.monotonic();
        await options.flush();
        waits.seconds += (clock.monotonic() - from) / 1000;
      }
    } finally {
      delivering = false;
    }
    tick();
  };

  return {
    checkpoint,
    waits,
    tick,

    async finish() {
      for (const one of owned.values())
        await run(one, { ...one.id, records: [], endOffset: undefined, file: options.file }, true);
    },

    async take(id, committed) {
      const streams = options.streams.filter((stream) => reads(stream, id.topic));
      const shares = streams.map((stream) =>
        newShare(stream, id, options.memory, options.kernel, options.firstOffset()),
      );
      const start = await restore(options, id, shares, committed);
      for (const share of shares) summary.add(share);
      owned.set(nameOf(id), {
        id,
        shares,
        dirty: false,
        saving: undefined,
        nextAt: clock.monotonic() + options.everyMs,
      });
      return start;
    },

    drop(id) {
      const one = owned.get(nameOf(id));
      if (one === undefined) return;
      owned.delete(nameOf(id));
      for (const share of one.shares) {
        summary.remove(share);
        dissolveShare(share);
      }
      store?.close(id);
    },

    async settle(deadlineMs) {
      const all = [...owned.values()].map(async (one) => {
        await one.saving; // of an older state
        await begin(one);
      });
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([Promise.all(all), deadline]);
      clearTimeout(timer);
    },

    async deliver(batch) {
      const one = owned.get(nameOf(batch));
      if (one === undefined) throw new GruardError('internal', `records of ${nameOf(batch)}, which is not owned`);
      await run(one, batch, false);
    },
  };
}

/** Fills the shares from the newest checkpoint and answers where to read on. */
async function restore(
  options: OwnerOptions,
  id: PartitionId,
  shares: readonly Share[],
  committed: number | undefined,
): Promise<StartPosition> {
  const { log, store, clock } = options;
  const snapshot = (await store?.open(id))?.snapshot;
  const stored = snapshot?.shares ?? [];
  const sealed = Math.min(...stored.map(({ position }) => position));
  if (snapshot !== undefined && committed !== undefined && committed > sealed) {
    // Somebody else has read on since: replaying would report again, with other bytes under the same ids.
    const message = `checkpoint of ${nameOf(id)} stands at ${sealed}, the group at ${committed}: starting cold there`;
    log('warn', 'state_stale', message, { ...id });
    return coldAt(shares, committed);
  }
  const cold: Share[] = [];
  for (const share of shares) {
    const mine = stored.find(({ uid }) => uid === share.stream.uid);
    if (mine !== undefined && fits(share, mine)) {
      thawShare(share, mine);
    } else {
      cold.push(share);
      if (mine !== undefined) {
        const message = `the models of ${share.stream.name} in ${nameOf(id)} are of another configuration: starting cold`;
        log('warn', 'state_other_config', message, { stream: share.stream.name, ...id });
      }
    }
  }
  if (snapshot === undefined && committed !== undefined) return coldAt(shares, committed);
  if (cold.length === 0) return { kind: 'offset', offset: Math.min(...shares.map(({ position }) => position)) };
  return earliestStart(shares.length > cold.length ? sealed : undefined, cold, clock.now());
}

function coldAt(shares: readonly Share[], offset: number): StartPosition {
  for (const share of shares) share.position = offset;
  return { kind: 'offset', offset };
}

/** The earliest of all wishes: each share skips what lies below its own position. */
function earliestStart(sealed: number | undefined, cold: readonly Share[], nowMs: number): StartPosition {
  if (cold.some(({ stream }) => stream.startFrom.kind === 'earliest')) return { kind: 'earliest' };
  if (sealed !== undefined) {
    for (const share of cold) share.position = sealed;
    return { kind: 'offset', offset: sealed };
  }
  const ages = cold.map(({ stream }) => (stream.startFrom.kind === 'ago' ? stream.startFrom.ms : 0));
  const oldest = Math.max(...ages);
  return oldest > 0 ? { kind: 'timestamp', ms: nowMs - oldest } : { kind: 'latest' };
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

function nameOf({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// When and how an owner's partitions are sealed: events first, then state, then the commit.

import type { PartitionId } from './domain.ts';
import { type ErrorCode, GruardError } from './errors.ts';
import type { CheckpointStore, Clock, Log } from './ports.ts';
import { CHECKPOINT_BOUNDS } from './report/metrics.ts';
import { nameOf } from './restoring.ts';
import { endFreeze, freezeShare, type Share } from './share.ts';
import { newHistogram, observe, type Summary } from './summary.ts';

/** A checkpoint may take this share of the time, at most: the interval grows with its cost. */
const CHECKPOINT_SHARE = 0.1;

/** What an owner must know of the overload ladder, which implements it. */
interface Load {
  readonly rarer: { readonly checkpoints: number };
  readonly trainEvery: number;
  resume(trainEvery: number): void;
}

export interface SealingOptions {
  /** Undefined: nothing is kept. */
  readonly store: CheckpointStore | undefined;
  /** A checkpoint is due after this time, or after so many records of its partition, whatever comes first. */
  readonly everyMs: number;
  readonly everyRecords: number;
  /** How the lane copes: checkpoints may have to come less often, and less may be learned. */
  readonly load: Load;
  readonly summary: Summary;
  /** Resolves when everything published so far is acknowledged. */
  readonly flush: () => Promise<void>;
  readonly commit: (positions: readonly (PartitionId & { readonly offset: number })[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Owned {
  readonly id: PartitionId;
  readonly shares: readonly Share[];
  dirty: boolean;
  saving: Promise<void> | undefined;
  nextAt: number;
  /** Records since it was frozen last. */
  records: number;
  /** From then on their number may bring the next checkpoint forward. */
  forwardAt: number;
  /** Checkpoints that failed since the last sealed one. */
  failures: number;
  /** Somebody else owns it now: what is done here will never be sealed. */
  taken: boolean;
}

export interface CheckpointFacts {
  readonly durations: ReturnType<typeof newHistogram>;
  bytes: number;
  lastSuccessMs: number | undefined;
  failures: number;
  /** Why the newest one failed; undefined after a sealed one. */
  failure: { readonly code: ErrorCode; readonly text: string } | undefined;
  /** Of the partition that has failed most often in a row. */
  readonly failuresInARow: number;
}

export function newCheckpointFacts(owned: ReadonlyMap<string, Owned>): CheckpointFacts {
  return {
    durations: newHistogram(CHECKPOINT_BOUNDS),
    bytes: 0,
    lastSuccessMs: undefined,
    failures: 0,
    failure: undefined,
    get failuresInARow() {
      return Math.max(0, ...[...owned.values()].map(({ failures }) => failures));
    },
  };
}

/** What sealing knows of its owner. */
export interface Sealing {
  readonly options: SealingOptions;
  readonly owned: ReadonlyMap<string, Owned>;
  readonly checkpoint: CheckpointFacts;
  /** A batch is between stages: nothing may be frozen. */
  delivering: boolean;
  /** A batch failed between stages: half of it is in the slabs, so nothing may be frozen any more. */
  broken: boolean;
}

/** Begins the checkpoints that are due; cheap when none is. */
export function tick(state: Sealing): void {
  if (state.delivering) return;
  const { clock, everyRecords, load } = state.options;
  const now = clock.monotonic();
  const records = everyRecords * load.rarer.checkpoints;
  for (const one of state.owned.values()) {
    if (now >= one.nextAt || (one.records >= records && now >= one.forwardAt)) void begin(state, one);
  }
}

export async function settle(state: Sealing, deadlineMs: number): Promise<void> {
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
function begin(state: Sealing, one: Owned): Promise<void> {
  const { store } = state.options;
  const mayFreeze = !state.delivering && !state.broken && isOwned(state, one);
  if (one.saving === undefined && one.dirty && mayFreeze && store !== undefined) {
    one.saving = save(state, one, store).finally(() => {
      one.saving = undefined;
    });
  }
  return one.saving ?? Promise.resolve();
}

async function save(state: Sealing, one: Owned, store: CheckpointStore): Promise<void> {
  const { options, checkpoint } = state;
  const { clock } = options;
  const from = clock.monotonic();
  one.dirty = false;
  one.records = 0;
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
    one.forwardAt = from + took / CHECKPOINT_SHARE;
    one.nextAt = Math.max(from + options.everyMs * options.load.rarer.checkpoints, one.forwardAt);
    observe(checkpoint.durations, took / 1000);
    if (!isOwned(state, one)) return;
    options.summary.note(one.id, { checkpointed: offset });
    await options.commit([{ ...one.id, offset }]);
  } catch (error) {
    one.dirty = true;
    one.nextAt = clock.monotonic() + options.everyMs * options.load.rarer.checkpoints;
    one.forwardAt = one.nextAt;
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

function isOwned({ owned }: Sealing, one: Owned): boolean {
  return owned.get(nameOf(one.id)) === one;
}

export function isClean({ dirty, saving }: Owned): boolean {
  return !dirty && saving === undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

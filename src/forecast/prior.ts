// What a new series starts from: a network that has seen all series of the stream in this input partition. In their
// units, levels and changes of old series look like those of a new one, whatever its size.
//
// The prior is a slab of its own that no series owns. Now and then it takes the same training pass as a series that has
// just had one: a lesson. So its hidden units mean something, where a mean over networks, whose units stand in any
// order, would not; and no series must be chosen whose weights are copied, which was measured worse on series with a
// daily season. In a lesson the seasonal profiles say what they say to a new series, nothing; or the prior would learn
// to rely on what a new series has not got.
//
// All of it follows from the windows of the share in their order, not from how they are cut into waves: what a series
// starts from has had the lessons of all windows before its first, and no others. See npm run bench:coldstart.

import {
  type Bank,
  evidenceAddress,
  firstSlot,
  hotAddress,
  makeRoom,
  optimiserAddress,
  takeSlot,
  togetherAddress,
  touch,
} from '../kernel/bank.ts';
import { initialise } from '../kernel/initialise.ts';
import { type Hyper, JOB_WORDS, type Kernel, type Room, TRAIN, writeTrainJob } from '../kernel/kernel.ts';
import { AT, HORIZONS, type Layout } from '../kernel/layout.ts';
import type { Network } from '../kernel/network.ts';
import { PROFILED_MAX } from '../kernel/shape.ts';

/** A lesson with every eighth pass of a series at first, which is a window in 64; later one in 512. */
const LESSON_EVERY = 8;
const LESSON_EVERY_LATER = 64;
const EARLY_LESSONS = 1000;
/** With fewer lessons a prior knows nothing yet: two series of a day in windows of five minutes give 9. */
const LESSONS_MIN = 50;
/** The rate falls as 1/n, to a third: one lesson is of another series than the next. */
const RATE_FALLS_AFTER = 300;
const RATE_SHARE_MIN = 1 / 3;
/**
 * Share of the prior's forecasts that a new series believes. Its level and its usual change are still unknown; with all
 * of it the first day of a seasonal series is forecast worse than without a prior.
 */
const BELIEF = 0.5;
/** Numbers that the profiles give: two for each horizon. */
const PROFILE_INPUTS = 2 * HORIZONS.length;

export interface Prior {
  /** First slot of the slab; −1 while there is none. */
  slot: number;
}

/** What both sorts of network have: of each series, or of each field. */
export interface Taught {
  readonly bank: Bank;
  readonly kernel: Kernel;
  readonly seedOf: (slot: number) => number;
  /** Undefined where every series starts from random weights. */
  readonly prior: Prior | undefined;
}

/** Lessons that the prior has had; 0 without one. */
export function lessonsOf({ bank, prior }: Taught): number {
  if (prior === undefined || prior.slot < 0) return 0;
  let most = 0;
  for (let slot = prior.slot; slot < prior.slot + bank.perSeries; slot++) {
    most = Math.max(most, bank.lane.f64[evidenceAddress(bank, slot) / 8 + AT.trainings]!);
  }
  return most;
}

/** Takes the slab when there is anything to learn; without room there is no prior. May grow the lane's memory. */
export function makePrior({ bank, prior }: Taught): void {
  if (prior !== undefined && prior.slot < 0 && makeRoom(bank, 1)) prior.slot = takeSlot(bank);
}

/** Writes the first weights of a slot's network, whose hot part begins at byte address `hot` and is zero. */
export function startNetwork(taught: Taught, network: Network, slot: number, hot: number, skip: number): void {
  const { bank, seedOf } = taught;
  const { f32, f64 } = bank.lane;
  const own = slotOf(taught, slot);
  if (own < 0 || f64[evidenceAddress(bank, own) / 8 + AT.trainings]! < LESSONS_MIN) {
    initialise(f32, network, hot / 4, seedOf(slot), skip);
    return;
  }
  const { weights, headAt, headBiasAt, skipAt, H, K, M } = network;
  const from = hotAddress(bank, own) / 4;
  const to = hot / 4;
  f32.copyWithin(to, from, from + weights);
  scale(f32, to + headAt, M * H);
  scale(f32, to + headBiasAt, M);
  scale(f32, to + skipAt, K * M);
}

/** Whether the pass that a series has just had is a lesson, too; `at` is where its network's scalars are. */
export function isLesson(taught: Taught, slot: number, at: number): boolean {
  const own = slotOf(taught, slot);
  if (own < 0) return false;
  const { f64 } = taught.bank.lane;
  const lessons = f64[evidenceAddress(taught.bank, own) / 8 + AT.trainings]!;
  return f64[at + AT.trainings]! % (lessons < EARLY_LESSONS ? LESSON_EVERY : LESSON_EVERY_LATER) === 0;
}

/**
 * The prior takes the pass of job `job`, which was slot `slot`'s. Uses the first row of the table of jobs: the losses
 * must have been read.
 */
export function teach(
  taught: Taught,
  network: Network,
  room: Room,
  slot: number,
  job: number,
  rate: number,
  hyper: Hyper,
  skip: number,
): void {
  const { bank, kernel, seedOf } = taught;
  const { f32, f64, u32 } = bank.lane;
  const own = slotOf(taught, slot);
  touch(bank, own);
  const at = evidenceAddress(bank, own) / 8;
  const hot = hotAddress(bank, own);
  const lessons = f64[at + AT.trainings]!;
  if (lessons === 0) initialise(f32, network, hot / 4, seedOf(own), skip);
  const [log, states] = placesOf(bank, bank.layout, own);
  const from = room.jobs / 4 + job * JOB_WORDS;
  const to = room.jobs / 4;
  const [targets, rows] = [u32[from + TRAIN.targets]!, u32[from + TRAIN.steps]!];
  copyInputs(bank, network, slot, u32[from + TRAIN.inputs]! / 4, log / 4, rows);
  const gentle = rate * Math.max(RATE_SHARE_MIN, 1 / (1 + lessons / RATE_FALLS_AFTER));
  writeTrainJob(bank.lane, to, hot, optimiserAddress(bank, own), log, states, targets, rows, gentle);
  kernel.train(network, 1, hyper);
  if (!Number.isNaN(f32[to + TRAIN.loss]!)) f64[at + AT.trainings] = lessons + 1;
}

/** The slot in the prior's slab that stands for a slot of a series; −1 without a prior. */
function slotOf({ bank, prior }: Taught, slot: number): number {
  if (prior === undefined || prior.slot < 0) return -1;
  return prior.slot + slot - firstSlot(bank, slot);
}

/** Byte addresses of the log, in which the lesson's inputs are written, and of the states, which stay zero. */
function placesOf(bank: Bank, { shape, together, logAt, statesAt }: Layout, slot: number): readonly [number, number] {
  if (together !== undefined && shape.fields?.isJoint === true) {
    const shared = togetherAddress(bank, slot);
    return [shared + together.logAt, shared + together.statesAt];
  }
  const evidence = evidenceAddress(bank, slot);
  return [evidence + logAt, evidence + statesAt];
}

/** Copies the rows of a log. Its profiles know no more than the mean level of late, as those of a new series do. */
function copyInputs(bank: Bank, { I }: Network, slot: number, from: number, to: number, rows: number): void {
  const { f32, f64 } = bank.lane;
  const { fields } = bank.layout.shape;
  const isJoint = fields?.isJoint === true;
  const profiled = isJoint ? Math.min(fields.count, PROFILED_MAX) : 1;
  const profilesAt = isJoint ? 2 * fields.count : 1;
  f32.copyWithin(to, from, from + rows * I);
  for (let field = 0; field < profiled; field++) {
    const known = isJoint ? firstSlot(bank, slot) + field : slot;
    const level = f64[evidenceAddress(bank, known) / 8 + AT.levelMean]!;
    for (let t = 0; t < rows; t++) {
      const row = to + t * I;
      const profiles = row + profilesAt + field * PROFILE_INPUTS;
      f32.fill(level - f32[row + field]!, profiles, profiles + PROFILE_INPUTS);
    }
  }
}

function scale(f32: Float32Array, at: number, count: number): void {
  for (let i = at; i < at + count; i++) f32[i]! *= BELIEF;
}

// The network of each series. It forecasts two things. The next change of the value, in units of the usual change: that
// is the value to expect, because a network that forecasts the level is coarse where a series moves little between
// windows (geometric mean of the error against the last value's over the 57 moving files of the benchmark: 0.96 for
// the level, 0.85 for the change). And the way of the level to the next window and two farther ones, in usual
// deviations: what the detector watches, because a level that is out of all bounds stays unexpected there. Inputs are
// the level, the last change, and what the seasonal profiles say about those windows. Trained by truncated
// backpropagation over the lookback, from the state stored before it; schedule.ts says when.
//
// The kernel is called twice a wave: to train every network that is due, then to step every network.

import { type Counters, GAP, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress, hotAddress, optimiserAddress } from '../kernel/bank.ts';
import { initialise } from '../kernel/initialise.ts';
import { type Hyper, JOB_WORDS, JOBS_MAX, type Room, STEP, TRAIN, writeTrainJob } from '../kernel/kernel.ts';
import { AT, FAR, HORIZONS, INPUTS, STRIDE, TARGETS } from '../kernel/layout.ts';
import type { Network } from '../kernel/network.ts';
import { changeOf, usualStep } from './change.ts';
import { takeIn } from './inputs.ts';
import { farLevel, isOutdone } from './mixture.ts';
import { isLesson, startNetwork, type Taught, teach } from './prior.ts';
import { looksBackOnHeld } from './quarantine.ts';
import { normalised } from './scaler.ts';
import { isDue, isTaken, learnLoss, rateFactor, restartSchedule, type Schedule } from './schedule.ts';

/** Weight of the level in every forecast before anything is learned: an untrained network says: no change. */
export const SKIP = 0;
/**
 * A pass every so many windows. `auto` forecasts a little better for three quarters of the cost (see bench:cells), but
 * learns anomalies sooner, too: with it detection is 0.8 points worse (bench:nab, 8 seeds).
 */
export const SCHEDULE: Schedule = STRIDE;
/** Of a pass every STRIDE windows. Measured flat from 0.001 to 0.003; 0.01 is worse. */
export const RATE = 0.003;
/**
 * Half the usual norm: passes over an anomaly then teach less (0.6 points of bench:nab, within its noise). Decay as
 * usual: without it weights wander off, and after five million windows a gradient explodes (bench:long).
 */
export const HYPER: Hyper = { clip: 0.5, decay: 0.01 };

export interface NeuralState extends Taught {
  /** Seed of a slot's weights: a function of stream, series and field only. */
  readonly seedOf: (slot: number) => number;
  readonly jobs: NeuralJobs;
  readonly counters: Pick<Counters, 'passesShed'>;
  /** Of the training passes that are due, every n-th is taken; 0 = none. 1 unless load must be shed. */
  trainEvery: number;
}

/** What one call of the kernel leaves for the next one. */
export interface NeuralJobs {
  /** Row of the wave that each training job is about. */
  readonly due: Int32Array;
  /** By row: 1 when its network turned out to be not finite. */
  readonly broken: Uint8Array;
}

/** Byte addresses of one slab. */
interface Slab {
  readonly hot: number;
  readonly optimiser: number;
  readonly evidence: number;
}

export function newNeuralJobs(): NeuralJobs {
  return { due: new Int32Array(JOBS_MAX), broken: new Uint8Array(JOBS_MAX) };
}

/**
 * Learns every row that has a value and leaves the forecast of its next window in the slab (raw units). Each series is
 * at most once in a wave, and a wave has at most JOBS_MAX rows. Answers how many networks had become useless (not
 * finite) and start anew.
 */
export function learnNeuralWave(state: NeuralState, network: Network, wave: Wave): number {
  if (wave.count > JOBS_MAX) throw new RangeError(`a wave of ${wave.count} rows, at most ${JOBS_MAX} are possible`);
  const room = state.kernel.room(network);
  trainDue(state, network, room, wave);
  return stepAll(state, network, room, wave);
}

function trainDue(state: NeuralState, network: Network, room: Room, wave: Wave): void {
  const { bank, jobs } = state;
  const { f64, f32 } = bank.lane;
  let count = 0;
  for (let row = 0; row < wave.count; row++) {
    jobs.broken[row] = 0;
    if (wave.gap[row] === GAP.missing) continue;
    const slab = slabOf(bank, wave.slot[row]!);
    const at = slab.evidence / 8;
    if (f64[at + AT.learned] === 0) {
      // The rows before it first: what it starts from must not hang on how windows are cut into waves.
      count = trainJobs(state, network, room, wave, count);
      startNetwork(state, network, wave.slot[row]!, slab.hot, SKIP);
    }
    if (!isDue(f64, at, SCHEDULE) || looksBackOnHeld(f64, at)) continue;
    if (!isTaken(f64, at, SCHEDULE, state.trainEvery)) {
      state.counters.passesShed++;
      continue;
    }
    const rows = f64[at + AT.logCount]!;
    const inputs = slab.evidence + bank.layout.logAt;
    const targets = room.targets + 4 * count * network.L * network.M;
    const value = wave.value[row]!;
    writeTargets(f32, targets / 4, inputs / 4, rows, normalised(f64, at, value), changeOf(f64, at, value));
    const job = room.jobs / 4 + count * JOB_WORDS;
    const states = slab.evidence + bank.layout.statesAt;
    const rate = RATE * rateFactor(f64, at, SCHEDULE, state.trainEvery);
    writeTrainJob(bank.lane, job, slab.hot, slab.optimiser, inputs, states, targets, rows, rate);
    jobs.due[count] = row;
    count++;
  }
  trainJobs(state, network, room, wave, count);
}

/** Trains what is in the table of jobs; answers how many jobs are left there: none. */
function trainJobs(state: NeuralState, network: Network, room: Room, wave: Wave, count: number): 0 {
  if (count === 0) return 0;
  const { bank, kernel, jobs } = state;
  const { f64, f32 } = bank.lane;
  kernel.train(network, count, HYPER);
  for (let n = 0; n < count; n++) {
    const row = jobs.due[n]!;
    const at = evidenceAddress(bank, wave.slot[row]!) / 8;
    const loss = f32[room.jobs / 4 + n * JOB_WORDS + TRAIN.loss]!;
    if (Number.isNaN(loss)) {
      jobs.broken[row] = 1;
    } else {
      learnLoss(f64, at, loss);
      f64[at + AT.trainings]! += 1;
    }
  }
  for (let n = 0; n < count; n++) {
    const row = jobs.due[n]!;
    const slot = wave.slot[row]!;
    if (jobs.broken[row] === 1 || !isLesson(state, slot, evidenceAddress(bank, slot) / 8)) continue;
    teach(state, network, room, slot, n, RATE, HYPER, SKIP);
  }
  return 0;
}

function stepAll(state: NeuralState, network: Network, room: Room, wave: Wave): number {
  const { bank, kernel, jobs } = state;
  const { f32, u32 } = bank.lane;
  let count = 0;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const slab = slabOf(bank, wave.slot[row]!);
    const job = room.jobs / 4 + count * JOB_WORDS;
    u32[job + STEP.hot] = slab.hot;
    const input = appendRow(bank, network, slab);
    takeIn(bank, slab.evidence, wave.startMs[row]!, wave.value[row]!, f32, input);
    u32[job + STEP.input] = 4 * input;
    u32[job + STEP.output] = room.outputs + 4 * count * network.O;
    count++;
  }
  kernel.step(network, count);
  let restarts = 0;
  count = 0;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const outputs = room.outputs / 4 + count * network.O;
    count++;
    if (jobs.broken[row] === 1 || Number.isNaN(f32[outputs]!)) {
      restart(state, network, wave.slot[row]!);
      restarts++;
    } else {
      const x = f32[(u32[room.jobs / 4 + (count - 1) * JOB_WORDS + STEP.input] ?? 0) >>> 2]!;
      foretell(bank, evidenceAddress(bank, wave.slot[row]!), wave.startMs[row]!, wave.value[row]!, x, outputs);
    }
  }
  return restarts;
}

/** Targets of a row: the change after it, and the ways of the level; not known yet for the last rows. */
function writeTargets(
  f32: Float32Array,
  to: number,
  inputs: number,
  rows: number,
  level: number,
  change: number,
): void {
  for (let t = 0; t < rows; t++) {
    const row = inputs + t * INPUTS;
    const target = to + t * TARGETS;
    f32[target] = t + 1 < rows ? f32[row + 2 * INPUTS - 1]! : change;
    for (let h = 0; h < HORIZONS.length; h++) {
      const then = t + HORIZONS[h]!;
      const reached = then < rows ? f32[inputs + then * INPUTS]! : then === rows ? level : Number.NaN;
      f32[target + 1 + h] = reached - f32[row]!;
    }
  }
}

/** Leaves the forecasts of the coming windows in the slab. `input` and `outputs` are indices of float32. */
function foretell(bank: Bank, evidence: number, timeMs: number, value: number, x: number, outputs: number): void {
  const { f64, f32 } = bank.lane;
  const at = evidence / 8;
  f64[at + AT.forecast] = value + usualStep(f64, at) * f32[outputs]!;
  f64[at + AT.nearLevel] = x + f32[outputs + 1]!;
  const far = isOutdone(f64, at) ? farLevel(bank, evidence, timeMs, x) : x + f32[outputs + TARGETS - 1]!;
  f64[(evidence + bank.layout.farAt) / 8 + (f64[at + AT.learned]! % FAR)] = far;
  f64[at + AT.hasForecast] = 1;
}

/** A network that is no longer finite starts anew; what was learned about the series' level stays. */
function restart({ bank, seedOf }: NeuralState, network: Network, slot: number): void {
  const { lane, layout } = bank;
  const { hot, optimiser, evidence } = slabOf(bank, slot);
  lane.u8.fill(0, hot, hot + layout.hotBytes);
  lane.u8.fill(0, optimiser, optimiser + layout.optimiserBytes);
  lane.u8.fill(0, evidence + layout.logAt, evidence + layout.peaksAt);
  const at = evidence / 8;
  lane.f64[at + AT.logCount] = 0;
  restartSchedule(lane.f64, at);
  lane.f64[at + AT.forecast] = lane.f64[at + AT.profileForecast]!;
  initialise(lane.f32, network, hot / 4, seedOf(slot), SKIP);
}

function slabOf(bank: Bank, slot: number): Slab {
  return {
    hot: hotAddress(bank, slot),
    optimiser: optimiserAddress(bank, slot),
    evidence: evidenceAddress(bank, slot),
  };
}

/** Index of float32 of a new row. Drops the oldest STRIDE rows of a full log; stores the state before the row. */
function appendRow({ lane, layout }: Bank, { L, stateSize }: Network, slab: Slab): number {
  const { f64, f32 } = lane;
  const at = slab.evidence / 8;
  const log = (slab.evidence + layout.logAt) / 4;
  const states = (slab.evidence + layout.statesAt) / 4;
  let rows = f64[at + AT.logCount]!;
  if (rows === L) {
    f32.copyWithin(log, log + STRIDE * INPUTS, log + L * INPUTS);
    f32.copyWithin(states, states + stateSize, states + (L / STRIDE) * stateSize);
    rows -= STRIDE;
  }
  if (rows % STRIDE === 0) {
    const state = slab.hot / 4 + layout.stateAt;
    f32.copyWithin(states + (rows / STRIDE) * stateSize, state, state + stateSize);
  }
  f64[at + AT.logCount] = rows + 1;
  return log + rows * INPUTS;
}

// The network of each series. It forecasts the next change of the value, in units of the usual change: a network that
// forecasts the level is coarse where a series moves little between windows (measured on the 57 moving files of the
// benchmark: geometric mean of the error against the last value's 0.96 for the level, 0.85 for the change). Its inputs
// are the last change, the level, and what the seasonal profiles say about the next window; it has one head and is
// trained by truncated backpropagation over the lookback, from the state stored before it; schedule.ts says when.
//
// The kernel is called twice a wave: to train every network that is due, then to step every network.

import { GAP, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress, hotAddress, optimiserAddress } from '../kernel/bank.ts';
import { initialise } from '../kernel/initialise.ts';
import { type Hyper, JOB_WORDS, JOBS_MAX, type Kernel, type Room, STEP, TRAIN } from '../kernel/kernel.ts';
import { AT, INPUTS, STRIDE } from '../kernel/layout.ts';
import type { Network } from '../kernel/network.ts';
import { halfHourProfile, hourOfWeekProfile, learnProfile, profileAt } from './profiles.ts';
import { deviation, learnScale, normalised } from './scaler.ts';
import { isDue, learnLoss, rateFactor, restartSchedule, type Schedule } from './schedule.ts';

/** Weight of the skip from the last change before anything is learned: the untrained network forecasts no change. */
const SKIP = 0;
/** Changes count for at most so many usual ones: as input, as target. */
const CHANGE_MAX = 3;
/** A change moves the usual one by at most so many of it, once there are some. */
const CHANGE_ROBUST = 10;
const ROBUST_AFTER = 30;
const USUAL_WEIGHT_MIN = 0.01;

/** Measured against a fixed stride in `npm run bench:cells`: a quarter cheaper, and no less exact. */
const SCHEDULE: Schedule = 'auto';
/** Of a pass every STRIDE windows. Measured flat from 0.001 to 0.003; 0.01 is worse. */
const RATE = 0.003;
const HYPER: Hyper = { clip: 1 };
const LEVEL_WINDOWS_MAX = 1000;

export interface NeuralState {
  readonly bank: Bank;
  readonly kernel: Kernel;
  /** Seed of a slot's weights: a function of stream, series and field only. */
  readonly seedOf: (slot: number) => number;
  readonly jobs: NeuralJobs;
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

function trainDue({ bank, kernel, seedOf, jobs }: NeuralState, network: Network, room: Room, wave: Wave): void {
  const { f64, f32, u32 } = bank.lane;
  let count = 0;
  for (let row = 0; row < wave.count; row++) {
    jobs.broken[row] = 0;
    if (wave.gap[row] === GAP.missing) continue;
    const slab = slabOf(bank, wave.slot[row]!);
    const at = slab.evidence / 8;
    if (f64[at + AT.learned] === 0) initialise(f32, network, slab.hot / 4, seedOf(wave.slot[row]!), SKIP);
    if (!isDue(f64, at, SCHEDULE)) continue;
    const rows = f64[at + AT.logCount]!;
    const inputs = slab.evidence + bank.layout.logAt;
    const targets = room.targets + 4 * count * network.L;
    // The target of a row is the change that came after it.
    for (let t = 1; t < rows; t++) f32[targets / 4 + t - 1] = f32[inputs / 4 + t * INPUTS]!;
    f32[targets / 4 + rows - 1] = changeOf(f64, at, wave.value[row]!);
    const job = room.jobs / 4 + count * JOB_WORDS;
    u32[job + TRAIN.hot] = slab.hot;
    u32[job + TRAIN.optimiser] = slab.optimiser;
    u32[job + TRAIN.inputs] = inputs;
    u32[job + TRAIN.state] = slab.evidence + bank.layout.statesAt;
    u32[job + TRAIN.targets] = targets;
    u32[job + TRAIN.steps] = rows;
    f32[job + TRAIN.rate] = RATE * rateFactor(f64, at, SCHEDULE);
    jobs.due[count] = row;
    count++;
  }
  if (count === 0) return;
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
    u32[job + STEP.input] = 4 * takeIn(bank, network, slab, wave.startMs[row]!, wave.value[row]!);
    u32[job + STEP.output] = room.outputs + 4 * count;
    count++;
  }
  kernel.step(network, count);
  let restarts = 0;
  count = 0;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const ahead = f32[room.outputs / 4 + count]!;
    count++;
    if (jobs.broken[row] === 1 || Number.isNaN(ahead)) {
      restart(state, network, wave.slot[row]!);
      restarts++;
    } else {
      foretell(bank, evidenceAddress(bank, wave.slot[row]!) / 8, wave.value[row]!, ahead);
    }
  }
  return restarts;
}

/** Everything but the network learns the window. Answers the index of float32 of the network's inputs. */
function takeIn(bank: Bank, network: Network, slab: Slab, timeMs: number, value: number): number {
  const { lane, layout } = bank;
  const { f64, f32 } = lane;
  const at = slab.evidence / 8;
  const nextMs = timeMs + f64[at + AT.everyMs]!;
  const change = changeOf(f64, at, value);
  const x = normalised(f64, at, value);
  learnScale(f64, at, value);
  learnUsualStep(f64, at, value);

  const halfHour = halfHourProfile(layout, slab.evidence);
  const hour = hourOfWeekProfile(layout, slab.evidence);
  learnProfile(lane, at, halfHour, timeMs, x);
  learnProfile(lane, at, hour, timeMs, x);
  const daily = profileAt(lane, halfHour, nextMs, f64[at + AT.levelMean]!);
  const weekly = profileAt(lane, hour, nextMs, daily);
  const learned = f64[at + AT.learned]! + 1;
  f64[at + AT.levelMean]! += (x - f64[at + AT.levelMean]!) / Math.min(learned, LEVEL_WINDOWS_MAX);
  const scale = learned < 2 ? 0 : deviation(f64, at, learned);
  f64[at + AT.profileForecast] = f64[at + AT.mean]! + scale * weekly;

  const row = appendRow(bank, network, slab);
  f32[row] = change;
  f32[row + 1] = x;
  f32[row + 2] = daily - x;
  f32[row + 3] = weekly - x;
  return row;
}

/** The forecast of the next window, `ahead` usual changes from this one's value. */
function foretell({ lane: { f64 } }: Bank, at: number, value: number, ahead: number): void {
  f64[at + AT.forecast] = value + usualStep(f64, at) * ahead;
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

/** The change to this value from the one before, in usual ones; 0 before there are any. */
function changeOf(f64: Float64Array, at: number, value: number): number {
  if (f64[at + AT.learned]! < 2) return 0;
  const change = (value - f64[at + AT.previous]!) / usualStep(f64, at);
  return Math.max(-CHANGE_MAX, Math.min(CHANGE_MAX, change));
}

/** > 0, also for a constant series. */
function usualStep(f64: Float64Array, at: number): number {
  return Math.max(f64[at + AT.usualStep]!, 1e-9 * Math.abs(f64[at + AT.mean]!) + 1e-12);
}

function learnUsualStep(f64: Float64Array, at: number, value: number): void {
  const n = f64[at + AT.learned]!;
  if (n === 0) return;
  const usual = f64[at + AT.usualStep]!;
  const change = Math.abs(value - f64[at + AT.previous]!);
  const counted = n >= ROBUST_AFTER && usual > 0 ? Math.min(change, CHANGE_ROBUST * usual) : change;
  f64[at + AT.usualStep] = usual + Math.max(USUAL_WEIGHT_MIN, 1 / n) * (counted - usual);
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

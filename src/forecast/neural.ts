// The GRU forecaster of one series. It forecasts the next change of the value, in units of the usual change: a network
// that forecasts the level is coarse where a series moves little between windows (measured on the 57 moving files of
// the benchmark: geometric mean of the error against the last value's 0.96 for the level, 0.85 for the change). Its
// inputs are the last change, the level, and what the seasonal profiles say about the next window; it has one head and
// is trained by truncated backpropagation every STRIDE windows over the lookback, from the hidden state stored before.

import type { Hyper, Kernel } from '../kernel/kernel.ts';
import { AT, INPUTS, type Layout, STRIDE } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';
import { halfHourProfile, hourOfWeekProfile, learnProfile, profileAt } from './profiles.ts';
import { deviation, learnScale, normalised } from './scaler.ts';

/** Weight of the skip from the last change before anything is learned: the untrained network forecasts no change. */
const SKIP = 0;
/** Changes count for at most so many usual ones: as input, as target. */
const CHANGE_MAX = 3;
/** A change moves the usual one by at most so many of it, once there are some. */
const CHANGE_ROBUST = 10;
const ROBUST_AFTER = 30;
const USUAL_WEIGHT_MIN = 0.01;

/** Measured flat from 0.001 to 0.003 with a pass every 8 windows; 0.01 is worse. */
const HYPER: Hyper = { rate: 0.003, clip: 1 };
const LEVEL_WINDOWS_MAX = 1000;

/** Byte addresses of one slab. */
export interface Slab {
  readonly hot: number;
  readonly optimiser: number;
  readonly evidence: number;
}

/**
 * Learns one window and leaves the forecast of the next one in the slab (raw units). `nextMs` is the event time of the
 * next window. Answers false when the network had become useless (not finite) and the caller must initialise it again.
 */
export function learnNeural(
  lane: LaneMemory,
  kernel: Kernel,
  layout: Layout,
  slab: Slab,
  timeMs: number,
  nextMs: number,
  value: number,
): boolean {
  const { f64, f32 } = lane;
  const at = slab.evidence / 8;
  const change = changeOf(f64, at, value);
  const finite = trainWhenDue(lane, kernel, layout, slab, change);
  const x = normalised(f64, at, value);
  learnScale(f64, at, value);
  learnUsualStep(f64, at, value);

  const halfHour = halfHourProfile(layout, slab.evidence);
  const hour = hourOfWeekProfile(layout, slab.evidence);
  learnProfile(lane, at, halfHour, timeMs, x);
  learnProfile(lane, at, hour, timeMs, x);
  const daily = profileAt(lane, halfHour, nextMs, f64[at + AT.levelMean]!);
  const weekly = profileAt(lane, hour, nextMs, daily);
  f64[at + AT.levelMean]! += (x - f64[at + AT.levelMean]!) / Math.min(f64[at + AT.learned]! + 1, LEVEL_WINDOWS_MAX);

  const row = appendRow(lane, layout, slab);
  f32[row] = change;
  f32[row + 1] = x;
  f32[row + 2] = daily - x;
  f32[row + 3] = weekly - x;
  kernel.step(layout, slab.hot, row * 4);
  const ahead = kernel.outputs[0] ?? Number.NaN;
  const learned = f64[at + AT.learned]! + 1;
  const scale = learned < 2 ? 0 : deviation(f64, at, learned);
  f64[at + AT.profileForecast] = f64[at + AT.mean]! + scale * weekly;
  if (!finite || !(Math.abs(ahead) < Number.MAX_VALUE)) return false;
  f64[at + AT.forecast] = value + usualStep(f64, at) * ahead;
  f64[at + AT.hasForecast] = 1;
  return true;
}

/** The weights of an untrained network, for a zeroed slab. */
export function initialiseNeural(kernel: Kernel, layout: Layout, slab: Slab, seed: number): void {
  kernel.initialise(layout, slab.hot, seed, SKIP);
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

/** A training pass over the log when STRIDE rows are new: each row's target is the change that followed it. */
function trainWhenDue(lane: LaneMemory, kernel: Kernel, layout: Layout, slab: Slab, change: number): boolean {
  const { f64, f32 } = lane;
  const at = slab.evidence / 8;
  const rows = f64[at + AT.logCount]!;
  if (rows === 0 || rows % STRIDE !== 0) return true;
  const log = (slab.evidence + layout.logAt) / 4;
  for (let t = 1; t < rows; t++) kernel.targets[t - 1] = f32[log + t * INPUTS]!;
  kernel.targets[rows - 1] = change;
  const inputs = slab.evidence + layout.logAt;
  const state = slab.evidence + layout.statesAt;
  const loss = kernel.train(layout, slab.hot, slab.optimiser, inputs, state, rows, HYPER);
  if (Number.isNaN(loss)) return false;
  f64[at + AT.loss] = loss;
  f64[at + AT.trainings]! += 1;
  return true;
}

/** Index of float32 of a new row. Drops the oldest STRIDE rows of a full log; stores the state before the row. */
function appendRow(lane: LaneMemory, layout: Layout, slab: Slab): number {
  const { f64, f32 } = lane;
  const { L, H } = layout;
  const at = slab.evidence / 8;
  const log = (slab.evidence + layout.logAt) / 4;
  const states = (slab.evidence + layout.statesAt) / 4;
  let rows = f64[at + AT.logCount]!;
  if (rows === L) {
    f32.copyWithin(log, log + STRIDE * INPUTS, log + L * INPUTS);
    f32.copyWithin(states, states + H, states + (L / STRIDE) * H);
    rows -= STRIDE;
  }
  if (rows % STRIDE === 0) {
    const state = slab.hot / 4 + layout.stateAt;
    f32.copyWithin(states + (rows / STRIDE) * H, state, state + H);
  }
  f64[at + AT.logCount] = rows + 1;
  return log + rows * INPUTS;
}

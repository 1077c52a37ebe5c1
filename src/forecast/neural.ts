// The GRU forecaster of one series: inputs x and what the seasonal profiles say about the next window, one head, trained
// by truncated backpropagation every STRIDE windows over the lookback, from the hidden state stored at its start.

import type { Hyper, Kernel } from '../kernel/kernel.ts';
import { AT, type Layout, STRIDE } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';
import { halfHourProfile, hourOfWeekProfile, learnProfile, profileAt } from './profiles.ts';
import { deviation, learnScale, normalised } from './scaler.ts';

/** x, and the differences to it of the half-hour and the hour-of-week profile at the next window. */
export const INPUTS = 3;

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
  const x = normalised(f64, at, value);
  const finite = trainWhenDue(lane, kernel, layout, slab, x);
  learnScale(f64, at, value);

  const halfHour = halfHourProfile(layout, slab.evidence);
  const hour = hourOfWeekProfile(layout, slab.evidence);
  learnProfile(lane, at, halfHour, timeMs, x);
  learnProfile(lane, at, hour, timeMs, x);
  const daily = profileAt(lane, halfHour, nextMs, f64[at + AT.levelMean]!);
  const weekly = profileAt(lane, hour, nextMs, daily);
  f64[at + AT.levelMean]! += (x - f64[at + AT.levelMean]!) / Math.min(f64[at + AT.learned]! + 1, LEVEL_WINDOWS_MAX);

  const row = appendRow(lane, layout, slab);
  f32[row] = x;
  f32[row + 1] = daily - x;
  f32[row + 2] = weekly - x;
  kernel.step(layout, slab.hot, row * 4);
  const ahead = kernel.outputs[0] ?? Number.NaN;
  const learned = f64[at + AT.learned]! + 1;
  const scale = learned < 2 ? 0 : deviation(f64, at, learned);
  f64[at + AT.profileForecast] = f64[at + AT.mean]! + scale * weekly;
  if (!finite || !(Math.abs(ahead) < Number.MAX_VALUE)) return false;
  f64[at + AT.forecast] = f64[at + AT.mean]! + scale * ahead;
  f64[at + AT.hasForecast] = 1;
  return true;
}

/** A training pass over the log when STRIDE rows are new: each row's target is the x that followed it. */
function trainWhenDue(lane: LaneMemory, kernel: Kernel, layout: Layout, slab: Slab, x: number): boolean {
  const { f64, f32 } = lane;
  const at = slab.evidence / 8;
  const rows = f64[at + AT.logCount]!;
  if (rows === 0 || rows % STRIDE !== 0) return true;
  const log = (slab.evidence + layout.logAt) / 4;
  for (let t = 1; t < rows; t++) kernel.targets[t - 1] = f32[log + t * INPUTS]!;
  kernel.targets[rows - 1] = x;
  const inputs = slab.evidence + layout.logAt;
  const state = slab.evidence + layout.statesAt;
  const loss = kernel.train(layout, slab.hot, slab.optimiser, inputs, state, rows, HYPER);
  if (Number.isNaN(loss)) return false;
  f64[at + AT.loss] = loss;
  f64[at + AT.trainings]! += 1;
  return true;
}

/** Index of float32 of a new row; drops the oldest STRIDE rows when the log is full, stores the state before the row. */
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

// The warm-up log: the first 800 windows of a series, kept small, so that centres, scales and tables can be fitted
// again when more is known, by living through the log once more. Merging cells in place of that was measured and fails.

import { asinh, exp } from '../kernel/elementary.ts';
import { AT, AXES, type Layout, LOGGED, PAIR_TABLE, PAIRS, SIGNALS, TABLE, WARMUP_LOG } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';
import { type Averages, axesOf, learnAverages, newAxes } from './signals.ts';
import { addAll, leastScale, placeAll } from './tables.ts';

/** Windows before the first fit. Until then the log holds plain numbers, because its own scale is not known. */
export const FIRST_FIT = 50;
const FITS = [FIRST_FIT, 100, 200, 400, WARMUP_LOG];
/** Steps of the log per unit of asinh; residuals are logged on a tenth of the values' scale. */
const STEPS = 1000;
const STEP_MAX = 32_767;
const RESIDUAL_SHARE = 0.1;

/** Axes of the whole log: those of a window lie side by side. */
const lived = new Float64Array(AXES * WARMUP_LOG);
const column = new Float64Array(WARMUP_LOG);
const axes = newAxes();
const averages: Averages = { f64: new Float64Array(AT.scalars), at: 0 };

/** Logs window n (from 0) of a series and fits anew when it is time. Does nothing from n = WARMUP_LOG on. */
export function logWindow(
  lane: LaneMemory,
  layout: Layout,
  evidence: number,
  n: number,
  value: number,
  residual: number,
  farResidual: number,
): void {
  if (n >= WARMUP_LOG) return;
  const { f64, i16 } = lane;
  const at = evidence / 8;
  if (n < FIRST_FIT) {
    const plain = plainLog(layout, evidence) + LOGGED * n;
    f64[plain] = value;
    f64[plain + 1] = residual;
    f64[plain + 2] = farResidual;
    if (n + 1 === FIRST_FIT) quantiseFirst(lane, layout, evidence);
  } else {
    const scale = f64[at + AT.logScale]!;
    writeLog(i16, layout, evidence, n, f64[at + AT.logCentre]!, scale, value, residual, farResidual);
  }
  if (FITS.includes(n + 1)) fit(lane, layout, evidence, n + 1);
}

/** The first windows stand as float64 at the end of the log, which is not needed before. */
function plainLog(layout: Layout, evidence: number): number {
  return (evidence + layout.warmupAt + 2 * LOGGED * WARMUP_LOG) / 8 - LOGGED * FIRST_FIT;
}

function quantiseFirst(lane: LaneMemory, layout: Layout, evidence: number): void {
  const { f64, i16 } = lane;
  const at = evidence / 8;
  const plain = plainLog(layout, evidence);
  const first = f64.slice(plain, plain + LOGGED * FIRST_FIT);
  for (let n = 0; n < FIRST_FIT; n++) column[n] = first[LOGGED * n]!;
  const [centre, scale] = centreAndScale(FIRST_FIT);
  f64[at + AT.logCentre] = centre;
  f64[at + AT.logScale] = scale;
  f64.fill(0, plain, plain + LOGGED * FIRST_FIT);
  for (let n = 0; n < FIRST_FIT; n++) {
    const [value = 0, residual = 0, far = 0] = first.subarray(LOGGED * n, LOGGED * n + LOGGED);
    writeLog(i16, layout, evidence, n, centre, scale, value, residual, far);
  }
}

function writeLog(
  i16: Int16Array,
  layout: Layout,
  evidence: number,
  n: number,
  centre: number,
  scale: number,
  value: number,
  residual: number,
  farResidual: number,
): void {
  const log = (evidence + layout.warmupAt) / 2 + LOGGED * n;
  i16[log] = quantised(value, centre, scale);
  i16[log + 1] = quantised(residual, 0, scale * RESIDUAL_SHARE);
  i16[log + 2] = quantised(farResidual, 0, scale * RESIDUAL_SHARE);
}

/** Centres, scales and tables of all signals from the first `count` windows. */
function fit(lane: LaneMemory, layout: Layout, evidence: number, count: number): void {
  const { f64, u8 } = lane;
  const at = evidence / 8;
  live(lane, layout, evidence, count);
  for (let axis = 0; axis < AXES; axis++) {
    for (let n = 0; n < count; n++) column[n] = lived[n * AXES + axis]!;
    const [centre, scale] = centreAndScale(count);
    f64[at + AT.centre + axis] = centre;
    f64[at + AT.scale + axis] = scale;
  }
  const tables = evidence + layout.tablesAt;
  u8.fill(0, tables, tables + SIGNALS * TABLE + PAIRS * PAIR_TABLE);
  f64.fill(0, at + AT.stored, at + AT.stored + SIGNALS + PAIRS);
  for (let n = 0; n < count; n++) {
    const places = lived.subarray(n * AXES, (n + 1) * AXES);
    placeAll(f64, at, places, places);
    addAll(lane, layout, evidence, places);
  }
}

/** Lives through the log from its beginning; leaves the axes of every window in `lived`. */
function live({ f64, i16 }: LaneMemory, layout: Layout, evidence: number, count: number): void {
  const at = evidence / 8;
  const centre = f64[at + AT.logCentre]!;
  const scale = f64[at + AT.logScale]!;
  const log = (evidence + layout.warmupAt) / 2;
  averages.f64.fill(0);
  for (let n = 0; n < count; n++) {
    const value = plainValue(i16[log + LOGGED * n]!, centre, scale);
    const residual = plainValue(i16[log + LOGGED * n + 1]!, 0, scale * RESIDUAL_SHARE);
    const far = plainValue(i16[log + LOGGED * n + 2]!, 0, scale * RESIDUAL_SHARE);
    // The log does not know what was usual at the time of the day.
    axesOf(averages, n, value, residual, far, Number.NaN, axes);
    learnAverages(averages, n, value, axes);
    lived.set(axes, n * AXES);
  }
}

/** Median, and median absolute deviation with floors that keep constant and nearly constant series usable. */
function centreAndScale(count: number): readonly [centre: number, scale: number] {
  const values = column.subarray(0, count).sort();
  const centre = values[count >> 1]!;
  let sum = 0;
  for (let n = 0; n < count; n++) sum += Math.abs(values[n]! - centre);
  return [centre, Math.max(medianDistance(values, centre), (0.1 * sum) / count, leastScale(centre))];
}

/** Of sorted numbers from their median: distances grow to both sides of it, so both are walked and none is sorted. */
function medianDistance(values: Float64Array, centre: number): number {
  const middle = values.length >> 1;
  let below = middle - 1;
  let above = middle + 1;
  let distance = 0;
  for (let n = 0; n < middle; n++) {
    const down = below >= 0 ? centre - values[below]! : Number.POSITIVE_INFINITY;
    const up = above < values.length ? values[above]! - centre : Number.POSITIVE_INFINITY;
    if (down < up) below--;
    else above++;
    distance = Math.min(down, up);
  }
  return distance;
}

function quantised(x: number, centre: number, scale: number): number {
  const steps = Math.floor(asinh((x - centre) / scale) * STEPS + 0.5);
  return Math.max(-STEP_MAX, Math.min(STEP_MAX, steps));
}

function plainValue(steps: number, centre: number, scale: number): number {
  const grown = exp(Math.abs(steps) / STEPS);
  return centre + (Math.sign(steps) * scale * (grown - 1 / grown)) / 2;
}

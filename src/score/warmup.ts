// The warm-up log: the first 800 windows of both signals, kept small, so that centre, scale and tables can be fitted
// again when more is known. Merging cells in place of replaying the log was measured and fails.

import { asinh, exp } from '../kernel/elementary.ts';
import { AT, CELLS, type Layout, PHASES, SIGNALS, WARMUP_LOG } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';
import { addToTables } from './rarity.ts';

/** Windows before the first fit. Until then the log holds plain numbers, because its own scale is not known. */
export const FIRST_FIT = 50;
const FITS = [FIRST_FIT, 100, 200, 400, WARMUP_LOG];
/** Steps of the log per unit of asinh; residuals are logged on a tenth of the values' scale. */
const STEPS = 1000;
const STEP_MAX = 32_767;
const RESIDUAL_SHARE = 0.1;

const scratch = new Float64Array(WARMUP_LOG);
const distances = new Float64Array(WARMUP_LOG);

/** Logs window n (from 0) of a series and fits anew when it is time. Does nothing from n = WARMUP_LOG on. */
export function logWindow(
  lane: LaneMemory,
  layout: Layout,
  evidence: number,
  n: number,
  value: number,
  residual: number,
): void {
  if (n >= WARMUP_LOG) return;
  const { f64, i16 } = lane;
  const at = evidence / 8;
  if (n < FIRST_FIT) {
    const plain = plainLog(layout, evidence);
    f64[plain + 2 * n] = value;
    f64[plain + 2 * n + 1] = residual;
    if (n + 1 === FIRST_FIT) quantiseFirst(lane, layout, evidence);
  } else {
    const log = (evidence + layout.warmupAt) / 2 + 2 * n;
    i16[log] = quantised(value, f64[at + AT.logCentre]!, f64[at + AT.logScale]!);
    i16[log + 1] = quantised(residual, 0, f64[at + AT.logScale]! * RESIDUAL_SHARE);
  }
  if (FITS.includes(n + 1)) fit(lane, layout, evidence, n + 1);
}

/** The first windows stand as float64 at the end of the log, which is not needed before. */
function plainLog(layout: Layout, evidence: number): number {
  const bytes = 2 * SIGNALS * WARMUP_LOG;
  return (evidence + layout.warmupAt + bytes) / 8 - SIGNALS * FIRST_FIT;
}

function quantiseFirst(lane: LaneMemory, layout: Layout, evidence: number): void {
  const { f64, i16 } = lane;
  const at = evidence / 8;
  const plain = plainLog(layout, evidence);
  for (let n = 0; n < FIRST_FIT; n++) scratch[n] = f64[plain + 2 * n]!;
  const [centre, scale] = centreAndScale(FIRST_FIT);
  f64[at + AT.logCentre] = centre;
  f64[at + AT.logScale] = scale;
  const log = (evidence + layout.warmupAt) / 2;
  for (let n = 0; n < FIRST_FIT; n++) {
    i16[log + 2 * n] = quantised(f64[plain + 2 * n]!, centre, scale);
    i16[log + 2 * n + 1] = quantised(f64[plain + 2 * n + 1]!, 0, scale * RESIDUAL_SHARE);
  }
  f64.fill(0, plain, plain + 2 * FIRST_FIT);
}

/** Centre, scale and tables of both signals from the first `count` windows. */
function fit(lane: LaneMemory, layout: Layout, evidence: number, count: number): void {
  const { f64, u16, i16 } = lane;
  const at = evidence / 8;
  const log = (evidence + layout.warmupAt) / 2;
  for (let signal = 0; signal < SIGNALS; signal++) {
    const logCentre = signal === 0 ? f64[at + AT.logCentre]! : 0;
    const logScale = f64[at + AT.logScale]! * (signal === 0 ? 1 : RESIDUAL_SHARE);
    const read = (n: number): number => plainValue(i16[log + 2 * n + signal]!, logCentre, logScale);
    for (let n = 0; n < count; n++) scratch[n] = read(n);
    const [centre, scale] = centreAndScale(count);
    const tables = tablesOf(layout, evidence, signal);
    u16.fill(0, tables, tables + PHASES * CELLS);
    let stored = 0;
    for (let n = 0; n < count; n++) stored = addToTables(u16, tables, stored, read(n), centre, scale);
    f64[at + AT.centre + signal] = centre;
    f64[at + AT.scale + signal] = scale;
    f64[at + AT.stored + signal] = stored;
  }
}

/** Index of the first cell of a signal: 0 = the value, 1 = the residual. */
export function tablesOf(layout: Layout, evidence: number, signal: number): number {
  return (evidence + layout.tablesAt) / 2 + signal * PHASES * CELLS;
}

/** Median, and median absolute deviation with floors that keep constant and nearly constant series usable. */
function centreAndScale(count: number): readonly [centre: number, scale: number] {
  const values = scratch.subarray(0, count).sort();
  const centre = values[count >> 1]!;
  let sum = 0;
  for (let n = 0; n < count; n++) {
    const distance = Math.abs(values[n]! - centre);
    distances[n] = distance;
    sum += distance;
  }
  const median = distances.subarray(0, count).sort()[count >> 1]!;
  return [centre, Math.max(median, (0.1 * sum) / count, 1e-9 * Math.abs(centre) + 1e-12)];
}

function quantised(x: number, centre: number, scale: number): number {
  const steps = Math.floor(asinh((x - centre) / scale) * STEPS + 0.5);
  return Math.max(-STEP_MAX, Math.min(STEP_MAX, steps));
}

function plainValue(steps: number, centre: number, scale: number): number {
  const grown = exp(Math.abs(steps) / STEPS);
  return centre + (Math.sign(steps) * scale * (grown - 1 / grown)) / 2;
}

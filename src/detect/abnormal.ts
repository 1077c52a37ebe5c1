// Abnormal windows: by their point score, which knows a level that is away long after it was news. They sustain alarms,
// keep episodes open, and, several in a row, open one themselves: slow evidence.

import type { Wave } from '../domain.ts';
import { AT } from '../kernel/layout.ts';

const DAY_MS = 86_400_000;
/** Point score, in decades, from which a window is abnormal. */
export const ABNORMAL = 4;
/**
 * A run of abnormal windows gathers decades beyond so many a window, and is an alarm when it has so many: five barely
 * abnormal windows, four clearly, two wildly so. A single one is judged by its rank alone.
 */
const RUN_USUAL = 2;
const RUN_ALARM = 10;
/** Runs count from that age on: before, every first is long. */
export const RUN_AFTER_MS = 7 * DAY_MS;

/**
 * Counts the window into the run of abnormal ones; true when a run that opened nothing yet is long enough for that. A
 * window that the policies do not count ends a run. `less`: decades by which a point counts less, because the threshold
 * is higher than usual.
 */
export function isLong(f64: Float64Array, at: number, wave: Wave, row: number, counts: boolean, less: number): boolean {
  const point = wave.point[row]! - less;
  f64[at + AT.abnormalSum] = counts && point >= ABNORMAL ? f64[at + AT.abnormalSum]! + point - RUN_USUAL : 0;
  if (f64[at + AT.open] === 1 || f64[at + AT.abnormalSum]! < RUN_ALARM) return false;
  return wave.learned[row]! * f64[at + AT.everyMs]! >= RUN_AFTER_MS;
}

/** Of a run that was told: no run lasts long enough to gather that. */
const TOLD = -1e12;

/** A run that was told is no news while it lasts: only the next one may open again. */
export function endAbnormalRun(f64: Float64Array, at: number): void {
  if (f64[at + AT.abnormalSum]! > 0) f64[at + AT.abnormalSum] = TOLD;
}

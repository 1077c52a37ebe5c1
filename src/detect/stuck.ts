// A value that stays exactly the same for much longer than ever before: a sensor, exporter or cache that hangs. No
// signal of the score sees it, because the value itself is as usual as can be.

import { AT } from '../kernel/layout.ts';

/**
 * A run of equal values counts from so many windows on, and when it is so many times the longest one so far. With four
 * times NAB loses 0.14 points.
 */
const RUN_MIN = 12;
const RUN_TIMES = 8;
/** From that age on: by then nights and a weekend have shown how long a series rests. */
const RUN_AFTER_MS = 7 * 86_400_000;

export const STUCK = { no: 0, begins: 1, lasts: 2 } as const;
export type Stuck = (typeof STUCK)[keyof typeof STUCK];

/**
 * Counts the window into the run of equal values; `begins` in the window in which the run becomes too long. `ageMs` is
 * how long the series has been known. The longest run is learned when a run ends.
 */
export function learnRun(f64: Float64Array, at: number, value: number, ageMs: number): Stuck {
  if (f64[at + AT.run] === 0 || value !== f64[at + AT.runValue]!) {
    endRun(f64, at);
    f64[at + AT.run] = 1;
    f64[at + AT.runValue] = value;
    return STUCK.no;
  }
  f64[at + AT.run]! += 1;
  const most = Math.max(RUN_MIN, RUN_TIMES * f64[at + AT.longestRun]!);
  // A series that never moved is not stuck.
  if (f64[at + AT.longestRun] === 0 || ageMs < RUN_AFTER_MS || f64[at + AT.run]! < most) return STUCK.no;
  return f64[at + AT.run] === most ? STUCK.begins : STUCK.lasts;
}

/** What lasted so long is usual from here on. */
export function endRun(f64: Float64Array, at: number): void {
  f64[at + AT.longestRun] = Math.max(f64[at + AT.longestRun]!, f64[at + AT.run]!);
}

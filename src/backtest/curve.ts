// What a plot needs of a run of any length: buckets of windows that keep the extremes, so that spikes survive. When the
// buckets are full, neighbours become one, so the run need not be known beforehand.

import type { ClosedWindow } from './detection.ts';

/** Columns, by bucket. NaN = there is none. */
export interface Curve {
  readonly field: number;
  /** Windows a bucket. */
  stride: number;
  count: number;
  /** Windows in the last bucket. */
  filled: number;
  readonly startMs: Float64Array;
  readonly least: Float32Array;
  readonly most: Float32Array;
  readonly expected: Float32Array;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly score: Float32Array;
  endMs: number;
}

/** `bucketsMax` is even; between half of it and all of it are used once there are so many windows. */
export function newCurve(field: number, bucketsMax: number): Curve {
  const column = (): Float32Array => new Float32Array(bucketsMax).fill(Number.NaN);
  return {
    field,
    stride: 1,
    count: 0,
    filled: 0,
    startMs: new Float64Array(bucketsMax),
    least: column(),
    most: column(),
    expected: column(),
    lower: column(),
    upper: column(),
    score: column(),
    endMs: Number.NaN,
  };
}

/** Takes the next window of the field. */
export function observeWindow(curve: Curve, window: ClosedWindow): void {
  if (curve.filled === curve.stride || curve.count === 0) {
    if (curve.count === curve.startMs.length) halve(curve);
    begin(curve, window.startMs);
  }
  const at = curve.count - 1;
  curve.filled++;
  curve.endMs = window.endMs;
  widen(curve, at, window.value, window.value, window.lower, window.upper, window.score);
  // The forecast in the middle of a bucket would be as good: it is drawn as a thin line.
  if (!Number.isNaN(window.expected)) curve.expected[at] = window.expected;
}

function begin(curve: Curve, startMs: number): void {
  const at = curve.count++;
  curve.filled = 0;
  curve.startMs[at] = startMs;
  for (const column of columnsOf(curve)) column[at] = Number.NaN;
}

function halve(curve: Curve): void {
  const { startMs, least, most, expected, lower, upper, score } = curve;
  const half = curve.count >> 1;
  for (let to = 0; to < half; to++) {
    const [a, b] = [2 * to, 2 * to + 1];
    const read = (column: Float32Array, at: number): number => column[at] ?? Number.NaN;
    startMs[to] = startMs[a] ?? 0;
    for (const column of columnsOf(curve)) column[to] = read(column, a);
    widen(curve, to, read(least, b), read(most, b), read(lower, b), read(upper, b), read(score, b));
    if (!Number.isNaN(read(expected, b))) expected[to] = read(expected, b);
  }
  curve.count = half;
  curve.stride *= 2;
}

function widen(
  { least, most, lower, upper, score }: Curve,
  at: number,
  low: number,
  high: number,
  below: number,
  above: number,
  scored: number,
): void {
  least[at] = smaller(least[at], low);
  most[at] = larger(most[at], high);
  lower[at] = smaller(lower[at], below);
  upper[at] = larger(upper[at], above);
  score[at] = larger(score[at], scored);
}

function columnsOf({ least, most, expected, lower, upper, score }: Curve): readonly Float32Array[] {
  return [least, most, expected, lower, upper, score];
}

function smaller(a = Number.NaN, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}

function larger(a = Number.NaN, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}

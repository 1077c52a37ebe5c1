// Absolute errors, summed for each series, span and horizon.

import { HORIZONS, TARGETS } from './features.ts';

/** Windows [from, until): the first days of a series, and its life. */
const SPANS = [
  { name: 'early', from: 50, until: 1000 },
  { name: 'life', from: 1000, until: Number.POSITIVE_INFINITY },
] as const;

const HORIZON_MAX = Math.max(...HORIZONS);

/** series × spans × horizons. All forecasters are tallied at the same windows, so sums compare as means. */
export type Tally = Float64Array;

export function newTally(series: number): Tally {
  return new Float64Array(series * SPANS.length * TARGETS);
}

/** `expected`: TARGETS forecasts from window n in raw units, at `at`. Counts when all of them can be judged. */
export function judge(
  tally: Tally,
  series: number,
  values: Float64Array,
  n: number,
  expected: Float64Array,
  at = 0,
): void {
  if (n < SPANS[0].from || n + HORIZON_MAX >= values.length) return;
  const span = n < SPANS[1].from ? 0 : 1;
  const sum = (series * SPANS.length + span) * TARGETS;
  for (let m = 0; m < TARGETS; m++) {
    const value = values[n + (HORIZONS[m] ?? 0)] ?? 0;
    tally[sum + m] = (tally[sum + m] ?? 0) + Math.abs(value - (expected[at + m] ?? 0));
  }
}

export interface Relative {
  readonly early: number;
  readonly one: number;
  readonly eight: number;
  readonly day: number;
  /** Geometric mean of the two longer horizons. */
  readonly multi: number;
}

/** Errors divided by those of `base`, geometric means over series. `early` is one step ahead. */
export function relative(tally: Tally, base: Tally): Relative {
  const series = tally.length / (SPANS.length * TARGETS);
  const of = (span: number, m: number): number => {
    const ratios = [...Array(series).keys()].map((s) => {
      const i = (s * SPANS.length + span) * TARGETS + m;
      return (tally[i] ?? 0) / (base[i] ?? 0);
    });
    return geometricMean(ratios);
  };
  const [early, one, eight, day] = [of(0, 0), of(1, 0), of(1, 1), of(1, 2)];
  return { early, one, eight, day, multi: Math.sqrt(eight * day) };
}

export function geometricMean(ratios: readonly number[]): number {
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
}

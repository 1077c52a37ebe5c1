// What scoring watches. Seven signals of one number: the value, the residual, how large residuals lately are, how far
// the level has drifted from the far forecast over three spans, and the value against what is usual at this time of the
// day. And two pairs: the usual value with the usual residual, which knows stuck and misshapen series, and two averages
// of the value, which know bursts. The eleven numbers are called axes.

import { AT, AXES } from '../kernel/layout.ts';

/** Weights of averages over 3, 10, 20 … windows: 2/(M + 1). */
const weight = (windows: number): number => 2 / (windows + 1);
const SPREAD = weight(10);
const DRIFTS = [weight(20), weight(40), weight(100)] as const;
const FASTS = [weight(3), weight(10), weight(30)] as const;
const SLOW_WEIGHT_MIN = 0.01;
/** The slow level is compared with from then on. */
const SLOW_AFTER = 20;

/** The averages that signals need, where the slab keeps them. A copy elsewhere has the same places. */
export interface Averages {
  readonly f64: Float64Array;
  readonly at: number;
}

/**
 * Writes the axes of a window that is number n (from 0) of its series. Residuals are 0 while there is no forecast.
 * `distance` is that of the value from what is usual at this time of the day, in usual distances; where that is not
 * known (NaN), the one from a slow level stands in.
 */
export function axesOf(
  { f64, at }: Averages,
  n: number,
  value: number,
  residual: number,
  farResidual: number,
  distance: number,
  axes: Float64Array,
): void {
  const moved = (place: number, by: number, x: number): number => {
    const before = f64[at + place]!;
    return before + by * (x - before);
  };
  const spread = moved(AT.absResidual, SPREAD, Math.abs(residual));
  axes[0] = value;
  axes[1] = residual;
  axes[2] = spread;
  for (let i = 0; i < DRIFTS.length; i++) axes[3 + i] = moved(AT.drift + i, DRIFTS[i]!, farResidual);
  axes[6] = Number.isNaN(distance) ? slowDistance(f64, at, n, value) : distance;
  axes[7] = n === 0 ? value : moved(AT.fast + 1, FASTS[1], value);
  axes[8] = spread;
  axes[9] = n === 0 ? value : moved(AT.fast, FASTS[0], value);
  axes[10] = n === 0 ? value : moved(AT.fast + 2, FASTS[2], value);
}

function slowDistance(f64: Float64Array, at: number, n: number, value: number): number {
  const square = f64[at + AT.slowSquare]!;
  return n > SLOW_AFTER && square > 0 ? (value - f64[at + AT.slow]!) / Math.sqrt(square) : 0;
}

/** Keeps the averages of a window whose axes are known. */
export function learnAverages({ f64, at }: Averages, n: number, value: number, axes: Float64Array): void {
  f64[at + AT.absResidual] = axes[2]!;
  for (let i = 0; i < DRIFTS.length; i++) f64[at + AT.drift + i] = axes[3 + i]!;
  f64[at + AT.fast] = axes[9]!;
  f64[at + AT.fast + 1] = axes[7]!;
  f64[at + AT.fast + 2] = axes[10]!;
  const distance = n === 0 ? 0 : value - f64[at + AT.slow]!;
  const share = Math.max(SLOW_WEIGHT_MIN, 1 / (n + 1));
  f64[at + AT.slow] = n === 0 ? value : f64[at + AT.slow]! + share * distance;
  f64[at + AT.slowSquare] = (1 - share) * (f64[at + AT.slowSquare]! + share * distance * distance);
}

export function newAxes(): Float64Array {
  return new Float64Array(AXES);
}

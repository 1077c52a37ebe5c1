// The band around the forecast, and how the forecaster grades itself. All of it learns after the window was scored.

import { AT } from '../kernel/layout.ts';

/** Share of normal windows that the band should hold. */
export const BAND_NOMINAL = 0.99;
/** Half width of the band in mean absolute residuals at first; 0.99 of a Gaussian lies within 3.2. */
const FACTOR_START = 4;
const FACTOR_MIN = 1;
const FACTOR_MAX = 20;
/**
 * Step of the quantile tracker (Robbins–Monro on the pinball loss): up by half a spread for a window outside, down by
 * 1/99 of that for one inside. Larger steps hold the same share but make the band jump.
 */
const FACTOR_STEP = 0.5;
const SPREAD_WEIGHT_MIN = 0.01;
const GRADE_WEIGHT_MIN = 0.002;
/** A residual counts for at most so many spreads once there is one, so that an anomaly hardly widens the band. */
const RESIDUAL_MAX = 10;
const ROBUST_AFTER = 30;

/** Half the width of the band, raw units; > 0. */
export function halfWidth(f64: Float64Array, slab: number): number {
  const factor = f64[slab + AT.bandFactor]! || FACTOR_START;
  const floor = 1e-9 * Math.abs(f64[slab + AT.mean]!) + 1e-12;
  return Math.max(factor * f64[slab + AT.spread]!, floor);
}

/** Learns spread, factor, coverage and errors from one window that had a forecast. */
export function learnBand(f64: Float64Array, slab: number, value: number, expected: number): void {
  const n = f64[slab + AT.learned]!;
  const residual = Math.abs(value - expected);
  const outside = residual > halfWidth(f64, slab) ? 1 : 0;
  const factor = f64[slab + AT.bandFactor]! || FACTOR_START;
  const step = FACTOR_STEP * (outside - (1 - BAND_NOMINAL));
  f64[slab + AT.bandFactor] = Math.max(FACTOR_MIN, Math.min(FACTOR_MAX, factor + step));

  const spread = f64[slab + AT.spread]!;
  const counted = n >= ROBUST_AFTER && spread > 0 ? Math.min(residual, RESIDUAL_MAX * spread) : residual;
  f64[slab + AT.spread] = spread + Math.max(SPREAD_WEIGHT_MIN, 1 / (n + 1)) * (counted - spread);

  const weight = Math.max(GRADE_WEIGHT_MIN, 1 / (n + 1));
  f64[slab + AT.coverage]! += weight * (1 - outside - f64[slab + AT.coverage]!);
  f64[slab + AT.modelError]! += weight * (residual - f64[slab + AT.modelError]!);
  f64[slab + AT.naiveError]! +=
    weight * (Math.abs(value - f64[slab + AT.profileForecast]!) - f64[slab + AT.naiveError]!);
  f64[slab + AT.stepError]! += weight * (Math.abs(value - f64[slab + AT.previous]!) - f64[slab + AT.stepError]!);
}

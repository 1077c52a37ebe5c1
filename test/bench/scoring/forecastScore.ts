// Measures of forecasts with a band, and a band for forecasters that have none.

import type { Expectation } from './run.ts';

/** Share of windows that a band should hold, and the quantiles at its sides. */
export const NOMINAL = 0.99;
const LOWER_LEVEL = (1 - NOMINAL) / 2;
const UPPER_LEVEL = 1 - LOWER_LEVEL;

export interface ForecastScore {
  /** Mean absolute error. */
  readonly error: number;
  /** Mean pinball loss of the two sides of the band, as forecasts of their quantiles: α/4 interval scores. */
  readonly pinball: number;
  /** Share of values inside the band. */
  readonly coverage: number;
  /** Mean width of the band. */
  readonly width: number;
}

/**
 * How good the forecasts of rows [from, to) are. Throws where one of them is missing, because all forecasters are
 * compared at the same rows.
 */
export function forecastScore(values: Float64Array, said: Expectation, from: number, to: number): ForecastScore {
  let error = 0;
  let pinball = 0;
  let inside = 0;
  let width = 0;
  for (let row = from; row < to; row++) {
    const read = (column: Float64Array): number => column[row] ?? Number.NaN;
    const [value, expected, lower, upper] = [read(values), read(said.expected), read(said.lower), read(said.upper)];
    if (Number.isNaN(value + expected + lower + upper)) throw new Error(`there is no forecast of row ${row}`);
    error += Math.abs(value - expected);
    pinball += (pinballLoss(value, lower, LOWER_LEVEL) + pinballLoss(value, upper, UPPER_LEVEL)) / 2;
    if (value >= lower && value <= upper) inside++;
    width += upper - lower;
  }
  const rows = to - from;
  return { error: error / rows, pinball: pinball / rows, coverage: inside / rows, width: width / rows };
}

/** Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978): least, on average, at the quantile `level`. */
export function pinballLoss(value: number, quantile: number, level: number): number {
  return value >= quantile ? level * (value - quantile) : (1 - level) * (quantile - value);
}

/** Residuals that a band remembers. */
const MEMORY = 1000;

/**
 * A band for any forecaster: as far to both sides as the NOMINAL quantile of its last absolute residuals. With n of
 * them the ⌈(n + 1)·NOMINAL⌉-th smallest, as in split conformal prediction, or the largest. NaN where nothing was
 * expected, and a band of no width before the first residual.
 */
export function conformalBand(values: Float64Array, expected: Float64Array): Expectation {
  const lower = new Float64Array(values.length).fill(Number.NaN);
  const upper = lower.slice();
  const order: number[] = [];
  const sorted: number[] = [];
  for (const [row, forecast] of expected.entries()) {
    if (Number.isNaN(forecast)) continue;
    const rank = Math.min(sorted.length, Math.ceil((sorted.length + 1) * NOMINAL));
    const reach = sorted[rank - 1] ?? 0;
    lower[row] = forecast - reach;
    upper[row] = forecast + reach;
    const residual = Math.abs((values[row] ?? 0) - forecast);
    order.push(residual);
    sorted.splice(placeOf(sorted, residual), 0, residual);
    if (order.length > MEMORY) sorted.splice(placeOf(sorted, order.shift() ?? 0), 1);
  }
  return { expected, lower, upper };
}

/** Index of the first entry that is not below `value`. */
function placeOf(sorted: readonly number[], value: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

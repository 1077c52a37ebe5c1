// The linear model: ridge regression on the networks' inputs and some more changes, learned online. A baseline, and
// what a network may be told: then it only has to learn what a linear model cannot know.

import { clipped, type Features, type Forecaster, HORIZONS, INPUTS, TARGETS } from './features.ts';

const LAGS = 16;
/** The network's inputs, changes before the last one, a constant. */
const REGRESSORS = INPUTS + LAGS - 1 + 1;
const RIDGE = 1;
export const RIDGE_WEIGHTS = REGRESSORS * TARGETS;
/** The triangle of the moments, and the moments and weights of each target. */
export const RIDGE_BYTES = 8 * ((REGRESSORS * (REGRESSORS + 1)) / 2 + 2 * RIDGE_WEIGHTS);
/** The moments fade as slowly as this many windows. */
const MEMORY = 4000;
/** Solved anew from the moments, so that no rounding piles up as in recursive least squares. */
const SOLVE_EVERY = 8;

/**
 * Ridge regression of the clipped changes, the networks' targets, on their inputs and the last LAGS changes. All
 * targets share the moments of the regressors, so they learn when the longest horizon is known.
 */
export function ridge({ values, inputs, targets, units }: Features): Forecaster {
  const R = REGRESSORS;
  const late = Math.max(...HORIZONS);
  const moments = new Float64Array(R * R);
  const cross = new Float64Array(R * TARGETS);
  const weights = new Float64Array(R * TARGETS);
  const factor = new Float64Array(R * R);
  const x = new Float64Array(R);
  const regressors = (n: number): void => {
    for (let k = 0; k < INPUTS; k++) x[k] = inputs[n * INPUTS + k] ?? 0;
    for (let lag = 1; lag < LAGS; lag++) x[INPUTS + lag - 1] = n < lag ? 0 : (inputs[(n - lag) * INPUTS] ?? 0);
    x[R - 1] = 1;
  };
  const learn = (n: number): void => {
    const keep = 1 - 1 / MEMORY;
    regressors(n);
    for (let i = 0; i < R; i++) {
      const xi = x[i] ?? 0;
      for (let k = 0; k <= i; k++) moments[i * R + k] = keep * (moments[i * R + k] ?? 0) + xi * (x[k] ?? 0);
      for (let m = 0; m < TARGETS; m++) {
        const at = i * TARGETS + m;
        cross[at] = keep * (cross[at] ?? 0) + xi * (targets[n * TARGETS + m] ?? 0);
      }
    }
  };
  return (n, expected) => {
    if (n >= late) learn(n - late);
    if (n > late && n % SOLVE_EVERY === 0) solve(moments, cross, factor, weights);
    regressors(n);
    for (let m = 0; m < TARGETS; m++) {
      let change = 0;
      for (let i = 0; i < R; i++) change += (x[i] ?? 0) * (weights[i * TARGETS + m] ?? 0);
      expected[m] = (values[n] ?? 0) + (units[n * TARGETS + m] ?? 0) * change;
    }
  };
}

/**
 * The same series for a network that reads the ridge's forecasts of all horizons first, as changes in units, and then
 * its own inputs.
 */
export function withRidge(one: Features): Features {
  const { values, inputs, units } = one;
  const width = TARGETS + INPUTS;
  const wide = new Float32Array(values.length * width);
  const forecast = ridge(one);
  const expected = new Float64Array(TARGETS);
  for (let n = 0; n < values.length; n++) {
    forecast(n, expected);
    for (let m = 0; m < TARGETS; m++) {
      const change = ((expected[m] ?? 0) - (values[n] ?? 0)) / (units[n * TARGETS + m] ?? 1);
      wide[n * width + m] = clipped(change);
    }
    wide.set(inputs.subarray(n * INPUTS, (n + 1) * INPUTS), n * width + TARGETS);
  }
  return { ...one, inputs: wide };
}

/** (moments + RIDGE·1) weights = cross, by Cholesky's factor of the lower triangle. */
function solve(moments: Float64Array, cross: Float64Array, factor: Float64Array, weights: Float64Array): void {
  const R = REGRESSORS;
  for (let i = 0; i < R; i++) {
    for (let k = 0; k <= i; k++) {
      let sum = (moments[i * R + k] ?? 0) + (i === k ? RIDGE : 0);
      for (let p = 0; p < k; p++) sum -= (factor[i * R + p] ?? 0) * (factor[k * R + p] ?? 0);
      factor[i * R + k] = i === k ? Math.sqrt(sum) : sum / (factor[k * R + k] ?? 1);
    }
  }
  for (let m = 0; m < TARGETS; m++) {
    for (let i = 0; i < R; i++) {
      let sum = cross[i * TARGETS + m] ?? 0;
      for (let p = 0; p < i; p++) sum -= (factor[i * R + p] ?? 0) * (weights[p * TARGETS + m] ?? 0);
      weights[i * TARGETS + m] = sum / (factor[i * R + i] ?? 1);
    }
    for (let i = R - 1; i >= 0; i--) {
      let sum = weights[i * TARGETS + m] ?? 0;
      for (let p = i + 1; p < R; p++) sum -= (factor[p * R + i] ?? 0) * (weights[p * TARGETS + m] ?? 0);
      weights[i * TARGETS + m] = sum / (factor[i * R + i] ?? 1);
    }
  }
}

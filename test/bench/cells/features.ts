// What every network sees of a series and what it is asked for: computed once, the same for all of them, causal.

import { halfHourProfile, hourOfWeekProfile, learnProfile, profileAt } from '../../../src/forecast/profiles.ts';
import { learnScale, normalised } from '../../../src/forecast/scaler.ts';
import { AT, layoutOf } from '../../../src/kernel/layout.ts';
import { allocate, newLaneMemory } from '../../../src/kernel/memory.ts';
import type { DataSet } from './dataSets.ts';

/** In windows. */
export const HORIZONS = [1, 8, 24] as const;
export const TARGETS = HORIZONS.length;
/** The last change, the level, and for each horizon what the daily and the weekly profile say about it. */
export const INPUTS = 2 + 2 * TARGETS;

/** As in the product: a change counts for at most so many usual ones, and moves the usual one by at most so many. */
const CHANGE_MAX = 3;
const CHANGE_ROBUST = 10;
const ROBUST_AFTER = 30;
const USUAL_WEIGHT_MIN = 0.01;
const LEVEL_WINDOWS_MAX = 1000;

export interface Features {
  readonly values: Float64Array;
  /** windows × INPUTS, or the width that a network reads: what is known at window n. */
  readonly inputs: Float32Array;
  /** windows × TARGETS: the change from window n to n + horizon, in `units`; NaN beyond the end. */
  readonly targets: Float32Array;
  /** windows × TARGETS: the usual change over the horizon as known at window n, > 0. */
  readonly units: Float64Array;
}

/** Writes the TARGETS forecasts from window n, in raw units; called for every window in turn. */
export type Forecaster = (n: number, expected: Float64Array) => void;

export function featuresOf(set: DataSet): readonly Features[] {
  return set.series.map((values) => {
    const units = usualChanges(values);
    return { values, units, inputs: inputsOf(set, values, units), targets: targetsOf(values, units) };
  });
}

function usualChanges(values: Float64Array): Float64Array {
  const units = new Float64Array(values.length * TARGETS);
  for (const [m, horizon] of HORIZONS.entries()) {
    let usual = 0;
    for (let n = 0; n < values.length; n++) {
      const value = values[n] ?? 0;
      const changes = n + 1 - horizon;
      if (changes > 0) {
        const change = Math.abs(value - (values[n - horizon] ?? 0));
        const counted = changes > ROBUST_AFTER && usual > 0 ? Math.min(change, CHANGE_ROBUST * usual) : change;
        usual += Math.max(USUAL_WEIGHT_MIN, 1 / changes) * (counted - usual);
      }
      units[n * TARGETS + m] = Math.max(usual, 1e-9 * Math.abs(value) + 1e-12);
    }
  }
  return units;
}

function targetsOf(values: Float64Array, units: Float64Array): Float32Array {
  const targets = new Float32Array(units.length);
  for (let n = 0; n < values.length; n++) {
    for (const [m, horizon] of HORIZONS.entries()) {
      const change = ((values[n + horizon] ?? Number.NaN) - (values[n] ?? 0)) / (units[n * TARGETS + m] ?? 1);
      targets[n * TARGETS + m] = clipped(change);
    }
  }
  return targets;
}

/** Level and profiles by the product's own stages, in a slab of their own. */
function inputsOf(set: DataSet, values: Float64Array, units: Float64Array): Float32Array {
  const { startMs, everyMs } = set;
  const lane = newLaneMemory(64);
  const loss = { kind: 'squared' } as const;
  const shape = { cell: 'gru', hidden: 4, layers: 1, inputs: 4, targets: 1, skips: 0, loss, lookback: 8 } as const;
  const layout = layoutOf({ ...shape, openWindows: 1 });
  const slab = allocate(lane, layout.evidenceBytes);
  const { f64 } = lane;
  const at = slab / 8;
  const halfHour = halfHourProfile(layout, slab);
  const hour = hourOfWeekProfile(layout, slab);
  const inputs = new Float32Array(values.length * INPUTS);
  for (let n = 0; n < values.length; n++) {
    const value = values[n] ?? 0;
    const x = normalised(f64, at, value);
    learnScale(f64, at, value);
    learnProfile(lane, at, halfHour, startMs + n * everyMs, x);
    learnProfile(lane, at, hour, startMs + n * everyMs, x);
    const change = n < 2 ? 0 : (value - (values[n - 1] ?? 0)) / (units[(n - 1) * TARGETS] ?? 1);
    inputs[n * INPUTS] = clipped(change);
    inputs[n * INPUTS + 1] = x;
    for (const [m, horizon] of HORIZONS.entries()) {
      const thenMs = startMs + (n + horizon) * everyMs;
      const daily = profileAt(lane, halfHour, thenMs, f64[at + AT.levelMean] ?? 0);
      inputs[n * INPUTS + 2 + 2 * m] = daily - x;
      inputs[n * INPUTS + 3 + 2 * m] = profileAt(lane, hour, thenMs, daily) - x;
    }
    const weight = 1 / Math.min(n + 1, LEVEL_WINDOWS_MAX);
    f64[at + AT.levelMean] = (1 - weight) * (f64[at + AT.levelMean] ?? 0) + weight * x;
    f64[at + AT.learned] = n + 1;
  }
  return inputs;
}

/** In usual changes. */
export function clipped(change: number): number {
  return Math.max(-CHANGE_MAX, Math.min(CHANGE_MAX, change));
}

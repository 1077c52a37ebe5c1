// What a network must beat, in the same contract: the last value, yesterday, an exponential mean, a linear model.

import type { DataSet } from './dataSets.ts';
import { type Features, type Forecaster, HORIZONS, TARGETS } from './features.ts';
import { ridge } from './ridge.ts';
import { judge, newTally, type Tally } from './tally.ts';

export interface BaselineOutcome {
  readonly tally: Tally;
  readonly microsecondsPerWindow: number;
}

const FORECASTERS = {
  'last value': ({ values }: Features): Forecaster => {
    return (n, expected) => {
      expected.fill(values[n] ?? 0);
    };
  },
  'seasonal naive': ({ values }: Features, { everyMs }: DataSet): Forecaster => {
    const day = Math.round(DAY_MS / everyMs);
    return (n, expected) => {
      for (let m = 0; m < TARGETS; m++) expected[m] = values[n + (HORIZONS[m] ?? 0) - day] ?? values[n] ?? 0;
    };
  },
  EWMA: ({ values }: Features): Forecaster => {
    let level = values[0] ?? 0;
    return (n, expected) => {
      level += EWMA_WEIGHT * ((values[n] ?? 0) - level);
      expected.fill(level);
    };
  },
  'ridge AR': ridge,
} as const;

export type BaselineName = keyof typeof FORECASTERS;
export const BASELINES = ['last value', 'seasonal naive', 'EWMA', 'ridge AR'] as const satisfies BaselineName[];

const DAY_MS = 86_400_000;
/** As in the product. */
const EWMA_WEIGHT = 0.2;

export function runBaseline(set: DataSet, features: readonly Features[], name: BaselineName): BaselineOutcome {
  const tally = newTally(features.length);
  const expected = new Float64Array(TARGETS);
  const from = process.cpuUsage();
  for (const [s, one] of features.entries()) {
    const forecast = FORECASTERS[name](one, set);
    for (let n = 0; n < one.values.length; n++) {
      forecast(n, expected);
      judge(tally, s, one.values, n, expected);
    }
  }
  const { user, system } = process.cpuUsage(from);
  const windows = features.reduce((sum, { values }) => sum + values.length, 0);
  return { tally, microsecondsPerWindow: (user + system) / windows };
}

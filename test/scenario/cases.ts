// What a user may expect of the detector with its default configuration, as a table: a series, what happens to it, and
// what is told about it. Read the rows; `kinds.test.ts` runs them. Times are in windows, from the moment at which it
// happens. Where the detector does less than one would like, the row says what it does, and `knownWeak` says why.

import { gaussian } from '../../src/kernel/random.ts';
import type { Case } from './case.ts';
import {
  anew,
  constant,
  counter,
  daily,
  HOUR,
  office,
  officeAt,
  restful,
  scaled,
  sparse,
  steady,
  twiceAsFast,
  twoValues,
  week,
} from './signals.ts';

export const SEEDS = 5;
/** Episodes of all runs together by chance: 0.4 a day and series; `bench:calibration` has the table. */
const USUAL = 28;
export const CASES: readonly Case[] = [
  { name: 'a daily series, nothing', series: daily, expected: { found: 0, besides: USUAL } },
  { name: 'a steady series, nothing', series: steady, expected: { found: 0, besides: USUAL } },
  { name: 'a constant, nothing', series: constant, expected: { found: 0, besides: 0 } },
  { name: 'two values, nothing', series: twoValues, expected: { found: 0, besides: USUAL } },
  { name: 'sparse counts, nothing', series: sparse, expected: { found: 0, besides: USUAL } },
  { name: 'weekends, nothing', series: week, days: 28, expected: { found: 0, besides: USUAL } },
  { name: 'a counter without rate, nothing', series: counter, expected: { found: 0, besides: USUAL } },
  { name: 'values of 1e12, nothing', series: scaled(1e12, 0), expected: { found: 0, besides: USUAL } },
  { name: 'values of 1e-9, nothing', series: scaled(1e-9, 0), expected: { found: 0, besides: USUAL } },
  { name: '1e9 ± 1, nothing', series: scaled(0.5, 1e9), expected: { found: 0, besides: USUAL } },

  // Single windows.
  {
    name: 'a spike',
    series: daily,
    harm: (value) => value + 40,
    lasts: 1,
    expected: { found: 5, within: 0, besides: USUAL, duration: [1, 3], closedBy: 'recovered', episodes: [5, 5] },
  },
  {
    name: 'a small spike',
    series: daily,
    harm: (value) => value + 16,
    lasts: 1,
    expected: { found: 5, within: 1, besides: USUAL },
  },
  {
    name: 'a spike at 1e12',
    series: scaled(1e12, 0),
    harm: (value) => value + 40e12,
    lasts: 1,
    expected: { found: 5, within: 0, besides: USUAL },
  },
  {
    name: 'a spike at 1e-9',
    series: scaled(1e-9, 0),
    harm: (value) => value + 40e-9,
    lasts: 1,
    expected: { found: 5, within: 0, besides: USUAL },
  },
  {
    name: 'a spike on 1e9 ± 1',
    series: scaled(0.5, 1e9),
    harm: (value) => value + 20,
    lasts: 1,
    expected: { found: 5, within: 0, besides: USUAL },
  },
  {
    name: 'a spike of a constant',
    series: constant,
    harm: (value) => value + 1,
    lasts: 1,
    expected: { found: 5, within: 0, duration: [2, 2], episodes: [5, 5], besides: 0 },
  },
  {
    name: 'a third value',
    series: twoValues,
    harm: () => 5,
    lasts: 1,
    expected: { found: 5, within: 0, besides: USUAL },
  },
  {
    name: 'many of sparse counts',
    series: sparse,
    harm: () => 8,
    lasts: 1,
    expected: { found: 5, within: 0, besides: USUAL },
  },
  {
    name: 'a dip to zero',
    series: daily,
    harm: () => 0,
    lasts: 6,
    expected: {
      found: 5,
      within: 0,
      kind: ['shift'],
      duration: [7, 10],
      closedBy: 'recovered',
      episodes: [5, 8],
      besides: USUAL,
    },
  },
  {
    name: 'a burst of spikes',
    series: daily,
    harm: (value, k) => (k % 4 === 0 ? value + 40 : value),
    lasts: 48,
    expected: { found: 5, within: 0, episodes: [5, 5], besides: USUAL },
  },

  // Levels.
  {
    name: 'a level shift up',
    series: steady,
    harm: (value) => value + 10,
    expected: { found: 5, within: 1, kind: ['shift'], besides: USUAL, closedBy: 'new_regime' },
  },
  {
    name: 'a level shift down',
    series: steady,
    harm: (value) => value - 10,
    expected: { found: 5, within: 1, kind: ['shift'], besides: USUAL, closedBy: 'new_regime' },
  },
  {
    name: 'a level shift of a daily series',
    series: daily,
    harm: (value) => value + 50,
    expected: { found: 5, within: 0, kind: ['shift'], duration: [130, 144], besides: USUAL },
  },
  {
    name: 'a slow drift',
    series: steady,
    harm: (value, k) => value + k / 100,
    expected: { found: 5, within: 200, episodes: [10, 25], besides: USUAL },
    knownWeak: 'a drift is told bit by bit, in short episodes',
  },

  // Shape.
  {
    name: 'noise four times as large',
    series: steady,
    harm: (_value, _k, random) => 50 + 4 * gaussian(random),
    expected: {
      found: 5,
      within: 10,
      evidence: ['spread', 'residual', 'level', 'burst'],
      episodes: [5, 50],
      besides: USUAL,
    },
    knownWeak: 'larger noise is told bit by bit, in short episodes',
  },
  {
    name: 'less noise',
    series: steady,
    harm: (value) => 50 + 0.1 * (value - 50),
    expected: { found: 0, besides: USUAL },
    knownWeak: 'small values are never rare enough',
  },
  {
    name: 'a flat line at a usual value',
    series: daily,
    harm: () => 100,
    lasts: 288,
    expected: { found: 5, within: 11, kind: ['stuck'], evidence: ['stuck'], closedBy: 'new_regime', besides: USUAL },
  },
  {
    name: 'the last value again and again',
    series: steady,
    harm: () => 50.7,
    lasts: 288,
    expected: { found: 5, within: 11, kind: ['stuck'], evidence: ['stuck'], closedBy: 'new_regime', besides: USUAL },
  },
  {
    // It must be twice as unlikely as its nights of eight hours are.
    name: 'a flat line by day, where values rest at night',
    series: restful,
    harm: () => 41,
    lasts: 288,
    expected: { found: 5, within: 230, kind: ['stuck'], evidence: ['stuck'], besides: USUAL },
  },
  {
    name: 'the day turned upside down',
    series: daily,
    harm: (value) => 200 - value,
    lasts: 288,
    // Told after two hours, and again when the day crosses itself.
    expected: { found: 5, within: 27, episodes: [5, 25], besides: USUAL },
  },
  {
    name: 'the clocks go back an hour',
    series: office,
    harm: (value, _k, _random, ms) => value - officeAt(ms + HOUR) + officeAt(ms),
    days: 28,
    // At the edges of the working day, for a window.
    expected: { found: 1, evidence: ['season'], duration: [1, 2], besides: USUAL },
  },
  {
    name: 'a holiday',
    series: week,
    harm: (value, _k, _random, ms) => value - officeAt(ms) + 20,
    lasts: 288,
    days: 42,
    expected: { found: 5, within: 0, episodes: [5, 10], besides: USUAL },
  },

  // Counters.
  {
    name: 'a counter that begins anew, as a rate',
    series: counter,
    settings: { window: { aggregate: 'rate' } },
    harm: anew(),
    expected: { found: 5, within: 0, duration: [2, 2], episodes: [5, 20], besides: USUAL },
    knownWeak: 'with one sample a window, the growth of the window is not known and counts as what the counter shows',
  },
  {
    name: 'a counter twice as fast, as a rate',
    series: counter,
    settings: { window: { aggregate: 'rate' } },
    harm: twiceAsFast(),
    expected: { found: 5, within: 1, kind: ['shift'], besides: USUAL },
  },

  // Missing and late.
  {
    name: 'an hour without data, ignored',
    series: daily,
    harm: () => undefined,
    lasts: 12,
    expected: { found: 0, besides: USUAL },
  },
  {
    // Two windows longer: behind a leap of more than ten steps, two samples are doubted.
    name: 'an hour without data, as an anomaly',
    series: daily,
    settings: { gaps: 'anomaly' },
    harm: () => undefined,
    lasts: 12,
    expected: { found: 5, within: 0, kind: ['gap'], evidence: ['gap'], duration: [13, 15], besides: USUAL },
  },
  {
    name: 'an hour without data, as zero',
    series: daily,
    settings: { gaps: 'zero' },
    harm: () => undefined,
    lasts: 12,
    expected: { found: 5, within: 0, besides: USUAL },
  },
  {
    name: 'an hour without data, as the previous value',
    series: daily,
    settings: { gaps: 'previous' },
    harm: () => undefined,
    lasts: 12,
    expected: { found: 0, besides: USUAL },
  },
  {
    name: 'samples that come 20 s late',
    series: daily,
    settings: { window: { every: '1m' } },
    everyMs: 30_000,
    days: 5,
    shuffle: (ms, n) => ms + (n % 3 === 0 ? 20_000 : 0),
    expected: { found: 0, besides: USUAL },
  },
];

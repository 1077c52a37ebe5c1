// The results of a run, and what they say: plain data, as --json writes it.

import { geometricMean, type Relative } from './tally.ts';

/** One forecaster on one data set. Errors are relative to the last value at the same horizon. */
export interface Result {
  readonly dataSet: string;
  readonly name: string;
  /** One for each seed; a baseline has one. */
  readonly errors: readonly Relative[];
  readonly microsecondsPerWindow: number;
  readonly bytesPerSeries: number;
  /** Numbers that learn. */
  readonly weights: number;
  /** Windows for each training pass. */
  readonly windowsPerPass: number | undefined;
  readonly restarts: number;
}

export type Measure = keyof Relative;

/** Mean and standard deviation over seeds. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** A network against another one, over all data sets. Negative is better. */
export interface Comparison {
  readonly name: string;
  readonly against: string;
  /** Share by which the errors, one step and several ahead, differ: mean over data sets, spread over seeds. */
  readonly difference: Spread;
  /** Data sets where it is ahead, and behind, by more than the spread of its seeds and EVEN. */
  readonly ahead: readonly string[];
  readonly behind: readonly string[];
  readonly verdict: 'better' | 'even' | 'worse';
  /** Cost relative to the other one. */
  readonly cost: number;
  readonly bytes: number;
}

/** Differences smaller than this do not decide anything. */
const EVEN = 0.01;

export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Over all data sets: the geometric mean of the errors of each seed. */
export function overall(results: readonly Result[], name: string): Result {
  const own = results.filter((one) => one.name === name);
  const first = own[0];
  if (first === undefined) throw new Error(`${name} did not run`);
  const errors = first.errors.map((_, seed) => {
    const of = (measure: Measure): number => geometricMean(own.map((one) => one.errors[seed]?.[measure] ?? 1));
    return { early: of('early'), one: of('one'), eight: of('eight'), day: of('day'), multi: of('multi') };
  });
  const passes = own.map((one) => one.windowsPerPass).filter((one) => one !== undefined);
  return {
    ...first,
    dataSet: 'all',
    errors,
    microsecondsPerWindow: median(own.map((one) => one.microsecondsPerWindow)),
    windowsPerPass: passes.length === 0 ? undefined : median(passes),
    restarts: own.reduce((sum, one) => sum + one.restarts, 0),
  };
}

export function compare(results: readonly Result[], name: string, against: string): Comparison {
  const sets = [...new Set(results.map((one) => one.dataSet))];
  const bySet = sets.map((dataSet) => {
    const find = (wanted: string) => results.find((one) => one.dataSet === dataSet && one.name === wanted);
    return { dataSet, ...spread(differences(find(name), find(against))) };
  });
  const seeds = differences(overall(results, name), overall(results, against));
  const difference = spread(seeds);
  const isClear = ({ mean, deviation }: Spread): boolean =>
    Math.abs(mean) > Math.max(EVEN, (2 * deviation) / Math.sqrt(seeds.length));
  const clear = bySet.filter(isClear);
  const [one, other] = [overall(results, name), overall(results, against)];
  return {
    name,
    against,
    difference,
    ahead: clear.filter(({ mean }) => mean < 0).map(({ dataSet }) => dataSet),
    behind: clear.filter(({ mean }) => mean > 0).map(({ dataSet }) => dataSet),
    verdict: !isClear(difference) ? 'even' : difference.mean < 0 ? 'better' : 'worse',
    cost: one.microsecondsPerWindow / other.microsecondsPerWindow,
    bytes: one.bytesPerSeries / other.bytesPerSeries,
  };
}

/** The name of the smallest error over all data sets, one step and several ahead. */
export function best(results: readonly Result[], names: readonly string[]): string {
  const error = (name: string): number => spread(overall(results, name).errors.map(together)).mean;
  return names.reduce((least, name) => (error(name) < error(least) ? name : least));
}

/** Seed by seed, because all contestants draw from the same seeds; a baseline is the same for all of them. */
function differences(one: Result | undefined, other: Result | undefined): readonly number[] {
  const [own, base] = [one?.errors.map(together) ?? [], other?.errors.map(together) ?? []];
  const seeds = Math.max(own.length, base.length);
  return [...Array(seeds).keys()].map((seed) => (own[seed] ?? own[0] ?? 1) / (base[seed] ?? base[0] ?? 1) - 1);
}

function together({ one, multi }: Relative): number {
  return Math.sqrt(one * multi);
}

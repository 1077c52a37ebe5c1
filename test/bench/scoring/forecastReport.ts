// Measures of one forecaster on one data set as a record, relative to the last value's, and many of them as tables.

import { type Spread, spread } from '../cells/results.ts';
import { geometricMean } from '../cells/tally.ts';
import { type ForecastScore, forecastScore } from './forecastScore.ts';
import type { Expectation } from './run.ts';
import { mean } from './segments.ts';

/** Rows that are scored: the first days of a series, without the very first windows, and its life. */
const EARLY_FROM = 50;
const LIFE_FROM = 1000;

interface SpanScores {
  readonly early: ForecastScore;
  readonly life: ForecastScore;
}

/** Errors, losses and widths are relative to the last value's: geometric means over the series of a data set. */
export interface Relative {
  readonly error: number;
  readonly earlyError: number;
  readonly pinball: number;
  readonly width: number;
  /** Mean of the series, and the least of them. */
  readonly coverage: number;
  readonly coverageMin: number;
}

export interface ForecastReport {
  readonly dataSet: string;
  readonly forecaster: string;
  /** One for each seed; a baseline has one. */
  readonly seeds: readonly Relative[];
  readonly seconds: number;
}

export function spanScores(values: Float64Array, said: Expectation): SpanScores {
  const to = values.length;
  return {
    early: forecastScore(values, said, Math.min(EARLY_FROM, to), Math.min(LIFE_FROM, to)),
    life: forecastScore(values, said, LIFE_FROM, to),
  };
}

/** `scores` and `base` of the same series in the same order. */
export function relativeTo(base: readonly SpanScores[], scores: readonly SpanScores[]): Relative {
  const ratio = (of: (score: SpanScores) => number): number =>
    geometricMean(scores.map((score, i) => of(score) / of(base[i] ?? score)));
  const coverages = scores.map(({ life }) => life.coverage);
  return {
    error: ratio(({ life }) => life.error),
    earlyError: ratio(({ early }) => early.error),
    pinball: ratio(({ life }) => life.pinball),
    width: ratio(({ life }) => life.width),
    coverage: mean(coverages),
    coverageMin: Math.min(...coverages),
  };
}

/** Each forecaster over all data sets, seed by seed. */
export function overall(reports: readonly ForecastReport[]): ForecastReport[] {
  const names = [...new Set(reports.map(({ forecaster }) => forecaster))];
  return names.map((forecaster) => {
    const own = reports.filter((report) => report.forecaster === forecaster);
    const seeds = (own[0]?.seeds ?? []).map((_, seed): Relative => {
      const column = (measure: keyof Relative): number[] =>
        own.map(({ seeds }) => seeds[seed]?.[measure] ?? Number.NaN);
      return {
        error: geometricMean(column('error')),
        earlyError: geometricMean(column('earlyError')),
        pinball: geometricMean(column('pinball')),
        width: geometricMean(column('width')),
        coverage: mean(column('coverage')),
        coverageMin: Math.min(...column('coverageMin')),
      };
    });
    const seconds = own.reduce((sum, report) => sum + report.seconds, 0);
    return { dataSet: 'all', forecaster, seeds, seconds };
  });
}

export function forecastRow({ seeds, seconds }: ForecastReport): Readonly<Record<string, string>> {
  const column = (measure: keyof Relative): Spread => spread(seeds.map((one) => one[measure]));
  const text = (measure: keyof Relative): string => {
    const { mean, deviation } = column(measure);
    return seeds.length < 2 ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  };
  return {
    MAE: text('error'),
    'MAE, first 1000': text('earlyError'),
    pinball: text('pinball'),
    width: text('width'),
    coverage: column('coverage').mean.toFixed(4),
    'least coverage': column('coverageMin').mean.toFixed(4),
    seconds: seconds.toFixed(1),
  };
}

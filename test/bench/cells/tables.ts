// The tables and the advice, as text.

import type { Budget } from './contestants.ts';
import type { DataSet } from './dataSets.ts';
import { type Comparison, compare, type Measure, overall, type Result, spread } from './results.ts';

const MEASURES: readonly { readonly measure: Measure; readonly title: string }[] = [
  { measure: 'one', title: '1 ahead' },
  { measure: 'eight', title: '8 ahead' },
  { measure: 'day', title: '24 ahead' },
  { measure: 'early', title: 'early, 1 ahead' },
];

/** Every forecaster on one data set, or over all of them. */
export function errorTable(results: readonly Result[]): string {
  const head = ['', ...MEASURES.map(({ title }) => title), 'µs/window', 'bytes', 'weights'];
  const rows = results.map((result) => [
    result.name,
    ...MEASURES.map(({ measure }) => errorText(result, measure)),
    result.microsecondsPerWindow.toFixed(2),
    String(result.bytesPerSeries),
    String(result.weights),
  ]);
  return aligned([head, ...rows]);
}

export function setTitle({ name, about, series, everyMs }: DataSet): string {
  const windows = series[0]?.length ?? 0;
  return `${name}: ${about}; ${series.length} series of ${windows} windows of ${everyMs / 60_000} min`;
}

export function summary(results: readonly Result[], names: readonly string[]): string {
  return errorTable(names.map((name) => overall(results, name)));
}

/** One line a data set: the error one step and several ahead, and windows for each pass, of every schedule. */
export function scheduleTable(results: readonly Result[], names: readonly string[]): string {
  const sets = [...new Set(results.map((one) => one.dataSet)), 'all'];
  const of = (set: string, name: string): Result | undefined =>
    set === 'all' ? overall(results, name) : results.find((one) => one.dataSet === set && one.name === name);
  const block = (title: string, text: (result: Result) => string): string[][] => [
    [title, ...names.map((name) => name.replace(/^\S+ \S+ ?/, '') || 'every 8')],
    ...sets.map((set) => [
      set,
      ...names.map((name) => {
        const result = of(set, name);
        return result === undefined ? '' : text(result);
      }),
    ]),
  ];
  return [
    block('1 ahead', (result) => errorText(result, 'one')),
    block('8 and 24 ahead', (result) => errorText(result, 'multi')),
    block('early, 1 ahead', (result) => errorText(result, 'early')),
    block('µs/window', ({ microsecondsPerWindow }) => microsecondsPerWindow.toFixed(2)),
    block('windows per pass', ({ windowsPerPass }) => windowsPerPass?.toFixed(1) ?? ''),
  ]
    .map(aligned)
    .join('\n\n');
}

/** What each budget's networks are worth against its GRU of one layer, and which to take. */
export function advice(results: readonly Result[], all: readonly Budget[]): readonly string[] {
  return all.flatMap(({ weights, members: [first, ...others] }) => {
    const comparisons = others.map((one) => compare(results, one.name, first.name));
    const best = comparisons
      .filter(({ verdict }) => verdict === 'better')
      .toSorted((a, b) => a.difference.mean - b.difference.mean)[0];
    const reason =
      best === undefined
        ? 'nothing with as many weights is clearly better'
        : `${percent(best.difference.mean)} error at ${best.cost.toFixed(2)} times the cost of ${first.name}`;
    return [
      `About ${weights} weights: take ${best?.name ?? first.name}; ${reason}.`,
      ...comparisons.map((one) => `  ${comparisonText(one)}`),
    ];
  });
}

export function comparisonText({ name, against, difference, ahead, behind, verdict, cost, bytes }: Comparison): string {
  const where = [
    ...(ahead.length === 0 ? [] : [`ahead on ${ahead.join(', ')}`]),
    ...(behind.length === 0 ? [] : [`behind on ${behind.join(', ')}`]),
  ];
  const error = `error ${percent(difference.mean)} ± ${(100 * difference.deviation).toFixed(1)} %`;
  const costs = `cost × ${cost.toFixed(2)}, bytes × ${bytes.toFixed(2)}`;
  return `${name} against ${against}: ${verdict}, ${[error, costs, ...where].join('; ')}`;
}

function percent(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`;
}

function errorText({ errors }: Result, measure: Measure): string {
  const { mean, deviation } = spread(errors.map((one) => one[measure]));
  return errors.length < 2 ? `${mean.toFixed(3)}        ` : `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
}

/** The first column to the left, all others to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

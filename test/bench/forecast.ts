// How good what the product publishes as expected is, and its band: `expected`, `lower` and `upper` of every window as
// they leave the pipeline with its default configuration, before it has seen the window.
//
//   npm run bench:forecast                   tables of the product, its baselines and others, in some minutes
//   npm run bench:forecast -- --quick        the beginnings of the series only
//   npm run bench:forecast -- --json FILE    the same as JSON
//   npm run bench:forecast -- --data DIR     where forecasting/ETTh1.csv is; also GRUARD_DATA
//   npm run bench:forecast -- --seeds 3      how many times the network, each time from other first weights
//   npm run bench:forecast -- --cells gru    only these
//
// One window ahead, from the 1000th window on. MAE: mean absolute error. Pinball: loss of the two sides of the band as
// quantiles, 0.5 % and 99.5 %: it counts the width, and what lies outside by how far. Both and the width are relative
// to the last value's, geometric means over the series of a data set; coverage should be 0.99. The last value, the
// seasonal naive forecast and ridge AR have a band of their last 1000 residuals; `gruard, last` and so on have the
// product's.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Cell } from '../../src/settings.ts';
import { type DataSet, dataSets } from './cells/dataSets.ts';
import { featuresOf, TARGETS } from './cells/features.ts';
import { ridge } from './cells/ridge.ts';
import { setTitle } from './cells/tables.ts';
import { DATA } from './scoring/dataFiles.ts';
import { type ForecastReport, forecastRow, overall, relativeTo, spanScores } from './scoring/forecastReport.ts';
import { conformalBand } from './scoring/forecastScore.ts';
import { type Expectation, expectations, hasSeeds } from './scoring/run.ts';

const DAY_MS = 86_400_000;
const QUICK_WINDOWS = 4000;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '3' },
    cells: { type: 'string', default: 'gru,last,seasonal,ewma' },
  },
});

interface Forecaster {
  readonly name: string;
  readonly seeds: number;
  /** What is expected of every series of a set. */
  readonly of: (set: DataSet, seed: number) => readonly Expectation[] | Promise<readonly Expectation[]>;
}

/** The first one is what all are relative to. */
const FORECASTERS: readonly Forecaster[] = [
  { name: 'last value', seeds: 1, of: ({ series }) => series.map((values) => shifted(values, 1)) },
  {
    name: 'seasonal naive',
    seeds: 1,
    of: ({ series, everyMs }) => series.map((values) => shifted(values, Math.round(DAY_MS / everyMs))),
  },
  { name: 'ridge AR', seeds: 1, of: ridges },
  ...(options.cells.split(',') as Cell[]).map(
    (cell): Forecaster => ({
      name: `gruard, ${cell}`,
      seeds: hasSeeds(cell) ? Number(options.seeds) : 1,
      of: (set, seed) => published(set, cell, seed),
    }),
  ),
];

/** The value `lag` windows before; until there is one, the last value. */
function shifted(values: Float64Array, lag: number): Expectation {
  return conformalBand(
    values,
    values.map((_, n) => values[n - lag] ?? values[n - 1] ?? Number.NaN),
  );
}

function ridges(set: DataSet): readonly Expectation[] {
  const ahead = new Float64Array(TARGETS);
  return featuresOf(set).map((features) => {
    const { values } = features;
    const forecast = ridge(features);
    const expected = new Float64Array(values.length).fill(Number.NaN);
    for (let n = 0; n + 1 < values.length; n++) {
      forecast(n, ahead);
      expected[n + 1] = ahead[0] ?? Number.NaN;
    }
    return conformalBand(values, expected);
  });
}

async function published(set: DataSet, cell: Cell, seed: number): Promise<readonly Expectation[]> {
  const { series, startMs, everyMs, isEntity } = set;
  const all: Expectation[] = [];
  for (const columns of isEntity ? [series] : series.map((values) => [values])) {
    const lines = Array.from(columns[0] ?? [], (_, n) => {
      const values = columns.map((column) => column[n]);
      return Buffer.from(`${(startMs + n * everyMs) / 1000},${values.join(',')}`);
    });
    const run = { cell, seed: `${set.name} ${all.length} ${seed}`, every: 'auto', fields: columns.length };
    all.push(...(await expectations(lines, run)));
  }
  return all;
}

async function runSet(set: DataSet): Promise<ForecastReport[]> {
  let base: ReturnType<typeof spanScores>[] | undefined;
  const reports: ForecastReport[] = [];
  for (const { name, seeds, of } of FORECASTERS) {
    const startedMs = performance.now();
    const relatives = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const said = await of(set, seed);
      const scores = set.series.map((values, i) => spanScores(values, said[i] as Expectation));
      base ??= scores;
      relatives.push(relativeTo(base, scores));
    }
    const seconds = (performance.now() - startedMs) / 1000;
    process.stderr.write(`${set.name}, ${name}: ${seconds.toFixed(1)} s\n`);
    reports.push({ dataSet: set.name, forecaster: name, seeds: relatives, seconds });
  }
  return reports;
}

function print(title: string, reports: readonly ForecastReport[]): void {
  console.log(title);
  console.table(Object.fromEntries(reports.map((report) => [report.forecaster, forecastRow(report)])));
}

const reports: ForecastReport[] = [];
for (const set of dataSets(options.data ?? DATA, options.quick ? QUICK_WINDOWS : Number.POSITIVE_INFINITY)) {
  const own = await runSet(set);
  reports.push(...own);
  print(setTitle(set), own);
}
const together = overall(reports);
print('all data sets', together);
if (options.json !== undefined) {
  const { quick } = options;
  const all = [...reports, ...together];
  writeFileSync(options.json, `${JSON.stringify({ node: process.version, quick, reports: all }, null, 2)}\n`);
}

// Which cell forecasts best for its weights, its time and its memory? GRU and LSTM of one and two layers learn online
// next to baselines, in the manner of J. Chung and others, Empirical Evaluation of Gated Recurrent Neural Networks on
// Sequence Modeling (2014): with equal numbers of weights, on the same inputs.
//
//   npm run bench:cells                  prints tables and advice, in some minutes
//   npm run bench:cells -- --quick       the beginnings of the series only, in less than a minute
//   npm run bench:cells -- --json FILE   writes all results, too
//   npm run bench:cells -- --data DIR    where forecasting/ETTh1.csv is; also GRUARD_DATA
//
// Errors are mean absolute errors relative to those of the last value at the same horizon, geometric means over the
// series of a data set, mean ± standard deviation over seeds. Costs are processor time of the network alone, to take a
// window in, forecast from it and train; bytes are all that the product keeps of a series. A network "on ridge AR" is
// told what the linear model forecasts and bears its cost, too.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { layoutOf } from '../../src/kernel/layout.ts';
import { BASELINES, type BaselineName, runBaseline } from './cells/baselines.ts';
import { atRates, budgets, otherLoss, otherSchedules, otherSizes, told } from './cells/contestants.ts';
import { type Contestant, newTrack, runCourse } from './cells/course.ts';
import { type DataSet, dataSets } from './cells/dataSets.ts';
import { featuresOf } from './cells/features.ts';
import { best, compare, median, type Result } from './cells/results.ts';
import { RIDGE_BYTES, RIDGE_WEIGHTS, withRidge } from './cells/ridge.ts';
import { bytesOf, OPEN_WINDOWS, parameters } from './cells/sizes.ts';
import { advice, comparisonText, errorTable, scheduleTable, setTitle, summary } from './cells/tables.ts';
import { relative } from './cells/tally.ts';

const SEEDS = 5;
const QUICK_SEEDS = 3;
const QUICK_WINDOWS = 4000;

function runSet(set: DataSet, contestants: readonly Contestant[], seeds: number): readonly Result[] {
  const features = featuresOf(set);
  const base = runBaseline(set, features, 'last value').tally;
  const baselines = BASELINES.map((name): Result => {
    const { tally, microsecondsPerWindow } = runBaseline(set, features, name);
    const errors = [relative(tally, base)];
    const [bytesPerSeries, weights] = [baselineBytes(name), name === 'ridge AR' ? RIDGE_WEIGHTS : 0];
    const rest = { bytesPerSeries, weights, windowsPerPass: undefined, restarts: 0 };
    return { dataSet: set.name, name, errors, microsecondsPerWindow, ...rest };
  });
  const tracks = { series: newTrack(features), 'ridge AR': newTrack(features.map(withRidge)) };
  const ridge = baselines.find(({ name }) => name === 'ridge AR');
  const outcomes = contestants.map(() => [] as ReturnType<typeof runCourse>[]);
  // Contestants take turns, so that other work on the machine meets all of them.
  for (let seed = 1; seed <= seeds; seed++) {
    process.stderr.write(`${set.name}, seed ${seed} of ${seeds}\n`);
    for (const [i, contestant] of contestants.entries())
      outcomes[i]?.push(runCourse(tracks[contestant.reads], contestant, seed));
  }
  const networks = contestants.map(({ name, shape, reads }, i): Result => {
    const own = outcomes[i] ?? [];
    const isTold = reads === 'ridge AR';
    return {
      dataSet: set.name,
      name,
      errors: own.map(({ tally }) => relative(tally, base)),
      microsecondsPerWindow:
        median(own.map((one) => one.microsecondsPerWindow)) + (isTold ? (ridge?.microsecondsPerWindow ?? 0) : 0),
      bytesPerSeries: bytesOf(shape) + (isTold ? RIDGE_BYTES : 0),
      weights: parameters(shape) + (isTold ? RIDGE_WEIGHTS : 0),
      windowsPerPass: median(own.map((one) => one.windowsPerPass)),
      restarts: own.reduce((sum, { restarts }) => sum + restarts, 0),
    };
  });
  return [...baselines, ...networks];
}

function baselineBytes(name: BaselineName): number {
  const bytes = (cell: 'last' | 'seasonal' | 'ewma'): number => layoutOf({ cell, openWindows: OPEN_WINDOWS }).slabBytes;
  switch (name) {
    case 'last value':
      return bytes('last');
    case 'seasonal naive':
      return bytes('seasonal');
    case 'EWMA':
      return bytes('ewma');
    case 'ridge AR':
      return bytes('last') + RIDGE_BYTES;
  }
}

/** Prints what was found. `main` are the contestants of the first tables. */
function printFindings(results: readonly Result[], main: readonly Contestant[], isQuick: boolean): void {
  const print = (title: string, ...texts: readonly string[]): void => {
    console.log(`\n${title}\n${texts.join('\n')}`);
  };
  const against = (name: string, base: string): string => comparisonText(compare(results, name, base));
  const names = [...BASELINES, ...main.map(({ name }) => name)];
  print('All data sets, geometric mean', summary(results, names));
  print('Advice', ...advice(results, all));
  const beside = [
    ...BASELINES.slice(-1),
    ...[...otherSizes(), ...large.members, otherLoss(), ...told()].map(({ name }) => name),
  ];
  print(`Others against ${reference.name}`, ...beside.map((name) => against(name, reference.name)));
  if (!isQuick) {
    const rates = small.members.map((one) => atRates(one).map(({ name }) => name));
    const [base, ...others] = rates.map((one) => best(results, one));
    print('Learning rates, 0.003 where none is named', summary(results, rates.flat()));
    print('Each at its best rate', ...others.map((name) => against(name, base ?? reference.name)));
  }
  const schedules = otherSchedules().map(({ name }) => name);
  print(
    `Schedules of ${reference.name}: a training pass every so many windows, its rate in proportion`,
    scheduleTable(results, [reference.name, ...schedules]),
    '',
    ...schedules.map((name) => against(name, reference.name)),
  );
  const restarts = results.reduce((sum, one) => sum + one.restarts, 0);
  if (restarts > 0) print(`${restarts} networks became useless and began anew`);
}

const { values: options } = parseArgs({
  options: { json: { type: 'string' }, data: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const folder =
  options.data ?? process.env['GRUARD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const seeds = options.quick ? QUICK_SEEDS : SEEDS;
const all = budgets();
const [small, large] = all;
const [reference] = small.members;
const main = [...all.flatMap(({ members }) => members), ...otherSizes(), otherLoss(), ...told()];
const rates = options.quick ? [] : small.members.flatMap(atRates);
// By name: some are in more than one table.
const contestants = [...new Map([...main, ...rates, ...otherSchedules()].map((one) => [one.name, one])).values()];
const results: Result[] = [];
for (const set of dataSets(folder, options.quick ? QUICK_WINDOWS : Number.POSITIVE_INFINITY)) {
  const own = runSet(set, contestants, seeds);
  results.push(...own);
  const shown: readonly string[] = [...BASELINES, ...main.map(({ name }) => name)];
  console.log(`\n${setTitle(set)}\n${errorTable(own.filter(({ name }) => shown.includes(name)))}`);
}
printFindings(results, main, options.quick);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify({ node: process.version, seeds, results }, null, 2)}\n`);
}

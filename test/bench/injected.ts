// Anomalies planted by rule into real series, with the product's pipeline and its default configuration: which kinds
// are found, how large they must be, and what an episode of them looks like, where labels of people tell too little. It
// is no evidence for the rules that it led to: what hangs, broken seasons, the month in the rank. Single fields of
// servers and services (ASD and JumpStarter at 5 minutes, SMD at one) and ETTh1 (hourly), each a stream of its own.
//
//   npm run bench:injected                       a table for each set and one for all, of the product and its baselines
//   npm run bench:injected -- --quick            two fields of the first two entities of each set, planted once
//   npm run bench:injected -- --json FILE        the same as JSON
//   npm run bench:injected -- --data DIR         DIR holds asd/, jumpstarter2/, smd/ and forecasting/
//   npm run bench:injected -- --seeds 3          how many times the network, each time from other first weights
//   npm run bench:injected -- --every record     another `window.every` than the default, auto
//   npm run bench:injected -- --cells gru,last   only these
//
// What is planted, and how large one unit is, is told in scoring/planting.ts: only in the second half of a series, days
// apart, never where its authors saw an anomaly or within six hours behind it. Each series is planted four times, each
// time elsewhere. A cell reads `found (of those that stand out) +delay ×episodes held`: the share of stretches in which
// an episode opened (or in a short echo), the same of those that bring a larger difference from the day before than the
// two weeks before had, and of what was found the median of windows until it was, how many episodes opened (one is
// best), and the share of the stretch during which one was open. `first two` and `later` are the shares found of the
// first stretches in each series and of all others. False alarms are openings elsewhere, a day and series.
// `nothing planted`: the same on the series as they are. The EWMA z-score has the one threshold that gives it as many
// false alarms in the set as the first detector has: it knows them, and the others do not.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hash32 } from '../../src/kernel/random.ts';
import type { Cell } from '../../src/settings.ts';
import { BACKGROUND_SETS, backgroundsIn, HOURLY_SET, hourlyBackgrounds } from './scoring/backgrounds.ts';
import { ewmaZ } from './scoring/baselines.ts';
import { DATA, dataFolder } from './scoring/dataFiles.ts';
import { alarmTable, kindTable, type PlantedReport, plantedReport } from './scoring/plantedReport.ts';
import { type Judgement, judge, naturalRuns, runsAbove, thresholdFor } from './scoring/plantedScore.ts';
import { type Background, PLANTED_SIZES, type Planted, plant, UNITS } from './scoring/planting.ts';
import { episodes, hasSeeds } from './scoring/run.ts';
import { median } from './scoring/segments.ts';

const ROUNDS = 4;
const QUICK = { entities: 2, fields: 2, rounds: 1 } as const;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    every: { type: 'string', default: 'auto' },
    cells: { type: 'string', default: 'gru,last' },
  },
});

interface PlantedSet {
  readonly name: string;
  readonly backgrounds: readonly Background[];
  readonly planted: readonly Planted[];
}

/** What one detector did in one set. */
interface Result {
  readonly detector: string;
  readonly seeds: number;
  readonly threshold: PlantedReport['threshold'];
  readonly seconds: number;
  readonly judgements: readonly Judgement[];
  readonly clean: readonly Judgement[];
}

function plantedSet(name: string, backgrounds: readonly Background[]): PlantedSet {
  const planted: Planted[] = [];
  let turn = 0;
  for (let round = 1; round <= (options.quick ? QUICK.rounds : ROUNDS); round++) {
    for (const background of backgrounds) {
      const one = plant(background, hash32(`${name} ${background.name} ${round}`), turn);
      turn = one.nextTurn;
      planted.push(one);
    }
  }
  return { name, backgrounds, planted };
}

function plantedSets(): PlantedSet[] {
  const { entities, fields } = options.quick ? QUICK : { entities: undefined, fields: Number.POSITIVE_INFINITY };
  const sets = BACKGROUND_SETS.flatMap((set) => {
    const folder = dataFolder(set.name, options.data);
    if (folder === undefined) return [];
    return plantedSet(set.name, backgroundsIn(folder, { ...set, fields: Math.min(fields, set.fields) }, entities));
  });
  const hourly = hourlyBackgrounds(options.data ?? DATA, Math.min(fields, HOURLY_SET.fields));
  if (hourly === undefined) {
    dataFolder('forecasting', options.data);
    return sets;
  }
  return [...sets, plantedSet(HOURLY_SET.name, hourly)];
}

function linesOf({ startS, everyS }: Background, values: Float64Array): Uint8Array[] {
  return Array.from(values, (value, row) => Buffer.from(`${startS + row * everyS},${value}`));
}

async function ofProduct({ name, planted, backgrounds }: PlantedSet, cell: Cell): Promise<Result> {
  const startedMs = performance.now();
  const seeds = hasSeeds(cell) ? Number(options.seeds) : 1;
  const judgements: Judgement[] = [];
  const clean: Judgement[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const said = async ({ background, values }: Pick<Planted, 'background' | 'values'>) =>
      episodes(linesOf(background, values), { cell, seed: `${background.name} ${seed}`, every: options.every });
    for (const one of planted) {
      judgements.push(judge(one, await said(one)));
      process.stderr.write('.');
    }
    for (const background of backgrounds) {
      const untouched = { background, values: background.values, plantings: [], nextTurn: 0 };
      clean.push(judge(untouched, await said(untouched)));
    }
  }
  const seconds = (performance.now() - startedMs) / 1000;
  process.stderr.write(` ${name}, ${cell}: ${seconds.toFixed(1)} s\n`);
  return { detector: `gruard, ${cell}`, seeds, threshold: 'shipped', seconds, judgements, clean };
}

/** With as many false alarms as `falseAlarms` of as many seeds. */
function ofEwma({ planted, backgrounds }: PlantedSet, { judgements, seeds }: Result): Result {
  const startedMs = performance.now();
  const all = planted.map((one) => ({ planted: one, scores: ewmaZ(one.values) }));
  const wanted = judgements.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0) / seeds;
  const threshold = thresholdFor(all, wanted);
  const clean = backgrounds.map((background) => {
    const { values } = background;
    return judge({ background, values, plantings: [], nextTurn: 0 }, runsAbove(ewmaZ(values), threshold));
  });
  return {
    detector: 'EWMA z, 0.01',
    seeds: 1,
    threshold,
    seconds: (performance.now() - startedMs) / 1000,
    judgements: all.map(({ planted, scores }) => judge(planted, runsAbove(scores, threshold))),
    clean,
  };
}

function print(title: string, reports: readonly PlantedReport[]): void {
  console.log(title);
  console.table(kindTable(reports));
  console.table(alarmTable(reports));
}

function titleOf({ name, backgrounds, planted }: PlantedSet): string {
  const count = planted.reduce((sum, { plantings }) => sum + plantings.length, 0);
  const often = PLANTED_SIZES.map((size) =>
    median(backgrounds.map((background) => naturalRuns(background, UNITS[size]))).toPrecision(2),
  );
  return (
    `${name}: ${backgrounds.length} series, ${count} planted in ${planted.length} runs. As it is, the median one ` +
    `differs from the day before by ${Object.values(UNITS).join(', ')} units ${often.join(', ')} times a day`
  );
}

async function main(sets: readonly PlantedSet[]): Promise<void> {
  const reports: PlantedReport[] = [];
  const everywhere = new Map<string, Result[]>();
  for (const set of sets) {
    const results: Result[] = [];
    for (const cell of options.cells.split(',') as Cell[]) results.push(await ofProduct(set, cell));
    if (results[0] !== undefined) results.push(ofEwma(set, results[0]));
    for (const result of results) everywhere.set(result.detector, [...(everywhere.get(result.detector) ?? []), result]);
    const own = results.map(({ judgements, clean, ...head }) =>
      plantedReport({ set: set.name, ...head }, judgements, clean),
    );
    print(titleOf(set), own);
    reports.push(...own);
  }
  if (sets.length > 1) {
    const together = [...everywhere].map(([detector, results]) => {
      const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
      const threshold = typeof results[0]?.threshold === 'number' ? 'one a set' : 'shipped';
      const head = { set: 'all', detector, seeds: results[0]?.seeds ?? 1, threshold, seconds } as const;
      const [judgements, clean] = [results.flatMap((one) => one.judgements), results.flatMap((one) => one.clean)];
      return plantedReport(head, judgements, clean);
    });
    print('all sets together', together);
    reports.push(...together);
  }
  if (options.json !== undefined) {
    const { every, quick } = options;
    writeFileSync(options.json, `${JSON.stringify({ node: process.version, every, quick, reports }, null, 2)}\n`);
  }
}

const sets = plantedSets();
if (sets.length === 0) process.exitCode = 66;
else await main(sets);

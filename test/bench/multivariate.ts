// Entities of several fields with the product's pipeline and its default configuration: servers (ASD, SMD) and services
// (JumpStarter's second set), whose labels are about the entity as a whole. Each is a stream of its own with all its
// fields; what makes one score of them is told in scoring/run.ts.
//
//   npm run bench:multivariate                       tables of the product, its baselines and detectors of a few lines
//   npm run bench:multivariate -- --quick            the first two entities of each set only
//   npm run bench:multivariate -- --json FILE        the same as JSON
//   npm run bench:multivariate -- --data DIR         DIR holds asd/, jumpstarter2/ and smd/
//   npm run bench:multivariate -- --seeds 3          how many times the network, each time from other first weights
//   npm run bench:multivariate -- --every record     another `window.every` than the default, auto
//   npm run bench:multivariate -- --cells gru,last   only these
//   npm run bench:multivariate -- --networks separate   a network for each field, which is not the default
//
// Only the rows that the authors of a set keep for tests are scored, those before are learned. Measures are those of
// bench:kpi: events by alarms with P, R, false alarms a day and the median delay in rows; F1 with delay 7; average
// precision by row, mean over entities. `shipped` is at anomaly_score above 1, the same for all sets; `best` at the one
// threshold that is best for the entities of the table together, and knows the labels.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Cell } from '../../src/settings.ts';
import { ewmaZ, fieldsTogether, naiveZ } from './scoring/baselines.ts';
import { dataFolder, type Entity, entitiesIn } from './scoring/dataFiles.ts';
import { type KpiReport, kpiReport, kpiRow } from './scoring/kpiReport.ts';
import { ANOMALOUS, hasSeeds, run } from './scoring/run.ts';
import type { Labelled } from './scoring/segments.ts';

const DAY_S = 86_400;
const QUICK_ENTITIES = 2;

interface EntitySet {
  readonly name: string;
  readonly everyS: number;
  /** Of an entity with so many rows, how many at its end are scored: the test sets of the authors. */
  readonly scored: (rows: number) => number;
}

const SETS: readonly EntitySet[] = [
  { name: 'asd', everyS: 300, scored: () => 4320 },
  { name: 'jumpstarter2', everyS: 300, scored: () => 7200 },
  { name: 'smd', everyS: 60, scored: (rows) => rows - Math.floor(rows / 2) },
];

interface Answer {
  readonly scores: Float64Array;
  readonly alarms: Float64Array;
  /** Only of the product. */
  readonly windows?: number;
  readonly dropped?: number;
}

interface Detector {
  readonly name: string;
  readonly seed: number;
  readonly threshold: number | undefined;
  readonly of: (entity: Entity, set: EntitySet) => Answer | Promise<Answer>;
}

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    every: { type: 'string', default: 'auto' },
    cells: { type: 'string', default: 'gru,last,seasonal,ewma' },
    networks: { type: 'string' },
  },
});

function detectors(): readonly Detector[] {
  const networks = options.networks === 'separate' ? 'separate' : 'joint';
  const products = (options.cells.split(',') as Cell[]).flatMap((cell) => {
    const seeds = hasSeeds(cell) ? Number(options.seeds) : 1;
    return Array.from({ length: seeds }, (_, i): Detector => {
      const seed = i + 1;
      const of: Detector['of'] = ({ name, lines, fields }) =>
        run(lines, { cell, seed: `${name} ${seed}`, every: options.every, fields: fields.length, networks });
      return { name: `gruard, ${cell}`, seed, threshold: ANOMALOUS, of };
    });
  });
  const simple = (name: string, score: (values: Float64Array, set: EntitySet) => Float64Array): Detector => ({
    name,
    seed: 1,
    threshold: undefined,
    of: ({ fields }, set) => {
      const scores = fieldsTogether(fields.map((values) => score(values, set)));
      return { scores, alarms: scores };
    },
  });
  return [
    ...products,
    simple('last value', (values) => naiveZ(values, 1)),
    simple('seasonal naive', (values, { everyS }) => naiveZ(values, DAY_S / everyS)),
    simple('EWMA z, 0.01', (values) => ewmaZ(values)),
  ];
}

type SetReport = KpiReport & { readonly set: string };

async function runSet(set: EntitySet, folder: string, all: Map<Detector, Labelled[]>): Promise<SetReport[]> {
  const entities = entitiesIn(folder, set.everyS).slice(0, options.quick ? QUICK_ENTITIES : undefined);
  const reports: SetReport[] = [];
  for (const [detector, before] of all) {
    const startedMs = performance.now();
    const labelled: Labelled[] = [];
    const counts = { rows: 0, windows: 0, dropped: 0 };
    for (const entity of entities) {
      const { labels } = entity;
      const { scores, alarms, windows = 0, dropped = 0 } = await detector.of(entity, set);
      const scored = set.scored(labels.length);
      labelled.push({ from: labels.length - scored, labels, scores, alarms, days: (scored * set.everyS) / DAY_S });
      counts.rows += labels.length;
      counts.windows += windows;
      counts.dropped += dropped;
      process.stderr.write('.');
    }
    before.push(...labelled);
    const { name, seed, threshold } = detector;
    const seconds = (performance.now() - startedMs) / 1000;
    const told = counts.windows === 0 ? '' : `, ${counts.windows} windows, ${counts.dropped} samples dropped`;
    process.stderr.write(` ${set.name}, ${name} ${seed}: ${counts.rows} rows${told}, ${seconds.toFixed(1)} s\n`);
    reports.push({ set: set.name, ...kpiReport({ detector: name, seed, seconds, threshold }, labelled) });
  }
  return reports;
}

function print(title: string, reports: readonly KpiReport[]): void {
  console.log(title);
  console.table(Object.fromEntries(reports.map((report) => [`${report.detector} ${report.seed}`, kpiRow(report)])));
}

async function main(folders: readonly (readonly [EntitySet, string])[]): Promise<void> {
  const all = new Map(detectors().map((detector): [Detector, Labelled[]] => [detector, []]));
  const reports: SetReport[] = [];
  for (const [set, folder] of folders) {
    const own = await runSet(set, folder, all);
    reports.push(...own);
    print(set.name, own);
  }
  if (folders.length > 1) {
    const together = [...all].map(([{ name, seed, threshold }, labelled]): SetReport => {
      const same = reports.filter((report) => report.detector === name && report.seed === seed);
      const seconds = same.reduce((sum, report) => sum + report.seconds, 0);
      return { set: 'all', ...kpiReport({ detector: name, seed, seconds, threshold }, labelled) };
    });
    reports.push(...together);
    print('all sets together', together);
  }
  if (options.json !== undefined) {
    const { every, quick } = options;
    writeFileSync(options.json, `${JSON.stringify({ node: process.version, every, quick, reports }, null, 2)}\n`);
  }
}

const folders = SETS.flatMap((set) => {
  const folder = dataFolder(set.name, options.data);
  return folder === undefined ? [] : [[set, folder] as const];
});
if (folders.length === 0) process.exitCode = 66;
else await main(folders);

// Key performance indicators of the AIOps challenge of 2018 with the product's pipeline and its default configuration:
// each file a stream of its own, one threshold for all. The first half of a file is only learned, the second is scored.
//
//   npm run bench:kpi                       a table of the product, its baselines and an EWMA z-score
//   npm run bench:kpi -- --json FILE        the same as JSON
//   npm run bench:kpi -- --data DIR         DIR holds iops_kpi_train/
//   npm run bench:kpi -- --seeds 1          how many times the network, each time from other first weights
//   npm run bench:kpi -- --every record     another `window.every` than the default, auto
//   npm run bench:kpi -- --cells gru,last   only these
//   npm run bench:kpi -- --peers            a random cut forest, too, which takes Java and Maven and some minutes
//
// F1@7: a labelled segment counts wholly if one of its first 8 rows is anomalous, else wholly as missed. Events go by
// alarms (`Said.alarms` in scoring/run.ts): a segment is found by any, each outside of all is false. `shipped` is at
// the threshold that the product has, anomaly_score above 1; `best` at the one threshold that is best for all files
// together, and knows the labels. AP: average precision by row, mean over files.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Cell } from '../../src/settings.ts';
import { ewmaZ } from './scoring/baselines.ts';
import { dataFolder, type Table, tablesIn } from './scoring/dataFiles.ts';
import { type KpiReport, kpiReport, kpiRow } from './scoring/kpiReport.ts';
import { openForest, SHINGLE_OF_NAB } from './scoring/randomCutForest.ts';
import { ANOMALOUS, hasSeeds, run } from './scoring/run.ts';

const LEARNED_SHARE = 0.5;
const DAY_MS = 86_400_000;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    every: { type: 'string', default: 'auto' },
    cells: { type: 'string', default: 'gru,last,seasonal,ewma' },
    peers: { type: 'boolean', default: false },
  },
});

interface Scores {
  readonly scores: Float64Array;
  readonly alarms: Float64Array;
}

type Measure = (
  detector: string,
  seed: number,
  threshold: number | undefined,
  of: (table: Table) => Scores | Promise<Scores>,
) => Promise<void>;

async function main(folder: string): Promise<void> {
  const tables = tablesIn(folder);
  const reports: KpiReport[] = [];
  const measure: Measure = async (detector, seed, threshold, of) => {
    const startedMs = performance.now();
    const all = [];
    for (const table of tables) {
      const { labels, timesMs } = table;
      const from = Math.floor(LEARNED_SHARE * labels.length);
      const days = ((timesMs.at(-1) ?? 0) - (timesMs[from] ?? 0)) / DAY_MS;
      all.push({ from, labels, days, ...(await of(table)) });
      process.stderr.write('.');
    }
    const seconds = (performance.now() - startedMs) / 1000;
    process.stderr.write(` ${detector} ${seed}: ${seconds.toFixed(1)} s\n`);
    reports.push(kpiReport({ detector, seed, seconds, threshold }, all));
  };

  for (const cell of options.cells.split(',') as Cell[]) {
    const seeds = hasSeeds(cell) ? Number(options.seeds) : 1;
    for (let seed = 1; seed <= seeds; seed++) {
      await measure(`gruard, ${cell}`, seed, ANOMALOUS, ({ lines, name }) =>
        run(lines, { cell, seed: `${name} ${seed}`, every: options.every }),
      );
    }
  }
  await measure('EWMA z, 0.01', 1, undefined, ({ values }) => {
    const scores = ewmaZ(values);
    return { scores, alarms: scores };
  });
  if (options.peers) await runPeers(measure);

  console.table(Object.fromEntries(reports.map((report) => [`${report.detector} ${report.seed}`, kpiRow(report)])));
  if (options.json !== undefined) {
    const { every } = options;
    writeFileSync(options.json, `${JSON.stringify({ node: process.version, every, reports }, null, 2)}\n`);
  }
}

async function runPeers(measure: Measure): Promise<void> {
  for (const shingle of [SHINGLE_OF_NAB, 8]) {
    const forest = await openForest(shingle);
    if ('missing' in forest) {
      process.stderr.write(`${forest.missing}\n`);
      return;
    }
    try {
      await measure(`random cut forest, shingle ${shingle}`, 1, undefined, async ({ path }) => {
        const scores = await forest.scores(path, 1);
        return { scores, alarms: scores };
      });
    } finally {
      forest.close();
    }
  }
}

const folder = dataFolder('iops_kpi_train', options.data);
if (folder === undefined) process.exitCode = 66;
else await main(folder);

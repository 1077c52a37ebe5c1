// The Numenta Anomaly Benchmark with the product's pipeline and its default configuration: all 58 files, each a stream
// of its own, one threshold for all.
//
//   npm run bench:nab                       tables of the product, its baselines, and detectors of a few lines
//   npm run bench:nab -- --json FILE        the same as JSON
//   npm run bench:nab -- --data DIR         DIR holds nab/: NAB's data and labels
//   npm run bench:nab -- --seeds 3          how many times the network, each time from other first weights
//   npm run bench:nab -- --every record     another `window.every` than the default, auto
//   npm run bench:nab -- --cells gru,last   only these
//   npm run bench:nab -- --peers            a random cut forest, too, which takes Java and Maven and some minutes
//   npm run bench:nab -- --results DIR      scores published result files in place of running anything: DIR is NAB's
//                                           folder results, or holds one folder a detector
//
// The shipped threshold is that of the product, anomaly_score above 1. What NAB publishes is the score at the threshold
// that is best for all files together: it knows the labels. Which rows of the product count is told at `Said.alarms` in
// scoring/run.ts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Cell } from '../../src/settings.ts';
import { ewmaZ, windowedGaussian } from './scoring/baselines.ts';
import {
  dataFolder,
  nabWindows,
  publishedDetectors,
  publishedScores,
  readTable,
  type Table,
} from './scoring/dataFiles.ts';
import { type NabReport, nabReport, summaries } from './scoring/nabReport.ts';
import { placesOf } from './scoring/nabScore.ts';
import { openForest, SHINGLE_OF_NAB } from './scoring/randomCutForest.ts';
import { ANOMALOUS, hasSeeds, run } from './scoring/run.ts';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    every: { type: 'string', default: 'auto' },
    cells: { type: 'string', default: 'gru,last,seasonal,ewma' },
    peers: { type: 'boolean', default: false },
    results: { type: 'string' },
  },
});

interface Answer {
  readonly scores: Float64Array;
  /** Windows that the rows made, and rows that were dropped; only of the product. */
  readonly windows?: number;
  readonly dropped?: number;
}

type ScoresOf = (table: Table) => Answer | Promise<Answer>;

async function main(nab: string): Promise<void> {
  const files = [...nabWindows(nab)].map(([name, windows]) => {
    const table = readTable(join(nab, name), name);
    return { table, places: placesOf(table.timesMs, windows) };
  });
  const reports: NabReport[] = [];
  const measure = async (
    detector: string,
    seed: number,
    threshold: number | undefined,
    of: ScoresOf,
  ): Promise<void> => {
    const startedMs = performance.now();
    const scored = [];
    const rows = { all: 0, windows: 0, dropped: 0 };
    for (const { table, places } of files) {
      const { scores, windows = scores.length, dropped = 0 } = await of(table);
      scored.push({ name: table.name, places, scores });
      rows.all += scores.length;
      rows.windows += windows;
      rows.dropped += dropped;
    }
    const seconds = (performance.now() - startedMs) / 1000;
    reports.push(nabReport({ detector, seed, seconds, threshold, rows }, scored));
    const told = `${rows.all} rows, ${rows.windows} windows, ${rows.dropped} rows dropped`;
    process.stderr.write(`${detector}, seed ${seed}: ${told}, ${seconds.toFixed(1)} s\n`);
  };

  if (options.results === undefined) await runAll(measure);
  else await scorePublished(options.results, measure);

  print(reports);
  if (options.json !== undefined) {
    const { every } = options;
    writeFileSync(options.json, `${JSON.stringify({ node: process.version, every, reports }, null, 2)}\n`);
  }
}

function print(reports: readonly NabReport[]): void {
  const { shipped, best, shippedFolders, bestFolders } = summaries(reports);
  const columns = 'standard / reward_low_FP / reward_low_FN, false rows';
  if (Object.keys(shipped).length > 0) {
    console.log('At the shipped threshold');
    console.table(shipped);
    console.log(`By folder: ${columns}`);
    console.table(shippedFolders);
  }
  console.log('At the threshold that is best for all files together, each profile at its own');
  console.table(best);
  console.log(`By folder: ${columns} at the best threshold of the standard profile`);
  console.table(bestFolders);
}

type Measure = (detector: string, seed: number, threshold: number | undefined, of: ScoresOf) => Promise<void>;

async function runAll(measure: Measure): Promise<void> {
  for (const cell of options.cells.split(',') as Cell[]) {
    const seeds = hasSeeds(cell) ? Number(options.seeds) : 1;
    for (let seed = 1; seed <= seeds; seed++) {
      await measure(`gruard, ${cell}`, seed, ANOMALOUS, async ({ lines, name }) => {
        const { alarms, ...rows } = await run(lines, { cell, seed: `${name} ${seed}`, every: options.every });
        return { ...rows, scores: alarms };
      });
    }
  }
  await measure('EWMA z, 0.01', 1, undefined, ({ values }) => ({ scores: ewmaZ(values) }));
  await measure('windowed Gaussian', 1, undefined, ({ values }) => ({ scores: windowedGaussian(values) }));
  if (options.peers) await runPeers(measure);
}

async function runPeers(measure: Measure): Promise<void> {
  const forest = await openForest(SHINGLE_OF_NAB);
  if ('missing' in forest) {
    process.stderr.write(`${forest.missing}\n`);
    return;
  }
  try {
    for (let seed = 1; seed <= Number(options.seeds); seed++) {
      await measure('random cut forest', seed, undefined, async ({ path }) => ({
        scores: await forest.scores(path, seed),
      }));
    }
  } finally {
    forest.close();
  }
}

async function scorePublished(results: string, measure: Measure): Promise<void> {
  for (const detector of publishedDetectors(results)) {
    try {
      await measure(detector, 1, undefined, ({ name, lines }) => {
        const scores = publishedScores(results, detector, name);
        if (scores?.length === lines.length) return { scores };
        throw new Error(`${scores?.length ?? 'no'} scores for ${name}, which has ${lines.length} rows`);
      });
    } catch (error) {
      process.stderr.write(`${detector} is left out: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

const nab = dataFolder('nab', options.data);
if (nab === undefined) process.exitCode = 66;
else await main(nab);

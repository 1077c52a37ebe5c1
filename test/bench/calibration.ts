// How often series open episodes when nothing happens: stationary series of several kinds, at several intervals.
//
//   npm run bench:calibration                 prints openings a day and series, in the first scored day and later
//   npm run bench:calibration -- --json FILE
//   npm run bench:calibration -- --series 100 --days 60

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { exp } from '../../src/kernel/elementary.ts';
import { gaussian, newRandom, type Random } from '../../src/kernel/random.ts';
import { run } from './scoring/run.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    series: { type: 'string', default: '20' },
    days: { type: 'string', default: '14' },
  },
});

const DAY = 86_400;
const INTERVALS = [
  ['1 min', 60],
  ['5 min', 300],
  ['1 h', 3600],
] as const;

type Kind = (random: Random, second: number, state: { level: number }) => number;

const KINDS: Readonly<Record<string, Kind>> = {
  'white noise': (random) => 50 + gaussian(random),
  'slow noise': (random, _second, state) => {
    state.level = 0.95 * state.level + gaussian(random);
    return 50 + state.level;
  },
  'a daily season': (random, second) => 50 + 20 * Math.sin((2 * Math.PI * second) / DAY) + 2 * gaussian(random),
  'heavy tails': (random) => 50 * exp(0.5 * gaussian(random)),
  counts: (random) => Math.max(0, Math.round(3 + 1.7 * gaussian(random))),
};

/** Openings, and days in which there could be some, before and after the end of the first scored day. */
interface Tally {
  first: number;
  firstDays: number;
  later: number;
  laterDays: number;
}

async function tally(kind: Kind, every: number): Promise<Tally> {
  const sum: Tally = { first: 0, firstDays: 0, later: 0, laterDays: 0 };
  const rows = Math.max(1000, (Number(options.days) * DAY) / every);
  for (let seed = 1; seed <= Number(options.series); seed++) {
    const random = newRandom(seed);
    const state = { level: 0 };
    const lines = Array.from({ length: rows }, (_, i) => {
      return Buffer.from(`${1_700_000_000 + i * every},${kind(random, i * every, state)}`);
    });
    const { scores, alarms } = await run(lines, { cell: 'gru', seed: String(seed), every: 'auto' });
    const start = scores.findIndex((score) => score > 0);
    const end = start + DAY / every;
    for (const [row, score] of alarms.entries()) if (score > 1) sum[row < end ? 'first' : 'later']++;
    sum.firstDays += 1;
    sum.laterDays += Math.max(0, ((rows - end) * every) / DAY);
  }
  return sum;
}

const report: Record<string, Record<string, string>> = {};
for (const [name, kind] of Object.entries(KINDS)) {
  report[name] = {};
  for (const [interval, every] of INTERVALS) {
    const { first, firstDays, later, laterDays } = await tally(kind, every);
    report[name][interval] = `${(first / firstDays).toFixed(2)}, ${(later / laterDays).toFixed(2)}`;
    process.stderr.write(`${name}, ${interval}\n`);
  }
}
console.log(`Openings a day of ${options.series} series each: in the first scored day, later`);
console.table(report);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ ...options, report }, null, 2)}\n`);

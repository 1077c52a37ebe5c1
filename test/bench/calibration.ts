// How many episodes series open when nothing happens, against what `detect.budget` promises: stationary series of
// several kinds, at several intervals, in their first week of being watched and later.
//
//   npm run bench:calibration                 each cell sized to expect 50 episodes by its promise, but at most 5
//                                             million windows: 7 minutes of processor time
//   npm run bench:calibration -- --quick      at most 50,000 windows a cell: one to two minutes
//   npm run bench:calibration -- --windows N  at most N windows a cell
//   npm run bench:calibration -- --json FILE  written after every cell
//   npm run bench:calibration -- --json FILE --resume   goes on where such a file ends; with the same program, please

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { run } from './scoring/run.ts';
import { KINDS, stationaryLines } from './scoring/stationary.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    windows: { type: 'string' },
  },
});

const DAY = 86_400;
const WEEK_DAYS = 7;
/** Seconds between two values, and days that a series lasts. */
const INTERVALS = [
  { name: '1 min', every: 60, days: 35 },
  { name: '5 min', every: 300, days: 63 },
  { name: '1 h', every: 3600, days: 91 },
] as const;

/** `perDay` of no budget: what there is to expect, to size its cells by. */
const BUDGETS = [
  { name: 'none', budget: undefined, perDay: 0.3 },
  { name: '1/day', budget: '1/day', perDay: 1 },
  { name: '0.3/day', budget: '0.3/day', perDay: 0.3 },
  { name: '1/week', budget: '1/week', perDay: 1 / 7 },
  { name: '1/30d', budget: '1/30d', perDay: 1 / 30 },
] as const;

const EXPECTED = 50;
const SERIES_MIN = 5;
const WINDOWS_MAX = Number(options.windows ?? (options.quick ? 50_000 : 5_000_000));

/** What the series of one cell did, from their first scored window on. */
interface Cell {
  readonly kind: string;
  readonly interval: string;
  readonly budget: string;
  /** Promised a day and series; undefined without a budget. */
  readonly promised: number | undefined;
  series: number;
  windows: number;
  firstDays: number;
  firstEpisodes: number;
  laterDays: number;
  laterEpisodes: number;
}

type Interval = (typeof INTERVALS)[number];
type Budget = (typeof BUDGETS)[number];

async function measure(kind: string, { name, every, days }: Interval, budget: Budget): Promise<Cell> {
  const rows = Math.round((days * DAY) / every);
  const enough = Math.max(SERIES_MIN, Math.ceil(EXPECTED / (budget.perDay * (days - WEEK_DAYS))));
  const series = Math.max(1, Math.min(enough, Math.floor(WINDOWS_MAX / rows)));
  const promised = budget.budget === undefined ? undefined : budget.perDay;
  const counts = { firstDays: 0, firstEpisodes: 0, laterDays: 0, laterEpisodes: 0 };
  const cell: Cell = { kind, interval: name, budget: budget.name, promised, series, windows: 0, ...counts };
  const detect = budget.budget === undefined ? {} : { budget: budget.budget };
  for (let seed = 1; seed <= series; seed++) {
    const lines = stationaryLines(kind, seed, every, rows);
    const said = await run(lines, { cell: 'gru', seed: String(seed), every: 'auto', detect });
    const start = said.scores.findIndex((score) => score > 0);
    const end = Math.min(rows, start + (WEEK_DAYS * DAY) / every);
    for (const [row, score] of said.openings.entries())
      if (score > 0) cell[row < end ? 'firstEpisodes' : 'laterEpisodes']++;
    cell.windows += said.windows;
    cell.firstDays += ((end - start) * every) / DAY;
    cell.laterDays += ((rows - end) * every) / DAY;
  }
  return cell;
}

function lineOf({ interval, budget, kind, promised, ...cell }: Cell): string {
  const expected = promised === undefined ? '' : `, promised ${(cell.laterDays * promised).toFixed(1)}`;
  return (
    `${interval}, ${budget}, ${kind}: ${cell.series} series, ${cell.windows} windows; first week ` +
    `${cell.firstEpisodes} in ${cell.firstDays.toFixed(0)} days, later ${cell.laterEpisodes} in ` +
    `${cell.laterDays.toFixed(0)} days${expected}`
  );
}

/** Episodes a day and series: of all kinds as one, and of the kind that has most. With a budget in units of it. */
function row(cells: readonly Cell[], part: 'first' | 'later'): string {
  const rates = cells.map((cell) => cell[`${part}Episodes`] / cell[`${part}Days`] / (cell.promised ?? 1));
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const worst = Math.max(...rates);
  return `${mean.toFixed(2)} (${worst.toFixed(2)} ${cells[rates.indexOf(worst)]?.kind})`;
}

/** Cells of an earlier run of this size, in their order. */
function cellsBefore(): Cell[] {
  if (!options.resume) return [];
  if (options.json === undefined) throw new Error('--resume needs --json FILE');
  const { windowsMax, cells } = JSON.parse(readFileSync(options.json, 'utf8')) as { windowsMax: number; cells: Cell[] };
  if (windowsMax !== WINDOWS_MAX) throw new Error(`${options.json} has cells of at most ${windowsMax} windows`);
  return cells;
}

function save(): void {
  if (options.json === undefined) return;
  writeFileSync(options.json, `${JSON.stringify({ windowsMax: WINDOWS_MAX, cells }, null, 2)}\n`);
}

const cells = cellsBefore();
const before = cells.length;
let met = 0;
const from = Date.now();
for (const interval of INTERVALS) {
  for (const budget of BUDGETS) {
    for (const kind of Object.keys(KINDS)) {
      if (++met <= before) continue;
      const cell = await measure(kind, interval, budget);
      cells.push(cell);
      process.stderr.write(`${((Date.now() - from) / 1000).toFixed(0)} s  ${lineOf(cell)}\n`);
      save();
    }
  }
}
for (const part of ['later', 'first'] as const) {
  console.log(
    part === 'later' ? 'After the first week.' : 'In the first week.',
    'Episodes opened over those promised, mean over the kinds (worst kind); without a budget, a day and series.',
  );
  const table = BUDGETS.map(({ name }) => [
    name,
    Object.fromEntries(
      INTERVALS.map((interval) => [
        interval.name,
        row(
          cells.filter((cell) => cell.budget === name && cell.interval === interval.name),
          part,
        ),
      ]),
    ),
  ]);
  console.table(Object.fromEntries(table));
}

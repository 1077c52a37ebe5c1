// Rows of the input on their way to the output: each waits for the windows that its samples went into, and leaves in
// the order in which it came.

import { timeOfText } from '../decode/eventTime.ts';
import { numberOf } from '../decode/strictNumber.ts';
import type { Columns } from './columns.ts';
import { allCells, type Line, textOf } from './csvFile.ts';
import type { ClosedWindow, Fate } from './detection.ts';

/** A window, and the number of the episode that is open in it. */
export interface Judged {
  readonly window: ClosedWindow;
  readonly episode: number | undefined;
}

export interface Row {
  /** Number of its line. */
  readonly line: number;
  /** As written. */
  readonly time: string;
  readonly values: readonly string[];
  /** NaN when it is no time. */
  readonly timeMs: number;
  readonly labelled: boolean;
  /** By field, in the order of the columns: what became of the sample. Null = nothing, undefined = not known yet. */
  readonly judged: (Judged | null | undefined)[];
}

export interface Waiting {
  readonly columns: Columns;
  rows: Row[];
  /** Rows before this one are gone. */
  head: number;
  /** Latest event time of a row. */
  latestMs: number;
}

/** float32 holds less than this: the same limit as the decoder's. */
const MAGNITUDE_END = 3.4e38;
/** So many rows wait at most; then the first leaves without scores. A stream of seconds may be a week late. */
const ROWS_MAX = 1 << 20;

export function newWaiting(columns: Columns): Waiting {
  return { columns, rows: [], head: 0, latestMs: Number.NEGATIVE_INFINITY };
}

export function enter(waiting: Waiting, line: Line): void {
  const { columns } = waiting;
  const cells = allCells(textOf(line.bytes), columns.cells);
  const time = cells[columns.time.column] ?? '';
  const values = columns.values.map(({ column }) => cells[column] ?? '');
  const timeMs = timeOfText(time, columns.time.unit) ?? Number.NaN;
  const label = columns.label === undefined ? 0 : numberOf(cells[columns.label] ?? '');
  const judged = values.map((value) => (Number.isNaN(timeMs) || !isSample(value) ? null : undefined));
  waiting.rows.push({ line: line.number, time, values, timeMs, labelled: (label ?? 0) > 0, judged });
}

/** What was counted when the newest row was delivered. */
export function settle(waiting: Waiting, fate: Fate): void {
  const row = waiting.rows.at(-1);
  if (row === undefined) return;
  const isNewest = row.timeMs > waiting.latestMs;
  // `future`: a newest sample was refused, an older one made event time start anew, and those before it void. `late`:
  // an older one was refused, a newest one made a silent series forgotten, and what waited for its interval void.
  const isOwn = fate.reason === 'future' ? isNewest : fate.reason === 'late' ? !isNewest : true;
  if (fate.reason !== undefined && !isOwn) {
    for (let i = waiting.head; i < waiting.rows.length - 1; i++) giveUp(waiting.rows[i]);
    waiting.latestMs = row.timeMs;
    return;
  }
  const samples = row.judged.filter((one) => one === undefined).length;
  if (fate.rejected !== undefined || fate.dropped >= Math.max(1, samples)) giveUp(row);
  else if (isNewest) waiting.latestMs = row.timeMs;
}

/** Gives a window to the rows that are in it: those of its time, up to its last line. */
export function assign(waiting: Waiting, field: number, judged: Judged): void {
  const { startMs, endMs, line } = judged.window;
  if (line === undefined) return;
  for (let i = waiting.head; i < waiting.rows.length; i++) {
    const row = waiting.rows[i];
    if (row === undefined || row.line > line) return;
    if (row.judged[field] !== undefined) continue;
    // Windows of a field close in order: that of an older row was skipped.
    if (row.timeMs < startMs) row.judged[field] = null;
    else if (row.timeMs < endMs || row.timeMs === startMs) row.judged[field] = judged;
  }
}

/** Lets all rows out that wait for nothing any more; with `everything`, the others too. */
export function leave(waiting: Waiting, everything: boolean, out: (row: Row) => void): void {
  const { rows } = waiting;
  for (; waiting.head < rows.length; waiting.head++) {
    const row = rows[waiting.head];
    if (row === undefined) continue;
    const mustLeave = everything || rows.length - waiting.head > ROWS_MAX;
    if (mustLeave) giveUp(row);
    else if (row.judged.includes(undefined)) break;
    out(row);
  }
  if (waiting.head > 1024 && 2 * waiting.head > rows.length) {
    waiting.rows = rows.slice(waiting.head);
    waiting.head = 0;
  }
}

function giveUp(row: Row | undefined): void {
  if (row === undefined) return;
  for (const [field, judged] of row.judged.entries()) if (judged === undefined) row.judged[field] = null;
}

function isSample(value: string): boolean {
  return Math.abs(numberOf(value) ?? Number.NaN) < MAGNITUDE_END;
}

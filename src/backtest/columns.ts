// What the columns of a file are, found from its header and first rows: time, values, labels.

import { timeOfText } from '../decode/eventTime.ts';
import { isBlank, numberOf } from '../decode/strictNumber.ts';
import { GruardError } from '../errors.ts';
import type { TimeUnit } from '../settings.ts';

export interface Columns {
  readonly time: { readonly column: number; readonly unit: TimeUnit; readonly format: string };
  /** In order of the header. */
  readonly values: readonly { readonly column: number; readonly name: string }[];
  readonly label: number | undefined;
  /** Names of columns that hold no numbers. */
  readonly ignored: readonly string[];
  /** Cells of a line that matter: up to the last column that is named above. */
  readonly cells: number;
}

const TIME_NAMES = ['timestamp', 'time', 'datetime', 'date', 'ts', 'ds'];
const LABEL_NAMES = ['label', 'is_anomaly', 'anomaly'];
/** A model for each of them; a stream of the daemon has at most 16. */
const VALUES_MAX = 64;

/** 2100-01-01 in each unit: a whole number below is read in the first unit whose end it does not reach. */
const UNITS: readonly (readonly [unit: TimeUnit, end: number, format: string])[] = [
  ['s', 4_102_444_800, 'epoch seconds'],
  ['ms', 4_102_444_800_000, 'epoch milliseconds'],
  ['us', 4_102_444_800_000_000, 'epoch microseconds'],
  ['ns', Number.POSITIVE_INFINITY, 'epoch nanoseconds'],
];

/** `rows` are the first ones, as cells. Fails with `data_invalid`. */
export function columnsOf(file: string, header: readonly string[], rows: readonly (readonly string[])[]): Columns {
  const names = namesOf(header);
  const named = names.findIndex((name) => TIME_NAMES.includes(name.toLowerCase()));
  const timeColumn = Math.max(0, named);
  const time = timeFormat(rows.map((row) => row[timeColumn] ?? ''));
  if (time === undefined) {
    const cell = JSON.stringify(rows[0]?.[timeColumn] ?? '');
    const what = `${file}: column ${JSON.stringify(names[timeColumn])} holds no time that gruard can read, but ${cell}`;
    throw new GruardError('data_invalid', what);
  }
  const label = names.findIndex((name, column) => column !== timeColumn && LABEL_NAMES.includes(name.toLowerCase()));
  const rest = names
    .map((name, column) => ({ name, column }))
    .filter(({ column }) => ![timeColumn, label].includes(column));
  const values = rest.filter(({ column }) => holdsNumbers(rows.map((row) => row[column] ?? '')));
  if (values.length === 0) throw new GruardError('data_invalid', `${file}: there is no column of numbers to watch`);
  if (values.length > VALUES_MAX) {
    throw new GruardError(
      'data_invalid',
      `${file}: has ${values.length} columns of numbers; at most ${VALUES_MAX} are watched`,
    );
  }
  return {
    time: { column: timeColumn, ...time },
    values,
    label: label < 0 ? undefined : label,
    ignored: rest.filter((one) => !values.includes(one)).map(({ name }) => name),
    cells: 1 + Math.max(timeColumn, label, ...values.map(({ column }) => column)),
  };
}

/** Each name once, and none empty: companions of a column are found by its name. */
function namesOf(header: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const [column, cell] of header.entries()) {
    const name = cell.trim() === '' ? `column${column + 1}` : cell.trim();
    names.push(names.includes(name) ? `${name}_${column + 1}` : name);
  }
  return names;
}

/** From the first cell that is a time. Without any rows there is nothing to read, so any format will do. */
function timeFormat(cells: readonly string[]): { readonly unit: TimeUnit; readonly format: string } | undefined {
  if (cells.length === 0) return { unit: 's', format: 'none: no rows' };
  for (const cell of cells) {
    if (isBlank(cell)) continue;
    const number = numberOf(cell);
    if (number !== undefined) {
      const [unit, , format] = UNITS.find(([, end]) => number < end) ?? ['ns', 0, 'epoch nanoseconds'];
      return { unit, format };
    }
    if (timeOfText(cell, 'ms') !== undefined) return { unit: 'ms', format: dateFormat(cell.trim()) };
  }
  return undefined;
}

function dateFormat(text: string): string {
  const zone = /(?:[Zz]|[+-]\d\d:?(?:\d\d)?)$/.test(text.slice(10)) ? '' : ', read as UTC';
  if (text.length === 10) return `YYYY-MM-DD${zone}`;
  return text.charAt(10) === ' ' ? `YYYY-MM-DD HH:MM:SS${zone}` : `ISO 8601${zone}`;
}

/** A gap now and then, or a word like `missing`, is no reason to leave a column out. */
function holdsNumbers(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => !isBlank(cell));
  return cells.length === 0 || 2 * filled.filter((cell) => numberOf(cell) !== undefined).length > filled.length;
}

// Records that are one line of comma-separated cells (RFC 4180), without a header.

import type { Decoder } from '../domain.ts';
import type { DecodeSettings, Path, TimeUnit } from '../settings.ts';
import { timeOfText } from './eventTime.ts';
import { type DecodeContext, newSampleReader, rejected, type Scalars } from './samples.ts';
import { isBlank, numberOf } from './strictNumber.ts';
import { textOf } from './text.ts';

/** The first step of every path is the column, from 0. An empty cell is an absent value or time, and an empty label. */
export function newCsvDecoder(settings: DecodeSettings, context: DecodeContext): Decoder {
  const readSamples = newSampleReader(settings, context, SCALARS);
  const columns = columnsRead(settings);
  return (record) => {
    if (record.value === null) return rejected('null', 'the record has no value');
    const text = textOf(record.value);
    if (text === undefined) return rejected('parse', 'is not well-formed UTF-8');
    const line = withoutLineEnd(text);
    if (line === '') return rejected('parse', 'is empty');
    const cells = cellsOf(line, columns);
    return typeof cells === 'string' ? rejected('parse', cells) : readSamples(cells, record);
  };
}

/**
 * The first `columns` cells of a line, or what is wrong with it. A quoted cell may hold commas, line ends and doubled
 * quotes; a quote inside of an unquoted cell stands for itself.
 */
export function cellsOf(line: string, columns: number): readonly string[] | string {
  if (!line.includes('"')) {
    return line.includes('\n') ? 'has more than one line' : line.split(',', columns);
  }
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let end: number;
    let cell: string;
    if (line.charAt(at) === '"') {
      end = closingQuote(line, at + 1);
      if (end < 0) return 'has a quote that is never closed';
      cell = line.slice(at + 1, end).replaceAll('""', '"');
      end++;
      if (end < line.length && line.charAt(end) !== ',') return 'has text behind a closing quote';
    } else {
      const comma = line.indexOf(',', at);
      end = comma < 0 ? line.length : comma;
      cell = line.slice(at, end);
      if (cell.includes('\n')) return 'has more than one line';
    }
    if (cells.length < columns) cells.push(cell);
    if (end >= line.length) return cells;
    at = end + 1;
  }
}

/** Cells are texts; settings that compare with something else mean the cell that spells it. */
const SCALARS: Scalars = {
  isAbsent: (value) => typeof value !== 'string' || isBlank(value),
  equals(value, wanted) {
    if (typeof value !== 'string') return false;
    if (wanted === null) return isBlank(value);
    return typeof wanted === 'number' ? numberOf(value) === wanted : value === String(wanted);
  },
  number: (value) => (typeof value === 'string' ? numberOf(value) : undefined) ?? 'is a text, not a number',
  time: timeOf,
  label: (value) => (typeof value === 'string' ? { text: value } : 'is not a cell'),
};

function timeOf(value: unknown, unit: TimeUnit): number | string {
  return (typeof value === 'string' ? timeOfText(value, unit) : undefined) ?? 'is neither a date nor a number';
}

/** The place of the quote that closes the cell; doubled ones are skipped. −1 without one. */
function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at >= 0 && line.charAt(at + 1) === '"') at = line.indexOf('"', at + 2);
  return at;
}

/** Columns up to the last one that any setting names: the rest of a line of a million commas is not cut. */
function columnsRead(settings: DecodeSettings): number {
  const paths: (Path | undefined)[] = [
    ...settings.where.map(({ path }) => path),
    ...settings.labels.map(({ path }) => (path === '$partition' ? undefined : path)),
    ...settings.fields.map(({ path }) => path),
    settings.time.kind === 'path' ? settings.time.path : undefined,
  ];
  let columns = 1;
  for (const path of paths) {
    const column = path?.[0];
    if (typeof column === 'number') columns = Math.max(columns, column + 1);
  }
  return columns;
}

function withoutLineEnd(text: string): string {
  if (!text.endsWith('\n')) return text;
  return text.slice(0, text.endsWith('\r\n') ? -2 : -1);
}

// Files of the benchmarks, as they lie in the data folder; none of them is shipped.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Where data is unless --data says otherwise: GRUARD_DATA, else beside the clone. */
export const DATA = process.env['GRUARD_DATA'] ?? resolve(import.meta.dirname, '../../../../shared/data');

const LINE_FEED = 0x0a;

/** One series: `time,value,label` in a line, below a header. */
export interface Table {
  readonly name: string;
  readonly path: string;
  /** Lines without the header, to be decoded by the product. */
  readonly lines: readonly Uint8Array[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** 1 inside a labelled anomaly. */
  readonly labels: Uint8Array;
}

/** The folder `name` in the data folder; undefined, and one line on standard error, when it is not there. */
export function dataFolder(name: string, data: string | undefined): string | undefined {
  const folder = join(data ?? DATA, name);
  if (existsSync(folder)) return folder;
  process.stderr.write(`${folder} is not there: name the folder that holds ${name} with --data DIR or GRUARD_DATA\n`);
  return undefined;
}

export function readTable(path: string, name: string): Table {
  const bytes = readFileSync(path);
  const lines: Uint8Array[] = [];
  for (let from = bytes.indexOf(LINE_FEED) + 1; from < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, from);
    const to = end < 0 ? bytes.length : end;
    if (to > from) lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  const timesMs = new Float64Array(lines.length);
  const values = new Float64Array(lines.length);
  const labels = new Uint8Array(lines.length);
  for (const [row, line] of lines.entries()) {
    const [time = '', value = '', label = ''] = Buffer.from(line.buffer, line.byteOffset, line.length)
      .toString('latin1')
      .split(',');
    timesMs[row] = timeMsOf(time);
    values[row] = Number(value);
    labels[row] = Number(label) === 1 ? 1 : 0;
  }
  return { name, path, lines, timesMs, values, labels };
}

/** The CSV files of a folder, in order of their names. */
export function tablesIn(folder: string): Table[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return names.sort().map((name) => readTable(join(folder, name), basename(name, '.csv')));
}

/** One entity of several fields: `row,m0,m1,…,label` in a line, below a header. */
export interface Entity {
  readonly name: string;
  /** `seconds,m0,m1,…,label`, to be decoded by the product. */
  readonly lines: readonly Uint8Array[];
  /** A column for each field. */
  readonly fields: readonly Float64Array[];
  readonly labels: Uint8Array;
}

/** Row 0 of files that number their rows: 2026-01-05, a Monday. */
export const ENTITY_START_S = 1_767_571_200;

/** The entities of a folder, in order of their names. Their rows are `everyS` seconds apart. */
export function entitiesIn(folder: string, everyS: number): Entity[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return names.sort().map((file) => {
    const [header = '', ...rows] = readFileSync(join(folder, file), 'latin1').trimEnd().split('\n');
    const fields = Array.from({ length: header.split(',').length - 2 }, () => new Float64Array(rows.length));
    const labels = new Uint8Array(rows.length);
    const lines = rows.map((text, row) => {
      const cells = text.trimEnd().split(',');
      for (const [field, values] of fields.entries()) values[row] = Number(cells[field + 1]);
      labels[row] = Number(cells.at(-1)) === 1 ? 1 : 0;
      cells[0] = String(ENTITY_START_S + row * everyS);
      return Buffer.from(cells.join(','));
    });
    return { name: basename(file, '.csv'), lines, fields, labels };
  });
}

/** NAB's labelled windows: of each file, by folder and name, the first and the last time of each window. */
export function nabWindows(nab: string): ReadonlyMap<string, readonly (readonly [number, number])[]> {
  const text = readFileSync(join(nab, 'labels/combined_windows.json'), 'utf8');
  const all = JSON.parse(text) as Readonly<Record<string, readonly (readonly [string, string])[]>>;
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([name, windows]) => [name, windows.map(([from, to]) => [timeMsOf(from), timeMsOf(to)])]));
}

/** Detectors that NAB's folder of results has files of, in order of their names. */
export function publishedDetectors(results: string): string[] {
  const folders = readdirSync(results, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).sort();
}

/** Column `anomaly_score` of a published file of results; undefined when the detector has no such file. */
export function publishedScores(results: string, detector: string, file: string): Float64Array | undefined {
  const path = join(results, detector, dirname(file), `${detector}_${basename(file)}`);
  if (!existsSync(path)) return undefined;
  const [header = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const column = header.trim().split(',').indexOf('anomaly_score');
  if (column < 0) throw new Error(`${path} has no column anomaly_score`);
  return Float64Array.from(lines, (line) => Number(line.split(',')[column]));
}

/** Unix seconds, or a date in UTC, with a space or T and perhaps a fraction behind it. */
function timeMsOf(text: string): number {
  return text.charAt(4) === '-' ? Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) : Number(text) * 1000;
}

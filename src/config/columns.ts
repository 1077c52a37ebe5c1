// Paths and formats: a number has no parts, a line of CSV has columns.

import { unreachable } from '../errors.ts';
import type { Path } from '../settings.ts';
import { nearest } from './nearest.ts';
import { isPathFault, parsePath } from './paths.ts';
import type { ProblemCode } from './problems.ts';
import type { StreamConfig } from './streamSchema.ts';
import type { KeyPath } from './tree.ts';

/** Tells what is wrong with the key at `path` of a stream. `mark`: what to point at. */
export type Complain = (code: ProblemCode, path: KeyPath, what: string, fix: string, mark?: 'key' | 'value') => void;

/** The path that the decoder of the stream's format follows: for CSV the number of the column. */
export function bindPath(
  config: Pick<StreamConfig, 'format' | 'columns'>,
  path: Path | string,
  key: KeyPath,
  complain: Complain,
): Path {
  const parsed = typeof path === 'string' ? parsePath(path) : path;
  if (isPathFault(parsed)) return [];
  const mark = typeof path === 'string' ? 'key' : 'value';
  switch (config.format) {
    case 'json':
      return parsed;
    case 'number': {
      if (parsed.length > 0) {
        complain('conflict', key, 'points into a number, which has no parts', 'Write $, or leave the key out.', mark);
      }
      return parsed;
    }
    case 'csv':
      return bindColumn(config.columns, parsed, key, mark, complain);
    default:
      return unreachable(config.format);
  }
}

function bindColumn(
  columns: readonly string[] | undefined,
  path: Path,
  key: KeyPath,
  mark: 'key' | 'value',
  complain: Complain,
): Path {
  const [step] = path;
  if (step === undefined || path.length > 1) {
    complain('conflict', key, 'must name one column of CSV', 'Write $[0], or $.name with columns: [name, …].', mark);
    return path;
  }
  if (typeof step === 'number') {
    if (columns !== undefined && step >= columns.length) {
      const what = `is column ${step}, counted from 0, of ${columns.length}`;
      complain('out_of_range', key, what, 'Choose a column that is there, or name all columns.', mark);
    }
    return path;
  }
  const index = columns?.indexOf(step) ?? -1;
  if (index < 0) {
    const meant = nearest(step, columns ?? []);
    const list = columns === undefined ? 'no columns are named' : `the columns are ${listed(columns)}`;
    const fix = columns === undefined ? 'Name them, like columns: [time, host, value].' : 'Choose one of them.';
    complain(
      'conflict',
      key,
      `there is no column ${JSON.stringify(step)}: ${list}`,
      meant === undefined ? fix : `Write $.${meant}.`,
      mark,
    );
  }
  return [index];
}

function listed(columns: readonly string[]): string {
  return columns.length > 12 ? `${columns.slice(0, 12).join(', ')} …` : columns.join(', ');
}

// Which files a configuration consists of.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GruardError } from '../errors.ts';
import { BYTES_MAX } from './bounds.ts';
import type { Problem } from './problems.ts';
import { sizeText } from './quantities.ts';
import type { SourceFile } from './tree.ts';

export interface ReadFile {
  readonly file: SourceFile;
  readonly problem: Problem | undefined;
}

/**
 * The files that `paths` mean, in this order; a directory means its `*.yaml` and `*.yml` in order of their names, but
 * for hidden ones. Fails with `input_missing` where there is nothing to read.
 */
export function readFiles(paths: readonly string[]): readonly ReadFile[] {
  return paths.flatMap((path) => attempt(path, () => namesIn(path))).map((name) => attempt(name, () => readOne(name)));
}

function namesIn(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /^[^.].*\.ya?ml$/.test(name));
  if (names.length === 0) throw new GruardError('input_missing', `${path}: holds no *.yaml file.`);
  return names.sort().map((name) => join(path, name));
}

function readOne(name: string): ReadFile {
  const { size } = statSync(name);
  if (size > BYTES_MAX) {
    const what = `has ${sizeText(size)}; at most ${sizeText(BYTES_MAX)} are read`;
    return refused(name, what, 'Split it into several files of a directory.');
  }
  const bytes = readFileSync(name);
  try {
    // Without its byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { file: { name, text, secrets: [] }, problem: undefined };
  } catch {
    return refused(name, 'is not UTF-8', 'Save it in UTF-8.');
  }
}

function refused(name: string, what: string, fix: string): ReadFile {
  const file = { name, text: '', secrets: [] };
  return {
    file,
    problem: { code: 'yaml_limit', place: { file, start: 0, end: 0 }, key: '', what: `the file ${what}`, fix },
  };
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof GruardError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = code === 'ENOENT' ? 'there is no such file or directory' : `cannot be read (${code})`;
    throw new GruardError('input_missing', `${path}: ${why}.`, { cause });
  }
}

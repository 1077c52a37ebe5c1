// A CSV file as lines: its header and first rows at once, all of it as a stream with bounded memory.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { cellsOf } from '../decode/csv.ts';
import { GruardError } from '../errors.ts';
import { isHeader, newLineCutter } from '../source/replayLines.ts';
import { type Columns, columnsOf } from './columns.ts';

export interface CsvFile {
  readonly path: string;
  readonly bytes: number;
  readonly columns: Columns;
}

/** A line with text below the header. */
export interface Line {
  /** Line number in the file, from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Longer lines arrive cut, and are rejected by the decoder. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const HEAD_BYTES = 64 * 1024;
const CHUNK_BYTES = 128 * 1024;

/** Looks at the beginning of a file. Rejects with `input_missing` or `data_invalid`. */
export async function openCsv(path: string): Promise<CsvFile> {
  const { head, bytes } = await attempt(path, () => readHead(path));
  const cutter = newLineCutter(HEAD_BYTES);
  const lines: Uint8Array[] = [];
  const take = (line: Uint8Array): void => {
    if (line.length > 0) lines.push(line);
  };
  cutter.push(head, take);
  if (head.length === bytes || lines.length === 0) cutter.end(take);
  const [first, ...rest] = lines;
  if (first === undefined) throw new GruardError('data_invalid', `${path}: is empty`);
  if (!isHeader(first)) {
    const shown = JSON.stringify(textOf(first).slice(0, 60));
    throw new GruardError('data_invalid', `${path}: has no header; its first line is ${shown}`);
  }
  const cells = (line: Uint8Array): readonly string[] => allCells(textOf(line), Number.MAX_SAFE_INTEGER);
  return { path, bytes, columns: columnsOf(path, cells(first), rest.map(cells)) };
}

/** Yields what each piece of the file completes. `onBytes` is told how far reading is. */
export async function* linesOf(file: CsvFile, onBytes: (bytes: number) => void): AsyncGenerator<readonly Line[]> {
  const cutter = newLineCutter(LINE_BYTES_MAX);
  let lines: Line[] = [];
  let number = 0;
  let isBelowHeader = false;
  const keep = (bytes: Uint8Array): void => {
    number++;
    if (bytes.length === 0) return;
    if (isBelowHeader) lines.push({ number, bytes });
    isBelowHeader = true;
  };
  const stream = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  const chunks = stream[Symbol.asyncIterator]();
  let read = 0;
  try {
    for (;;) {
      const next = await attempt(file.path, () => chunks.next());
      if (next.done === true) break;
      const chunk: Buffer = next.value;
      cutter.push(chunk, keep);
      if (lines.length > 0) yield lines;
      lines = [];
      read += chunk.length;
      onBytes(read);
    }
  } finally {
    stream.destroy();
  }
  cutter.end(keep);
  if (lines.length > 0) yield lines;
}

/** The first `count` cells of a line, also of one that is no CSV: it becomes a row of the output all the same. */
export function allCells(text: string, count: number): readonly string[] {
  const cells = cellsOf(text, count);
  return typeof cells === 'string' ? text.split(',', count) : cells;
}

/** Bytes that are no UTF-8 become U+FFFD. A byte order mark is left out. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const decoder = new TextDecoder('utf-8');

async function readHead(path: string): Promise<{ readonly head: Uint8Array; readonly bytes: number }> {
  const handle = await open(path);
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new GruardError('input_missing', `${path}: is a directory`);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return { head: buffer.subarray(0, bytesRead), bytes: stats.size };
  } finally {
    await handle.close();
  }
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof GruardError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new GruardError('input_missing', `${path}: ${why}`, { cause });
  }
}

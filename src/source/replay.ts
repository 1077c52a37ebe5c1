// A file, or standard input, as a source: every line is a record, and the file stands for partition 0 of a topic.

import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { SourceRecord } from '../domain.ts';
import { GruardError } from '../errors.ts';
import type { Log, PartitionOwner, RecordSource, StartPosition } from '../ports.ts';
import { isHeader, newLineCutter } from './replayLines.ts';

export interface ReplayOptions {
  /** `-` = standard input. */
  readonly file: string;
  readonly topic: string;
  /** Most lines of a batch. A batch never waits for input that is not there yet. */
  readonly linesPerBatch: number;
  /** Skip the first line with text if it can only be a header. */
  readonly csv: boolean;
  readonly log: Log;
  /** What `-` reads; default `process.stdin`, which in a worker thread is what the main thread pipes there. */
  readonly stdin?: Readable;
  /** Longer lines arrive cut, one byte above this, so that they are rejected as too large. Default 8 MiB. */
  readonly lineBytesMax?: number;
}

export interface ReplaySource extends RecordSource {
  /** Line number of the first line of data: 1, or the one behind the header. Known when `take` is called. */
  readonly firstOffset: number;
}

/** A line as a record: never without a value. */
type Line = SourceRecord & { readonly value: Uint8Array };

const LINE_BYTES_MAX = 8 * 1024 * 1024;
const SETTLE_MS = 10_000;

/**
 * Offsets are line numbers from 1; empty lines and the header count, but are no records. Any start but an offset is the
 * beginning. Rejects with `input_missing` when the file cannot be opened or read. The end of the file does not settle
 * the owner, only `stop` does: whoever runs the source may still want to close windows first.
 */
export function newReplaySource(options: ReplayOptions): ReplaySource {
  const { file, topic, csv, log } = options;
  const lineBytesMax = options.lineBytesMax ?? LINE_BYTES_MAX;
  const stopping = new AbortController();
  const { signal } = stopping;
  let firstOffset = 1;
  let running: Promise<void> | undefined;

  const take = async (owner: PartitionOwner): Promise<number> =>
    startOffset(await owner.take({ topic, partition: 0 }, undefined), firstOffset);

  const read = async (owner: PartitionOwner): Promise<void> => {
    const input = await openInput(options);
    // The loop below reports errors; without a listener, one that comes while the owner restores would end the process.
    input.on('error', () => {});
    signal.addEventListener('abort', () => input.destroy());
    if (signal.aborted) input.destroy();
    // Whether line 1 is data must be known before the partition is taken; only a CSV file has to be looked at.
    let from = csv ? undefined : await take(owner);
    for await (const lines of linesOf(input, file, lineBytesMax, signal)) {
      if (from === undefined) {
        const [first] = lines;
        if (first !== undefined && isHeader(first.value)) firstOffset = first.offset + 1;
        from = await take(owner);
      }
      const start = from;
      const records = lines.filter(({ offset }) => offset >= start);
      for (let at = 0; at < records.length && !signal.aborted; at += options.linesPerBatch) {
        const batch = records.slice(at, at + options.linesPerBatch);
        await owner.deliver({ topic, partition: 0, records: batch, endOffset: undefined, file });
      }
    }
    if (from === undefined && !signal.aborted) await take(owner);
  };

  return {
    get firstOffset() {
      return firstOffset;
    },
    run(owner) {
      running = (async () => {
        if (signal.aborted) return;
        await read(owner);
        if (signal.aborted) await settle(owner, log);
      })();
      return running;
    },
    commit: async () => {},
    async stop() {
      stopping.abort();
      // What went wrong is told by `run`.
      await running?.catch(() => {});
    },
  };
}

function startOffset(start: StartPosition, firstOffset: number): number {
  return start.kind === 'offset' ? Math.max(start.offset, firstOffset) : firstOffset;
}

async function settle(owner: PartitionOwner, log: Log): Promise<void> {
  try {
    await owner.settle(SETTLE_MS);
  } catch (error) {
    log('warn', 'checkpoint_failed', 'no checkpoint at the stop; the next start reads some lines again', {
      cause: String(error),
    });
  }
}

async function openInput(options: ReplayOptions): Promise<Readable> {
  const { file } = options;
  if (file === '-') return options.stdin ?? process.stdin;
  try {
    const handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream();
    await handle.close();
  } catch (error) {
    throw new GruardError('input_missing', `${file}: cannot be opened (${reason(error)})`, { cause: error });
  }
  throw new GruardError('input_missing', `${file}: is a directory`);
}

/** Yields the lines with text that each piece of the input completes, if there are any. Ends early after an abort. */
async function* linesOf(
  input: Readable,
  file: string,
  lineBytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Line[]> {
  const cutter = newLineCutter(lineBytesMax);
  let lines: Line[] = [];
  let offset = 0;
  const keep = (value: Uint8Array): void => {
    offset++;
    if (value.length > 0) lines.push({ offset, timestampMs: undefined, key: null, value });
  };
  try {
    for await (const chunk of input) {
      if (signal.aborted) return;
      cutter.push(Buffer.from(chunk), keep);
      if (lines.length > 0) yield lines;
      lines = [];
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new GruardError('input_missing', `${file}: cannot be read (${reason(error)})`, { cause: error });
  }
  cutter.end(keep);
  if (lines.length > 0) yield lines;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

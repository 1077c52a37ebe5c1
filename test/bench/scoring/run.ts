// Rows of a file through the product: the real decoder, pipeline and default configuration. The only file here that
// knows what the pipeline looks like.

import { layered, resolveStream } from '../../../src/config/resolveStream.ts';
import { Stream, type StreamInput } from '../../../src/config/streamSchema.ts';
import { type EpisodeChange, newWave, type RecordBatch, type SourceRecord } from '../../../src/domain.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { newLaneMemory } from '../../../src/kernel/memory.ts';
import { isNeural } from '../../../src/kernel/shape.ts';
import { backendsOf, chooseKernels, type Kernels } from '../../../src/kernelChoice.ts';
import { pipeline, type Work } from '../../../src/pipeline.ts';
import type { Log } from '../../../src/ports.ts';
import type { Cell, StreamSettings } from '../../../src/settings.ts';
import { dissolveShare, newShare } from '../../../src/share.ts';
import { alarmsOf, newEntity, takeField } from './entity.ts';

/** The least score that means "anomalous": scores above 1 do. */
export const ANOMALOUS = 1 + Number.EPSILON;

const RECORDS_PER_BATCH = 1000;

export interface RunOptions {
  readonly cell: Cell;
  /** Another seed gives other first weights. */
  readonly seed: string;
  /** Setting `window.every` of the stream. */
  readonly every: string;
  /** Columns of values behind the time; 1 where nothing is said. */
  readonly fields?: number;
  /** How alarms are chosen; the default where nothing is said. */
  readonly detect?: StreamInput['detect'];
  /** One network for all fields, or one for each; the default where nothing is said. */
  readonly networks?: 'joint' | 'separate' | undefined;
}

/** What the product said about each row of a file. */
export interface Said {
  /**
   * The exported anomaly_score of the window that the row belongs to: above 1 while an episode is open. 0 while
   * warming, for a row that was dropped, and for all rows but the last one of a window.
   */
  readonly scores: Float64Array;
  /**
   * The same, but only what is news: where an episode is opened or escalated its score, on the other rows of an open
   * episode 0, because they were told already. A row without an episode keeps its score, which is at most 1; where that
   * is exactly 1 the rank or a policy has refused the window, and it is 0.
   */
  readonly alarms: Float64Array;
  /** The score where an episode was opened, else 0. */
  readonly openings: Float64Array;
  /** Of all fields together. */
  readonly windows: number;
  readonly dropped: number;
}

/** One episode of a file of one field. */
export interface Episode {
  /** Row that opened it. */
  readonly first: number;
  /** Row behind the last one in which it was open. */
  end: number;
  /** As last told: what begins as a spike may become a shift. */
  kind: string;
  /** Strongest evidence of the event that opened it. */
  readonly evidence: string;
}

/** What the product published about one field before it saw each row. NaN where there was no forecast. */
export interface Expectation {
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Runs lines of CSV, `time,value,…`, without a header, through a new stream. Strictly causal: a window is scored
 * before it is learned, and by nothing behind it.
 */
export async function run(lines: readonly Uint8Array[], options: RunOptions): Promise<Said> {
  const entity = newEntity(lines.length);
  const ledger = await pass(lines, options, ({ wave, changes }) => {
    for (let i = 0; i < wave.count; i++) {
      const score = wave.score[i] ?? Number.NaN;
      const events = changes.filter(({ row }) => row === i).map(({ event }) => event);
      takeField(entity, wave.offset[i] ?? 0, Number.isNaN(score) ? 0 : score, wave.open[i] === 1, events);
    }
  });
  return { scores: entity.scores, alarms: alarmsOf(entity), openings: entity.opened, ...ledger };
}

/** The same run, for what it published as expected; one answer a field. */
export async function expectations(lines: readonly Uint8Array[], options: RunOptions): Promise<Expectation[]> {
  const column = (): Float64Array => new Float64Array(lines.length).fill(Number.NaN);
  const all = Array.from({ length: options.fields ?? 1 }, () => ({
    expected: column(),
    lower: column(),
    upper: column(),
  }));
  await pass(lines, options, ({ wave, share }) => {
    for (let i = 0; i < wave.count; i++) {
      const one = all[share.series.bySlot[wave.slot[i] ?? 0]?.field ?? 0];
      if (one === undefined) throw new Error('a window of a field that is not in the file');
      const row = wave.offset[i] ?? 0;
      one.expected[row] = wave.expected[i] ?? Number.NaN;
      one.lower[row] = wave.lower[i] ?? Number.NaN;
      one.upper[row] = wave.upper[i] ?? Number.NaN;
    }
  });
  return all;
}

/** The same run of one field, for its episodes in order of time; one that is open at the end of the file ends there. */
export async function episodes(lines: readonly Uint8Array[], options: RunOptions): Promise<Episode[]> {
  const all: Episode[] = [];
  const follow = ({ event, kind, evidence }: EpisodeChange, row: number): void => {
    if (event === 'opened') all.push({ first: row, end: lines.length, kind, evidence: evidence[0]?.kind ?? 'none' });
    const last = all.at(-1);
    if (last === undefined) throw new Error(`an episode is ${event} that was not opened`);
    last.kind = kind;
    if (event === 'closed') last.end = row;
  };
  await pass(lines, options, ({ wave, changes }) => {
    for (const change of changes) follow(change, wave.offset[change.row] ?? 0);
  });
  return all;
}

/** Every wave of a run, after all stages; answers what was counted. */
async function pass(
  lines: readonly Uint8Array[],
  options: RunOptions,
  watch: (work: Work) => void,
): Promise<{ windows: number; dropped: number }> {
  const stream = settingsOf(options);
  const share = newShare(stream, { topic: 'bench', partition: 0 }, memory, kernelOf(stream), 0);
  const report = (work: Work): Work => {
    watch(work);
    return work;
  };
  await new Promise<void>((complete, error) => {
    const timed = (_stage: string, step: (work: Work) => Work): ((work: Work) => Work) => step;
    pipeline(works(share, lines), { timed, report }).subscribe({ complete, error });
  });
  const { samplesDecoded, recordsRejected, windowsClosed, windowsSkipped, samplesWindowed } = share.counters;
  dissolveShare(share);
  const rejected = Object.values(recordsRejected).reduce((sum, count) => sum + count, 0);
  const windows = windowsClosed - windowsSkipped.gap - windowsSkipped.non_finite;
  return { windows, dropped: rejected + samplesDecoded - samplesWindowed };
}

/** Only a network has first weights, so that another seed may give other scores. */
export function hasSeeds(cell: Cell): boolean {
  return isNeural(cell);
}

const memory = newLaneMemory();
let chosen: Kernels | undefined;

/** The kernel that a lane on this machine would take; says which at the first call. */
function kernelOf(stream: StreamSettings): Kernel {
  const log: Log = (_level, _code, text) => process.stderr.write(`${text}\n`);
  chosen ??= chooseKernels([settingsOf({ cell: 'gru', seed: 'any', every: 'auto' })], backendsOf(memory), log);
  return chosen.of(stream);
}

/** The defaults of the product and nothing else. */
function settingsOf({ cell, seed, every, fields = 1, networks, detect }: RunOptions): StreamSettings {
  const own = {
    topic: 'bench',
    format: 'csv',
    time: { path: '$[0]', unit: 's' },
    value: '$[1]',
    window: { every },
    model: { cell, ...(networks === undefined ? {} : { fields: networks }) },
    ...(detect === undefined ? {} : { detect }),
  };
  const stream = resolveStream('bench', Stream.parse(layered({}, own)), (_code, path, what) => {
    throw new Error(`${path.join('.')}: ${what}`);
  });
  // First weights follow from the name of the stream in its state and from the labels of the series; here are none.
  if (fields === 1) return { ...stream, uid: seed };
  // As in a backtest: entities of benchmarks have more fields than a stream of the daemon may.
  const columns = Array.from({ length: fields }, (_, i) => ({ field: `m${i}`, path: [i + 1] }));
  return { ...stream, uid: seed, decode: { ...stream.decode, fields: columns } };
}

async function* works(share: Work['share'], lines: readonly Uint8Array[]): AsyncGenerator<Work> {
  const rest = { share, wave: newWave(256), changes: [], reject: () => {} };
  for (let from = 0; from < lines.length; from += RECORDS_PER_BATCH) {
    const part = lines.slice(from, from + RECORDS_PER_BATCH);
    const records = part.map(
      (value, i): SourceRecord => ({ offset: from + i, timestampMs: undefined, key: null, value }),
    );
    const work: Work = { ...rest, batch: batchOf(records), flush: false, decoded: false, done: false };
    while (!work.done) yield work;
  }
  const last: Work = { ...rest, batch: batchOf([]), flush: true, decoded: false, done: false };
  while (!last.done) yield last;
}

function batchOf(records: readonly SourceRecord[]): RecordBatch {
  return { topic: 'bench', partition: 0, records, endOffset: undefined };
}

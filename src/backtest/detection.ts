// The production pipeline over the lines of one file. The only file of the backtest that knows the pipeline: a line is
// a record, a file is a partition, and nothing is told about a window before the pipeline has closed it.

import { type Counters, type EpisodeChange, GAP, newWave, type RejectReason } from '../domain.ts';
import { newLaneMemory } from '../kernel/memory.ts';
import { backendsOf, chooseKernels } from '../kernelChoice.ts';
import { pipeline, type Work } from '../pipeline.ts';
import type { StreamSettings } from '../settings.ts';
import { dissolveShare, newShare, type Share } from '../share.ts';
import type { Line } from './csvFile.ts';

/** One field's window, after all stages. NaN = there is none. */
export interface ClosedWindow {
  /** Which column of values of the file, from 0. */
  readonly field: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number;
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  readonly score: number;
  /** An episode is open. */
  readonly open: boolean;
  /** Number of its last line; undefined when the window holds none and its value, if any, was made up. */
  readonly line: number | undefined;
  readonly change: EpisodeChange | undefined;
}

type DropReason = keyof Counters['samplesDropped'];

/** What the pipeline counted while it took one line. */
export interface Fate {
  readonly rejected: RejectReason | undefined;
  /**
   * Samples that were dropped, and why; the line's own, or earlier ones that the line made void. Without those that are
   * no finite number.
   */
  readonly dropped: number;
  readonly reason: DropReason | undefined;
}

/** Who watches. Calls come in the order of the data: a line, the windows that it closes, its fate. */
export interface Watcher {
  delivering(line: Line): void;
  closed(window: ClosedWindow): void;
  delivered(line: Line, fate: Fate): void;
  /** Between two pieces of the file: may wait for the disk. */
  rest(): Promise<void>;
}

export interface Detector {
  /**
   * Runs a file from its beginning with models of its own; closes the last windows. `places` are the file's columns of
   * values in the order of the stream's fields. Answers what was counted.
   */
  run(
    stream: StreamSettings,
    places: readonly number[],
    lines: AsyncIterable<readonly Line[]>,
    watcher: Watcher,
  ): Promise<Counters>;
}

const PARTITION = { topic: 'backtest', partition: 0 } as const;
/** Most fields of a file; a wave holds each series' field once. */
const WAVE_MAX = 64;
/** The header is line 1. */
const FIRST_LINE = 2;
const TAKEN: Fate = { rejected: undefined, dropped: 0, reason: undefined };

/** Files run one after the other, in the same memory. */
export function newDetector(stream: Pick<StreamSettings, 'name' | 'model'>): Detector {
  const memory = newLaneMemory();
  const kernel = chooseKernels([stream as StreamSettings], backendsOf(memory), () => {}).of(stream);
  const wave = newWave(WAVE_MAX);
  return {
    async run(stream, places, lines, watcher) {
      const share = newShare(stream, PARTITION, memory, kernel, FIRST_LINE);
      const works = worksOf(share, wave, lines, watcher);
      const report = (work: Work): Work => {
        tell(work, places, watcher);
        return work;
      };
      try {
        await new Promise<void>((resolve, reject) => {
          pipeline(works, { timed: (_stage, step) => step, report }).subscribe({ error: reject, complete: resolve });
        });
      } finally {
        await works.return(undefined);
        dissolveShare(share);
      }
      return share.counters;
    },
  };
}

/** Line by line, so that what is counted in between belongs to the line. */
async function* worksOf(
  share: Share,
  wave: Work['wave'],
  lines: AsyncIterable<readonly Line[]>,
  watcher: Watcher,
): AsyncGenerator<Work, void> {
  const counted = newLedger(share.counters);
  for await (const some of lines) {
    for (const line of some) {
      watcher.delivering(line);
      const record = { offset: line.number, timestampMs: undefined, key: null, value: line.bytes };
      const work = newWork(share, wave, [record], false);
      while (!work.done) yield work;
      watcher.delivered(line, counted());
    }
    await watcher.rest();
  }
  const rest = newWork(share, wave, [], true);
  while (!rest.done) yield rest;
  await watcher.rest();
}

function newWork(share: Share, wave: Work['wave'], records: Work['batch']['records'], flush: boolean): Work {
  const batch = { ...PARTITION, records, endOffset: undefined };
  return { share, batch, wave, changes: [], flush, decoded: false, done: false, reject: () => {} };
}

function tell({ share, wave, changes }: Work, places: readonly number[], watcher: Watcher): void {
  for (let row = 0; row < wave.count; row++) {
    const read = (column: ArrayLike<number>): number => column[row] ?? Number.NaN;
    const owner = share.series.bySlot[read(wave.slot)];
    if (owner === undefined) throw new Error('a window of a series that is gone');
    watcher.closed({
      field: places[owner.field] ?? 0,
      startMs: read(wave.startMs),
      endMs: read(wave.endMs),
      value: read(wave.value),
      expected: read(wave.expected),
      lower: read(wave.lower),
      upper: read(wave.upper),
      score: read(wave.score),
      open: read(wave.open) === 1,
      line: read(wave.gap) === GAP.none ? read(wave.offset) : undefined,
      change: changes.find((change) => change.row === row),
    });
  }
}

/** Each call answers what was counted since the one before. */
function newLedger({ recordsRejected, samplesDropped }: Counters): () => Fate {
  const rejects = Object.keys(recordsRejected) as RejectReason[];
  const drops = (Object.keys(samplesDropped) as DropReason[]).filter((key) => key !== 'non_finite');
  const seen: Record<string, number> = {};
  const grown = (key: string, now: number): number => {
    const before = seen[key] ?? 0;
    seen[key] = now;
    return now - before;
  };
  return () => {
    let rejected: RejectReason | undefined;
    let reason: DropReason | undefined;
    let dropped = 0;
    for (const key of rejects) if (grown(key, recordsRejected[key]) > 0) rejected = key;
    for (const key of drops) {
      const samples = grown(key, samplesDropped[key]);
      dropped += samples;
      if (samples > 0) reason = key;
    }
    return rejected === undefined && dropped === 0 ? TAKEN : { rejected, dropped, reason };
  };
}

// What a lane tells the main thread: collected per wave, cheaply, and put together twice a second.

import type { PartitionId } from './domain.ts';
import type { Step, Work } from './pipeline.ts';
import type { Clock } from './ports.ts';
import {
  type HistogramCounts,
  ROW_SIZE,
  type RowAdmitted,
  type ShareReport,
  STAGES,
  type Stage,
  type StreamReport,
} from './report/laneReport.ts';
import { bucketOf, DELAY_BOUNDS, FIRST_SCORE_BOUNDS, SCORE_BOUNDS, STAGE_BOUNDS } from './report/metrics.ts';
import type { Share } from './share.ts';
import { standingOf } from './standing.ts';

interface Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum: number;
}

export function newHistogram(bounds: readonly number[]): Histogram {
  return { bounds, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
}

/** Counts `times` observations of `value`; values that are no number are left out. */
export function observe(histogram: Histogram, value: number, times = 1): void {
  if (Number.isNaN(value)) return;
  const bucket = bucketOf(histogram.bounds, value);
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + times;
  histogram.sum += value * times;
}

export function countsOf({ counts, sum }: Histogram): HistogramCounts {
  return { counts: [...counts], sum };
}

interface StreamTally {
  readonly scores: Histogram;
  readonly firstScore: Histogram;
  readonly eventDelay: Histogram;
  readonly reportDelay: Histogram;
  readonly stages: Record<Stage, Histogram>;
}

/** Per share: its rows in the exposition, and what the rim knows about it. */
interface ShareTally {
  readonly share: Share;
  readonly rowOfSlot: (number | undefined)[];
  readonly latest: Map<number, readonly number[]>;
  endOffset: number | undefined;
  /** When records came last, by the monotonic clock. */
  movedMs: number;
  checkpointed: number | undefined;
  offsetGap: number;
  firstRecordMs: number | undefined;
  firstScoreSeconds: number | undefined;
}

export interface Summary {
  /** For the rim of the pipeline. */
  readonly timed: (stage: Stage, step: Step) => Step;
  collect(work: Work): void;
  /** After a batch: delay and end of the partition. */
  batchEnded(work: Work): void;
  add(share: Share): void;
  remove(share: Share): void;
  /** Facts about a partition, for all its shares. */
  note(partition: PartitionId, facts: { readonly checkpointed?: number; readonly gapRecords?: number }): void;
  /** Everything since rows were taken last, or no rows; totals for the rest. */
  take(withRows?: boolean): {
    readonly shares: ShareReport[];
    readonly streams: StreamReport[];
    readonly admitted: RowAdmitted[];
    readonly removed: number[];
    readonly rows: Float64Array;
  };
}

/** What the source knows of a partition. */
export interface Flow {
  /** Offset behind its last record; undefined where unknown. */
  readonly endOffset: number | undefined;
  /** The source reads it: new records would come. */
  readonly isReading: boolean;
}

/** Between two slices of a partition that is read at all. */
const SLICE_APART_MS = 10_000;

interface State {
  readonly clock: Clock;
  readonly flowOf: (partition: PartitionId) => Flow;
  readonly streams: ReadonlyMap<string, StreamTally>;
  readonly tallies: Map<Share, ShareTally>;
  admitted: RowAdmitted[];
  removed: number[];
  nextRow: number;
}

export function newSummary(
  streamNames: readonly string[],
  clock: Clock,
  flowOf: State['flowOf'] = () => ({ endOffset: undefined, isReading: false }),
): Summary {
  const streams = new Map<string, StreamTally>(streamNames.map((name) => [name, newStreamTally()]));
  const state: State = { clock, flowOf, streams, tallies: new Map(), admitted: [], removed: [], nextRow: 1 };
  return {
    timed: (stage, step) => (work) => {
      const from = clock.monotonic();
      const after = step(work);
      const stages = streams.get(work.share.stream.name)?.stages;
      if (stages !== undefined) observe(stages[stage], (clock.monotonic() - from) / 1000);
      return after;
    },
    collect: (work) => collect(state, work),
    batchEnded: (work) => batchEnded(state, work),
    add(share) {
      state.tallies.set(share, newShareTally(share, clock.monotonic()));
    },
    remove(share) {
      const tally = state.tallies.get(share);
      if (tally === undefined) return;
      for (const slot of tally.rowOfSlot.keys()) removeRow(state, tally, slot);
      state.tallies.delete(share);
    },
    note({ topic, partition }, facts) {
      for (const tally of state.tallies.values()) {
        const { partition: own } = tally.share;
        if (own.topic !== topic || own.partition !== partition) continue;
        tally.checkpointed = facts.checkpointed ?? tally.checkpointed;
        tally.offsetGap += facts.gapRecords ?? 0;
      }
    },
    take: (withRows = true) => take(state, withRows),
  };
}

function collect(state: State, { share, wave }: Work): void {
  const tally = state.tallies.get(share);
  const stream = state.streams.get(share.stream.name);
  if (tally === undefined || stream === undefined) return;
  removeForgotten(state, tally);
  const now = state.clock.now();
  tally.firstRecordMs ??= now;
  for (let row = 0; row < wave.count; row++) {
    const slot = wave.slot[row] ?? 0;
    if (tally.rowOfSlot[slot] === undefined) admitRow(state, tally, slot);
    const score = wave.score[row] ?? Number.NaN;
    const scored = !Number.isNaN(score);
    if (scored) {
      tally.firstScoreSeconds ??= (now - tally.firstRecordMs) / 1000;
      observe(stream.scores, score);
      observe(stream.firstScore, (wave.scoredAfterMs[row] ?? Number.NaN) / 1000);
      observe(stream.reportDelay, (now - (wave.endMs[row] ?? now)) / 1000);
    }
    const of = (column: Float64Array): number => column[row] ?? Number.NaN;
    const told = (column: Float64Array): number => (scored ? of(column) : Number.NaN);
    const band = [told(wave.expected), told(wave.lower), told(wave.upper)];
    tally.latest.set(slot, [score, of(wave.value), ...band, wave.open[row] ?? 0]);
  }
}

function batchEnded(state: State, { share, batch }: Work): void {
  const tally = state.tallies.get(share);
  if (tally !== undefined) tally.endOffset = batch.endOffset;
  if (tally !== undefined && batch.records.length > 0) tally.movedMs = state.clock.monotonic();
  const delay = state.streams.get(share.stream.name)?.eventDelay;
  if (delay !== undefined) observe(delay, (state.clock.now() - share.window.watermark.ms) / 1000);
  if (tally !== undefined) removeForgotten(state, tally);
}

/** Before rows of a wave are looked at: a slot of a forgotten series may stand in it with its next owner. */
function removeForgotten(state: State, tally: ShareTally): void {
  for (const series of tally.share.window.forgotten.splice(0)) {
    for (const slot of series.slots) removeRow(state, tally, slot);
  }
}

function admitRow(state: State, tally: ShareTally, slot: number): void {
  const { share } = tally;
  const owner = share.series.bySlot[slot];
  const row = state.nextRow++;
  tally.rowOfSlot[slot] = row;
  state.admitted.push({
    row,
    stream: share.stream.name,
    partition: share.partition,
    labels: labelsOf(share, owner?.series.labels ?? []),
    key: owner?.series.key ?? '',
    field: share.decode.fieldNames[owner?.field ?? 0] ?? '',
  });
}

function removeRow(state: State, tally: ShareTally, slot: number): void {
  const row = tally.rowOfSlot[slot];
  if (row !== undefined) state.removed.push(row);
  tally.rowOfSlot[slot] = undefined;
  tally.latest.delete(slot);
}

function take(state: State, withRows: boolean): ReturnType<Summary['take']> {
  const { admitted, removed } = state;
  state.admitted = [];
  state.removed = [];
  return {
    shares: [...state.tallies.values()].map((tally) => shareReport(state, tally)),
    streams: [...state.streams].map(([stream, tally]) => streamReport(stream, tally)),
    admitted,
    removed,
    rows: withRows ? takeRows([...state.tallies.values()]) : new Float64Array(0),
  };
}

function newShareTally(share: Share, nowMs: number): ShareTally {
  return {
    share,
    rowOfSlot: [],
    latest: new Map(),
    endOffset: undefined,
    movedMs: nowMs,
    checkpointed: undefined,
    offsetGap: 0,
    firstRecordMs: undefined,
    firstScoreSeconds: undefined,
  };
}

function newStreamTally(): StreamTally {
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, newHistogram(STAGE_BOUNDS)]));
  return {
    scores: newHistogram(SCORE_BOUNDS),
    firstScore: newHistogram(FIRST_SCORE_BOUNDS),
    eventDelay: newHistogram(DELAY_BOUNDS),
    reportDelay: newHistogram(DELAY_BOUNDS),
    stages: stages as Record<Stage, Histogram>,
  };
}

function streamReport(stream: string, tally: StreamTally): StreamReport {
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, countsOf(tally.stages[stage])]));
  return {
    stream,
    scores: countsOf(tally.scores),
    firstScore: countsOf(tally.firstScore),
    eventDelay: countsOf(tally.eventDelay),
    reportDelay: countsOf(tally.reportDelay),
    stages: stages as Record<Stage, HistogramCounts>,
  };
}

export function labelsOf(share: Share, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(share.decode.labelNames.map((name, i) => [name, values[i] ?? '']));
}

function takeRows(tallies: readonly ShareTally[]): Float64Array {
  const rows: number[] = [];
  for (const tally of tallies) {
    for (const [slot, numbers] of tally.latest) rows.push(tally.rowOfSlot[slot] ?? 0, ...numbers);
    tally.latest.clear();
  }
  if (rows.length % ROW_SIZE !== 0) throw new Error('a row update has another size than the report promises');
  return Float64Array.from(rows);
}

function shareReport({ clock, flowOf }: State, tally: ShareTally): ShareReport {
  const { share } = tally;
  const { quietMs, ...standing } = standingOf(share);
  const flow = flowOf(share.partition);
  const endOffset = flow.endOffset ?? tally.endOffset;
  const lag = endOffset === undefined ? 0 : endOffset - share.position;
  const restMs = clock.monotonic() - tally.movedMs;
  const delaySeconds = (clock.now() - share.window.watermark.ms) / 1000;
  return {
    stream: share.stream.name,
    topic: share.partition.topic,
    partition: share.partition.partition,
    counters: share.counters,
    position: share.position,
    checkpointed: tally.checkpointed,
    endOffset,
    isSilent: flow.isReading && lag <= 0 && restMs > quietMs,
    // At the end of a topic with transactions one record is left that is none: only what moves is behind.
    behindSeconds: lag > 0 && restMs < SLICE_APART_MS && delaySeconds > 0 ? delaySeconds : 0,
    watermarkMs: Number.isNaN(share.window.watermark.ms) ? undefined : share.window.watermark.ms,
    ...standing,
    offsetGap: tally.offsetGap,
    split: 0,
    firstScoreSeconds: tally.firstScoreSeconds,
  };
}

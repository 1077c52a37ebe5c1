// What a lane tells the main thread: collected per wave, cheaply, and put together twice a second.

import type { PartitionId } from './domain.ts';
import { evidenceAddress } from './kernel/bank.ts';
import { AT } from './kernel/layout.ts';
import { warmupWindowsOf } from './kernel/warmup.ts';
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
import { bucketOf, DELAY_BOUNDS, SCORE_BOUNDS, STAGE_BOUNDS } from './report/metrics.ts';
import type { Share } from './share.ts';

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
  /** Everything since the last call for rows; totals for the rest. */
  take(): {
    readonly shares: ShareReport[];
    readonly streams: StreamReport[];
    readonly admitted: RowAdmitted[];
    readonly removed: number[];
    readonly rows: Float64Array;
  };
}

export function newSummary(streamNames: readonly string[], clock: Clock): Summary {
  const streams = new Map<string, StreamTally>(streamNames.map((name) => [name, newStreamTally()]));
  const tallies = new Map<Share, ShareTally>();
  let admitted: RowAdmitted[] = [];
  let removed: number[] = [];
  let nextRow = 1;
  let stageStream: StreamTally | undefined;

  const admitRow = (tally: ShareTally, slot: number): number => {
    const { share } = tally;
    const owner = share.series.bySlot[slot];
    const row = nextRow++;
    tally.rowOfSlot[slot] = row;
    admitted.push({
      row,
      stream: share.stream.name,
      partition: share.partition,
      labels: labelsOf(share, owner?.series.labels ?? []),
      key: owner?.series.key ?? '',
      field: share.decode.fieldNames[owner?.field ?? 0] ?? '',
    });
    return row;
  };

  const removeSlot = (tally: ShareTally, slot: number): void => {
    const row = tally.rowOfSlot[slot];
    if (row !== undefined) removed.push(row);
    tally.rowOfSlot[slot] = undefined;
    tally.latest.delete(slot);
  };

  return {
    timed: (stage, step) => (work) => {
      const from = clock.monotonic();
      const after = step(work);
      stageStream = streams.get(work.share.stream.name);
      if (stageStream !== undefined) observe(stageStream.stages[stage], (clock.monotonic() - from) / 1000);
      return after;
    },

    collect({ share, wave }) {
      const tally = tallies.get(share);
      const stream = streams.get(share.stream.name);
      if (tally === undefined || stream === undefined) return;
      const now = clock.now();
      tally.firstRecordMs ??= now;
      for (let row = 0; row < wave.count; row++) {
        const slot = wave.slot[row] ?? 0;
        if (tally.rowOfSlot[slot] === undefined) admitRow(tally, slot);
        const score = wave.score[row] ?? Number.NaN;
        if (!Number.isNaN(score)) {
          tally.firstScoreSeconds ??= (now - tally.firstRecordMs) / 1000;
          observe(stream.scores, score);
          observe(stream.reportDelay, (now - (wave.endMs[row] ?? now)) / 1000);
        }
        const band = Number.isNaN(score)
          ? [Number.NaN, Number.NaN, Number.NaN]
          : [wave.expected[row], wave.lower[row], wave.upper[row]];
        tally.latest.set(slot, [score, wave.value[row] ?? Number.NaN, ...band.map(Number), wave.open[row] ?? 0]);
      }
    },

    batchEnded({ share, batch }) {
      const tally = tallies.get(share);
      if (tally !== undefined) tally.endOffset = batch.endOffset;
      const delay = streams.get(share.stream.name)?.eventDelay;
      if (delay !== undefined) observe(delay, (clock.now() - share.window.watermark.ms) / 1000);
      for (const series of share.window.forgotten.splice(0)) {
        for (const slot of series.slots) if (tally !== undefined) removeSlot(tally, slot);
      }
    },

    add(share) {
      tallies.set(share, {
        share,
        rowOfSlot: [],
        latest: new Map(),
        endOffset: undefined,
        checkpointed: undefined,
        offsetGap: 0,
        firstRecordMs: undefined,
        firstScoreSeconds: undefined,
      });
    },

    remove(share) {
      const tally = tallies.get(share);
      if (tally === undefined) return;
      for (const slot of tally.rowOfSlot.keys()) removeSlot(tally, slot);
      tallies.delete(share);
    },

    note({ topic, partition }, facts) {
      for (const tally of tallies.values()) {
        if (tally.share.partition.topic !== topic || tally.share.partition.partition !== partition) continue;
        tally.checkpointed = facts.checkpointed ?? tally.checkpointed;
        tally.offsetGap += facts.gapRecords ?? 0;
      }
    },

    take() {
      const report = {
        shares: [...tallies.values()].map(shareReport),
        streams: [...streams].map(([stream, tally]) => streamReport(stream, tally)),
        admitted,
        removed,
        rows: takeRows([...tallies.values()]),
      };
      admitted = [];
      removed = [];
      return report;
    },
  };
}

function newStreamTally(): StreamTally {
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, newHistogram(STAGE_BOUNDS)]));
  return {
    scores: newHistogram(SCORE_BOUNDS),
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

function shareReport(tally: ShareTally): ShareReport {
  const { share } = tally;
  const state = stateOf(share);
  return {
    stream: share.stream.name,
    topic: share.partition.topic,
    partition: share.partition.partition,
    counters: share.counters,
    position: share.position,
    checkpointed: tally.checkpointed,
    endOffset: tally.endOffset,
    watermarkMs: Number.isNaN(share.window.watermark.ms) ? undefined : share.window.watermark.ms,
    ...state,
    offsetGap: tally.offsetGap,
    split: 0,
    firstScoreSeconds: tally.firstScoreSeconds,
  };
}

type State = Pick<ShareReport, 'series' | 'warmupProgress' | 'coverage' | 'skill' | 'errorScaled' | 'trainingLoss'>;

/** Counts and means over the series of a share, from their slabs. */
function stateOf({ series, bank, window, stream }: Share): State {
  const { f64 } = bank.lane;
  const quietBefore = window.watermark.ms - stream.limits.quietMs;
  let [seen, ready, silent, anomalous] = [0, 0, 0, 0];
  let [progress, coverage, loss, model, naive, step] = [0, 0, 0, 0, 0, 0];
  for (const [slot, owner] of series.bySlot.entries()) {
    if (owner === undefined) continue;
    const at = evidenceAddress(bank, slot) / 8;
    const read = (index: number): number => f64[at + index] ?? 0;
    if (read(AT.seen) !== 1) continue;
    seen++;
    const warmupWindows = warmupWindowsOf(stream.model.warmupWindows, read(AT.everyMs));
    progress += Math.min(1, read(AT.learned) / warmupWindows);
    if (read(AT.lastTimeMs) < quietBefore) silent++;
    if (read(AT.open) === 1) anomalous++;
    if (read(AT.learned) < warmupWindows) continue;
    ready++;
    coverage += read(AT.coverage);
    loss += read(AT.loss);
    // Errors of series of any size weigh the same.
    const scale = read(AT.naiveError) + read(AT.stepError) || 1;
    model += read(AT.modelError) / scale;
    naive += read(AT.naiveError) / scale;
    step += read(AT.stepError) / scale;
  }
  const mean = (sum: number, count: number): number | undefined => (count > 0 ? sum / count : undefined);
  return {
    series: { ready, warming: seen - ready, silent, anomalous },
    warmupProgress: mean(progress, seen),
    coverage: mean(coverage, ready),
    skill: naive > 0 ? 1 - model / naive : undefined,
    errorScaled: step > 0 ? model / step : undefined,
    trainingLoss: mean(loss, ready),
  };
}

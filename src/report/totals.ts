// Sums of what lanes count: plain records that are added up in place.

import { type Counters, newCounters } from '../domain.ts';
import type { HistogramCounts, LaneReport, Stage, StreamReport } from './laneReport.ts';
import { STAGES } from './laneReport.ts';
import {
  CHECKPOINT_BOUNDS,
  DELAY_BOUNDS,
  FIRST_SCORE_BOUNDS,
  SCORE_BOUNDS,
  SLICE_BOUNDS,
  STAGE_BOUNDS,
} from './metrics.ts';

export interface Histogram extends HistogramCounts {
  readonly counts: number[];
  sum: number;
}

export interface StreamTotals {
  readonly counters: Counters;
  readonly scores: Histogram;
  readonly firstScore: Histogram;
  readonly eventDelay: Histogram;
  readonly reportDelay: Histogram;
  readonly stages: Readonly<Record<Stage, Histogram>>;
}

export interface LaneTotals {
  rebalances: number;
  recreations: number;
  leaderMoves: number;
  backpressureSeconds: number;
  checkpointFailures: number;
  checkpointsDamaged: number;
  zombieRecords: number;
  readonly slices: Histogram;
  readonly checkpoints: Histogram;
}

export function newHistogram(bounds: readonly number[]): Histogram {
  return { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
}

export function newStreamTotals(): StreamTotals {
  const stages = STAGES.map((stage) => [stage, newHistogram(STAGE_BOUNDS)]);
  return {
    counters: newCounters(),
    scores: newHistogram(SCORE_BOUNDS),
    firstScore: newHistogram(FIRST_SCORE_BOUNDS),
    eventDelay: newHistogram(DELAY_BOUNDS),
    reportDelay: newHistogram(DELAY_BOUNDS),
    stages: Object.fromEntries(stages) as Record<Stage, Histogram>,
  };
}

export function newLaneTotals(): LaneTotals {
  return {
    rebalances: 0,
    recreations: 0,
    leaderMoves: 0,
    backpressureSeconds: 0,
    checkpointFailures: 0,
    checkpointsDamaged: 0,
    zombieRecords: 0,
    slices: newHistogram(SLICE_BOUNDS),
    checkpoints: newHistogram(CHECKPOINT_BOUNDS),
  };
}

/** Adds bucket by bucket; both must have the same bounds. */
function addHistogram(total: Histogram, part: HistogramCounts): void {
  for (const [bucket, count] of part.counts.entries()) total.counts[bucket] = (total.counts[bucket] ?? 0) + count;
  total.sum += part.sum;
}

/** Everything but the counters, which come by share. */
export function addStream(total: StreamTotals, part: Omit<StreamReport, 'stream'>): void {
  addHistogram(total.scores, part.scores);
  addHistogram(total.firstScore, part.firstScore);
  addHistogram(total.eventDelay, part.eventDelay);
  addHistogram(total.reportDelay, part.reportDelay);
  for (const stage of STAGES) addHistogram(total.stages[stage], part.stages[stage]);
}

export function addLane(total: LaneTotals, part: LaneTotals): void {
  total.rebalances += part.rebalances;
  total.recreations += part.recreations;
  total.leaderMoves += part.leaderMoves;
  total.backpressureSeconds += part.backpressureSeconds;
  total.checkpointFailures += part.checkpointFailures;
  total.checkpointsDamaged += part.checkpointsDamaged;
  total.zombieRecords += part.zombieRecords;
  addHistogram(total.slices, part.slices);
  addHistogram(total.checkpoints, part.checkpoints);
}

/** What one report counts, in a form that adds up. */
export function laneTotalsOf(report: LaneReport): LaneTotals {
  const totals = newLaneTotals();
  totals.rebalances = report.rebalances;
  totals.recreations = report.recreations;
  totals.leaderMoves = report.leaderMoves;
  totals.backpressureSeconds = report.backpressureSeconds;
  totals.checkpointFailures = report.checkpoint.failures;
  totals.checkpointsDamaged = report.checkpoint.damaged;
  totals.zombieRecords = report.checkpoint.zombies;
  addHistogram(totals.slices, report.slices);
  addHistogram(totals.checkpoints, report.checkpoint.durations);
  return totals;
}

type PlainCounter = { [Name in keyof Counters]: Counters[Name] extends number ? Name : never }[keyof Counters];

const PLAIN_COUNTERS = [
  'recordsReceived',
  'recordsDecoded',
  'deadLetters',
  'samplesDecoded',
  'samplesWindowed',
  'windowsClosed',
  'windowsScored',
  'windowsWarming',
  'windowsLearned',
  'passesShed',
  'modelResets',
  'seriesCreated',
  'seriesEvicted',
  'seriesRefused',
  'watchedSeconds',
  'episodesAllowed',
] as const satisfies readonly PlainCounter[];

export function addCounters(total: Counters, part: Counters): void {
  for (const name of PLAIN_COUNTERS) total[name] += part[name];
  addEach(total.recordsRejected, part.recordsRejected);
  addEach(total.samplesDropped, part.samplesDropped);
  addEach(total.windowsSkipped, part.windowsSkipped);
  addEach(total.quarantine, part.quarantine);
  addEach(total.episodes, part.episodes);
}

/** True when `now` cannot continue `before`: somebody began to count anew in between. */
export function beganAnew(before: Counters, now: Counters): boolean {
  return PLAIN_COUNTERS.some((name) => now[name] < before[name]);
}

function addEach<Key extends string>(total: Record<Key, number>, part: Readonly<Record<Key, number>>): void {
  for (const key of Object.keys(part) as Key[]) total[key] = (total[key] ?? 0) + part[key];
}

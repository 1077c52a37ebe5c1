// Reports as a lane would send them, settings as the configuration would give them.

import { newCounters } from '../../src/domain.ts';
import type { Clock, Log } from '../../src/ports.ts';
import type { ProcessFacts } from '../../src/report/families.ts';
import {
  type LaneReport,
  ROW_SIZE,
  type RowAdmitted,
  type ShareReport,
  STAGES,
  type StreamReport,
} from '../../src/report/laneReport.ts';
import {
  CHECKPOINT_BOUNDS,
  DELAY_BOUNDS,
  FIRST_SCORE_BOUNDS,
  SCORE_BOUNDS,
  SLICE_BOUNDS,
  STAGE_BOUNDS,
} from '../../src/report/metrics.ts';
import { newHistogram } from '../../src/report/totals.ts';
import type { StreamSettings } from '../../src/settings.ts';

export const FACTS: ProcessFacts = {
  version: '1.2.3',
  commit: 'abc1234',
  configSha: '9f2c41d07ab3',
  memoryLimitBytes: 2 ** 31,
  bandNominal: 0.99,
};

export const QUIET_MS = 60_000;

export const noLog: Log = () => {};

/** A clock that only the test turns. */
export function handClock(): Clock & { advance(ms: number): void } {
  let ms = 0;
  return {
    now: () => ms,
    monotonic: () => ms,
    advance(by) {
      ms += by;
    },
  };
}

export function stream(name: string, windowMs: number | 'auto' = 1000): StreamSettings {
  return {
    name,
    uid: name,
    topics: [`${name}.v1`],
    startFrom: { kind: 'earliest' },
    decode: {
      format: 'json',
      where: [],
      labels: [],
      time: { kind: 'record' },
      fields: [{ field: 'value', path: ['value'] }],
      recordBytesMax: 1024,
    },
    window: {
      every: windowMs === 'auto' ? { kind: 'auto' } : { kind: 'fixed', ms: windowMs },
      aggregate: 'mean',
      latenessMs: 0,
      gaps: { kind: 'ignore' },
      futureMs: 1000,
      openWindows: 4,
    },
    model: {
      cell: 'gru',
      hidden: 16,
      layers: 1,
      lookback: 32,
      fields: 'separate',
      backend: 'auto',
      prior: 'stream',
      warmupWindows: 64,
    },
    detect: {
      threshold: { kind: 'fixed', decades: 3.5 },
      mute: [],
      direction: 'both',
      deviation: { absolute: 0, relative: 0 },
      range: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
      band: undefined,
      sustain: { hits: 1, of: 1 },
      recover: { hits: 1, of: 1 },
    },
    limits: { series: 100, quietMs: QUIET_MS, forgetMs: 86_400_000 },
    configHash: '9f2c41d07ab3',
  };
}

export function share(name: string, more: Partial<ShareReport> = {}): ShareReport {
  return {
    topic: `${name}.v1`,
    partition: 0,
    stream: name,
    counters: newCounters(),
    position: 0,
    checkpointed: undefined,
    endOffset: undefined,
    watermarkMs: undefined,
    series: { ready: 0, warming: 0, silent: 0, anomalous: 0, muted: 0, onBaseline: 0, scoredOnBaseline: 0 },
    budgetPerDay: undefined,
    isSilent: false,
    behindSeconds: 0,
    warmingFor: { interval: 0, windows: 0, samples: 0 },
    warmupProgress: undefined,
    coverage: undefined,
    skill: undefined,
    errorScaled: undefined,
    trainingLoss: undefined,
    offsetGap: 0,
    split: 0,
    firstScoreSeconds: undefined,
    ...more,
  };
}

export function streamReport(name: string, more: Partial<StreamReport> = {}): StreamReport {
  const stages = STAGES.map((stage) => [stage, newHistogram(STAGE_BOUNDS)]);
  return {
    stream: name,
    scores: newHistogram(SCORE_BOUNDS),
    firstScore: newHistogram(FIRST_SCORE_BOUNDS),
    eventDelay: newHistogram(DELAY_BOUNDS),
    reportDelay: newHistogram(DELAY_BOUNDS),
    stages: Object.fromEntries(stages) as StreamReport['stages'],
    ...more,
  };
}

export function laneReport(lane: number, more: Partial<LaneReport> = {}): LaneReport {
  return {
    lane,
    connected: true,
    ready: true,
    waitingFor: undefined,
    rebalances: 0,
    handoffSeconds: undefined,
    lastFetchMs: undefined,
    blockedPartitions: 0,
    leaderMoves: 0,
    rightsMissing: 0,
    busyRatio: 0,
    kernels: [{ backend: 'simd', fused: true }],
    bankBytes: 0,
    backpressureSeconds: 0,
    recreations: 0,
    overload: 0,
    trainEvery: 1,
    slices: newHistogram(SLICE_BOUNDS),
    checkpoint: {
      durations: newHistogram(CHECKPOINT_BOUNDS),
      bytes: 0,
      lastSuccessMs: undefined,
      failures: 0,
      failure: undefined,
      failuresInARow: 0,
      zombies: 0,
      damaged: 0,
    },
    shares: [],
    streams: [],
    admitted: [],
    removed: [],
    rows: new Float64Array(0),
    ...more,
  };
}

/** A series `host="…"`, or without labels, of a stream's partition. */
export function admitted(row: number, name: string, host: string, partition = 0): RowAdmitted {
  return {
    row,
    stream: name,
    partition: { topic: `${name}.v1`, partition },
    labels: { host },
    key: `host="${host}"`,
    field: 'value',
  };
}

/** Row updates, each `[row, score, value, expected, lower, upper, anomalous]`. */
export function updates(...rows: readonly (readonly number[])[]): Float64Array {
  for (const row of rows) if (row.length !== ROW_SIZE) throw new Error(`a row has ${ROW_SIZE} numbers`);
  return Float64Array.from(rows.flat());
}

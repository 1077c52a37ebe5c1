// The merged reports as the exposition and the terminal look at them: by stream, by share and by lane.

import type { Condition } from './condition.ts';
import type { LaneReport, ShareReport, WarmingReason } from './laneReport.ts';
import { type Merge, shareKey } from './merge.ts';
import {
  addCounters,
  addLane,
  addStream,
  type LaneTotals,
  laneTotalsOf,
  newLaneTotals,
  newStreamTotals,
  type StreamTotals,
} from './totals.ts';

/** One stream over all lanes, past and present. */
export interface StreamView {
  readonly stream: string;
  readonly totals: StreamTotals;
  readonly ready: number;
  readonly warming: number;
  readonly warmingFor: Readonly<Record<WarmingReason, number>>;
  readonly silent: number;
  readonly anomalous: number;
  readonly muted: number;
  /** Episodes a day that its budget allows all series; undefined without a budget. */
  readonly budgetPerDay: number | undefined;
  readonly onBaseline: number;
  readonly scoredOnBaseline: number;
  /** As the lanes count them, each within itself. */
  readonly split: number;
  /** Means over all series; undefined without any. */
  readonly warmupProgress: number | undefined;
  readonly coverage: number | undefined;
  readonly skill: number | undefined;
  readonly errorScaled: number | undefined;
  readonly trainingLoss: number | undefined;
  readonly firstScoreSeconds: number | undefined;
}

/** One share as its present owner tells it. */
export interface ShareView {
  readonly share: ShareReport;
  /** Records lost to retention, of all ownerships. */
  readonly offsetGap: number;
}

export interface LaneView {
  readonly lane: number;
  /** Undefined while the lane does not run. */
  readonly report: LaneReport | undefined;
  readonly restarts: number;
  /** Since it last moved, while it should. */
  readonly stillSeconds: number;
  readonly totals: LaneTotals;
}

export function laneViews(merge: Merge, still: Condition['still']): LaneView[] {
  const views = [...merge.lanes].map(([lane, tally]) => {
    const totals = newLaneTotals();
    addLane(totals, tally.past);
    if (tally.report !== undefined) addLane(totals, laneTotalsOf(tally.report));
    const stillSeconds = still.get(lane)?.seconds ?? 0;
    return { lane, report: tally.report, restarts: tally.restarts, stillSeconds, totals };
  });
  return views.sort((a, b) => a.lane - b.lane);
}

/** Each share once, even while two lanes tell of it: then the one that reported last. */
export function shareViews(merge: Merge): ShareView[] {
  const views = new Map<string, ShareView>();
  for (const { report } of merge.lanes.values()) {
    for (const share of report?.shares ?? []) {
      const key = shareKey(share);
      views.set(key, { share, offsetGap: (merge.pastGaps.get(key) ?? 0) + share.offsetGap });
    }
  }
  return [...views.values()];
}

/** Every configured stream, and every other that a lane told of. Counters include what ended; gauges do not. */
export function streamViews(merge: Merge): StreamView[] {
  const totals = new Map<string, StreamTotals>();
  const totalOf = (stream: string): StreamTotals => {
    const total = totals.get(stream) ?? newStreamTotals();
    totals.set(stream, total);
    return total;
  };
  for (const [stream, past] of merge.past) {
    addCounters(totalOf(stream).counters, past.counters);
    addStream(totalOf(stream), past);
  }
  for (const { report } of merge.lanes.values()) {
    for (const share of report?.shares ?? []) addCounters(totalOf(share.stream).counters, share.counters);
    for (const stream of report?.streams ?? []) addStream(totalOf(stream.stream), stream);
  }
  const shares = new Map<string, ShareReport[]>();
  for (const { share } of shareViews(merge)) {
    const same = shares.get(share.stream);
    if (same === undefined) shares.set(share.stream, [share]);
    else same.push(share);
  }
  return [...totals].map(([stream, total]) => streamView(stream, total, shares.get(stream) ?? []));
}

function streamView(stream: string, totals: StreamTotals, shares: readonly ShareReport[]): StreamView {
  const ready = ({ series }: ShareReport): number => series.ready;
  const all = ({ series }: ShareReport): number => series.ready + series.warming;
  return {
    stream,
    totals,
    ready: sum(shares, ready),
    warming: sum(shares, ({ series }) => series.warming),
    warmingFor: {
      interval: sum(shares, ({ warmingFor }) => warmingFor.interval),
      windows: sum(shares, ({ warmingFor }) => warmingFor.windows),
      samples: sum(shares, ({ warmingFor }) => warmingFor.samples),
    },
    silent: sum(shares, ({ series }) => series.silent),
    anomalous: sum(shares, ({ series }) => series.anomalous),
    muted: sum(shares, ({ series }) => series.muted),
    budgetPerDay: shares.some(({ budgetPerDay }) => budgetPerDay !== undefined)
      ? sum(shares, ({ budgetPerDay }) => budgetPerDay ?? 0)
      : undefined,
    onBaseline: sum(shares, ({ series }) => series.onBaseline),
    scoredOnBaseline: sum(shares, ({ series }) => series.scoredOnBaseline),
    split: sum(shares, ({ split }) => split),
    warmupProgress: mean(shares, ({ warmupProgress }) => warmupProgress, all),
    coverage: mean(shares, ({ coverage }) => coverage, ready),
    skill: mean(shares, ({ skill }) => skill, ready),
    errorScaled: mean(shares, ({ errorScaled }) => errorScaled, ready),
    trainingLoss: mean(shares, ({ trainingLoss }) => trainingLoss, all),
    firstScoreSeconds: least(shares.map(({ firstScoreSeconds }) => firstScoreSeconds)),
  };
}

function sum(shares: readonly ShareReport[], pick: (share: ShareReport) => number): number {
  return shares.reduce((total, share) => total + pick(share), 0);
}

/** The mean of means, each weighed by the series that it speaks for, and at least as one. */
function mean(
  shares: readonly ShareReport[],
  pick: (share: ShareReport) => number | undefined,
  weigh: (share: ShareReport) => number,
): number | undefined {
  let total = 0;
  let weights = 0;
  for (const share of shares) {
    const value = pick(share);
    if (value === undefined || Number.isNaN(value)) continue;
    const weight = Math.max(1, weigh(share));
    total += value * weight;
    weights += weight;
  }
  return weights === 0 ? undefined : total / weights;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

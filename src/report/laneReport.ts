// What a lane tells the main thread twice a second, as plain data that survives a message. Counters are totals since
// the lane started; the main thread keeps the totals of lanes that ended.

import type { Counters, PartitionId } from '../domain.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** Observations per bucket (not cumulative; the last one is +Inf) and their sum. Bounds: `metrics.ts`. */
export interface HistogramCounts {
  readonly counts: readonly number[];
  readonly sum: number;
}

export const STAGES = ['decode', 'window', 'forecast', 'score', 'learn', 'detect'] as const;
export type Stage = (typeof STAGES)[number];

/**
 * What a warming series waits for: `interval` = its interval is not found yet, `windows` = more windows, `samples` = it
 * is silent and comes no further.
 */
export type WarmingReason = 'interval' | 'windows' | 'samples';

/** One stream in one input partition. */
export interface ShareReport extends PartitionId {
  readonly stream: string;
  readonly counters: Counters;
  /** Offset of the next record to process. */
  readonly position: number;
  /** The same as of the newest sealed checkpoint; undefined before the first. */
  readonly checkpointed: number | undefined;
  /** Offset behind the partition's last record; undefined where unknown. */
  readonly endOffset: number | undefined;
  readonly watermarkMs: number | undefined;
  /**
   * Nothing came for `limits.quiet` and longer than is usual, although the source reads and stands at the end of the
   * partition: so it is the producer that is silent.
   */
  readonly isSilent: boolean;
  /** Seconds of event time between now and what is processed, while there is more and reading goes on; else 0. */
  readonly behindSeconds: number;
  /** Series by state; `silent` = nothing for `limits.quiet` of event time while the partition flowed. */
  readonly series: {
    readonly ready: number;
    readonly warming: number;
    readonly silent: number;
    readonly anomalous: number;
    /** By `detect.mute`, at the event time that the share has reached. */
    readonly muted: number;
    /** Of the ready ones: a baseline has a larger part in what is expected than the network. */
    readonly onBaseline: number;
    readonly scoredOnBaseline: number;
  };
  /** Episodes a day that `detect.budget` allows the ready series; undefined without a budget. */
  readonly budgetPerDay: number | undefined;
  /** Why the warming ones are not scored yet; adds up to `warming`. */
  readonly warmingFor: Readonly<Record<WarmingReason, number>>;
  /** Means over this share's series, undefined without any: 0–1; 0–1; (−∞, 1]; normalised; ≥ 0. */
  readonly warmupProgress: number | undefined;
  readonly coverage: number | undefined;
  readonly skill: number | undefined;
  readonly errorScaled: number | undefined;
  readonly trainingLoss: number | undefined;
  /** Records that retention removed before they were read. */
  readonly offsetGap: number;
  /** Label sets that another partition exports, too. */
  readonly split: number;
  /** Seconds from the stream's first record to its first score; undefined before. */
  readonly firstScoreSeconds: number | undefined;
}

/** One stream in this lane. */
export interface StreamReport {
  readonly stream: string;
  readonly scores: HistogramCounts;
  /** Seconds of event time that a series waited for its first score. */
  readonly firstScore: HistogramCounts;
  readonly eventDelay: HistogramCounts;
  readonly reportDelay: HistogramCounts;
  readonly stages: Readonly<Record<Stage, HistogramCounts>>;
}

/** Introduces a line of the per-series tier. `row` is unique in the lane for its whole life. */
export interface RowAdmitted {
  readonly row: number;
  readonly stream: string;
  readonly partition: PartitionId;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels as canonical text: the value of label `series`. */
  readonly key: string;
  readonly field: string;
}

/** Numbers a row update has: row, score, value, expected, lower, upper, anomalous (0/1), in this order. */
export const ROW_SIZE = 7;

export interface LaneReport {
  readonly lane: number;
  /** True while the source has joined its group, or reads its file. */
  readonly connected: boolean;
  /** All gained partitions are restored and read. */
  readonly ready: boolean;
  /** What is missing for `ready`, for people. */
  readonly waitingFor: string | undefined;
  readonly rebalances: number;
  readonly handoffSeconds: number | undefined;
  readonly lastFetchMs: number | undefined;
  /** Partitions that wait at a record batch which cannot be read. */
  readonly blockedPartitions: number;
  /** Times that a partition went to another leader. */
  readonly leaderMoves: number;
  /** Rights that the brokers refuse to this user. */
  readonly rightsMissing: number;
  readonly busyRatio: number;
  /** That compute its streams, each once. */
  readonly kernels: readonly Pick<Kernel, 'backend' | 'fused'>[];
  readonly bankBytes: number;
  readonly backpressureSeconds: number;
  /** Partitions that were created anew, so that their state was left. */
  readonly recreations: number;
  /** Rung of the overload ladder: 0 as usual, 1 reading waits, 2 far behind, 3 trains less, 4 does not train. */
  readonly overload: number;
  /** Of the training passes that are due, every n-th is taken; 0 = none. */
  readonly trainEvery: number;
  readonly slices: HistogramCounts;
  readonly checkpoint: {
    readonly durations: HistogramCounts;
    readonly bytes: number;
    readonly lastSuccessMs: number | undefined;
    readonly failures: number;
    /** Why the newest one failed; undefined after a sealed one. */
    readonly failure: { readonly code: string; readonly text: string } | undefined;
    /** Since the last sealed one, of the partition that has failed most often. */
    readonly failuresInARow: number;
    /** Files set aside at restore, or records that could not be read. */
    readonly damaged: number;
    /** Records that former owners wrote behind the claim of their successor. */
    readonly zombies: number;
  };
  readonly shares: readonly ShareReport[];
  readonly streams: readonly StreamReport[];
  readonly admitted: readonly RowAdmitted[];
  /** Rows of evicted or handed-over series. */
  readonly removed: readonly number[];
  /** n × ROW_SIZE; score, expected, lower and upper are NaN while there is none (warming, gap). */
  readonly rows: Float64Array;
}

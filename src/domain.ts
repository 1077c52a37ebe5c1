// The nouns of gruard: what flows between the stages. Types only, and the few
// functions that every reader of a noun needs.

import type { Cell } from './settings.ts';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The labels of a series as canonical text: `host="web-7",region="eu"`, sorted by label name; empty without labels. */
export type SeriesKey = Brand<string, 'SeriesKey'>;

/** One input partition of one topic. A replayed file stands for partition 0 of the stream's first topic. */
export interface PartitionId {
  readonly topic: string;
  readonly partition: number;
}

/** One Kafka message, or one line of a file (then `offset` is the line number, from 1, and there is no key). */
export interface SourceRecord {
  /** Whole number from 0, rising within a partition; gaps are allowed. */
  readonly offset: number;
  /** The record's own timestamp in Unix milliseconds; undefined for lines of a file. */
  readonly timestampMs: number | undefined;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Original headers, kept only to pass them on with a dead letter. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  /** Set where this stands for a whole record batch that could not be read: the value is its bytes. */
  readonly unreadable?: { readonly reason: 'bomb' | 'corrupt'; readonly detail: string } | undefined;
}

/** What one fetch returned, in order of offset: the unit of work and of acknowledgement. Never empty. */
export interface RecordBatch extends PartitionId {
  readonly records: readonly SourceRecord[];
  /** Offset behind the last record of the partition at the time of the fetch; undefined where nobody knows. */
  readonly endOffset: number | undefined;
  /** Set for lines of a file: events then name file and line in place of topic, partition and offset. */
  readonly file?: string | undefined;
}

export type Origin =
  | { readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly file: string; readonly line: number };

export type RejectReason = 'parse' | 'too_large' | 'null' | 'schema' | 'bomb' | 'corrupt';

type DropReason = 'late' | 'future' | 'duplicate' | 'non_finite' | 'key_limit' | 'filtered';

type SkipReason = 'gap' | 'non_finite';

/** One decoded observation. A record with several fields gives one sample a field. */
export interface Sample {
  /** Label values in the order of the stream's `series` setting. */
  readonly labels: readonly string[];
  /** Index into the stream's `fields`. */
  readonly field: number;
  readonly timeMs: number;
  /** May be NaN or infinite: the next stage drops it as `non_finite`, so that it is counted as a sample. */
  readonly value: number;
}

/** What a decoder makes of one record. Never an exception: it would be read again for ever. */
export type Decoded =
  | { readonly kind: 'samples'; readonly samples: readonly Sample[] }
  /** `where` did not match: a sample, dropped as `filtered`. */
  | { readonly kind: 'filtered' }
  /** `detail` says what and where, without the record's values. */
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly detail: string };

export type Decoder = (record: SourceRecord) => Decoded;

export const EPISODE_EVENTS = ['opened', 'continuing', 'escalated', 'closed'] as const;
export type EpisodeEvent = (typeof EPISODE_EVENTS)[number];
export const EPISODE_KINDS = ['spike', 'shift', 'gap', 'range', 'stuck'] as const;
export type EpisodeKind = (typeof EPISODE_KINDS)[number];
/** How an episode ended: the value came back, or stayed away until the new level was the usual one. */
type ClosedBy = 'recovered' | 'new_regime' | 'muted';
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
export type SignalKind = 'level' | 'season' | 'residual' | 'spread' | 'drift' | 'shape' | 'burst';
type EvidenceKind = SignalKind | 'joint' | 'gap' | 'range' | 'stuck';

/** The anomaly event, schema 1. Keys are written in this order; nothing in it depends on the clock. */
export interface AnomalyEvent {
  readonly schema: 1;
  /** 32 hex digits; the same id always has the same bytes, whatever was restarted in between. */
  readonly id: string;
  readonly event: EpisodeEvent;
  readonly stream: string;
  readonly series: Readonly<Record<string, string>>;
  readonly field: string;
  readonly kind: EpisodeKind;
  readonly severity: Severity;
  /** RFC 3339, UTC, milliseconds. */
  readonly window: { readonly start: string; readonly end: string };
  readonly started_at: string;
  /** Windows from the first evident one to the opening; 0 = at once. */
  readonly latency_windows: number;
  /** Event time from `started_at` to the end of this window. */
  readonly duration_seconds: number;
  /** Null before the end. */
  readonly closed_by: ClosedBy | null;
  readonly value: number | null;
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly score: number;
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly surprise: number }[];
  readonly contributions: Readonly<Record<string, number>>;
  readonly model: {
    readonly cell: Cell;
    readonly hidden: number;
    /** Which forecast has the largest part in `expected`: the cell's own, or a baseline that was better lately. */
    readonly forecast: Cell;
    readonly trained_windows: number;
    readonly config: string;
  };
  readonly origin: Origin;
}

/** What one stream counted in one input partition since the lane took it: the three ledgers and what goes with them. */
export interface Counters {
  recordsReceived: number;
  recordsDecoded: number;
  readonly recordsRejected: Record<RejectReason, number>;
  deadLetters: number;
  samplesDecoded: number;
  samplesWindowed: number;
  readonly samplesDropped: Record<DropReason, number>;
  windowsClosed: number;
  windowsScored: number;
  windowsWarming: number;
  readonly windowsSkipped: Record<SkipReason, number>;
  windowsLearned: number;
  /** Training passes that were due and left out, because the lane was overloaded. */
  passesShed: number;
  readonly quarantine: Record<'held' | 'released' | 'discarded', number>;
  modelResets: number;
  seriesCreated: number;
  seriesEvicted: number;
  seriesRefused: number;
  /** Event time between scored windows, each series for itself. */
  watchedSeconds: number;
  /** What `detect.budget` allowed in that time. */
  episodesAllowed: number;
  /** Key `event/severity/kind`. */
  readonly episodes: Record<string, number>;
}

export function newCounters(): Counters {
  return {
    recordsReceived: 0,
    recordsDecoded: 0,
    recordsRejected: { parse: 0, too_large: 0, null: 0, schema: 0, bomb: 0, corrupt: 0 },
    deadLetters: 0,
    samplesDecoded: 0,
    samplesWindowed: 0,
    samplesDropped: { late: 0, future: 0, duplicate: 0, non_finite: 0, key_limit: 0, filtered: 0 },
    windowsClosed: 0,
    windowsScored: 0,
    windowsWarming: 0,
    windowsSkipped: { gap: 0, non_finite: 0 },
    windowsLearned: 0,
    passesShed: 0,
    quarantine: { held: 0, released: 0, discarded: 0 },
    modelResets: 0,
    seriesCreated: 0,
    seriesEvicted: 0,
    seriesRefused: 0,
    watchedSeconds: 0,
    episodesAllowed: 0,
    episodes: {},
  };
}

/** Decoded samples of one batch as columns, in order of the records. */
export interface SampleRows {
  count: number;
  /** Rows consumed by the window stage. */
  taken: number;
  readonly keys: SeriesKey[];
  readonly labels: (readonly string[])[];
  /** Written by the decode stage, grown by replacing. */
  field: Int32Array;
  timeMs: Float64Array;
  value: Float64Array;
  offset: Float64Array;
}

/** Why a window has no value of its own. */
export const GAP = { none: 0, filled: 1, missing: 2 } as const;

/**
 * Closed windows as columns, each series at most once: what flows from window to report. Every stage writes its own
 * columns of the first `count` rows. NaN = there is none.
 *
 * The fields of a series that have a window at the same time are a step: rows side by side, in order of the fields. For
 * each step there is one more row behind all others, at count + its number, of the series' last slot: all fields
 * together, a window of its own to forecast, score and detect, and not told. Series of one field have no steps.
 */
export interface Wave {
  count: number;
  steps: number;
  /** First row of each step. */
  readonly stepAt: Int32Array;
  // window
  readonly slot: Int32Array;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly value: Float64Array;
  readonly offset: Float64Array;
  readonly gap: Uint8Array;
  /** Series of the share when the window closed; at the time of the later stages there may be more. */
  readonly live: Int32Array;
  // forecast
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** The level that the network expected, and what it expected 24 windows ago: what scoring watches. */
  readonly near: Float64Array;
  readonly far: Float64Array;
  /** What the series usually is at this half hour of the day, raw units; NaN before anything is known. */
  readonly usual: Float64Array;
  /** Which forecast has the largest part in `expected`: 0 the network's, 1 the last value, 2 the seasonal one. */
  readonly leader: Uint8Array;
  /** Share of the field in the distance of its step from how the fields go together, ≥ 0; only where steps are. */
  readonly apart: Float64Array;
  /** Windows that the model had learned before this one. */
  readonly learned: Float64Array;
  /** score: what it watches of each row, WATCHED numbers, and where they lie on the scales of its series. */
  readonly axes: readonly Float64Array[];
  readonly places: readonly Float64Array[];
  /** √(1/rarity) of each signal, SURPRISES a row, for evidence.ts; and all of them pooled, in decades. */
  readonly roots: Float64Array;
  readonly pooled: Float64Array;
  /** The same with the distance from the slow level: how abnormal this window is, whatever came before it. */
  readonly point: Float64Array;
  // detect
  readonly score: Float64Array;
  readonly open: Uint8Array;
  /** Event time from the series' first window to the end of this one, when this is the first one scored; else NaN. */
  readonly scoredAfterMs: Float64Array;
}

/** Signals that scoring has, and the numbers that they are made of: the axes of kernel/layout.ts. */
export const SURPRISES = 9;
export const WATCHED = 11;

export function newWave(capacity: number): Wave {
  const numbers = (): Float64Array => new Float64Array(capacity);
  return {
    count: 0,
    steps: 0,
    stepAt: new Int32Array(capacity),
    slot: new Int32Array(capacity),
    startMs: numbers(),
    endMs: numbers(),
    value: numbers(),
    offset: numbers(),
    gap: new Uint8Array(capacity),
    live: new Int32Array(capacity),
    expected: numbers(),
    lower: numbers(),
    upper: numbers(),
    near: numbers(),
    far: numbers(),
    usual: numbers(),
    leader: new Uint8Array(capacity),
    apart: numbers(),
    learned: numbers(),
    axes: Array.from({ length: capacity }, () => new Float64Array(WATCHED)),
    places: Array.from({ length: capacity }, () => new Float64Array(WATCHED)),
    roots: new Float64Array(capacity * SURPRISES),
    pooled: numbers(),
    point: numbers(),
    score: numbers(),
    open: new Uint8Array(capacity),
    scoredAfterMs: numbers(),
  };
}

/** What the detector tells about row `row` of a wave. */
export interface EpisodeChange {
  readonly row: number;
  readonly event: EpisodeEvent;
  readonly kind: EpisodeKind;
  readonly severity: Severity;
  readonly startedAtMs: number;
  readonly latencyWindows: number;
  readonly closedBy: ClosedBy | undefined;
  readonly evidence: AnomalyEvent['evidence'];
  /** By field of the series, adding up to 1; undefined for a series of one field. */
  readonly contributions?: readonly number[];
}

/** Row behind the last one of step `step` of a wave. */
export function stepEnd(wave: Wave, step: number): number {
  return step + 1 < wave.steps ? (wave.stepAt[step + 1] ?? wave.count) : wave.count;
}

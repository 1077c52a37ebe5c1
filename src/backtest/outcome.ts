// What is known of one file when it is through, and its summary as JSON.

import type { Counters } from '../domain.ts';
import type { Columns } from './columns.ts';
import type { Curve } from './curve.ts';
import type { Episode } from './episodes.ts';
import { type Figures, figuresOf, type Tally } from './tally.ts';

export interface Outcome {
  /** As it was called, and what its output files are called, without an ending. */
  readonly path: string;
  readonly name: string;
  readonly columns: Columns;
  readonly rows: number;
  /** Event times of the first and last row that has one; NaN without. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of a window; 0 = every record is one, NaN when none was closed. */
  readonly everyMs: number;
  /** Start of the first window with a score, by field; NaN when there is none. */
  readonly readyMs: readonly number[];
  readonly counters: Counters;
  readonly episodes: readonly Episode[];
  readonly tally: Tally;
  readonly curves: readonly Curve[];
}

const DIGITS = 6;

/** Keys are written in this order; nothing depends on the clock or the place. */
export function summaryText(outcome: Outcome, setting: Readonly<Record<string, unknown>>): string {
  const { columns, counters, tally, rows, fromMs, toMs, everyMs, readyMs } = outcome;
  const warmupMs = Math.max(...readyMs);
  const summary = {
    schema: 1,
    file: outcome.path,
    rows,
    from: instant(fromMs),
    to: instant(toMs),
    timestamps: columns.time.format,
    fields: columns.values.map(({ name }) => name),
    labels: columns.label !== undefined,
    ignored_columns: columns.ignored,
    rejected: rejectedOf(counters),
    interval_seconds: everyMs === 0 ? 'record' : rounded(everyMs / 1000),
    windows: {
      closed: counters.windowsClosed,
      warming: counters.windowsWarming,
      scored: counters.windowsScored,
      skipped: counters.windowsSkipped.gap + counters.windowsSkipped.non_finite,
    },
    warmup_end: instant(warmupMs),
    episodes: outcome.episodes.map((episode) => episodeOf(outcome, episode)),
    figures: figuresObject(figuresOf([tally])),
    settings: setting,
  };
  return `${JSON.stringify(summary, null, 2)}\n`;
}

/** What was not used, by reason; only reasons that occurred. */
export function rejectedOf({ recordsRejected, samplesDropped }: Counters): Readonly<Record<string, number>> {
  const all = { ...recordsRejected, ...samplesDropped };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

/** `12 late, 3 duplicate`; empty when everything was used. */
export function rejectedText(counts: readonly Readonly<Record<string, number>>[]): string {
  const sums = new Map<string, number>();
  for (const one of counts) {
    for (const [reason, rows] of Object.entries(one)) sums.set(reason, (sums.get(reason) ?? 0) + rows);
  }
  return [...sums].map(([reason, rows]) => `${rows.toLocaleString('en')} ${reason}`).join(', ');
}

function figuresObject({ judgedDays, alarms, alarmsPerDay, labels }: Figures): Readonly<Record<string, unknown>> {
  const base = {
    judged_days: rounded(judgedDays),
    episodes: alarms,
    episodes_per_day: rounded(alarmsPerDay),
  };
  if (labels === undefined) return base;
  return {
    ...base,
    segments: labels.segments,
    segments_in_warmup: labels.segmentsInWarmup,
    segments_found: labels.found,
    false_alarms: labels.falseAlarms,
    false_alarms_per_day: rounded(labels.falseAlarmsPerDay),
    event_precision: rounded(labels.eventPrecision),
    event_recall: rounded(labels.eventRecall),
    event_f1: rounded(labels.eventF1),
    median_delay_seconds: rounded(labels.medianDelayMs / 1000),
    precision_delay_7: rounded(labels.pointPrecision),
    recall_delay_7: rounded(labels.pointRecall),
    f1_delay_7: rounded(labels.pointF1),
    average_precision: rounded(labels.averagePrecision),
  };
}

function episodeOf({ columns }: Outcome, episode: Episode): Readonly<Record<string, unknown>> {
  const { peak, startMs, endMs, lastMs } = episode;
  return {
    number: episode.number,
    field: columns.values[episode.field]?.name,
    start: instant(startMs),
    opened: instant(episode.openedMs),
    end: endMs === undefined ? null : instant(endMs),
    duration_seconds: rounded(((endMs ?? lastMs) - startMs) / 1000),
    latency_windows: episode.latencyWindows,
    closed_by: episode.closedBy ?? null,
    kind: episode.kind,
    severity: episode.severity,
    peak_score: rounded(peak.score),
    peak_at: instant(peak.startMs),
    value: rounded(peak.value),
    expected: rounded(peak.expected),
    lower: rounded(peak.lower),
    upper: rounded(peak.upper),
    evidence: episode.evidence.map(({ kind, surprise }) => ({ kind, surprise: rounded(surprise) })),
  };
}

/** Null where there is none. */
function instant(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

function rounded(x: number): number | null {
  return Number.isFinite(x) ? Number(x.toPrecision(DIGITS)) : null;
}

// The anomaly event, schema 1, from one row of a wave. A function of records and configuration only: the same id always
// has the same bytes.

import { createHash } from 'node:crypto';
import type { AnomalyEvent, EpisodeChange, Origin, PartitionId, SeriesKey, Wave } from '../domain.ts';
import type { StreamSettings } from '../settings.ts';

/** Significant digits of what the model says; observed values are told as they are. */
const MODEL_DIGITS = 6;
const SCORE_DECIMALS = 4;
const SURPRISE_DECIMALS = 2;

/** By what stands in a wave as `leader`; else the cell itself leads. */
const BASELINES = [undefined, 'last', 'seasonal'] as const;

export interface EventSource {
  readonly stream: StreamSettings;
  readonly partition: PartitionId;
  readonly key: SeriesKey;
  readonly labels: Readonly<Record<string, string>>;
  readonly field: string;
  /** Set when the records are lines of this file. */
  readonly file: string | undefined;
  readonly detectorVersion: number;
}

export function anomalyEvent(source: EventSource, wave: Wave, change: EpisodeChange): AnomalyEvent {
  const { stream, partition } = source;
  const { row, event, kind, severity, startedAtMs } = change;
  const startMs = at(wave.startMs, row);
  const offset = at(wave.offset, row);
  const origin: Origin =
    source.file === undefined
      ? { topic: partition.topic, partition: partition.partition, offset }
      : { file: source.file, line: offset };
  return {
    schema: 1,
    id: eventId(source, startMs, event, kind),
    event,
    stream: stream.name,
    series: source.labels,
    field: source.field,
    kind,
    severity,
    window: { start: isoTime(startMs), end: isoTime(at(wave.endMs, row)) },
    started_at: isoTime(startedAtMs),
    latency_windows: change.latencyWindows,
    duration_seconds: (at(wave.endMs, row) - startedAtMs) / 1000,
    closed_by: change.closedBy ?? null,
    value: known(at(wave.value, row)),
    expected: rounded(at(wave.expected, row)),
    lower: rounded(at(wave.lower, row)),
    upper: rounded(at(wave.upper, row)),
    score: decimals(at(wave.score, row), SCORE_DECIMALS),
    evidence: change.evidence.map((e) => ({ kind: e.kind, surprise: decimals(e.surprise, SURPRISE_DECIMALS) })),
    contributions: contributionsOf(source, change),
    model: {
      cell: stream.model.cell,
      hidden: stream.model.hidden,
      forecast: BASELINES[at(wave.leader, row)] ?? stream.model.cell,
      trained_windows: at(wave.learned, row),
      config: stream.configHash,
    },
    origin,
  };
}

/** First 128 bits of SHA-256 over what makes the event this event. */
export function eventId(
  source: Pick<EventSource, 'partition' | 'key' | 'field' | 'detectorVersion'> & {
    readonly stream: Pick<StreamSettings, 'uid'>;
  },
  windowStartMs: number,
  event: string,
  kind: string,
): string {
  const { topic, partition } = source.partition;
  const parts = [
    source.stream.uid,
    topic,
    partition,
    source.key,
    source.field,
    windowStartMs,
    event,
    kind,
    source.detectorVersion,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** By name of the field, without those that have no part in it. */
function contributionsOf({ stream, field }: EventSource, { contributions }: EpisodeChange): Record<string, number> {
  if (contributions === undefined) return { [field]: 1 };
  const names = stream.decode.fields.map((one) => one.field);
  return Object.fromEntries(contributions.flatMap((share, i) => (share > 0 ? [[names[i] ?? '', share]] : [])));
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function at(column: ArrayLike<number>, row: number): number {
  return column[row] ?? Number.NaN;
}

function known(x: number): number | null {
  return Number.isNaN(x) ? null : x;
}

function rounded(x: number): number | null {
  return Number.isNaN(x) ? null : Number(x.toPrecision(MODEL_DIGITS));
}

function decimals(x: number, digits: number): number {
  return Number.isNaN(x) ? 0 : Number(x.toFixed(digits));
}

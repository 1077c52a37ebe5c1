// What `gruard demo` and `gruard run` print for people: where to look, how far warm-up is, and each anomaly in one
// line. Times of anomalies are event time in UTC.

import type { AnomalyEvent } from '../domain.ts';
import { unreachable } from '../errors.ts';
import type { WarmingReason } from './laneReport.ts';
import { type Paint, PLAIN, printable } from './printable.ts';

export interface Running {
  /** What runs: `demo`, or the configuration's path. */
  readonly what: string;
  readonly version: string;
  readonly streams: readonly string[];
  /** Where records come from: `kafka-1:9093, group gruard`, a file, or the generator. */
  readonly source: string;
  /** Of the listener, without a path. */
  readonly url: string;
}

export interface StreamProgress {
  readonly stream: string;
  readonly ready: number;
  readonly warming: number;
  /** 0–1; undefined without series. */
  readonly warmupProgress: number | undefined;
  /** Of the warming ones. */
  readonly warmingFor: Readonly<Record<WarmingReason, number>>;
}

const VALUE_LENGTH_MAX = 40;

/** Some lines, each ended. */
export function banner(running: Running, paint: Paint = PLAIN): string {
  const { what, version, streams, source, url } = running;
  const lines = [
    `${paint('bold', `gruard ${version}`)}  ${printable(what)}`,
    `  watches  ${streams.map(printable).join(', ')}`,
    `  from     ${printable(source)}`,
    `  metrics  ${paint('cyan', `${url}/metrics`)}`,
    `  health   ${url}/healthz  ${url}/readyz`,
    '  stop     Ctrl-C; times of anomalies are event time, UTC',
  ];
  return `${lines.join('\n')}\n`;
}

/** How far a stream is, in one line without its end. */
export function warmupLine(progress: StreamProgress, paint: Paint = PLAIN): string {
  const { ready, warming, warmupProgress } = progress;
  const stream = printable(progress.stream);
  const all = ready + warming;
  if (all === 0) return `${stream}  waits for its first record`;
  if (warming === 0)
    return `${stream}  ${paint('green', 'ready')}  ${ready} series ${ready === 1 ? 'is' : 'are'} scored`;
  const percent = warmupProgress === undefined ? '' : `  ${Math.floor(warmupProgress * 100)} %`;
  const so = paint('yellow', 'warming up');
  return `${stream}  ${so}${percent}  ${ready} of ${all} series ready${reasonsText(progress)}`;
}

/** What warming series wait for, other than more windows, which all of them do. */
function reasonsText({ warmingFor: { interval, samples } }: Pick<StreamProgress, 'warmingFor'>): string {
  const reasons = [
    ...(interval > 0 ? [`${interval} without a known interval yet`] : []),
    ...(samples > 0 ? [`${samples} stopped`] : []),
  ];
  return reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
}

/**
 * An anomaly event in one line without its end and without control characters, whatever stands in its labels:
 * when, what happened, where, what kind, observed against expected (the end of an episode: observed only).
 */
export function anomalyLine(event: AnomalyEvent, paint: Paint = PLAIN): string {
  const parts = [paint('dim', instant(event.window.start)), happening(event, paint), place(event, paint), event.kind];
  switch (event.event) {
    case 'opened':
    case 'escalated':
      parts.push(observed(event), `score ${short(event.score)}`, severity(event, paint));
      break;
    case 'continuing':
      parts.push(`for ${lasted(event)}`, observed(event), `score ${short(event.score)}`, severity(event, paint));
      break;
    case 'closed':
      // Without the band: after a spike that is still drawn to it, and a value outside would look like an anomaly.
      parts.push(`after ${lasted(event)}`, value(event));
      break;
    default:
      unreachable(event.event);
  }
  return parts.join('  ');
}

function happening({ event }: AnomalyEvent, paint: Paint): string {
  switch (event) {
    case 'opened':
      return paint('red', 'ANOMALY  ');
    case 'escalated':
      return paint('red', 'WORSE    ');
    case 'continuing':
      return paint('yellow', 'continues');
    case 'closed':
      return paint('green', 'ended    ');
    default:
      return unreachable(event);
  }
}

function severity({ severity: level }: AnomalyEvent, paint: Paint): string {
  switch (level) {
    case 'info':
      return level;
    case 'warning':
      return paint('yellow', level);
    case 'critical':
      return paint('red', level);
    default:
      return unreachable(level);
  }
}

function place({ stream, series, field }: AnomalyEvent, paint: Paint): string {
  const labels = Object.entries(series).map(([name, value]) => `${printable(name)}=${quoted(value)}`);
  const rest = field === 'value' ? [] : [printable(field)];
  return [paint('bold', printable(stream)), ...labels, ...rest].join(' ');
}

function value(event: AnomalyEvent): string {
  return event.value === null ? 'no data' : `observed ${short(event.value)}`;
}

function observed(event: AnomalyEvent): string {
  const { expected, lower, upper } = event;
  const what = value(event);
  if (lower !== null && upper !== null) return `${what}, expected ${short(lower)} – ${short(upper)}`;
  return expected === null ? what : `${what}, expected ${short(expected)}`;
}

function quoted(value: string): string {
  const text = printable(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  const characters = [...text];
  return `"${characters.length > VALUE_LENGTH_MAX ? `${characters.slice(0, VALUE_LENGTH_MAX - 1).join('')}…` : text}"`;
}

/** Four significant digits; powers of ten only where zeros would hide the size. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e12 || size < 1e-4)) return value.toExponential(3);
  return String(Number(value.toPrecision(4)));
}

/** `2026-11-24 14:05`, with seconds where there are some. */
function instant(text: string): string {
  const [date = '', time = ''] = printable(text).split('T');
  const clock = time.slice(0, 8);
  return `${date} ${clock.endsWith(':00') ? clock.slice(0, 5) : clock}`;
}

function lasted({ started_at, window }: AnomalyEvent): string {
  const seconds = Math.max(0, Math.round((Date.parse(window.start) - Date.parse(started_at)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

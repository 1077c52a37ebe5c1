// One stream: its layers merged, its units turned into numbers, its paths bound to its format.

import type {
  DecodeSettings,
  DetectSettings,
  Gaps,
  StartFrom,
  StreamSettings,
  TimeSetting,
  WindowSettings,
} from '../settings.ts';
import { bindPath, type Complain } from './columns.ts';
import { configHash } from './hash.ts';
import { checkStream } from './streamChecks.ts';
import { PRESETS, type StreamConfig } from './streamSchema.ts';

/** Windows that may be open at a time while the interval of `every: auto` is not known. */
const OPEN_WINDOWS_AUTO = 32;

/** Keys whose maps are values, or alternatives: they are replaced as a whole. */
const WHOLE = ['time', 'gaps', 'series', 'where', 'values'];

type Layer = Readonly<Record<string, unknown>>;

/** Decades of surprise that open an episode. */
const SENSITIVITY_DECADES = { low: 4.5, medium: 3.5, high: 2.5 } as const;

/**
 * `defaults`, the preset, the stream's own keys: later ones win, key by key. Of what says how many alarms there are, a
 * budget or a sensitivity, the later one wins, too.
 */
export function layered(defaults: Layer, own: Layer): Layer {
  const preset = own['preset'] ?? defaults['preset'];
  const layer = preset === 'latency' || preset === 'count' ? PRESETS[preset] : {};
  return merged(merged(defaults, layer), own);
}

function merged(under: Layer, over: Layer): Layer {
  const result: Record<string, unknown> = { ...under };
  if (over['budget'] !== undefined) delete result['sensitivity'];
  if (over['sensitivity'] !== undefined) delete result['budget'];
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = !WHOLE.includes(key) && isMap(below) && isMap(value) ? merged(below, value) : value;
  }
  return result;
}

function isMap(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Complains about what no single key can know. What is returned is of use only without complaints. */
export function resolveStream(name: string, config: StreamConfig, complain: Complain): StreamSettings {
  checkStream(config, complain);
  const { model, limits } = config;
  const stream = {
    name,
    uid: config.uid ?? name,
    topics: typeof config.topic === 'string' ? [config.topic] : config.topic,
    startFrom: startFromOf(config.start_from),
    decode: decodeOf(config, complain),
    window: windowOf(config),
    model: {
      cell: model.cell,
      hidden: model.hidden,
      layers: model.layers,
      lookback: model.lookback,
      fields: model.fields,
      backend: model.backend,
      prior: model.prior,
      releaseMs: model.learn.skip_anomalies ? model.learn.release : undefined,
      warmupWindows: model.warmup.windows,
    },
    detect: detectOf(config.detect),
    limits: { series: limits.series, quietMs: limits.quiet, forgetMs: limits.forget },
  };
  return { ...stream, configHash: configHash(stream) };
}

function startFromOf(value: StreamConfig['start_from']): StartFrom {
  return typeof value === 'number' ? { kind: 'ago', ms: value } : { kind: value };
}

function decodeOf(config: StreamConfig, complain: Complain): DecodeSettings {
  const { format, where = {}, series = {}, limits } = config;
  return {
    format,
    where: Object.entries(where)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([text, equals]) => ({ path: bindPath(config, text, ['where', text], complain), equals })),
    labels: Object.entries(series)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, path]) => ({
        label,
        path: path === '$partition' ? path : bindPath(config, path, ['series', label], complain),
      })),
    time: timeOf(config, complain),
    fields: fieldsOf(config, complain),
    recordBytesMax: limits.record,
  };
}

function timeOf(config: StreamConfig, complain: Complain): TimeSetting {
  const { time } = config;
  if (time === undefined) return { kind: 'record' };
  if ('start' in time) {
    // A date without an offset is UTC here, and local time to JavaScript.
    const isComplete = /^\d{4}-\d\d-\d\d$|Z$|[+-]\d\d:?\d\d$/.test(time.start);
    const startMs = Date.parse(isComplete ? time.start : `${time.start}Z`);
    return { kind: 'counted', startMs, everyMs: time.every };
  }
  if ('path' in time) {
    return { kind: 'path', path: bindPath(config, time.path, ['time', 'path'], complain), unit: time.unit };
  }
  return { kind: 'path', path: bindPath(config, time, ['time'], complain), unit: 'ms' };
}

function fieldsOf(config: StreamConfig, complain: Complain): DecodeSettings['fields'] {
  const { value, values, format } = config;
  if (values !== undefined) {
    return Object.entries(values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, path]) => ({ field, path: bindPath(config, path, ['values', field], complain) }));
  }
  if (value !== undefined) return [{ field: 'value', path: bindPath(config, value, ['value'], complain) }];
  const isCounted = format !== 'number' || config.window.aggregate === 'count';
  return [{ field: 'value', path: isCounted ? undefined : [] }];
}

function windowOf({ window, gaps, limits }: StreamConfig): WindowSettings {
  const { every, aggregate, lateness } = window;
  return {
    every: typeof every === 'number' ? { kind: 'fixed', ms: every } : { kind: every },
    aggregate,
    latenessMs: lateness,
    gaps: gapsOf(gaps),
    futureMs: limits.future,
    openWindows: openWindowsOf(every, lateness),
  };
}

function openWindowsOf(every: StreamConfig['window']['every'], lateness: number): number {
  if (every === 'record') return 1;
  return every === 'auto' ? OPEN_WINDOWS_AUTO : Math.floor(lateness / every) + 2;
}

function gapsOf(gaps: StreamConfig['gaps']): Gaps {
  if (typeof gaps === 'object') return { kind: 'fill', value: gaps.fill };
  return gaps === 'zero' ? { kind: 'fill', value: 0 } : { kind: gaps };
}

function detectOf(detect: StreamConfig['detect']): DetectSettings {
  const { sensitivity = 'medium', budget, mute, direction, deviation, range, band, sustain, recover } = detect;
  return {
    threshold:
      budget === undefined
        ? { kind: 'fixed', decades: SENSITIVITY_DECADES[sensitivity] }
        : { kind: 'budget', ...budget },
    mute: mute.map(({ series, until, reason }) => ({
      series: Object.entries(series).map(([label, value]) => ({ label, value })),
      untilMs: Date.parse(until),
      reason,
    })),
    direction,
    deviation: { absolute: deviation.absolute, relative: deviation.relative },
    range: { min: range.min ?? Number.NEGATIVE_INFINITY, max: range.max ?? Number.POSITIVE_INFINITY },
    band,
    sustain,
    recover,
  };
}

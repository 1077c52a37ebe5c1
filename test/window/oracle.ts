// What the window stage must tell about a list of samples, by looking at the whole list again and again: slow, and
// with nothing in common with the stage but the settings. Knows neither forgetting nor how a liar is found: liars are
// marked.

import { GAP } from '../../src/domain.ts';
import type { Aggregate, WindowSettings } from '../../src/settings.ts';
import { intervalOf } from '../../src/window/interval.ts';
import type { TestSample, TestWindow } from './stage.ts';

export interface MarkedSample extends Required<TestSample> {
  readonly liar: boolean;
}

interface Placed {
  readonly timeMs: number;
  readonly value: number;
  readonly offset: number;
}

interface OneSeries {
  readonly key: string;
  readonly field: number;
  readonly serial: number;
  /** 0 while it is not known. */
  everyMs: number;
  /** Offset at which the interval was found: before it nothing closes. */
  knownAt: number;
  readonly waiting: Placed[];
  /** Samples by start of their window, in order of arrival. */
  readonly windows: Map<number, Placed[]>;
}

interface Closed extends TestWindow {
  readonly dueMs: number;
  readonly serial: number;
}

export interface Expected {
  /** In closing order. */
  readonly windows: readonly TestWindow[];
  readonly counts: Record<
    'windowed' | 'late' | 'duplicate' | 'nonFinite' | 'future' | 'keyLimit' | 'waiting' | 'closed' | 'gap' | 'overflow',
    number
  >;
}

const FILL_MAX = 1000;
const WAIT_COUNT = 33;
const FLOAT32_MAX = 3.4e38;

export function expectedOf(
  samples: readonly MarkedSample[],
  settings: WindowSettings,
  fields: number,
  seriesMax: number,
): Expected {
  const counts: Expected['counts'] = {
    windowed: 0,
    late: 0,
    duplicate: 0,
    nonFinite: 0,
    future: 0,
    keyLimit: 0,
    waiting: 0,
    closed: 0,
    gap: 0,
    overflow: 0,
  };
  const admitted = new Map<string, OneSeries[]>();
  const watermarks: number[] = [];
  let watermarkMs = Number.NEGATIVE_INFINITY;
  for (const [offset, { key, field, timeMs, value, liar }] of samples.entries()) {
    watermarks.push(watermarkMs);
    if (!Number.isFinite(value)) {
      counts.nonFinite++;
      continue;
    }
    if (liar) {
      counts.future++;
      continue;
    }
    watermarkMs = Math.max(watermarkMs, timeMs);
    watermarks[offset] = watermarkMs;
    if (!admitted.has(key) && admitted.size >= seriesMax) {
      counts.keyLimit++;
      continue;
    }
    if (!admitted.has(key)) admitted.set(key, newFields(key, fields, admitted.size, settings));
    const all = admitted.get(key) ?? [];
    const series = all[field];
    if (series !== undefined) arrive(series, all, { timeMs, value, offset }, watermarkMs, settings, counts);
  }
  const all = [...admitted.values()].flat();
  for (const { waiting } of all) counts.waiting += waiting.length;
  const closed = all.flatMap((series) => closedWindows(series, watermarks, settings, counts));
  closed.sort((a, b) => a.dueMs - b.dueMs || a.serial - b.serial);
  return { windows: closed.map(({ dueMs: _due, serial: _serial, ...window }) => window), counts };
}

function newFields(key: string, fields: number, before: number, { every }: WindowSettings): OneSeries[] {
  return Array.from({ length: fields }, (_, field) => ({
    key,
    field,
    serial: before * fields + field,
    everyMs: every.kind === 'fixed' ? every.ms : 0,
    knownAt: 0,
    waiting: [],
    windows: new Map(),
  }));
}

function latenessOf(series: OneSeries, { every, latenessMs, openWindows }: WindowSettings): number {
  return every.kind === 'auto' ? Math.min(latenessMs, (openWindows - 2) * series.everyMs) : latenessMs;
}

function dueOf(series: OneSeries, startMs: number, settings: WindowSettings): number {
  return startMs + series.everyMs + latenessOf(series, settings);
}

function arrive(
  series: OneSeries,
  all: readonly OneSeries[],
  sample: Placed,
  watermarkMs: number,
  settings: WindowSettings,
  counts: Expected['counts'],
): void {
  if (series.everyMs > 0) {
    const startMs = sample.timeMs - (sample.timeMs % series.everyMs);
    if (dueOf(series, startMs, settings) <= watermarkMs) counts.late++;
    else put(series, startMs, sample, settings, counts);
    return;
  }
  const latest = series.waiting.toSorted((a, b) => a.timeMs - b.timeMs).at(-1);
  if (!addsUp(settings.aggregate) && latest?.timeMs === sample.timeMs && latest.value === sample.value) {
    counts.duplicate++;
    return;
  }
  series.waiting.push(sample);
  if (series.waiting.length < WAIT_COUNT) return;
  // What one field finds out holds for all.
  const everyMs = intervalOf(series.waiting.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
  for (const own of all) {
    own.everyMs = everyMs;
    own.knownAt = sample.offset;
    const waited = own.waiting.splice(0).sort((a, b) => a.timeMs - b.timeMs);
    for (const one of waited) put(own, one.timeMs - (one.timeMs % everyMs), one, settings, counts);
  }
}

function addsUp(aggregate: Aggregate): boolean {
  return aggregate === 'sum' || aggregate === 'count';
}

function put(
  series: OneSeries,
  startMs: number,
  sample: Placed,
  { aggregate }: WindowSettings,
  counts: Expected['counts'],
): void {
  const inWindow = series.windows.get(startMs) ?? [];
  const last = inWindow.toSorted((a, b) => a.timeMs - b.timeMs).at(-1);
  if (!addsUp(aggregate) && last?.timeMs === sample.timeMs && last.value === sample.value) {
    counts.duplicate++;
  } else if (aggregate === 'rate' && last !== undefined && sample.timeMs < last.timeMs) {
    counts.late++;
  } else {
    counts.windowed++;
    series.windows.set(startMs, [...inWindow, sample]);
  }
}

/** Every window of a series from its first to the last that is due, without those that nobody hears of. */
function closedWindows(
  series: OneSeries,
  watermarks: readonly number[],
  settings: WindowSettings,
  counts: Expected['counts'],
): Closed[] {
  const nowMs = Math.max(...watermarks);
  const starts = [...series.windows.keys()].filter((startMs) => dueOf(series, startMs, settings) <= nowMs);
  const [firstMs, lastMs] = [Math.min(...starts), Math.max(...starts)];
  const closed: Closed[] = [];
  let reading: Placed | undefined;
  let before = Number.NaN;
  let run = 0;
  for (let startMs = firstMs; starts.length > 0; startMs += series.everyMs) {
    const dueMs = dueOf(series, startMs, settings);
    const made = settings.gaps.kind !== 'ignore' && run < FILL_MAX;
    if (dueMs > nowMs || (startMs > lastMs && !made)) break;
    const samples = series.windows.get(startMs);
    const window = { key: series.key, field: series.field, startMs, endMs: startMs + series.everyMs };
    counts.closed++;
    if (samples === undefined) {
      run++;
      const closedBy = Math.max(
        series.knownAt,
        watermarks.findIndex((watermarkMs) => watermarkMs >= dueMs),
      );
      const value = made ? madeUp(settings, before) : undefined;
      if (value === undefined || Number.isNaN(value)) counts.gap++;
      if (value === undefined) continue;
      const gap = Number.isNaN(value) ? GAP.missing : GAP.filled;
      closed.push({ ...window, value, gap, offset: closedBy, dueMs, serial: series.serial });
      continue;
    }
    run = 0;
    const value = aggregateOf(samples, settings.aggregate, reading);
    reading = samples.at(-1);
    if (Number.isNaN(value)) {
      counts.gap++;
    } else if (Math.abs(value) >= FLOAT32_MAX) {
      counts.overflow++;
    } else {
      before = value;
      const offset = Math.max(...samples.map((sample) => sample.offset));
      closed.push({ ...window, value, gap: GAP.none, offset, dueMs, serial: series.serial });
    }
  }
  return closed;
}

/** NaN = a row without value; undefined = no row. */
function madeUp({ gaps }: WindowSettings, before: number): number | undefined {
  switch (gaps.kind) {
    case 'ignore':
      return undefined;
    case 'anomaly':
      return Number.NaN;
    case 'fill':
      return gaps.value;
    case 'previous':
      return Number.isNaN(before) ? undefined : before;
  }
}

function aggregateOf(samples: readonly Placed[], aggregate: Aggregate, reading: Placed | undefined): number {
  const values = samples.map(({ value }) => value);
  const sum = values.slice(1).reduce((total, value) => total + value, values[0] ?? 0);
  switch (aggregate) {
    case 'mean':
      return sum / values.length;
    case 'sum':
      return sum;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'count':
      return values.length;
    case 'last':
      return samples.toSorted((a, b) => a.timeMs - b.timeMs).at(-1)?.value ?? Number.NaN;
    case 'rate':
      return rateOf(reading === undefined ? samples : [reading, ...samples]);
  }
}

function rateOf(readings: readonly Placed[]): number {
  let increase = 0;
  for (const [i, { value }] of readings.entries()) {
    const from = readings[i - 1]?.value ?? value;
    increase += value >= from ? value - from : value;
  }
  const seconds = ((readings.at(-1)?.timeMs ?? 0) - (readings[0]?.timeMs ?? 0)) / 1000;
  return seconds > 0 ? increase / seconds : Number.NaN;
}

import { describe, expect, it } from 'vitest';
import { layered, resolveStream } from '../../src/config/resolveStream.ts';
import { Stream, type StreamInput } from '../../src/config/streamSchema.ts';
import type { StreamSettings } from '../../src/settings.ts';

function resolve(input: Partial<StreamInput>, defaults: Readonly<Record<string, unknown>> = {}): StreamSettings {
  const config = Stream.parse(layered(defaults, { topic: 't', ...input }));
  return resolveStream('orders', config, (code, path, what) => {
    throw new Error(`${code} ${path.join('.')} ${what}`);
  });
}

describe('layers', () => {
  it('are defaults below preset below the own keys, key by key', () => {
    const defaults = { preset: 'count', window: { every: '5m', lateness: '1m' }, detect: { direction: 'below' } };
    expect(layered(defaults, { gaps: 'previous', window: { lateness: '2m' } })).toEqual({
      preset: 'count',
      window: { every: '1m', aggregate: 'count', lateness: '2m' },
      gaps: 'previous',
      detect: { direction: 'below', deviation: { relative: '20%' } },
    });
  });

  it('take the preset of the stream before that of the defaults', () => {
    expect(layered({ preset: 'count' }, { preset: 'latency' })).toMatchObject({ window: { aggregate: 'mean' } });
  });

  it('take the later one of a budget and a sensitivity', () => {
    const budget = { detect: { budget: '1/week', direction: 'below' } };
    const sensitivity = { detect: { sensitivity: 'low' } };
    expect(layered(budget, sensitivity)['detect']).toEqual({ sensitivity: 'low', direction: 'below' });
    expect(layered(sensitivity, budget)['detect']).toEqual({ budget: '1/week', direction: 'below' });
  });

  it('replace alternatives as a whole', () => {
    const defaults = { time: { path: '$.t', unit: 's' }, gaps: { fill: 1 } };
    const own = { time: { start: '2026-01-01', every: '1m' }, gaps: 'ignore' };
    expect(layered(defaults, own)).toEqual(own);
  });

  it('change nothing of what they are made from', () => {
    const defaults = { window: { every: '5m' } };
    layered(defaults, { window: { every: '1m' } });
    expect(defaults).toEqual({ window: { every: '5m' } });
  });
});

describe('a stream', () => {
  it('of the preset latency', () => {
    const { detect, window } = resolve({ preset: 'latency', value: '$.v' });
    expect(window.aggregate).toBe('mean');
    expect(detect).toMatchObject({
      direction: 'above',
      deviation: { relative: 0.2, absolute: 0 },
      sustain: { hits: 2, of: 3 },
      recover: { hits: 1, of: 1 },
    });
  });

  it('has the model that it chose, and the defaults of the rest', () => {
    const model = { cell: 'lstm', layers: 2, backend: 'js' } as const;
    expect(resolve({ value: '$.v', model }, { model: { hidden: 32, layers: 3 } }).model).toEqual({
      ...model,
      hidden: 32,
      lookback: 32,
      fields: 'joint',
      prior: 'stream',
      warmupWindows: 'auto',
    });
  });

  it('of the preset count needs no value', () => {
    const { decode, window, detect } = resolve({ preset: 'count' });
    expect(decode.fields).toEqual([{ field: 'value', path: undefined }]);
    expect(window).toMatchObject({
      aggregate: 'count',
      every: { kind: 'fixed', ms: 60_000 },
      gaps: { kind: 'fill', value: 0 },
    });
    expect(detect.deviation.relative).toBeCloseTo(0.2, 12);
  });

  it('of one number has it at the root', () => {
    expect(resolve({ format: 'number' }).decode.fields).toEqual([{ field: 'value', path: [] }]);
    expect(resolve({ format: 'number', value: '$' }).decode.fields).toEqual([{ field: 'value', path: [] }]);
  });

  it('has labels and fields in order of their names, whatever their order in the file', () => {
    const { decode } = resolve({ series: { b: '$.b', a: '$partition' }, values: { y: '$.y', x: '$.x' } });
    expect(decode.labels).toEqual([
      { label: 'a', path: '$partition' },
      { label: 'b', path: ['b'] },
    ]);
    expect(decode.fields.map(({ field }) => field)).toEqual(['x', 'y']);
  });

  it('of CSV has numbers for its columns, everywhere', () => {
    const { decode } = resolve({
      format: 'csv',
      columns: ['time', 'host', 'value', 'kind'],
      time: '$.time',
      series: { host: '$.host' },
      where: { '$.kind': 'cpu', '$[0]': 1 },
      value: '$.value',
    });
    expect(decode.time).toEqual({ kind: 'path', path: [0], unit: 'ms' });
    expect(decode.labels).toEqual([{ label: 'host', path: [1] }]);
    expect(decode.fields).toEqual([{ field: 'value', path: [2] }]);
    expect(decode.where).toEqual([
      { path: [3], equals: 'cpu' },
      { path: [0], equals: 1 },
    ]);
  });

  it.each([
    [undefined, { kind: 'record' }],
    ['$.t', { kind: 'path', path: ['t'], unit: 'ms' }],
    [
      { path: '$.t', unit: 'ns' },
      { kind: 'path', path: ['t'], unit: 'ns' },
    ],
    [
      { start: '2026-01-01', every: '5m' },
      { kind: 'counted', startMs: Date.UTC(2026, 0, 1), everyMs: 300_000 },
    ],
    [
      { start: '2026-01-01T12:00:00', every: '5m' },
      { kind: 'counted', startMs: Date.UTC(2026, 0, 1, 12), everyMs: 300_000 },
    ],
    [
      { start: '2026-01-01T12:00:00+02:00', every: '5m' },
      { kind: 'counted', startMs: Date.UTC(2026, 0, 1, 10), everyMs: 300_000 },
    ],
  ] as const)('with time %j', (time, setting) => {
    expect(resolve({ value: '$.v', time }).decode.time).toEqual(setting);
  });

  it.each([
    ['record', '30s', 1],
    ['auto', '30s', 32],
    ['5m', '30s', 2],
    ['30s', '30s', 3],
    ['10s', '35s', 5],
    ['1s', '62s', 64],
  ])('with windows of %s and lateness %s has %d windows open', (every, lateness, open) => {
    expect(resolve({ value: '$.v', window: { every, lateness } }).window.openWindows).toBe(open);
  });

  it.each([
    ['latest', { kind: 'latest' }],
    ['2d', { kind: 'ago', ms: 172_800_000 }],
  ])('starts from %s', (start_from, setting) => {
    expect(resolve({ value: '$.v', start_from }).startFrom).toEqual(setting);
  });

  it('has no range and no band unless it says so', () => {
    const { range, band } = resolve({ value: '$.v' }).detect;
    expect(range).toEqual({ min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY });
    expect(band).toBeUndefined();
    expect(resolve({ value: '$.v', detect: { band: { above: 2 } } }).detect.band).toEqual({ below: 1, above: 2 });
  });

  it.each([
    [{}, { kind: 'fixed', decades: 3.5 }],
    [{ sensitivity: 'low' }, { kind: 'fixed', decades: 4.5 }],
    [{ sensitivity: 'medium' }, { kind: 'fixed', decades: 3.5 }],
    [{ sensitivity: 'high' }, { kind: 'fixed', decades: 2.5 }],
    [{ budget: '3/day' }, { kind: 'budget', perDay: 3, per: 'series' }],
    [{ budget: '6/2d per stream' }, { kind: 'budget', perDay: 3, per: 'stream' }],
  ] as const)('%j is %j', (detect, threshold) => {
    expect(resolve({ value: '$.v', detect }).detect.threshold).toEqual(threshold);
  });

  it('knows who is muted until when, and why', () => {
    const mute = [
      { series: { host: 'web-7' }, until: '2026-12-15T01:00:00+01:00', reason: 'known noise' },
      { until: '2026-12-01T00:00:00Z' },
    ];
    expect(resolve({ value: '$.v', series: { host: '$.h' }, detect: { mute } }).detect.mute).toEqual([
      { series: [{ label: 'host', value: 'web-7' }], untilMs: Date.UTC(2026, 11, 15), reason: 'known noise' },
      { series: [], untilMs: Date.UTC(2026, 11, 1), reason: undefined },
    ]);
  });

  it('keeps its identity when it is renamed with a uid', () => {
    expect(resolve({ value: '$.v' }).uid).toBe('orders');
    expect(resolve({ value: '$.v', uid: 'old' })).toMatchObject({ name: 'orders', uid: 'old' });
  });

  it('is plain data', () => {
    const stream = resolve({ value: '$.v', values: undefined, where: { '$.a': null }, gaps: { fill: 5 } });
    expect(structuredClone(stream)).toEqual(stream);
  });
});

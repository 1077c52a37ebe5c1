import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/config/hash.ts';
import { layered, resolveStream } from '../../src/config/resolveStream.ts';
import { Stream, type StreamInput } from '../../src/config/streamSchema.ts';

function hash(input: Partial<StreamInput>): string {
  const base = { topic: 't', value: '$.v', window: { every: '1m' } };
  return resolveStream('a', Stream.parse(layered(base, input)), () => {}).configHash;
}

/** Every key of `detect`, with something that is not its default. */
const DETECTIONS: readonly NonNullable<StreamInput['detect']>[] = [
  { sensitivity: 'high' },
  { budget: '3/day per stream' },
  { mute: [{ series: { host: 'a' }, until: '2026-12-15T00:00:00Z', reason: 'known' }] },
  { direction: 'above' },
  { deviation: { relative: '5%', absolute: 3 } },
  { range: { min: 0, max: 9 } },
  { band: { above: 2 } },
  { sustain: { hits: 2, of: 3 } },
  { recover: { hits: 3, of: 3 } },
];

describe('the hash of a stream', () => {
  it('knows nothing of detection', () => {
    const keys = DETECTIONS.flatMap((detect) => Object.keys(detect));
    expect(keys.sort()).toEqual(
      Object.keys(Stream.parse({ topic: 't', detect: { band: {} } }).detect)
        .concat('sensitivity', 'budget')
        .sort(),
    );
    const series = { host: '$.h' };
    for (const detect of DETECTIONS) expect(hash({ series, detect }), Object.keys(detect)[0]).toBe(hash({ series }));
  });

  it('has 12 hex digits and does not change between versions', () => {
    expect(hash({})).toBe('a448080094b6');
  });

  it.each<[string, Partial<StreamInput>]>([
    ['lateness', { window: { lateness: '1s' } }],
    ['gaps', { gaps: 'previous' }],
    ['limits', { limits: { series: 5, record: '5KiB', future: '1h', quiet: '1h', forget: '2d' } }],
    ['detection', { detect: { direction: 'above', deviation: { relative: '5%' }, range: { min: 0 } } }],
    ['warm-up', { model: { warmup: { windows: 100 } } }],
    ['the backend', { model: { backend: 'js' } }],
    ['the topic', { topic: 'u' }],
    ['the start', { start_from: 'latest' }],
    ['what is the default anyway', { model: { hidden: 16, layers: 1 }, format: 'json' }],
  ])('stays when only %s changes', (_name, input) => {
    expect(hash(input)).toBe(hash({}));
  });

  it.each<[string, Partial<StreamInput>]>([
    ['uid', { uid: 'b' }],
    ['value', { value: '$.w' }],
    ['series', { series: { host: '$.h' } }],
    ['where', { where: { '$.n': 1 } }],
    ['time', { time: '$.t' }],
    ['format', { format: 'number', value: '$' }],
    ['interval', { window: { every: '2m' } }],
    ['aggregate', { window: { aggregate: 'max' } }],
    ['cell', { model: { cell: 'lstm' } }],
    ['hidden', { model: { hidden: 8 } }],
    ['layers', { model: { layers: 2 } }],
    ['lookback', { model: { lookback: 64 } }],
  ])('changes with %s', (_name, input) => {
    expect(hash(input)).not.toBe(hash({}));
  });

  it('does not depend on the order of keys', () => {
    expect(hash({ series: { a: '$.a', b: '$.b' } })).toBe(hash({ series: { b: '$.b', a: '$.a' } }));
    expect(hash({ where: { '$.a': 1, '$.b': 2 } })).toBe(hash({ where: { '$.b': 2, '$.a': 1 } }));
  });
});

it('writes JSON with sorted keys', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

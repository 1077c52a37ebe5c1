import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newJsonDecoder } from '../../src/decode/json.ts';
import { CONTEXT, only, record, settings } from './support.ts';

const decode = newJsonDecoder(settings(), CONTEXT);

describe('newJsonDecoder', () => {
  it('reads a document, with a byte order mark or without', () => {
    expect(only(decode(record('{"ts":1795453694148,"v":51.5}')))).toEqual({
      labels: [],
      field: 0,
      timeMs: 1795453694148,
      value: 51.5,
    });
    expect(only(decode(record('\uFEFF{"ts":5,"v":1}'))).value).toBe(1);
  });

  it('may be one number, at the path $', () => {
    const scalar = settings({ time: { kind: 'record' }, fields: [{ field: 'value', path: [] }] });
    expect(only(newJsonDecoder(scalar, CONTEXT)(record('51.5', { timestampMs: 5 }))).value).toBe(51.5);
  });

  it.each([
    ['', 'is empty'],
    ['\uFEFF', 'is empty'],
    [' ', 'is not JSON'],
    ['{"ts":5,"v":NaN}', 'is not JSON'],
    ['{"ts":5,"v":1', 'is not JSON'],
    ['{"ts":5,"v":1}{"ts":6,"v":1}', 'is not JSON'],
    ["{'ts':5,'v':1}", 'is not JSON'],
    ['\u0000\u0000\u0000\u0000\u0007body', 'is not JSON'],
  ])('refuses %j', (text, detail) => {
    expect(decode(record(text))).toEqual({ kind: 'rejected', reason: 'parse', detail });
  });

  it('refuses bytes that are no UTF-8, also inside of a text that nobody reads', () => {
    const bytes = Buffer.concat([Buffer.from('{"ts":5,"v":1,"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(decode(record(bytes))).toMatchObject({ reason: 'parse', detail: 'is not well-formed UTF-8' });
  });

  it('refuses what nests deeper than 64', () => {
    const nested = (depth: number): string =>
      `{"ts":5,"v":1,"pad":"${' '.repeat(1024)}","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(decode(record(nested(64))).kind).toBe('samples');
    expect(decode(record(nested(65)))).toMatchObject({ reason: 'bomb', detail: 'nests deeper than 64' });
    expect(decode(record('['.repeat(500_000)))).toMatchObject({ reason: 'bomb' });
  });

  it('takes 1e400 for a sample that is not finite', () => {
    expect(only(decode(record('{"ts":5,"v":1e400}'))).value).toBe(Infinity);
    expect(only(decode(record('{"ts":5,"v":-1e400}'))).value).toBe(-Infinity);
    expect(decode(record('{"ts":1e400,"v":1}'))).toMatchObject({ reason: 'schema' });
  });

  it('gives back every number and every time', () => {
    const value = fc.double({ min: -3.3e38, max: 3.3e38, noNaN: true });
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) }), (v, ts) => {
        const sample = only(decode(record(JSON.stringify({ ts, v }))));
        expect([sample.value === v, sample.timeMs]).toEqual([true, ts]);
      }),
    );
  });

  it('survives every JSON, and never touches a prototype', () => {
    const names = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'ts', 'v', 'polluted');
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.array(fc.tuple(names, tie('json')), { maxLength: 4 }).map((entries) => ({ entries })),
      ),
    }));
    const hostile = newJsonDecoder(
      settings({
        labels: [{ label: 'a', path: ['__proto__', 'polluted'] }],
        fields: [{ field: 'value', path: ['constructor', 'prototype', 'v'] }],
        where: [{ path: ['toString'], equals: 1 }],
      }),
      CONTEXT,
    );
    fc.assert(
      fc.property(json, (document) => {
        const text = written(document);
        for (const decoder of [decode, hostile]) {
          expect(['samples', 'filtered', 'rejected']).toContain(decoder(record(text)).kind);
        }
        expect('polluted' in {}).toBe(false);
      }),
    );
  });
});

/** As `JSON.stringify`, but objects are lists of entries, so that a key may be `__proto__` and may come twice. */
function written(document: unknown): string {
  if (Array.isArray(document)) return `[${document.map(written).join(',')}]`;
  if (typeof document !== 'object' || document === null) return JSON.stringify(document);
  const entries: [string, unknown][] = 'entries' in document && Array.isArray(document.entries) ? document.entries : [];
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${written(value)}`).join(',')}}`;
}

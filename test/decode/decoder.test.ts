import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newDecoder } from '../../src/decode/decoder.ts';
import type { DecodeSettings } from '../../src/settings.ts';
import { CONTEXT, only, record, settings } from './support.ts';

const NUMBER: Partial<DecodeSettings> = { format: 'number', fields: [{ field: 'value', path: [] }] };
const CSV: Partial<DecodeSettings> = { format: 'csv', fields: [{ field: 'value', path: [0] }] };
const formats = [{ format: 'json' as const }, NUMBER, CSV].map((changes) =>
  settings({ time: { kind: 'counted', startMs: 1000, everyMs: 1000 }, recordBytesMax: 40, ...changes }),
);

describe.each(formats)('newDecoder for $format', (chosen) => {
  const decode = newDecoder(chosen, CONTEXT);

  it('reads records of its format', () => {
    const text = chosen.format === 'json' ? '{"v":5}' : '5';
    expect(only(decode(record(text, { offset: 2 })))).toEqual({ labels: [], field: 0, timeMs: 3000, value: 5 });
  });

  it('rejects a record without a value', () => {
    expect(decode(record(null))).toMatchObject({ kind: 'rejected', reason: 'null' });
  });

  it('rejects what stands for a batch that could not be read, with its reason', () => {
    const unreadable = { reason: 'corrupt' as const, detail: 'has offsets out of order' };
    expect(decode({ ...record('5'), unreadable })).toEqual({ kind: 'rejected', ...unreadable });
  });

  it('rejects a record without a byte', () => {
    expect(decode(record(''))).toMatchObject({ kind: 'rejected', reason: 'parse' });
  });

  it('rejects one byte too many before it looks at any', () => {
    expect(decode(record(Buffer.alloc(40, 0xff)))).toMatchObject({ reason: 'parse' });
    expect(decode(record(Buffer.alloc(41, 0xff)))).toEqual({
      kind: 'rejected',
      reason: 'too_large',
      detail: 'has 41 bytes; limits.record is 40',
    });
  });

  it('answers for any bytes, the same each time', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...'{}[]":,v5.eE+-\\" \nNaInf\u0000\uFEFFé'), maxLength: 30 }),
    );
    fc.assert(
      fc.property(bytes, (value) => {
        const first = decode(record(typeof value === 'string' ? value : Buffer.from(value)));
        expect(['samples', 'rejected']).toContain(first.kind);
        expect(decode(record(typeof value === 'string' ? value : Buffer.from(value)))).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });
});

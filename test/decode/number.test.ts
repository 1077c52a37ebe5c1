import { describe, expect, it } from 'vitest';
import { newNumberDecoder } from '../../src/decode/number.ts';
import { CONTEXT, only, record, settings } from './support.ts';

const NUMBER = settings({ format: 'number', time: { kind: 'record' }, fields: [{ field: 'value', path: [] }] });
const decode = newNumberDecoder(NUMBER, CONTEXT);
const timed = (value: string | Uint8Array | null) => record(value, { timestampMs: 5 });

describe('newNumberDecoder', () => {
  it.each([
    ['51.5', 51.5],
    [' -3e2 \r\n', -300],
    ['\uFEFF7', 7],
    ['NaN', NaN],
    ['nan', NaN],
    ['+Inf', Infinity],
    ['-inf', -Infinity],
    ['1e39', Infinity],
  ])('reads %j', (text, value) => {
    expect(only(decode(timed(text)))).toEqual({ labels: [], field: 0, timeMs: 5, value });
  });

  it.each([
    ['', 'is empty'],
    [' ', 'is not a number'],
    ['abc', 'is not a number'],
    ['0x10', 'is not a number'],
    ['5,5', 'is not a number'],
    ['"5"', 'is not a number'],
    ['[5]', 'is not a number'],
  ])('refuses %j', (text, detail) => {
    expect(decode(timed(text))).toEqual({ kind: 'rejected', reason: 'parse', detail });
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(decode(timed(Uint8Array.of(0x35, 0xff)))).toMatchObject({ reason: 'parse' });
  });

  it('has nothing but the number to find', () => {
    const settingsOfOther = { ...NUMBER, fields: [{ field: 'value', path: ['v'] }] };
    const detail = '$.v: missing';
    expect(newNumberDecoder(settingsOfOther, CONTEXT)(timed('5'))).toEqual({
      kind: 'rejected',
      reason: 'schema',
      detail,
    });
  });

  it('filters by the number, too', () => {
    const zero = { ...NUMBER, where: [{ path: [], equals: 0 }] };
    expect(newNumberDecoder(zero, CONTEXT)(timed('5')).kind).toBe('filtered');
    expect(newNumberDecoder(zero, CONTEXT)(timed('0')).kind).toBe('samples');
  });
});

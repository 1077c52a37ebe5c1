import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBlank, numberOf, withinFloat32 } from '../../src/decode/strictNumber.ts';

describe('numberOf', () => {
  it.each([
    ['51.5', 51.5],
    ['-0.25', -0.25],
    ['+7', 7],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1.5E-3', 0.0015],
    ['007', 7],
    [' 42\t', 42],
    ['42\r\n', 42],
    ['1e400', Infinity],
    ['nan', NaN],
    ['NaN', NaN],
    ['Inf', Infinity],
    ['+Inf', Infinity],
    ['-infinity', -Infinity],
  ])('reads %j', (text, value) => {
    expect(numberOf(text)).toBe(value);
  });

  it.each([
    '',
    ' ',
    '.',
    '-',
    '+',
    'e5',
    '1e',
    '1e+',
    '1.2.3',
    '1,5',
    '1_000',
    '0x10',
    '0b1',
    '0o7',
    '1n',
    '--1',
    '1 2',
    'true',
    'null',
    'nano',
    'infinite',
    'infinity and beyond',
    '٣',
    '1e5.0',
    '５',
  ])('refuses %j', (text) => {
    expect(numberOf(text)).toBeUndefined();
  });

  it('reads back every finite number that JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(numberOf(String(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('is never kinder than Number', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789+-.eExX \tnaifNIty'), maxLength: 12 });
    fc.assert(
      fc.property(text, (written) => {
        const value = numberOf(written);
        if (value !== undefined && Number.isFinite(value)) expect(value).toBe(Number(written));
      }),
    );
  });
});

describe('withinFloat32', () => {
  it('keeps what float32 can hold', () => {
    for (const value of [0, -1.5, 5e-324, 3.39e38, -3.39e38]) expect(withinFloat32(value)).toBe(value);
  });

  it('makes infinite what float32 cannot hold', () => {
    expect(withinFloat32(3.4e38)).toBe(Infinity);
    expect(withinFloat32(-1e308)).toBe(-Infinity);
    expect(withinFloat32(NaN)).toBeNaN();
  });
});

describe('isBlank', () => {
  it('is true for nothing but blanks', () => {
    expect([isBlank(''), isBlank(' \t'), isBlank('0'), isBlank(' -')]).toEqual([true, true, false, false]);
  });
});

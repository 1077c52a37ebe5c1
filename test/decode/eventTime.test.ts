import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEventTime, outsideText, timeOfNumber, timeOfText } from '../../src/decode/eventTime.ts';

const instants = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) - 1 });

describe('timeOfNumber', () => {
  it.each([
    [1_458_229_140, 's', 1_458_229_140_000],
    [1_458_229_140.123, 's', 1_458_229_140_123],
    [1.0019, 's', 1001],
    [1_795_453_694_148, 'ms', 1_795_453_694_148],
    [1_795_453_694_148.9, 'ms', 1_795_453_694_148],
    [1_795_453_694_148_999, 'us', 1_795_453_694_148],
    [1_795_453_694_148_000_000, 'ns', 1_795_453_694_148],
    [-0.5, 'ms', -1],
  ] as const)('reads %d %s', (value, unit, ms) => {
    expect(timeOfNumber(value, unit)).toBe(ms);
  });

  it('finds the millisecond again when seconds are written with three digits', () => {
    fc.assert(
      fc.property(instants, (ms) => {
        expect(timeOfNumber(Number((ms / 1000).toFixed(3)), 's')).toBe(ms);
      }),
    );
  });
});

describe('timeOfText', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2026-11-23T17:00:00.000Z', Date.UTC(2026, 10, 23, 17)],
    ['2026-11-23t17:00:00z', Date.UTC(2026, 10, 23, 17)],
    ['2026-11-23T17:00:00+02:00', Date.UTC(2026, 10, 23, 15)],
    ['2026-11-23T17:00:00-0530', Date.UTC(2026, 10, 23, 22, 30)],
    ['2026-11-23T17:00:00+01', Date.UTC(2026, 10, 23, 16)],
    ['2026-11-23 17:00:05', Date.UTC(2026, 10, 23, 17, 0, 5)],
    ['2026-11-23T17:00:05', Date.UTC(2026, 10, 23, 17, 0, 5)],
    ['2026-11-23 17:00:05.25', Date.UTC(2026, 10, 23, 17, 0, 5, 250)],
    ['2026-11-23 17:00:05,123999999', Date.UTC(2026, 10, 23, 17, 0, 5, 123)],
    ['2026-11-23 17:00', Date.UTC(2026, 10, 23, 17)],
    [' 2026-11-23 ', Date.UTC(2026, 10, 23)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
  ])('reads %j', (text, ms) => {
    expect(timeOfText(text, 'ns')).toBe(ms);
  });

  it.each([
    '',
    'now',
    '2026-02-30',
    '2025-02-29',
    '2100-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-01-00',
    '2026-11-23T24:00:00Z',
    '2026-11-23T17:60:00Z',
    '2026-12-31T23:59:60Z',
    '2026-11-23T17',
    '2026-11-23T17:00:00.',
    '2026-11-23T17:00:00 Z',
    '2026-11-23T17:00:00+2',
    '2026-11-23T17:00:00+24:00',
    '2026-11-23T17:00:00+02:60',
    '2026-11-23T17:00:00.5Zjunk',
    '2026-11-23_17:00:00',
    '2026-1-1',
    '26-11-23',
    '23.11.2026',
    '2026-11-2x',
    'NaN',
    '1e400',
    '0x17',
    '2026-11-23T1:00:00',
  ])('refuses %j', (text) => {
    expect(timeOfText(text, 'ms')).toBeUndefined();
  });

  it.each([
    ['1458229140', 's', 1_458_229_140_000],
    ['1458229140.5', 's', 1_458_229_140_500],
    ['1795453694148', 'ms', 1_795_453_694_148],
    ['1795453694148999', 'us', 1_795_453_694_148],
    ['1795453694148999999', 'ns', 1_795_453_694_148],
    ['12', 'ns', 0],
  ] as const)('reads the digits %j in %s exactly', (text, unit, ms) => {
    expect(timeOfText(text, unit)).toBe(ms);
  });

  it('agrees with Date on every instant, however it is written', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -23 * 60, max: 23 * 60 }), (ms, minutesEast) => {
        const text = new Date(ms).toISOString();
        expect(timeOfText(text, 'ms')).toBe(ms);
        expect(timeOfText(text.replace('T', ' ').slice(0, -1), 'ms')).toBe(ms);
        const local = new Date(ms + minutesEast * 60_000).toISOString().slice(0, -1);
        fc.pre(local.length === 23);
        const east = Math.abs(minutesEast);
        const two = (n: number): string => String(n).padStart(2, '0');
        const offset = `${minutesEast < 0 ? '-' : '+'}${two(Math.floor(east / 60))}:${two(east % 60)}`;
        expect(timeOfText(local + offset, 'ms')).toBe(ms);
        expect(timeOfText(`${ms}000000`, 'ns')).toBe(ms);
      }),
    );
  });

  it('gives a whole number or nothing for any text', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789-:TZ+. e'), maxLength: 30 });
    fc.assert(
      fc.property(text, (written) => {
        const ms = timeOfText(written, 'ms');
        expect(ms === undefined || Number.isInteger(ms) || !isEventTime(ms)).toBe(true);
      }),
    );
  });
});

describe('isEventTime', () => {
  it('reaches from 1970 to 2099', () => {
    const times = [-1, 0, Date.UTC(2100, 0, 1) - 1, Date.UTC(2100, 0, 1), NaN, Infinity];
    expect(times.map(isEventTime)).toEqual([false, true, true, false, false, false]);
  });
});

describe('outsideText', () => {
  it('proposes the unit that leads to this century', () => {
    const ms = timeOfNumber(1_795_453_694_148, 's');
    expect(outsideText(ms, 's')).toBe('is outside 1970 to 2100 in s; is `unit: ms` meant?');
    expect(outsideText(1_795_453_694_148_000_000, 'ms')).toBe('is outside 1970 to 2100 in ms; is `unit: ns` meant?');
    expect(outsideText(-1, 'ms')).toBe('is outside 1970 to 2100 in ms');
  });
});

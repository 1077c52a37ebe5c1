import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget, durationMs, durationText, percentShare, sizeBytes, sizeText } from '../../src/config/quantities.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
  ])('%s is %d milliseconds', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(['30', '30 s', '1.5h', '-5m', '5M', 's', '', '1h30m', '1e3s', '５s'])('%j is none', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it('is written as it is read', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => durationMs(durationText(ms)) === ms));
  });
});

describe('a budget', () => {
  it.each([
    ['1/week', 1 / 7, 'series'],
    ['3/day', 3, 'series'],
    ['0.3/day per series', 0.3, 'series'],
    ['1/30d', 1 / 30, 'series'],
    ['2/12h', 4, 'series'],
    ['1/2w', 1 / 14, 'series'],
    ['3/day per stream', 3, 'stream'],
  ])('%s is %d a day', (text, perDay, per) => {
    const { perDay: actual = Number.NaN, ...rest } = budget(text) ?? {};
    expect(actual).toBeCloseTo(perDay, 12);
    expect(rest).toEqual({ per });
  });

  it.each(['3', '3/month', '3 / day', '3/days', '-1/day', '1/30m', '3/day per lane', 'day', '/day', '1e3/day'])(
    '%j is none',
    (text) => {
      expect(budget(text)).toBeUndefined();
    },
  );
});

describe('a size', () => {
  it.each([
    ['100B', 100],
    ['512KiB', 524_288],
    ['64MiB', 67_108_864],
    ['1GB', 1e9],
    ['2TiB', 2 ** 41],
  ])('%s is %d bytes', (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
  });

  it.each(['64', '64mb', '64 MiB', '-1B', '1.5GB', '1Gi'])('%j is none', (text) => {
    expect(sizeBytes(text)).toBeUndefined();
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [67_108_864, '64 MiB'],
    [2 ** 50, '1024 TiB'],
  ])('of %d bytes is shown as %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

it('reads a percentage as a share', () => {
  expect(percentShare('20%')).toBeCloseTo(0.2, 12);
  expect(percentShare('0.5 %')).toBeCloseTo(0.005, 12);
  expect(percentShare('20')).toBeUndefined();
  expect(percentShare('-20%')).toBeUndefined();
});

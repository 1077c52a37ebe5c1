import { describe, expect, it } from 'vitest';
import { AT, CELLS, WARMUP_LOG } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { FIRST_FIT, logWindow, tablesOf } from '../../src/score/warmup.ts';
import { oneSeries } from '../support/slabs.ts';

function logged(count: number, value: (n: number) => number, residual: (n: number) => number) {
  const one = oneSeries('last');
  for (let n = 0; n < count; n++) logWindow(one.bank.lane, one.bank.layout, one.evidence, n, value(n), residual(n));
  const { f64, u16 } = one.bank.lane;
  const stored = [0, 1].map((signal) => f64[one.at + AT.stored + signal]);
  const sums = [0, 1].map((signal) => {
    const tables = tablesOf(one.bank.layout, one.evidence, signal);
    return u16.subarray(tables, tables + CELLS).reduce((a, b) => a + b, 0);
  });
  return { one, f64, stored, sums };
}

describe('warm-up log', () => {
  it('fits nothing before the first fit, and everything with it', () => {
    expect(
      logged(
        FIRST_FIT - 1,
        (n) => n,
        () => 1,
      ).stored,
    ).toEqual([0, 0]);
    expect(
      logged(
        FIRST_FIT,
        (n) => n,
        () => 1,
      ).sums,
    ).toEqual([FIRST_FIT, FIRST_FIT]);
  });

  it('finds median and median absolute deviation of both signals', () => {
    const random = newRandom(8);
    const values = Array.from({ length: 400 }, () => 1000 + 20 * gaussian(random));
    const { f64, one } = logged(
      400,
      (n) => values[n]!,
      (n) => (values[n]! - 1000) / 10,
    );
    expect(Math.abs(f64[one.at + AT.centre]! - 1000)).toBeLessThan(4);
    expect(Math.abs(f64[one.at + AT.scale]! - 0.6745 * 20)).toBeLessThan(2.5);
    expect(Math.abs(f64[one.at + AT.centre + 1]!)).toBeLessThan(0.4);
    expect(Math.abs(f64[one.at + AT.scale + 1]! - 0.6745 * 2)).toBeLessThan(0.25);
  });

  it('fits again at 100, 200, 400 and 800 windows, then never', () => {
    for (const fit of [100, 200, 400, WARMUP_LOG]) {
      expect(
        logged(
          fit,
          (n) => n % 17,
          (n) => n % 5,
        ).stored,
      ).toEqual([fit, fit]);
      expect(
        logged(
          fit - 1,
          (n) => n % 17,
          (n) => n % 5,
        ).stored,
      ).not.toEqual([fit - 1, fit - 1]);
    }
    const { f64, one } = logged(
      WARMUP_LOG,
      (n) => n,
      (n) => n,
    );
    const centre = f64[one.at + AT.centre];
    logWindow(one.bank.lane, one.bank.layout, one.evidence, WARMUP_LOG, 1e9, 1e9);
    expect(f64[one.at + AT.centre]).toBe(centre);
  });

  it('keeps a constant series usable', () => {
    const { f64, one, sums } = logged(
      100,
      () => 42,
      () => 0,
    );
    expect(f64[one.at + AT.centre]).toBeCloseTo(42, 9);
    expect(f64[one.at + AT.scale]).toBeGreaterThan(0);
    expect(sums).toEqual([100, 100]);
  });
});

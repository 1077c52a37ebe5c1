import { describe, expect, it } from 'vitest';
import { AT, CELLS, PAIR_CELLS, PAIRS, SIGNALS, WARMUP_LOG } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { tableOffset } from '../../src/score/rarity.ts';
import { FIRST_FIT, logWindow } from '../../src/score/warmup.ts';
import { oneSeries } from '../support/slabs.ts';

const ALL = SIGNALS + PAIRS;

function logged(count: number, value: (n: number) => number, residual: (n: number) => number) {
  const one = oneSeries('last');
  const { lane, layout } = one.bank;
  for (let n = 0; n < count; n++) logWindow(lane, layout, one.evidence, n, value(n), residual(n), residual(n));
  const { f64, u8 } = lane;
  const signals = Array.from({ length: ALL }, (_, signal) => signal);
  const stored = signals.map((signal) => f64[one.at + AT.stored + signal]);
  const sums = signals.map((signal) => {
    const table = one.evidence + layout.tablesAt + tableOffset(signal, SIGNALS);
    return u8.subarray(table, table + (signal < SIGNALS ? CELLS : PAIR_CELLS ** 2)).reduce((a, b) => a + b, 0);
  });
  return { one, f64, stored, sums };
}

const all = (count: number): number[] => new Array<number>(ALL).fill(count);

describe('warm-up log', () => {
  it('fits nothing before the first fit, and everything with it', () => {
    expect(
      logged(
        FIRST_FIT - 1,
        (n) => n,
        () => 1,
      ).stored,
    ).toEqual(all(0));
    expect(
      logged(
        FIRST_FIT,
        (n) => n,
        () => 1,
      ).sums,
    ).toEqual(all(FIRST_FIT));
  });

  it('finds median and median absolute deviation of value and residual', () => {
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
      ).toEqual(all(fit));
      expect(
        logged(
          fit - 1,
          (n) => n % 17,
          (n) => n % 5,
        ).stored,
      ).not.toEqual(all(fit - 1));
    }
    const { f64, one } = logged(
      WARMUP_LOG,
      (n) => n,
      (n) => n,
    );
    const centre = f64[one.at + AT.centre];
    logWindow(one.bank.lane, one.bank.layout, one.evidence, WARMUP_LOG, 1e9, 1e9, 1e9);
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
    expect(sums).toEqual(all(100));
  });
});

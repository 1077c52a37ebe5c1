import { describe, expect, it } from 'vitest';
import { learnBaseline } from '../../src/forecast/baselines.ts';
import { AT, type Shape } from '../../src/kernel/layout.ts';
import { EVERY_MS, oneSeries } from '../support/slabs.ts';

/** Forecast after each value, one value a window. */
function forecasts(cell: Shape['cell'], values: readonly number[]): number[] {
  const { bank, evidence, at } = oneSeries(cell);
  return values.map((value, n) => {
    learnBaseline(bank.lane, bank.layout, evidence, n * EVERY_MS, (n + 1) * EVERY_MS, value);
    bank.lane.f64[at + AT.learned]! += 1;
    return bank.lane.f64[at + AT.forecast]!;
  });
}

describe('baselines', () => {
  it('the last value is the last value', () => {
    expect(forecasts('last', [4, -1, 7])).toEqual([4, -1, 7]);
  });

  it('the exponential average begins at the first value and moves a fifth of the way', () => {
    const [first, second, third] = forecasts('ewma', [0, 10, 10]);
    expect(first).toBe(0);
    expect(second).toBeCloseTo(2, 12);
    expect(third).toBeCloseTo(3.6, 12);
  });

  it('the season is the value of a day ago, and the last value before there is a day', () => {
    const values = Array.from({ length: 3 * 288 }, (_, n) => (n * 7) % 288);
    const told = forecasts('seasonal', values);
    expect(told[100]).toBe(values[100]);
    for (let n = 2 * 288; n < 3 * 288 - 1; n++) expect(told[n]).toBe(values[n + 1 - 288]);
  });
});

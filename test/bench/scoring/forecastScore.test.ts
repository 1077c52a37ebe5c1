import { describe, expect, it } from 'vitest';
import { gaussian, newRandom } from '../../../src/kernel/random.ts';
import { conformalBand, forecastScore, NOMINAL, pinballLoss } from './forecastScore.ts';

const filled = (count: number, value: number): Float64Array => new Float64Array(count).fill(value);

describe('the pinball loss', () => {
  it('of the median is half of the absolute error', () => {
    expect(pinballLoss(3, 1, 0.5)).toBe(1);
    expect(pinballLoss(1, 3, 0.5)).toBe(1);
  });

  it('is least at the quantile', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 0.5);
    const loss = (quantile: number): number =>
      values.reduce((sum, value) => sum + pinballLoss(value, quantile, 0.9), 0);
    const least = [...Array(101).keys()].reduce((best, quantile) => (loss(quantile) < loss(best) ? quantile : best));
    expect(least).toBe(90);
  });
});

describe('a forecast', () => {
  it('is scored by its error, the band by coverage, width and loss, in the rows asked for', () => {
    const said = { expected: filled(6, 10), lower: filled(6, 8), upper: filled(6, 13) };
    const score = forecastScore(Float64Array.of(99, 10, 12, 14, 7, 99), said, 1, 5);
    expect(score.error).toBe((0 + 2 + 4 + 3) / 4);
    expect(score.coverage).toBe(0.5);
    expect(score.width).toBe(5);
    const lower = 0.005 * (2 + 4 + 6) + 0.995 * 1;
    const upper = 0.005 * (3 + 1 + 6) + 0.995 * 1;
    expect(score.pinball).toBeCloseTo((lower + upper) / 8, 12);
  });

  it('that is missing is no forecast', () => {
    const said = { expected: Float64Array.of(1, Number.NaN), lower: filled(2, 0), upper: filled(2, 2) };
    expect(() => forecastScore(filled(2, 1), said, 0, 2)).toThrow('no forecast of row 1');
    expect(forecastScore(filled(2, 1), said, 0, 1).coverage).toBe(1);
  });
});

describe('the conformal band', () => {
  it('holds the nominal share of values that come from one distribution', () => {
    const random = newRandom(7);
    const values = new Float64Array(60_000).map(() => gaussian(random));
    const { coverage } = forecastScore(values, conformalBand(values, filled(values.length, 0)), 1000, values.length);
    expect(Math.abs(coverage - NOMINAL)).toBeLessThan(0.0015);
  });

  it('looks only at residuals before the row, and forgets old ones', () => {
    const values = new Float64Array(1500).map((_, row) => (row < 200 ? 50 : 1));
    const { lower, upper } = conformalBand(values, filled(1500, 0));
    expect([lower[0], upper[0]]).toEqual([0, 0]);
    expect([lower[1], upper[1]]).toEqual([-50, 50]);
    expect(upper[1150]).toBe(50);
    expect(upper[1300]).toBe(1);
  });

  it('begins with the first forecast', () => {
    const expected = Float64Array.of(Number.NaN, 5);
    expect([...conformalBand(filled(2, 4), expected).upper]).toEqual([Number.NaN, 5]);
  });
});

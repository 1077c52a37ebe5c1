import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviation, learnScale, normalised } from '../../src/forecast/scaler.ts';
import { AT } from '../../src/kernel/layout.ts';

function learnAll(values: readonly number[]): Float64Array {
  const f64 = new Float64Array(AT.scalars);
  for (const value of values) {
    learnScale(f64, 0, value);
    f64[AT.learned]! += 1;
  }
  return f64;
}

describe('scaler', () => {
  it('knows mean and variance of all values, at any offset', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 29 }),
        fc.constantFrom(0, 1e4, 1e8),
        (steps, offset) => {
          const values = steps.map((x) => x + offset);
          const f64 = learnAll(values);
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
          expect(f64[AT.mean]).toBeCloseTo(mean, 6);
          expect(Math.abs(f64[AT.variance]! - variance)).toBeLessThan(1e-6 + 1e-15 * offset * offset);
          expect(f64[AT.variance]).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('lets one huge value after the first thirty move the mean by six deviations at most', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const before = learnAll(values);
    const after = learnAll([...values, 1e9]);
    const most = 6 * deviation(before, 0, 100);
    expect(after[AT.mean]! - before[AT.mean]!).toBeLessThanOrEqual(most / 101 + 1e-12);
  });

  it('gives the network numbers within ±3, and 0 before there are two windows', () => {
    expect(normalised(learnAll([5]), 0, 1e6)).toBe(0);
    const f64 = learnAll([0, 1, 0, 1, 0, 1]);
    expect(normalised(f64, 0, 1e6)).toBe(3);
    expect(normalised(f64, 0, -1e6)).toBe(-3);
    expect(normalised(f64, 0, 0.5)).toBeCloseTo(0, 12);
  });

  it('keeps a constant series usable: its deviation is tiny but not zero', () => {
    const f64 = learnAll(new Array<number>(50).fill(7));
    expect(deviation(f64, 0, 50)).toBeGreaterThan(0);
    expect(normalised(f64, 0, 7)).toBe(0);
  });
});

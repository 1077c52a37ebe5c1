import { expect, it } from 'vitest';
import { changeOf, learnUsualStep, usualStep } from '../../src/forecast/change.ts';
import { AT } from '../../src/kernel/layout.ts';

/** Scalars after some values. */
function after(values: readonly number[]): Float64Array {
  const f64 = new Float64Array(AT.scalars);
  for (const value of values) {
    learnUsualStep(f64, 0, value);
    f64[AT.previous] = value;
    f64[AT.learned]! += 1;
  }
  return f64;
}

it('counts a change in usual ones, clipped', () => {
  const f64 = after([0, 2, 0, 2, 0]);
  expect(usualStep(f64, 0)).toBe(2);
  expect(changeOf(f64, 0, 3)).toBe(1.5);
  expect(changeOf(f64, 0, -1e9)).toBe(-3);
});

it('knows no change before there are two windows, and some unit for a constant series', () => {
  expect(changeOf(after([5]), 0, 7)).toBe(0);
  const constant = after([5, 5, 5, 5]);
  expect(usualStep(constant, 0)).toBeGreaterThan(0);
  expect(changeOf(constant, 0, 5)).toBe(0);
});

it('lets a leap move the usual change by ten usual ones at most, once there are some', () => {
  const values = Array.from({ length: 40 }, (_, n) => n % 2);
  const before = usualStep(after(values), 0);
  expect(usualStep(after([...values, 1e6]), 0)).toBeLessThan(1.3 * before);
});

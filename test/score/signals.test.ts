import { describe, expect, it } from 'vitest';
import { AT } from '../../src/kernel/layout.ts';
import { type Averages, axesOf, learnAverages, newAxes } from '../../src/score/signals.ts';

/** Axes of the last of some windows, each with a value and a residual. */
function watched(
  windows: readonly (readonly [value: number, residual: number])[],
  distance = Number.NaN,
): Float64Array {
  const averages: Averages = { f64: new Float64Array(AT.scalars), at: 0 };
  const axes = newAxes();
  for (const [n, [value, residual]] of windows.entries()) {
    axesOf(averages, n, value, residual, residual, distance, axes);
    learnAverages(averages, n, value, axes);
  }
  return axes;
}

const repeat = (count: number, value: number, residual: number): [number, number][] =>
  new Array<[number, number]>(count).fill([value, residual]);

describe('signals', () => {
  it('begin with the value itself in place of its averages', () => {
    expect([...watched([[7, 0]])]).toEqual([7, 0, 0, 0, 0, 0, 0, 7, 0, 7, 7]);
  });

  it('are value, residual, and averages that move by 2/(M + 1) of the distance', () => {
    const axes = watched([...repeat(300, 10, 0), [21, -11]]);
    expect(axes[0]).toBe(21);
    expect(axes[1]).toBe(-11);
    expect(axes[2]).toBeCloseTo((2 / 11) * 11, 12);
    expect([axes[3], axes[4], axes[5]]).toEqual([20, 40, 100].map((m) => expect.closeTo((2 / (m + 1)) * -11, 12)));
    expect(axes[7]).toBeCloseTo(10 + (2 / 11) * 11, 12);
    expect(axes[8]).toBe(axes[2]);
    expect(axes[9]).toBeCloseTo(10 + (2 / 4) * 11, 12);
    expect(axes[10]).toBeCloseTo(10 + (2 / 31) * 11, 12);
  });

  it('compare a value with the slow level before it, in usual deviations', () => {
    const values = Array.from({ length: 400 }, (_, n): [number, number] => [n % 2 === 0 ? 9 : 11, 0]);
    const axes = watched([...values, [15, 0]]);
    // Mean 10, deviation 1.
    expect(axes[6]).toBeGreaterThan(4.9);
    expect(axes[6]).toBeLessThan(5.1);
  });

  it('take the distance from what is usual at this time of the day, where that is known', () => {
    expect(watched([...repeat(50, 1, 0), [2, 0]], -2.5)[6]).toBe(-2.5);
  });

  it('know no slow level in the first windows, nor for a constant', () => {
    expect(watched([...repeat(19, 1, 0), [2, 0]])[6]).toBe(0);
    expect(watched([...repeat(50, 1, 0), [2, 0]])[6]).toBe(0);
  });

  it('are finite for huge values', () => {
    expect([...watched([...repeat(60, 1e30, -1e30), [-1e30, 1e30]])].every(Number.isFinite)).toBe(true);
  });
});

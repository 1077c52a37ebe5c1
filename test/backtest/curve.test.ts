import { expect, it } from 'vitest';
import { type Curve, newCurve, observeWindow } from '../../src/backtest/curve.ts';
import type { ClosedWindow } from '../../src/backtest/detection.ts';

function windowOf(at: number, value: number, more: Partial<ClosedWindow> = {}): ClosedWindow {
  const numbers = { startMs: 1000 * at, endMs: 1000 * (at + 1), value, expected: value, lower: value - 1 };
  const rest = { upper: value + 1, score: 0.1, open: false, line: at, change: undefined };
  return { field: 0, ...numbers, ...rest, ...more };
}

function curveOf(windows: readonly ClosedWindow[], bucketsMax: number): Curve {
  const curve = newCurve(0, bucketsMax);
  for (const window of windows) observeWindow(curve, window);
  return curve;
}

const first = (curve: Curve, column: 'least' | 'most' | 'score' | 'startMs'): number[] => [
  ...curve[column].slice(0, curve.count),
];

it('keeps windows as they are while there is room', () => {
  const curve = curveOf([windowOf(0, 5), windowOf(1, 7)], 4);
  expect(curve).toMatchObject({ count: 2, stride: 1, endMs: 2000 });
  expect(first(curve, 'most')).toEqual([5, 7]);
});

it('joins neighbours when it is full, and keeps their extremes', () => {
  const curve = curveOf(
    [3, 9, -4, 1, 2].map((value, at) => windowOf(at, value)),
    4,
  );
  expect(curve).toMatchObject({ count: 3, stride: 2, endMs: 5000 });
  expect(first(curve, 'least')).toEqual([3, -4, 2]);
  expect(first(curve, 'most')).toEqual([9, 1, 2]);
  expect(first(curve, 'startMs')).toEqual([0, 2000, 4000]);
});

it('loses no spike, whatever the length', () => {
  for (const length of [7, 100, 4_321]) {
    for (const spike of [0, 3, length - 1]) {
      const windows = Array.from({ length }, (_, at) => windowOf(at, at === spike ? 1e6 : at % 10));
      const curve = curveOf(windows, 16);
      expect(curve.count).toBeLessThanOrEqual(16);
      expect(curve.count * curve.stride).toBeGreaterThanOrEqual(length);
      expect(Math.max(...first(curve, 'most'))).toBe(1e6);
      expect(Math.min(...first(curve, 'least'))).toBe(length === 7 && spike === 0 ? 1 : 0);
    }
  }
});

it('leaves out what is not there', () => {
  const none = { value: NaN, score: NaN, expected: NaN, lower: NaN, upper: NaN };
  const curve = curveOf(
    [windowOf(0, NaN, none), windowOf(1, 2, { score: 3 }), windowOf(2, 4), windowOf(3, NaN, none), windowOf(4, 1)],
    4,
  );
  expect(first(curve, 'most')).toEqual([2, 4, 1]);
  expect(first(curve, 'score')).toEqual([3, 0.1, 0.1].map(Math.fround));
});

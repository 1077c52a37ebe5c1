import { expect, it } from 'vitest';
import { isAway, isBack, startAway } from '../../src/detect/away.ts';
import { AT } from '../../src/kernel/layout.ts';

/** An episode that opened at `value`, where 100 ± 1 and 0 beside the usual value were known. */
function opened(value: number, usual: number): Float64Array {
  const f64 = new Float64Array(AT.scalars);
  f64[AT.slow] = 100;
  f64[AT.slowSquare] = 1;
  startAway(f64, 0, value, usual);
  return f64;
}

it('lasts while the value is nearer to where the episode reached than to the level before it', () => {
  const f64 = opened(120, 120);
  expect([111, 110, 89].map((value) => isAway(f64, 0, value, value, false))).toEqual([true, false, true]);
});

it('reaches out further while it is young', () => {
  const f64 = opened(110, 110);
  isAway(f64, 0, 140, 140, true);
  expect(isAway(f64, 0, 119, 119, false)).toBe(false);
  const old = opened(110, 110);
  isAway(old, 0, 140, 140, false);
  expect(isAway(old, 0, 119, 119, false)).toBe(true);
});

it('is not over when the season leads a shifted value back over the old level', () => {
  const f64 = opened(150, 100);
  expect(isAway(f64, 0, 100, 60, false)).toBe(true);
  expect(isAway(f64, 0, 100, 95, false)).toBe(false);
});

it('takes a usual spread of the value for nothing, and a gap for no distance', () => {
  expect(isAway(opened(102, 102), 0, 102.9, 102.9, false)).toBe(false);
  expect(isAway(opened(Number.NaN, 100), 0, Number.NaN, 100, false)).toBe(false);
});

it('takes a return to where the last episode began for no shift', () => {
  const f64 = opened(0, 0);
  expect(isAway(f64, 0, 0, 0, true)).toBe(true);
  // The outage lasted: the slow level has gone down. What comes back is what was before.
  f64[AT.slow] = 20;
  startAway(f64, 0, 101, 101);
  expect(isAway(f64, 0, 101, 101, false)).toBe(false);
  // Elsewhere is elsewhere.
  startAway(f64, 0, 60, 60);
  expect(isAway(f64, 0, 60, 60, false)).toBe(true);
});

it('is back within a usual spread of the level before, or of what is usual at this time of the day', () => {
  const f64 = opened(150, 90);
  expect([99, 101, 98.9, 101.1].map((value) => isBack(f64, 0, value, 150))).toEqual([true, true, false, false]);
  expect([120, 121, 121.1].map((value) => isBack(f64, 0, value, 120))).toEqual([true, true, false]);
  expect(isBack(f64, 0, 130, Number.NaN)).toBe(false);
  expect(isBack(f64, 0, Number.NaN, 120)).toBe(false);
});

it('is back to the last bit where the series never moved', () => {
  const f64 = new Float64Array(AT.scalars);
  f64[AT.slow] = 42;
  startAway(f64, 0, 43, 42);
  expect([42, 42.001].map((value) => isBack(f64, 0, value, Number.NaN))).toEqual([true, false]);
});

import { describe, expect, it } from 'vitest';
import { isLively, spread, withRest } from './backgrounds.ts';

const DAY = 24;
const ROWS = 28 * DAY;

const lively = (draw: (row: number) => number): boolean =>
  isLively({
    name: 'hours',
    startS: 0,
    everyS: 3600,
    values: Float64Array.from({ length: ROWS }, (_, row) => draw(row)),
    excluded: new Uint8Array(ROWS),
  });

describe('a background', () => {
  /** Of no order that a day would show. */
  const wild = (row: number): number => (row * row * 7 + 3 * row) % 101;

  it('has many values, moves in every week, and differs from day to day', () => {
    expect(lively(wild)).toBe(true);
    expect(lively((row) => wild(row) % 19)).toBe(false);
    expect(lively((row) => (row >= 7 * DAY && row < 14 * DAY ? 5 : wild(row)))).toBe(false);
    expect(lively((row) => (row >= 7 * DAY && row < 13 * DAY ? 5 : wild(row)))).toBe(true);
    expect(lively((row) => row % DAY)).toBe(false);
  });

  it('is taken from all over the columns', () => {
    expect(spread([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 3, 6]);
    expect(spread([0, 1, 2, 3, 4], 2)).toHaveLength(2);
    expect(spread([0, 1], 5)).toEqual([0, 1]);
    for (let count = 1; count <= 38; count++) expect(spread([...Array(38).keys()], count)).toHaveLength(count);
  });

  it('is left alone while it is labelled and for some rows behind', () => {
    expect([...withRest(Uint8Array.of(0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0), 2)]).toEqual([
      0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0,
    ]);
  });
});

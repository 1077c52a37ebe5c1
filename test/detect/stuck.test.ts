import { describe, expect, it } from 'vitest';
import { endRun, learnRun, STUCK } from '../../src/detect/stuck.ts';
import { AT } from '../../src/kernel/layout.ts';

const WEEK = 7 * 86_400_000;

/** What each window is, in the run of one value after another. */
function stuck(values: readonly number[], ageMs = WEEK, f64 = new Float64Array(AT.scalars)) {
  return values.map((value) => learnRun(f64, 0, value, ageMs));
}

const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);
const beginning = (all: readonly number[]): number => all.indexOf(STUCK.begins);

describe('a value that stays exactly the same', () => {
  it('is stuck from the twelfth window on where values usually change, until it changes', () => {
    const all = stuck([1, 2, 3, ...times(20, 7), 8]);
    expect(beginning(all)).toBe(3 + 11);
    expect(all.slice(3 + 12, 3 + 20)).toEqual(times(8, STUCK.lasts));
    expect(all.at(-1)).toBe(STUCK.no);
  });

  it('takes eight times the longest rest so far', () => {
    expect(beginning(stuck([...times(5, 0), 1, ...times(39, 0)]))).toBe(-1);
    expect(beginning(stuck([...times(5, 0), 1, ...times(40, 0)]))).toBe(6 + 39);
  });

  it('is no news in a series that never moved, nor in its first week', () => {
    expect(beginning(stuck(times(5000, 42)))).toBe(-1);
    expect(beginning(stuck([1, 2, ...times(100, 7)], WEEK - 1))).toBe(-1);
  });

  it('is usual when it was declared so', () => {
    const f64 = new Float64Array(AT.scalars);
    stuck([1, 2, ...times(20, 7)], WEEK, f64);
    endRun(f64, 0);
    expect(stuck(times(100, 7), WEEK, f64)).toEqual(times(100, STUCK.no));
  });
});

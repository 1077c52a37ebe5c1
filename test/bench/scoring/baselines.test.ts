import { describe, expect, it } from 'vitest';
import { ewmaZ, fieldsTogether, naiveZ, upperTail, windowedGaussian } from './baselines.ts';

describe('the tail of the normal distribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [2.9, 0.0018658133003840378],
    [3, 0.0013498980316300933],
    [6, 9.865876450376946e-10],
    [40, 0],
  ])('beyond %d is %d', (z, tail) => {
    expect(Math.abs(upperTail(z) - tail)).toBeLessThan(1e-14);
  });
});

describe('the EWMA z-score', () => {
  it('is silent at first, then counts deviations before it learns the value', () => {
    const values = [...Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1 : -1)), 10];
    const scores = ewmaZ(values);
    expect([...scores.subarray(0, 21)]).toEqual(Array(21).fill(0));
    expect(scores[199]).toBeCloseTo(1, 1);
    expect(scores[200]).toBeCloseTo(10, 0);
  });

  it('of a constant is 0, and of what leaves it beyond all bounds', () => {
    const scores = ewmaZ([...Array(50).fill(3), 3.1]);
    expect(scores[49]).toBe(0);
    expect(scores[50]).toBe(Number.MAX_VALUE);
  });
});

describe('the windowed Gaussian', () => {
  it('forgets what left its window', () => {
    const values = Array.from({ length: 13_000 }, (_, i) => (i < 6400 ? 100 : 0) + (i % 2));
    const scores = windowedGaussian(values);
    expect(scores[12_850]).toBeCloseTo(1 - upperTail(1), 6);
  });
});

describe('a naive forecast', () => {
  it('is judged by what it was usually wrong by, and silent at first', () => {
    const values = [...Array.from({ length: 400 }, (_, i) => i % 4), 7];
    const seasonal = naiveZ(values, 4);
    expect([...seasonal.subarray(0, 400)]).toEqual(Array(400).fill(0));
    expect(seasonal[400]).toBe(Number.MAX_VALUE);
    const last = naiveZ(values, 1);
    expect([...last.subarray(0, 22)]).toEqual(Array(22).fill(0));
    // Steps of 1, 1, 1 and −3: their root mean square is √3, weighted by how long ago they were.
    expect(last[400]).toBeCloseTo(4 / Math.sqrt(3), 1);
  });
});

describe('the fields of an entity', () => {
  it('are one score, in which none counts for more than 10', () => {
    const together = fieldsTogether([Float64Array.of(3, 0), Float64Array.of(4, Number.MAX_VALUE)]);
    expect([...together]).toEqual([Math.sqrt(12.5), Math.sqrt(50)]);
  });
});

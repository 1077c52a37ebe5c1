// Rounding does not add up over the life of a series. Here it is a hundred thousand updates; the kernel's
// benchmark takes the same course for a million.

import { beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS } from '../backends.ts';
import { COURSE_NOISE, COURSE_SHAPE, expectedLossAfter, lossAfter } from '../course.ts';
import { trial } from '../trial.ts';

const UPDATES = 100_000;

describe('after a hundred thousand updates', () => {
  let expected = Number.NaN;
  beforeAll(() => {
    expected = expectedLossAfter(UPDATES, trial(BACKENDS[0]!, COURSE_SHAPE));
  }, 60_000);

  it.each(BACKENDS)('$name has the loss that the reference has, within 0.01 %', (backend) => {
    const actual = lossAfter(UPDATES, trial(backend, COURSE_SHAPE));
    // 4e-8 where this was written, for either backend.
    expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-4);
    // And it has learned: the noise is most of what is left.
    expect(actual).toBeLessThan(1.2 * COURSE_NOISE);
  });
});

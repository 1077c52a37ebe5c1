import { describe, expect, it } from 'vitest';
import { intervalOf } from '../../src/window/interval.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/streams.ts';

const regular = (stepMs: number): number[] => Array.from({ length: 33 }, (_, i) => i * stepMs);

describe('the interval of a series', () => {
  it.each([
    [SECOND, SECOND],
    [2 * SECOND, 5 * SECOND],
    [10 * SECOND, 10 * SECOND],
    [11 * SECOND, 10 * SECOND],
    [12 * SECOND, 15 * SECOND],
    [45 * SECOND, MINUTE],
    [5 * MINUTE, 5 * MINUTE],
    [20 * MINUTE, 30 * MINUTE],
    [HOUR, HOUR],
    [2 * HOUR, DAY],
    [7 * DAY, DAY],
    [50, SECOND],
  ])('of samples every %i ms is %i ms', (stepMs, intervalMs) => {
    expect(intervalOf(regular(stepMs))).toBe(intervalMs);
  });

  it('forgives jitter, a few holes and samples of one instant', () => {
    const times = regular(MINUTE).map((time, i) => time + (i % 3) * SECOND);
    times.splice(5, 4);
    times.splice(9, 0, times[9] ?? 0);
    expect(intervalOf(times)).toBe(MINUTE);
  });

  it('is a second when all samples are of one instant', () => {
    expect(intervalOf(regular(0))).toBe(SECOND);
  });
});

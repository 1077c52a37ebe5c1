import { expect, it } from 'vitest';
import { noteFirstScores } from '../../src/detect/firstScore.ts';
import { GAP, newCounters } from '../../src/domain.ts';
import { DETECT } from '../support/detection.ts';
import { EVERY_MS, oneSeries, windowOf } from '../support/slabs.ts';

it('is the event time from the first window with a value to the end of the first scored one, and told once', () => {
  const one = oneSeries('last');
  const mutedUntilMs = (): number => Number.NEGATIVE_INFINITY;
  const state = { bank: one.bank, settings: DETECT, warmupWindows: 3, counters: newCounters(), mutedUntilMs };
  // The second value is out of range.
  const scores = [Number.NaN, 1.01, Number.NaN, Number.NaN, Number.NaN, 0.3, 0.4, Number.NaN, 0.2];
  let learned = 0;
  const told = scores.map((score, n) => {
    // Two windows without a value: before the first one, and among the others.
    const missing = n === 0 || n === 3;
    const wave = windowOf(one, 1000 + n, 5);
    if (missing) wave.gap[0] = GAP.missing;
    wave.learned[0] = learned;
    wave.score[0] = score;
    if (!missing) learned++;
    noteFirstScores(state, wave);
    return wave.scoredAfterMs[0];
  });
  const none = Number.NaN;
  expect(told).toEqual([none, none, none, none, none, 5 * EVERY_MS, none, none, none]);
});

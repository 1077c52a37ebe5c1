import { describe, expect, it } from 'vitest';
import { GAP } from '../../src/domain.ts';
import { copySlab } from '../../src/kernel/bank.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { learnScores, scoreWave } from '../../src/score/scorer.ts';
import { type OneSeries, oneSeries, windowOf } from '../support/slabs.ts';

const random = newRandom(21);

/** One window through scoring and learning, with a forecast of 0. */
function judge(one: OneSeries, n: number, value: number, expected = 0): number {
  const wave = windowOf(one, n, value);
  wave.learned[0] = n;
  wave.expected[0] = expected;
  scoreWave(one.bank, wave);
  learnScores(one.bank, wave);
  return wave.pooled[0]!;
}

function trained(windows: number): OneSeries {
  const one = oneSeries('last');
  for (let n = 0; n < windows; n++) judge(one, n, gaussian(random));
  return one;
}

describe('scorer', () => {
  it('has no opinion before fifty windows', () => {
    const one = oneSeries('last');
    for (let n = 0; n < 50; n++) expect(judge(one, n, n % 5)).toBeNaN();
    expect(judge(one, 50, 3)).not.toBeNaN();
  });

  it('scores without changing the slab', () => {
    const one = trained(300);
    const before = copySlab(one.bank, one.slot);
    const wave = windowOf(one, 300, 1e12);
    wave.learned[0] = 300;
    wave.expected[0] = 0;
    scoreWave(one.bank, wave);
    expect(copySlab(one.bank, one.slot)).toEqual(before);
  });

  it('is surprised by a value never seen, in decades of the windows so far', () => {
    const one = trained(1000);
    const wave = windowOf(one, 1000, 1000);
    wave.learned[0] = 1000;
    wave.expected[0] = 0;
    scoreWave(one.bank, wave);
    expect(wave.levelSurprise[0]).toBeCloseTo(Math.log10(1001), 6);
    expect(wave.residualSurprise[0]).toBeCloseTo(Math.log10(1001), 6);
    expect(wave.pooled[0]).toBeCloseTo(Math.log10(1001) - 0.6 * Math.log10(1001) + 4, 6);
  });

  it('tells the level from the residual: a usual value at an unusual time is evidence of the residual alone', () => {
    const one = oneSeries('last');
    for (let n = 0; n < 1000; n++) judge(one, n, 10 * (n % 2) + gaussian(random), 10 * (n % 2));
    const wave = windowOf(one, 1000, 10);
    wave.learned[0] = 1000;
    wave.expected[0] = 0;
    scoreWave(one.bank, wave);
    expect(wave.residualSurprise[0]).toBeGreaterThan(2.5);
    expect(wave.levelSurprise[0]).toBeLessThan(1.5);
  });

  it('has no opinion about a window without data, and learns nothing from it', () => {
    const one = trained(100);
    const before = copySlab(one.bank, one.slot);
    const wave = windowOf(one, 100, Number.NaN);
    wave.gap[0] = GAP.missing;
    wave.learned[0] = 100;
    scoreWave(one.bank, wave);
    learnScores(one.bank, wave);
    expect(wave.pooled[0]).toBeNaN();
    expect(copySlab(one.bank, one.slot)).toEqual(before);
  });
});

import { describe, expect, it } from 'vitest';
import { GAP, SURPRISES, type Wave } from '../../src/domain.ts';
import { copySlab } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { learnScores, scoreWave } from '../../src/score/scorer.ts';
import { type OneSeries, oneSeries, windowOf } from '../support/slabs.ts';

const random = newRandom(21);

/** Window n of the series, with its forecasts. */
function foreseen(one: OneSeries, n: number, value: number, expected = 0): Wave {
  const wave = windowOf(one, n, value);
  wave.learned[0] = n;
  wave.near[0] = expected;
  wave.far[0] = expected;
  return wave;
}

/** One window through scoring and learning. */
function judge(one: OneSeries, n: number, value: number, expected = 0): number {
  const wave = foreseen(one, n, value, expected);
  scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
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
    const wave = foreseen(one, 300, 1e12);
    scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
    expect(copySlab(one.bank, one.slot)).toEqual(before);
  });

  it('is surprised by a value never seen, in decades of the windows so far', () => {
    const one = trained(1000);
    const wave = foreseen(one, 1000, 1000);
    scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
    const [level = 0, residual = 0] = wave.roots.map((root) => 2 * Math.log10(root));
    expect(level).toBeCloseTo(Math.log10(1001), 6);
    expect(residual).toBeCloseTo(Math.log10(1001), 6);
    // All nine signals are pooled; a jump like this is new to nearly all of them.
    const never = Math.log10(1001) - 0.6 * Math.log10(1001) + 4;
    expect(wave.pooled[0]).toBeLessThanOrEqual(never + 1e-9);
    expect(wave.pooled[0]).toBeGreaterThan(never - 0.5);
  });

  it('tells the level from the residual: a usual value at an unusual time is evidence of the residual alone', () => {
    const one = oneSeries('last');
    for (let n = 0; n < 1000; n++) judge(one, n, 10 * (n % 2) + gaussian(random), 10 * (n % 2));
    const wave = foreseen(one, 1000, 10);
    scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
    const [level = 9, residual = 0] = wave.roots.map((root) => 2 * Math.log10(root));
    expect(residual).toBeGreaterThan(2.5);
    expect(level).toBeLessThan(1.5);
  });

  it('raises the point score of a window that lies far from the slow level, and lowers that of a usual one', () => {
    const one = trained(1000);
    for (let n = 1000; n < 1005; n++) judge(one, n, 12 + gaussian(random));
    const shifted = foreseen(one, 1005, 12);
    scoreWave(one.bank, newFloat32Kernel(one.bank.lane), shifted);
    const excess = shifted.point[0]! - shifted.pooled[0]!;
    expect(excess).toBeGreaterThan(0);
    const usual = foreseen(trained(1000), 1000, 0);
    scoreWave(one.bank, newFloat32Kernel(one.bank.lane), usual);
    expect(usual.point[0]! - usual.pooled[0]!).toBeLessThan(0);
  });

  it('finds a usual value at another time of the day far from what is usual then', () => {
    const distance = (value: number, usual: number): number => {
      const one = oneSeries('last');
      const known = (n: number, v: number, u: number): Wave => {
        const wave = foreseen(one, n, v);
        wave.usual[0] = u;
        return wave;
      };
      for (let n = 0; n < 1000; n++) {
        const usualNow = 10 * (Math.floor(n / 100) % 2);
        const wave = known(n, usualNow + gaussian(random), usualNow);
        scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
        learnScores(one.bank, wave);
      }
      const wave = known(1000, value, usual);
      scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
      return wave.point[0]! - wave.pooled[0]!;
    };
    expect(distance(10, 10)).toBeLessThan(0);
    expect(distance(10, 0)).toBeGreaterThan(0.3);
  });

  it('has no opinion about a window without data, and learns nothing from it', () => {
    const one = trained(100);
    const before = copySlab(one.bank, one.slot);
    const wave = windowOf(one, 100, Number.NaN);
    wave.gap[0] = GAP.missing;
    wave.learned[0] = 100;
    scoreWave(one.bank, newFloat32Kernel(one.bank.lane), wave);
    learnScores(one.bank, wave);
    expect(wave.pooled[0]).toBeNaN();
    expect(wave.point[0]).toBeNaN();
    expect([...wave.roots.subarray(0, SURPRISES)].every(Number.isNaN)).toBe(true);
    expect(copySlab(one.bank, one.slot)).toEqual(before);
  });
});

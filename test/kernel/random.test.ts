import { describe, expect, it } from 'vitest';
import { gaussian, hash32, newRandom, uniform } from '../../src/kernel/random.ts';

function moments(draw: () => number, count: number): readonly [mean: number, variance: number, fourth: number] {
  const sums = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const x = draw();
    sums[0]! += x;
    sums[1]! += x * x;
    sums[2]! += x ** 4;
  }
  const [mean, square, fourth] = sums.map((sum) => sum / count) as [number, number, number];
  return [mean, square - mean * mean, fourth];
}

describe('random numbers', () => {
  it('are the same for the same seed', () => {
    const draw = (seed: number): readonly number[] => {
      const random = newRandom(seed);
      return [uniform(random), gaussian(random), uniform(random)];
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    // The whole state is the record: a copy continues alike.
    const random = newRandom(5);
    uniform(random);
    const copy = { ...random };
    expect(gaussian(copy)).toBe(gaussian(random));
  });

  it('are the numbers that were written down once', () => {
    const random = newRandom(1);
    // From an implementation in Python, after the papers.
    const expected = [0.5686059948349658, 0.8893939367683266, -0.43060011100390955];
    expect([uniform(random), uniform(random), gaussian(random)]).toEqual(expected);
    expect([hash32('host="web-1"'), hash32('')]).toEqual([2504641260, 2872998923]);
  });

  it('are uniform in [0, 1)', () => {
    const random = newRandom(3);
    const cells = new Array(16).fill(0);
    const count = 160_000;
    let min = 1;
    let max = 0;
    for (let i = 0; i < count; i++) {
      const u = uniform(random);
      min = Math.min(min, u);
      max = Math.max(max, u);
      cells[Math.floor(u * 16)]++;
    }
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThan(1);
    const chi2 = cells.reduce((sum, n) => sum + (n - count / 16) ** 2 / (count / 16), 0);
    // 15 degrees of freedom: beyond 44.3 once in 10,000.
    expect(chi2).toBeLessThan(44.3);
  });

  it('are normal where asked', () => {
    const random = newRandom(4);
    const count = 200_000;
    const [mean, variance, fourth] = moments(() => gaussian(random), count);
    // Four standard errors each: of the mean 1/√n, of the variance √(2/n), of the fourth moment √(96/n).
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });

  it('of neighbouring seeds are unrelated', () => {
    const count = 20_000;
    let product = 0;
    for (let seed = 0; seed < count; seed++) {
      product += (uniform(newRandom(seed)) - 0.5) * (uniform(newRandom(seed + 1)) - 0.5);
    }
    // The product of two uniform numbers has variance 1/144.
    expect(Math.abs(product / count)).toBeLessThan(4 / 12 / Math.sqrt(count));
  });
});

describe('hash32', () => {
  it('is a whole number of 32 bits that depends on every unit and its place', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', 'a\u0000', '\u0100', 'host="web-1"', 'host="web-2"'];
    const hashes = texts.map(hash32);
    expect(new Set(hashes).size).toBe(texts.length);
    for (const hash of hashes) expect(hash).toBe(hash >>> 0);
  });

  it('spreads names that differ only in a number', () => {
    const cells = new Array(64).fill(0);
    for (let i = 0; i < 6400; i++) cells[hash32(`host="web-${i}"`) >>> 26]++;
    const chi2 = cells.reduce((sum, n) => sum + (n - 100) ** 2 / 100, 0);
    // 63 degrees of freedom: beyond 110 once in 4,000.
    expect(chi2).toBeLessThan(110);
  });
});

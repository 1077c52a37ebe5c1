import { describe, expect, it } from 'vitest';
import { meanOf, newDither, nextDither, packed, squareOf, startDither } from '../../src/kernel/moments.ts';
import { gaussian, newRandom, uniform } from '../../src/kernel/random.ts';

const random = newRandom(1);
const numbers = Array.from({ length: 2000 }, () => gaussian(random) * 10 ** (40 * uniform(random) - 26));

describe('the word of two averages', () => {
  it('keeps m to 8 bits, rounded to the nearest', () => {
    for (const m of numbers) {
      const error = meanOf(packed(m, 0, 0)) / m - 1;
      expect(Math.abs(error)).toBeLessThanOrEqual(2 ** -8);
    }
    const bias = numbers.reduce((sum, m) => sum + meanOf(packed(m, 0, 0)) / m - 1, 0) / numbers.length;
    // A uniform error of ± 2^-9 on average, of so many.
    expect(Math.abs(bias)).toBeLessThan((4 * 2 ** -9) / Math.sqrt(numbers.length));
  });

  it('keeps v to 9 bits, rounded up by the largest dither and down by none', () => {
    for (const v of numbers.map(Math.abs)) {
      const [down, up] = [squareOf(packed(-1, v, 0)), squareOf(packed(-1, v, 2 ** 15 - 1))];
      expect(down).toBeLessThanOrEqual(v * (1 + 2 ** -24));
      expect(up).toBeGreaterThanOrEqual(v * (1 - 2 ** -24));
      expect(up / down).toBeLessThanOrEqual(1 + 2 ** -8);
    }
  });

  it('keeps what either can hold as it is, and none disturbs the other', () => {
    for (const m of [0, 1, -1.5, 2 ** -80, -3 * 2 ** 90]) {
      for (const v of [0, 1, 1.00390625, 2 ** -90, 257 * 2 ** 60]) {
        for (const dither of [0, 12_345, 2 ** 15 - 1]) {
          const word = packed(m, v, dither);
          expect([meanOf(word), squareOf(word), meanOf(word >>> 0)]).toEqual([m, v, m]);
        }
      }
    }
    expect(packed(0, 0, 2 ** 15 - 1)).toBe(0);
  });
});

describe('an average of small steps', () => {
  it('is right in the mean, where rounding to the nearest stands still', () => {
    const dither = newDither();
    const gathered = { dithered: 0, nearest: 0, exact: 0 };
    const weights = 64;
    for (let i = 0; i < weights; i++) {
      let [dithered, nearest, exact] = [0.37, 0.37, 0.37];
      for (let update = 1; update <= 3000; update++) {
        startDither(dither, update);
        let chance = 0;
        for (let other = 0; other <= i; other++) chance = nextDither(dither, other);
        const towards = (v: number): number => 0.999 * v + 0.001 * 0.5;
        dithered = squareOf(packed(0, towards(dithered), chance));
        nearest = squareOf(packed(0, towards(nearest), 2 ** 14));
        exact = towards(exact);
      }
      gathered.dithered += dithered / weights;
      gathered.nearest += nearest / weights;
      gathered.exact += exact / weights;
    }
    expect(gathered.exact).toBeCloseTo(0.5, 1);
    expect(gathered.nearest).toBeLessThan(0.4);
    expect(Math.abs(gathered.dithered / gathered.exact - 1)).toBeLessThan(0.01);
  });
});

describe('dither', () => {
  it('is the same for the same update and place, and another for every other', () => {
    const drawn = (update: number): readonly number[] => {
      const dither = newDither();
      startDither(dither, update);
      return Array.from({ length: 40 }, (_, i) => nextDither(dither, i));
    };
    expect(drawn(7)).toEqual(drawn(7));
    const all = [1, 2, 3, 1000, 2 ** 20].flatMap(drawn);
    // 15 bits: of 200, half a pair is equal by chance.
    expect(new Set(all).size).toBeGreaterThan(195);
  });

  it('is uniform over the updates at any one place', () => {
    const dither = newDither();
    const [count, places] = [4000, 12];
    const sums = new Float64Array(places);
    const squares = new Float64Array(places);
    for (let update = 1; update <= count; update++) {
      startDither(dither, update);
      for (let i = 0; i < places; i++) {
        const u = nextDither(dither, i) / 2 ** 15;
        sums[i]! += u;
        squares[i]! += u * u;
      }
    }
    for (let i = 0; i < places; i++) {
      expect(Math.abs(sums[i]! / count - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
      expect(Math.abs(squares[i]! / count - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / count));
    }
  });
});

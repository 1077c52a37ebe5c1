import { describe, expect, it } from 'vitest';
import { BAND_NOMINAL, halfWidth, learnBand } from '../../src/forecast/band.ts';
import { AT } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';

function learnNoise(count: number, noise: (n: number) => number): Float64Array {
  const f64 = new Float64Array(AT.scalars);
  for (let n = 0; n < count; n++) {
    learnBand(f64, 0, 100 + noise(n), 100);
    f64[AT.learned]! += 1;
  }
  return f64;
}

describe('band', () => {
  it('holds about the nominal share of normal windows, whatever the tails', () => {
    const random = newRandom(3);
    for (const noise of [() => gaussian(random), () => gaussian(random) ** 3]) {
      const f64 = learnNoise(5000, noise);
      const half = halfWidth(f64, 0);
      let inside = 0;
      for (let i = 0; i < 5000; i++) if (Math.abs(noise()) <= half) inside++;
      expect(Math.abs(inside / 5000 - BAND_NOMINAL)).toBeLessThan(0.015);
      expect(Math.abs(f64[AT.coverage]! - BAND_NOMINAL)).toBeLessThan(0.015);
    }
  });

  it('hardly widens for one anomaly', () => {
    const random = newRandom(4);
    const f64 = learnNoise(1000, () => gaussian(random));
    const before = halfWidth(f64, 0);
    learnBand(f64, 0, 1e9, 100);
    expect(halfWidth(f64, 0)).toBeLessThan(2.5 * before);
  });

  it('is never of zero width, also for a constant series', () => {
    const f64 = learnNoise(500, () => 0);
    f64[AT.mean] = 100;
    expect(halfWidth(f64, 0)).toBeGreaterThan(0);
  });

  it('grades the forecast against the last value and against the profile', () => {
    const f64 = new Float64Array(AT.scalars);
    for (let n = 0; n < 3000; n++) {
      f64[AT.previous] = 96;
      f64[AT.profileForecast] = 98;
      learnBand(f64, 0, 100, 99);
      f64[AT.learned]! += 1;
    }
    expect(f64[AT.modelError]).toBeCloseTo(1, 6);
    expect(f64[AT.naiveError]).toBeCloseTo(2, 6);
    expect(f64[AT.stepError]).toBeCloseTo(4, 6);
  });
});

import { describe, expect, it } from 'vitest';
import { newCounters } from '../../src/domain.ts';
import { forecastWave, learnWave, newForecastState } from '../../src/forecast/forecaster.ts';
import { copySlab } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { type ManyFields, manyFields, stepOf } from '../support/fields.ts';

/** Two fields that move together, and one for itself, learned for a while: ready to see another step. */
function learned(many: ManyFields = manyFields(3, { cell: 'last' })) {
  const state = newForecastState(many.bank, newFloat32Kernel(many.bank.lane), newCounters(), () => 1);
  const random = newRandom(5);
  let n = 0;
  for (; n < 2000; n++) {
    const x = gaussian(random);
    const wave = stepOf(many, n, [10 + x, 50 + 5 * x + 0.5 * gaussian(random), gaussian(random)]);
    forecastWave(state, wave);
    learnWave(state, wave);
  }
  /** Distance of the levels, and each field's part in both distances. */
  const see = (values: readonly (number | undefined)[]): { readonly distance: number; readonly parts: number[] } => {
    const wave = stepOf(many, n, values);
    forecastWave(state, wave);
    return { distance: wave.value[wave.count] ?? Number.NaN, parts: [...wave.apart.subarray(0, wave.count)] };
  };
  return { many, see };
}

describe('all fields together', () => {
  it('are far from how they go together when one no longer follows, though each is as ever', () => {
    const { see } = learned();
    const usual = see([11.5, 57.5, 0]).distance;
    const broken = see([11.5, 42.5, 0]).distance;
    expect(usual).toBeLessThan(1.5);
    expect(broken).toBeGreaterThan(2.5 * usual);
  });

  it('name the field that lies apart', () => {
    const { see } = learned();
    const { parts } = see([10, 50, 2.9]);
    expect(parts[2]).toBeGreaterThan((parts[0] ?? 0) + (parts[1] ?? 0));
    expect(parts.every((part) => part >= 0)).toBe(true);
  });

  it('are further apart when several are a bit off than when one is', () => {
    const { see } = learned();
    expect(see([11.5, 42.5, 1.5]).distance).toBeGreaterThan(see([10, 50, 1.5]).distance);
  });

  it('leave fields without a value out, and have no distance when none has one', () => {
    const { see } = learned();
    expect(see([10, Number.NaN, undefined]).distance).toBeLessThan(0.5);
    expect(see([Number.NaN, Number.NaN, Number.NaN]).distance).toBeNaN();
  });

  it('are seen without a change to the slab', () => {
    const { many, see } = learned();
    const before = copySlab(many.bank, many.first);
    see([20, 0, 3]);
    expect(copySlab(many.bank, many.first)).toEqual(before);
  });

  it('may be copies of each other, or constant', () => {
    const many = manyFields(3, { cell: 'last' });
    const state = newForecastState(many.bank, newFloat32Kernel(many.bank.lane), newCounters(), () => 1);
    for (let n = 0; n < 500; n++) {
      const wave = stepOf(many, n, [n % 7, n % 7, 4]);
      forecastWave(state, wave);
      expect(Number.isFinite(wave.value[wave.count])).toBe(true);
      expect(Number.isFinite(wave.near[wave.count])).toBe(true);
      learnWave(state, wave);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { newCounters } from '../../src/domain.ts';
import { forecastWave, learnWave, newForecastState } from '../../src/forecast/forecaster.ts';
import { copySlab, hotAddress } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { type Kernel, TRAIN } from '../../src/kernel/kernel.ts';
import { AT } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { type ManyFields, manyFields, stepOf } from '../support/fields.ts';

type Values = readonly (number | undefined)[];

/**
 * Learns steps one by one; tells the targets of every training pass, row by row, and the forecasts before
 * each step.
 */
function learn(steps: readonly Values[], many: ManyFields = manyFields(2, { fields: 'joint' })) {
  const { lane, layout } = many.bank;
  const real = newFloat32Kernel(lane);
  const passes: number[][][] = [];
  const forecasts: number[][] = [];
  const kernel: Kernel = {
    ...real,
    train(network, count, hyper) {
      const job = real.room(network).jobs / 4;
      const rows = lane.u32[job + TRAIN.steps]!;
      const targets = lane.u32[job + TRAIN.targets]! / 4;
      expect(count).toBe(1);
      passes.push(
        Array.from({ length: rows }, (_, t) => [
          ...lane.f32.subarray(targets + t * network.M, targets + (t + 1) * network.M),
        ]),
      );
      real.train(network, count, hyper);
    },
  };
  const state = newForecastState(many.bank, kernel, newCounters(), () => 7);
  for (const [n, values] of steps.entries()) {
    const wave = stepOf(many, n, values);
    forecastWave(state, wave);
    forecasts.push([...wave.expected.subarray(0, wave.count)]);
    learnWave(state, wave);
  }
  return { many, state, passes, forecasts, layout };
}

const waves = (count: number): Values[] => Array.from({ length: count }, (_, n) => [Math.sin(n), 5 * Math.cos(n)]);

describe('one network for all fields', () => {
  it('trains all fields in one pass every eight windows, the change, the next level and the far one of each', () => {
    const { passes, many } = learn(waves(41));
    expect(passes.length).toBe(5);
    const at = many.atOf(2);
    expect([many.bank.lane.f64[at + AT.trainings], many.bank.lane.f64[at + AT.learned]]).toEqual([5, 41]);
    expect(passes[0]?.map((row) => row.map(Number.isNaN))).toEqual(
      // Of eight rows no window is known 24 ahead.
      Array.from({ length: 8 }, () => [false, false, false, false, true, true]),
    );
    for (let field = 0; field < 2; field++) expect(many.bank.lane.f64[many.atOf(field) + AT.hasForecast]).toBe(1);
  });

  it('is not taught by a field without a value, which stays where it was', () => {
    const steps = waves(9).map(
      (values, n): Values => (n === 4 ? [values[0], Number.NaN] : n === 6 ? [values[0]] : values),
    );
    const { passes, many } = learn(steps);
    const rows = passes[0] ?? [];
    // Rows 3 and 5 have the missing windows ahead; field 0 is known everywhere.
    expect(rows.map((row) => Number.isNaN(row[1]))).toEqual(
      [3, 5].reduce((all, t) => all.with(t, true), Array(8).fill(false)),
    );
    expect(rows.map((row) => Number.isNaN(row[3]))).toEqual(rows.map((row) => Number.isNaN(row[1])));
    expect(rows.every((row) => !Number.isNaN(row[0]))).toBe(true);
    expect([0, 1, 2].map((field) => many.bank.lane.f64[many.atOf(field) + AT.learned])).toEqual([9, 7, 9]);
  });

  it('learns nothing from a step without any value', () => {
    const one = learn(waves(12));
    const before = copySlab(one.many.bank, one.many.first);
    const wave = stepOf(one.many, 12, [Number.NaN, Number.NaN]);
    forecastWave(one.state, wave);
    learnWave(one.state, wave);
    expect(copySlab(one.many.bank, one.many.first)).toEqual(before);
  });

  it('sees in one field what comes in the other', () => {
    const random = newRandom(3);
    const noise = Array.from({ length: 3000 }, () => gaussian(random));
    const steps = noise.slice(1).map((x, n): Values => [x, noise[n]]);
    const errorOf = (): number => {
      const { forecasts } = learn(steps);
      let sum = 0;
      for (let n = 2000; n < steps.length; n++) sum += Math.abs((forecasts[n]?.[1] ?? 0) - (steps[n]?.[1] ?? 0));
      return sum / (steps.length - 2000);
    };
    const alone = noise.reduce((sum, x) => sum + Math.abs(x), 0) / noise.length;
    expect(errorOf()).toBeLessThan(0.4 * alone);
  }, 30_000);

  it('that is no longer finite starts anew, and keeps what the fields have learned', () => {
    const { many, state } = learn(waves(24));
    const { lane, layout } = many.bank;
    const hot = hotAddress(many.bank, many.first) / 4;
    lane.f32[hot + 5] = Number.NaN;
    const wave = stepOf(many, 24, [0.5, 1]);
    forecastWave(state, wave);
    learnWave(state, wave);
    expect(state.counters.modelResets).toBe(1);
    expect(lane.f32.subarray(hot, hot + layout.network!.weights).every(Number.isFinite)).toBe(true);
    expect(lane.f64[many.atOf(2) + AT.logCount]).toBe(0);
    for (let field = 0; field < 2; field++) {
      const at = many.atOf(field);
      expect(lane.f64[at + AT.forecast]).toBe(lane.f64[at + AT.profileForecast]);
      expect(lane.f64[at + AT.learned]).toBe(25);
    }
  });
});

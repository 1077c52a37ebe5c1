import { describe, expect, it } from 'vitest';
import { newCounters } from '../../src/domain.ts';
import { type ForecastState, forecastWave, learnWave, newForecastState } from '../../src/forecast/forecaster.ts';
import { LEADER } from '../../src/forecast/mixture.ts';
import { copySlab } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { AT, FAR, type Shape } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { type OneSeries, oneSeries, windowOf } from '../support/slabs.ts';

function forecasterOf(cell: Shape['cell']): { readonly one: OneSeries; readonly state: ForecastState } {
  const one = oneSeries(cell);
  const kernel = newFloat32Kernel(one.bank.lane);
  return { one, state: newForecastState(one.bank, kernel, newCounters(), () => 7) };
}

/** Mean |value − forecast| over the second half, and of the last-value forecast. */
function errors(cell: Shape['cell'], values: readonly number[]): { model: number; lastValue: number } {
  const { one, state } = forecasterOf(cell);
  let model = 0;
  let lastValue = 0;
  for (const [n, value] of values.entries()) {
    const wave = windowOf(one, n, value);
    forecastWave(state, wave);
    if (n >= values.length / 2) {
      model += Math.abs(value - wave.expected[0]!);
      lastValue += Math.abs(value - values[n - 1]!);
    }
    learnWave(state, wave);
  }
  return { model, lastValue };
}

function noisyDays(days: number): number[] {
  const random = newRandom(11);
  return Array.from({ length: days * 288 }, (_, n) => 100 + 40 * Math.sin((2 * Math.PI * n) / 288) + gaussian(random));
}

describe('forecaster', () => {
  it.each(['gru', 'last', 'seasonal', 'ewma'] as const)(
    '%s says nothing before it has learned, and a band after',
    (cell) => {
      const { one, state } = forecasterOf(cell);
      for (let n = 0; n < 100; n++) {
        const wave = windowOf(one, n, 10 + (n % 3));
        forecastWave(state, wave);
        expect(wave.learned[0]).toBe(n);
        if (n === 0) {
          expect(wave.expected[0]).toBeNaN();
        } else {
          expect(Number.isFinite(wave.expected[0])).toBe(true);
          expect(wave.lower[0]).toBeLessThan(wave.expected[0]!);
          expect(wave.upper[0]).toBeGreaterThan(wave.expected[0]!);
        }
        learnWave(state, wave);
      }
      expect(state.counters.windowsLearned).toBe(100);
    },
  );

  it.each(['gru', 'last', 'seasonal', 'ewma'] as const)('%s forecasts without changing its slab', (cell) => {
    const { one, state } = forecasterOf(cell);
    for (let n = 0; n < 40; n++) learnAfterForecast(state, one, n, Math.sin(n));
    const before = copySlab(one.bank, one.slot);
    forecastWave(state, windowOf(one, 40, 1e9));
    forecastWave(state, windowOf(one, 40, -3));
    expect(copySlab(one.bank, one.slot)).toEqual(before);
  });

  it('the GRU beats the last value on a noisy daily pattern', () => {
    const { model, lastValue } = errors('gru', noisyDays(10));
    expect(model).toBeLessThan(0.9 * lastValue);
  });

  it('survives constants, huge and tiny values, and jumps', () => {
    for (const values of [
      new Array<number>(200).fill(0),
      new Array<number>(200).fill(3.3e38),
      Array.from({ length: 300 }, (_, n) => (n % 7 === 0 ? 3e38 : -3e38)),
      Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? 5e-324 : 1e300 ** 0)),
      Array.from({ length: 300 }, (_, n) => (n < 150 ? 1e-300 : 1e30)),
    ]) {
      const { one, state } = forecasterOf('gru');
      for (const [n, value] of values.entries()) {
        learnAfterForecast(state, one, n, value);
        if (n > 0) expect(Number.isFinite(one.wave.expected[0])).toBe(true);
      }
      expect(one.bank.lane.f64.subarray(one.at, one.at + 80).every((x) => !Number.isNaN(x))).toBe(true);
    }
  });

  it('gives the same bytes for the same values and seed', () => {
    const runs = [0, 1].map(() => {
      const { one, state } = forecasterOf('gru');
      for (const [n, value] of noisyDays(2).entries()) learnAfterForecast(state, one, n, value);
      return copySlab(one.bank, one.slot);
    });
    expect(runs[0]).toEqual(runs[1]);
  });

  it('is scored with the leading baseline while its network is outdone, near and far, and then with it again', () => {
    const { one, state } = forecasterOf('gru');
    const { f64 } = one.bank.lane;
    for (const [n, value] of noisyDays(4).entries()) learnAfterForecast(state, one, n, value);
    const n = 4 * 288;
    const outdone = 288;
    const seen = (windows: number): { near: number; far: number } => {
      forecastWave(state, windowOf(one, n + windows, 0));
      return { near: one.wave.near[0]!, far: one.wave.far[0]! };
    };
    const ofNetwork = seen(0);
    expect(ofNetwork.near).not.toBe(one.wave.expected[0]);
    f64[one.at + AT.outdone] = outdone;
    f64[one.at + AT.leader] = LEADER.last;
    expect(seen(0)).toEqual({ near: one.wave.expected[0], far: ofNetwork.far });
    // What was expected a day ago by the network of the far window is past; from now on the last value is.
    const values = [130, 95, 110];
    for (const [i, value] of values.entries()) {
      f64[one.at + AT.outdone] = outdone;
      f64[one.at + AT.leader] = LEADER.last;
      // So that it stays outdone, and the last value leads.
      f64[one.at + AT.ownError] = 1e6;
      f64[one.at + AT.seasonError] = 1e6;
      learnAfterForecast(state, one, n + i, value);
    }
    for (let i = values.length; i < FAR; i++) learnAfterForecast(state, one, n + i, 100);
    for (const [i, value] of values.entries()) {
      expect(seen(FAR + i).far).toBeCloseTo(value, -1);
      learnAfterForecast(state, one, n + FAR + i, 100);
    }
    f64[one.at + AT.outdone] = 0;
    expect(seen(FAR + values.length).near).not.toBe(one.wave.expected[0]);
  });
});

function learnAfterForecast(state: ForecastState, one: OneSeries, n: number, value: number): void {
  const wave = windowOf(one, n, value);
  forecastWave(state, wave);
  learnWave(state, wave);
}

import { describe, expect, it } from 'vitest';
import { newCounters, newWave } from '../../src/domain.ts';
import { forecastWave, learnWave, newForecastState } from '../../src/forecast/forecaster.ts';
import { copySlab, hotAddress, takeSlot } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { JOB_WORDS, type Kernel, TRAIN } from '../../src/kernel/kernel.ts';
import { AT, TARGETS } from '../../src/kernel/layout.ts';
import { EVERY_MS, oneSeries, windowOf } from '../support/slabs.ts';

interface Pass {
  readonly window: number;
  readonly rows: number;
  readonly targets: readonly number[];
}

/** Learns values one by one; tells each training pass by its number of rows. */
function learn(values: readonly number[]) {
  const one = oneSeries('gru');
  const { lane } = one.bank;
  const real = newFloat32Kernel(lane);
  const passes: Pass[] = [];
  let window = 0;
  const kernel: Kernel = {
    ...real,
    train(network, count, hyper) {
      for (let n = 0; n < count; n++) {
        const job = real.room(network).jobs / 4 + n * JOB_WORDS;
        const rows = lane.u32[job + TRAIN.steps]!;
        const targets = lane.u32[job + TRAIN.targets]! / 4;
        passes.push({ window, rows, targets: [...lane.f32.subarray(targets, targets + rows * TARGETS)] });
      }
      real.train(network, count, hyper);
    },
  };
  const state = newForecastState(one.bank, kernel, newCounters(), () => 1);
  for (const value of values) {
    const wave = windowOf(one, window, value);
    forecastWave(state, wave);
    learnWave(state, wave);
    window++;
  }
  return { one, state, passes };
}

describe('neural forecaster', () => {
  it('trains every eight windows: first on what there is, then on the whole lookback', () => {
    const { passes, state } = learn(Array.from({ length: 41 }, (_, n) => Math.sin(n)));
    expect(passes.map(({ window, rows }) => [window, rows])).toEqual([
      [8, 8],
      [16, 16],
      [24, 16],
      [32, 16],
      [40, 16],
    ]);
    expect(state.counters.modelResets).toBe(0);
  });

  it('trains each row towards the change that came after it, in usual changes', () => {
    const { passes } = learn(Array.from({ length: 100 }, (_, n) => 3 * n));
    const changes = passes.at(-1)?.targets.filter((_, i) => i % TARGETS === 0) ?? [];
    expect(changes.length).toBe(16);
    for (const target of changes) expect(target).toBeCloseTo(1, 6);
  });

  it('trains each row towards the way of the level, as far as it is known', () => {
    const { passes } = learn(Array.from({ length: 100 }, (_, n) => Math.sin(n / 9)));
    const { targets } = passes.at(-1)!;
    const known = [1, 2, 3].map((h) => targets.filter((y, i) => i % TARGETS === h && !Number.isNaN(y)).length);
    // Of 16 rows: all for 1 window ahead, 9 for 8, none for 24.
    expect(known).toEqual([16, 9, 0]);
  });

  it('forecasts no change before it is trained, whatever the level', () => {
    const { one } = learn([1000, 1000, 1000]);
    expect(one.bank.lane.f64[one.at + AT.forecast]).toBeCloseTo(1000, 3);
  });

  it('learns a ramp, which the last value never does', () => {
    const { one } = learn(Array.from({ length: 600 }, (_, n) => 5 * n));
    expect(Math.abs(one.bank.lane.f64[one.at + AT.forecast]! - 3000)).toBeLessThan(0.5);
  });
});

describe('a wave of many series', () => {
  const SERIES = 5;
  const WINDOWS = 50;
  const levelOf = (series: number, n: number): number => 10 * series + Math.sin(n / (series + 1));
  /** Series k has no value in window n: so the series are due for training at different times. */
  const missing = (series: number, n: number): boolean => (n + 3 * series) % 11 === 0;

  /** Slabs of all series after some windows, which come together in waves of `size`. */
  function slabsAfter(size: number): { readonly slabs: readonly Uint8Array[]; readonly calls: number } {
    const one = oneSeries('gru');
    const { bank } = one;
    const slots = [one.slot, ...Array.from({ length: SERIES - 1 }, () => takeSlot(bank))];
    const real = newFloat32Kernel(bank.lane);
    let calls = 0;
    const train: Kernel['train'] = (network, count, hyper) => {
      calls++;
      real.train(network, count, hyper);
    };
    const state = newForecastState(bank, { ...real, train }, newCounters(), (slot) => slot + 1);
    const wave = newWave(SERIES);
    for (let n = 0; n < WINDOWS; n++) {
      for (let from = 0; from < SERIES; from += size) {
        wave.count = Math.min(size, SERIES - from);
        for (let row = 0; row < wave.count; row++) {
          wave.slot[row] = slots[from + row]!;
          wave.startMs[row] = n * EVERY_MS;
          wave.value[row] = levelOf(from + row, n);
          wave.gap[row] = missing(from + row, n) ? 2 : 0;
        }
        forecastWave(state, wave);
        learnWave(state, wave);
      }
    }
    return { slabs: slots.map((slot) => copySlab(bank, slot)), calls };
  }

  it('leaves in every slab what waves of one series leave, with fewer calls of the kernel', () => {
    const together = slabsAfter(SERIES);
    const alone = slabsAfter(1);
    expect(together.slabs).toEqual(alone.slabs);
    expect(together.calls).toBeLessThan(alone.calls);
  });
});

describe('a network that is no longer finite', () => {
  it('starts anew, is counted, and leaves the others alone', () => {
    const values = Array.from({ length: 24 }, (_, n) => Math.sin(n));
    const { one, state } = learn(values);
    const { lane } = one.bank;
    const { weights } = one.bank.layout.network!;
    const hot = hotAddress(one.bank, one.slot) / 4;
    lane.f32[hot + 7] = Number.NaN;
    learnWave(state, windowOf(one, 24, 0.5));
    expect(state.counters.modelResets).toBe(1);
    expect(lane.f32.subarray(hot, hot + weights).every(Number.isFinite)).toBe(true);
    expect(lane.f64[one.at + AT.logCount]).toBe(0);
    expect(lane.f64[one.at + AT.forecast]).toBe(lane.f64[one.at + AT.profileForecast]);
    expect(lane.f64[one.at + AT.learned]).toBe(25);
    for (let n = 25; n < 60; n++) learnWave(state, windowOf(one, n, Math.sin(n)));
    expect(state.counters.modelResets).toBe(1);
    expect(Number.isFinite(lane.f64[one.at + AT.forecast])).toBe(true);
  });
});

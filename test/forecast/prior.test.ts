import { describe, expect, it } from 'vitest';
import { newCounters, newWave } from '../../src/domain.ts';
import { type ForecastState, forecastWave, learnWave, newForecastState } from '../../src/forecast/forecaster.ts';
import { lessonsOf, type Prior } from '../../src/forecast/prior.ts';
import { evidenceAddress, hotAddress, newBank, takeSlot } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { JOB_WORDS, type Kernel, TRAIN } from '../../src/kernel/kernel.ts';
import { AT, INPUTS, layoutOf } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { shapeOf } from '../../src/kernel/shape.ts';
import { EVERY_MS } from '../support/slabs.ts';

const CYCLE = 24;
/** The next window of all of them brings a lesson. */
const OLD_WINDOWS = 47 * 64;

interface Lesson {
  readonly inputs: readonly number[];
  readonly rate: number;
}

/** A bank with a prior, or without, and what its series learn. */
function school(prior: Prior | undefined) {
  const bank = newBank(newLaneMemory(), layoutOf(shapeOf({ cell: 'gru', hidden: 8, layers: 1, lookback: 16 }, 2)));
  const real = newFloat32Kernel(bank.lane);
  const lessons: Lesson[] = [];
  const kernel: Kernel = {
    ...real,
    train(network, count, hyper) {
      const { u32, f32 } = bank.lane;
      const job = real.room(network).jobs / 4;
      if (prior !== undefined && prior.slot >= 0 && u32[job + TRAIN.hot] === hotAddress(bank, prior.slot)) {
        const at = u32[job + TRAIN.inputs]! / 4;
        const inputs = [...f32.subarray(at, at + u32[job + TRAIN.steps]! * INPUTS)];
        lessons.push({ inputs, rate: f32[job + TRAIN.rate]! });
      }
      real.train(network, count, hyper);
    },
  };
  const state = newForecastState(bank, kernel, newCounters(), (slot) => slot + 1, prior);
  return { bank, state, lessons, wave: newWave(8), jobs: JOB_WORDS };
}

/** A slot for a series that begins. */
function begin({ bank }: Pick<ForecastState, 'bank'>): number {
  const slot = takeSlot(bank);
  bank.lane.f64[evidenceAddress(bank, slot) / 8 + AT.everyMs] = EVERY_MS;
  return slot;
}

/** Learns window n of each slot. Answers what was expected of each. */
function learn(
  { state, wave }: ReturnType<typeof school>,
  n: number,
  windows: readonly (readonly [slot: number, value: number])[],
): readonly number[] {
  wave.count = windows.length;
  for (const [row, [slot, value]] of windows.entries()) {
    wave.slot[row] = slot;
    wave.startMs[row] = n * EVERY_MS;
    wave.endMs[row] = (n + 1) * EVERY_MS;
    wave.value[row] = value;
    wave.gap[row] = 0;
  }
  forecastWave(state, wave);
  const expected = [...wave.expected.subarray(0, wave.count)];
  learnWave(state, wave);
  return expected;
}

const cycle = (n: number, size: number): number =>
  size * (10 + Math.sin((2 * Math.PI * n) / CYCLE) + (n % 12 === 3 ? 1.5 : 0));

/** Three series of other sizes, side by side. */
function taught(prior: Prior | undefined): ReturnType<typeof school> {
  const one = school(prior);
  const slots = [1, 30, 900].map((size) => [begin(one), size] as const);
  for (let n = 0; n < OLD_WINDOWS; n++) {
    learn(
      one,
      n,
      slots.map(([slot, size]) => [slot, cycle(n, size)] as const),
    );
  }
  return one;
}

/** Error of a series that begins now, against the last value's. */
function errorOfNew(one: ReturnType<typeof school>, windows: number): number {
  const slot = begin(one);
  let [error, naive] = [0, 0];
  for (let n = OLD_WINDOWS; n < OLD_WINDOWS + windows; n++) {
    const [expected = Number.NaN] = learn(one, n, [[slot, cycle(n, 7)]]);
    if (n === OLD_WINDOWS) continue;
    error += Math.abs(cycle(n, 7) - expected);
    naive += Math.abs(cycle(n, 7) - cycle(n - 1, 7));
  }
  return error / naive;
}

describe('the prior of a stream', () => {
  it('lets a new series, of any size, forecast sooner what others have learned', () => {
    const [alone, helped] = [errorOfNew(taught(undefined), 300), errorOfNew(taught({ slot: -1 }), 300)];
    expect(alone).toBeGreaterThan(0.9);
    expect(helped).toBeLessThan(0.93 * alone);
  });

  it('has a lesson with every eighth pass of a series, and its rate falls to a third', () => {
    const { state, lessons } = taught({ slot: -1 });
    // A pass every 8 windows, of three series.
    expect(lessonsOf(state)).toBe(Math.floor((OLD_WINDOWS - 1) / 64) * 3);
    expect(lessons).toHaveLength(lessonsOf(state));
    expect(lessons[0]?.rate).toBeCloseTo(0.003, 6);
    expect(lessons.at(-1)?.rate).toBeCloseTo(0.003 / (1 + (lessons.length - 1) / 300), 6);
  });

  it('is taught without what the seasonal profiles know', () => {
    const { lessons } = taught({ slot: -1 });
    const { inputs } = lessons.at(-1)!;
    const levels = new Set<string>();
    for (let row = 0; row < inputs.length; row += INPUTS) {
      const [x = 0, ...rest] = inputs.slice(row, row + INPUTS - 1);
      for (const profile of rest) levels.add((profile + x).toFixed(5));
    }
    expect(levels.size).toBe(1);
  });

  it('counts for nothing before it has had fifty lessons', () => {
    const first = (prior: Prior | undefined, old: number): readonly number[] => {
      const one = school(prior);
      const slots = [1, 2].map(() => begin(one));
      for (let n = 0; n < old; n++) {
        learn(
          one,
          n,
          slots.map((slot) => [slot, cycle(n, slot + 1)] as const),
        );
      }
      const slot = begin(one);
      learn(one, old, [[slot, 1]]);
      const { bank } = one;
      const seed = one.state.seedOf(slot);
      expect(seed).toBe(slot + 1);
      return [...bank.lane.f32.subarray(hotAddress(bank, slot) / 4, hotAddress(bank, slot) / 4 + 16)];
    };
    // With a prior, slots count one up: the third series is seeded by another slot, so it is compared with its own.
    const early = first({ slot: -1 }, 24 * 64);
    const earlier = first({ slot: -1 }, 64);
    const late = first({ slot: -1 }, 26 * 64);
    expect(early).toEqual(earlier);
    expect(late).not.toEqual(early);
  });

  it('gives a new series weights, half of the forecasts, and neither state nor memory of gradients', () => {
    const prior: Prior = { slot: -1 };
    const one = taught(prior);
    const { bank } = one;
    const { network } = bank.layout;
    const slot = begin(one);
    learn(one, OLD_WINDOWS, [[slot, 5]]);
    const weightsOf = (of: number): Float32Array =>
      bank.lane.f32.slice(hotAddress(bank, of) / 4, hotAddress(bank, of) / 4 + network!.used);
    const [own, priors] = [weightsOf(slot), weightsOf(prior.slot)];
    const { headAt, headBiasAt, skipAt, M, H } = network!;
    const isMean = (i: number): boolean =>
      (i >= headAt && i < headAt + M * H) || (i >= headBiasAt && i < headBiasAt + M) || i >= skipAt;
    expect([...own]).toEqual([...priors].map((weight, i) => (isMean(i) ? weight / 2 : weight)));
  });

  it('starts a series the same, however its first window is cut into waves', () => {
    const [whole, cut] = [taught({ slot: -1 }), taught({ slot: -1 })].map((one, way) => {
      const slots = [begin(one), begin(one)];
      const n = OLD_WINDOWS;
      const rows = [
        [1, cycle(n, 1)],
        [slots[0]!, 4],
        [2, cycle(n, 30)],
        [slots[1]!, 4],
        [3, cycle(n, 900)],
      ] as const;
      if (way === 0) learn(one, n, rows);
      else for (const row of rows) learn(one, n, [row]);
      return { one, slots };
    });
    const weights = ({ one: { bank }, slots }: NonNullable<typeof whole>): number[][] =>
      slots.map((slot) => [...bank.lane.f32.subarray(hotAddress(bank, slot) / 4, hotAddress(bank, slot) / 4 + 64)]);
    expect(weights(cut!)).toEqual(weights(whole!));
  });
});

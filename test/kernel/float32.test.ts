import { describe, expect, it } from 'vitest';
import {
  copySlab,
  evidenceAddress,
  hotAddress,
  newBank,
  optimiserAddress,
  restoreSlab,
  takeSlot,
} from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { allocate, newLaneMemory } from '../../src/kernel/memory.ts';
import { gruLayout } from './networks.ts';
import { floats, HYPER, largest, type Trial, trial, weightCount } from './trial.ts';

describe('the float32 kernel', () => {
  it('draws the same bytes from the same seed, and others from another', () => {
    const layout = gruLayout(16, 7, 3, 32);
    const draw = (seed: number): Uint8Array => {
      const lane = newLaneMemory();
      newFloat32Kernel(lane).initialise(layout, 0, seed, 1);
      return lane.u8.slice(0, layout.hotBytes);
    };
    expect(draw(9)).toEqual(draw(9));
    expect(draw(9)).not.toEqual(draw(10));
  });

  it('draws weights within 1/√hidden, heads within half of it, no biases, and skips as told', () => {
    const layout = gruLayout(16, 3, 2, 32);
    const b = trial(layout);
    const w = floats(b, b.hot, layout.weights);
    const bound = (from: number, to: number): number => largest(w.subarray(from, to));
    expect(bound(0, layout.inputAt)).toBe(0);
    expect(bound(layout.inputAt, layout.headAt)).toBeLessThanOrEqual(0.25);
    expect(bound(layout.inputAt, layout.headAt)).toBeGreaterThan(0.24);
    expect(bound(layout.headAt, layout.headBiasAt)).toBeLessThanOrEqual(0.125);
    expect(bound(layout.headAt, layout.headBiasAt)).toBeGreaterThan(0.1);
    const odd = trial(gruLayout(5, 6, 1, 16));
    const oddest = largest(floats(odd, odd.hot, odd.layout.headAt));
    expect(oddest).toBeLessThanOrEqual(1 / Math.sqrt(5));
    expect(oddest).toBeGreaterThan(0.98 / Math.sqrt(5));
    // The rest fills a cache line.
    const rest = Array(layout.weights - layout.skipAt - 2).fill(0);
    expect([...w.subarray(layout.headBiasAt)]).toEqual([0, 0, 1, 1, ...rest]);
    b.lane.u8.fill(0, b.hot, b.hot + layout.hotBytes);
    b.kernel.initialise(layout, b.hot, 1, 0.25);
    const again = floats(b, b.hot, layout.weights);
    expect([...again.subarray(layout.headBiasAt)]).toEqual([0, 0, 0.25, 0.25, ...rest]);
    expect(again.subarray(0, layout.skipAt)).toEqual(w.subarray(0, layout.skipAt));
  });

  it('keeps padding exactly zero over 300 updates', () => {
    const layout = gruLayout(5, 3, 2, 16);
    const b = trial(layout);
    for (let update = 0; update < 300; update++) b.train();
    for (let t = 0; t < layout.L; t++) b.kernel.step(layout, b.hot, b.inputs + 4 * t * layout.I);
    const { H, C, hidden } = { ...layout, hidden: layout.shape.hidden };
    const pads = (i: number): boolean => {
      if (i >= layout.stateAt) return i - layout.stateAt >= hidden;
      if (i >= weightCount(layout)) return true;
      if (i >= layout.headBiasAt) return false;
      if (i >= layout.headAt) return (i - layout.headAt) % H >= hidden;
      if (i >= layout.recurrentAt && Math.floor((i - layout.recurrentAt) / C) >= hidden) return true;
      return i % H >= hidden;
    };
    const hot = floats(b, b.hot, layout.weights + H);
    const optimiser = floats(b, b.optimiser, 2 * layout.weights);
    const wrong = [...hot.keys()].filter((i) => pads(i) && !Object.is(hot[i], 0));
    const moved = [...optimiser.keys()].filter((i) => pads(i % layout.weights) && !Object.is(optimiser[i], 0));
    expect(wrong).toEqual([]);
    expect(moved).toEqual([]);
    // And nothing else is zero, so the rule above is the right one.
    const still = [...hot.keys()].filter((i) => !pads(i) && hot[i] === 0);
    expect(still).toEqual([]);
  });

  it('changes no weight at rate 0', () => {
    const b = trial(gruLayout(8, 2, 1, 16));
    const before = floats(b, b.hot, b.layout.weights);
    expect(b.train({ rate: 0, clip: 1 })).toBeGreaterThan(0);
    expect(floats(b, b.hot, b.layout.weights)).toEqual(before);
  });

  it('leaves hidden state, inputs and targets alone when it trains', () => {
    const b = trial(gruLayout(8, 2, 1, 16));
    const read = (): unknown => [
      floats(b, b.hot + 4 * b.layout.stateAt, b.layout.H),
      floats(b, b.inputs, 32),
      floats(b, b.state, 8),
      b.kernel.targets.slice(),
    ];
    const before = read();
    b.train();
    expect(read()).toEqual(before);
  });

  const spoil: readonly (readonly [string, (b: Trial) => void])[] = [
    ['an input is NaN', (b) => b.lane.f32.fill(NaN, b.inputs / 4 + 9, b.inputs / 4 + 10)],
    ['the last input is NaN', (b) => b.lane.f32.fill(NaN, b.inputs / 4 + 31, b.inputs / 4 + 32)],
    ['the state is infinite', (b) => b.lane.f32.fill(-Infinity, b.state / 4, b.state / 4 + 1)],
    ['a target is infinite', (b) => b.kernel.targets.fill(Infinity, 3, 4)],
    ['a target is absurd', (b) => b.kernel.targets.fill(1e30, 3, 4)],
    ['a weight is NaN', (b) => b.lane.f32.fill(NaN, b.hot / 4 + 40, b.hot / 4 + 41)],
  ];
  it.each(spoil)('returns NaN and changes nothing when %s', (_name, change) => {
    const b = trial(gruLayout(8, 2, 1, 16));
    b.train();
    change(b);
    const before = b.bytes();
    expect(b.train()).toBeNaN();
    expect(b.bytes()).toEqual(before);
  });

  it('returns 0 and changes nothing when every target is masked', () => {
    const b = trial(gruLayout(8, 2, 1, 16));
    b.train();
    b.kernel.targets.fill(NaN);
    const before = b.bytes();
    expect(b.train()).toBe(0);
    expect(b.bytes()).toEqual(before);
  });

  it('serves layouts of different size in turn, each as if it were alone', () => {
    const small = gruLayout(8, 2, 1, 16);
    const large = gruLayout(32, 5, 3, 32);
    const alone = [trial(small), trial(large)] as const;
    const first = trial(small);
    // The large model lives in the memory of the small one and shares its kernel.
    const [hot, optimiser] = [allocate(first.lane, large.hotBytes), allocate(first.lane, large.optimiserBytes)];
    const [inputs, state] = [allocate(first.lane, 4 * 32 * 5), allocate(first.lane, 4 * 32)];
    first.lane.u8.set(alone[1].lane.u8.subarray(alone[1].hot, alone[1].hot + large.hotBytes), hot);
    first.lane.f32.set(alone[1].lane.f32.subarray(alone[1].inputs / 4, alone[1].inputs / 4 + 32 * 5), inputs / 4);
    first.lane.f32.set(alone[1].lane.f32.subarray(alone[1].state / 4, alone[1].state / 4 + 32), state / 4);
    for (let round = 0; round < 3; round++) {
      // Targets beyond the steps of a layout are not read.
      first.kernel.targets.fill(9).set(alone[0].kernel.targets.subarray(0, 16));
      expect(first.train()).toBe(alone[0].train());
      first.kernel.targets.set(alone[1].kernel.targets);
      expect(first.kernel.train(large, hot, optimiser, inputs, state, 32, HYPER)).toBe(alone[1].train());
    }
    expect(first.bytes()).toEqual(alone[0].bytes());
  });

  it('follows the memory when it grows', () => {
    const quiet = trial(gruLayout(8, 2, 1, 16));
    const grown = trial(gruLayout(8, 2, 1, 16));
    for (let round = 0; round < 3; round++) {
      allocate(grown.lane, 17_000_000);
      expect(grown.train()).toBe(quiet.train());
      grown.kernel.step(grown.layout, grown.hot, grown.inputs);
      quiet.kernel.step(quiet.layout, quiet.hot, quiet.inputs);
    }
    expect(grown.bytes()).toEqual(quiet.bytes());
  });

  it('continues from a copied slab with the identical future', () => {
    const layout = gruLayout(12, 3, 2, 16);
    const b = trial(layout);
    const bank = newBank(b.lane, layout);
    const [from, to] = [takeSlot(bank), takeSlot(bank)];
    b.kernel.initialise(layout, hotAddress(bank, from), 77, 1);
    const live = (slot: number): readonly number[] => {
      const seen: number[] = [];
      for (let t = 0; t < layout.L; t++) {
        const hot = hotAddress(bank, slot);
        b.kernel.step(layout, hot, b.inputs + 4 * t * layout.I);
        seen.push(...b.kernel.outputs.subarray(0, layout.O));
        const state = hot + 4 * layout.stateAt;
        seen.push(b.kernel.train(layout, hot, optimiserAddress(bank, slot), b.inputs, state, layout.L, HYPER));
      }
      return seen;
    };
    live(from);
    b.lane.f64[evidenceAddress(bank, from) / 8] = 42;
    const copy = copySlab(bank, from);
    const future = live(from);
    restoreSlab(bank, to, copy);
    expect(live(to)).toEqual(future);
    expect(copySlab(bank, to)).toEqual(copySlab(bank, from));
    restoreSlab(bank, from, copy);
    expect(live(from)).toEqual(future);
  });

  it('learns a sine far better than persistence', () => {
    const layout = gruLayout(16, 1, 1, 32);
    const b = trial(layout);
    const value = (n: number): number => Math.sin((2 * Math.PI * n) / 20);
    let persistence = 0;
    let late = 0;
    b.lane.f32.fill(0, b.state / 4, b.state / 4 + layout.H);
    for (let pass = 0; pass < 600; pass++) {
      for (let t = 0; t < layout.L; t++) {
        b.lane.f32[b.inputs / 4 + t] = value(8 * pass + t);
        b.kernel.targets[t] = value(8 * pass + t + 1);
      }
      const loss = b.train({ rate: 0.003, clip: 1 });
      if (pass < 500) continue;
      late += loss;
      for (let t = 0; t < layout.L; t++) persistence += (0.5 * (value(t + 1) - value(t)) ** 2) / layout.L;
    }
    expect(late).toBeLessThan(persistence / 10);
  });

  it('leaves no denormal numbers in a state or a moment that dies away', () => {
    const b = trial(gruLayout(8, 2, 1, 8));
    const { lane, layout, hot, optimiser, kernel } = b;
    const denormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;
    // Without biases, inputs and states only the biases of head and candidate have a gradient; all else decays from
    // just above 2^-126.
    lane.f32.fill(0, hot / 4, hot / 4 + layout.inputAt);
    lane.f32.fill(0, b.inputs / 4, b.inputs / 4 + 16);
    lane.f32.fill(0, b.state / 4, b.state / 4 + 8);
    lane.f32.fill(1.176e-38, optimiser / 4, optimiser / 4 + 2 * layout.weights);
    lane.f32.fill(1.2e-38, hot / 4 + layout.stateAt, hot / 4 + layout.stateAt + 8);
    kernel.targets.fill(2);
    expect(b.train({ rate: 0, clip: 1 })).toBe(2);
    kernel.step(layout, hot, b.inputs);
    expect(floats(b, hot + 4 * layout.stateAt, layout.H).filter(denormal).length).toBe(0);
    const count = weightCount(layout);
    expect(floats(b, optimiser + 4 * layout.firstMomentAt, count).filter(denormal).length).toBe(0);
    expect(floats(b, optimiser + 4 * layout.secondMomentAt, count).filter(denormal).length).toBe(0);
    expect(lane.f32[optimiser / 4 + layout.firstMomentAt + layout.headBiasAt]).toBeLessThan(-0.09);
  });

  it('refuses more outputs or windows than it has room for', () => {
    const lane = newLaneMemory();
    const kernel = newFloat32Kernel(lane);
    const wide = gruLayout(4, 1, 129, 8);
    const hot = allocate(lane, wide.hotBytes);
    expect(() => kernel.step(wide, hot, 0)).toThrow(/129 outputs/);
    const long = gruLayout(4, 1, 1, 136);
    expect(() => kernel.step(long, hot, 0)).toThrow(/136 windows/);
  });
});

// The reference against its own forward pass: every derivative is that of central differences.

import { describe, expect, it } from 'vitest';
import { initialise } from '../../src/kernel/initialise.ts';
import {
  LOG_SCALE_MAX,
  LOG_SCALE_MIN,
  type Loss,
  type Network,
  type NetworkShape,
  networkOf,
} from '../../src/kernel/network.ts';
import { newRandom } from '../../src/kernel/random.ts';
import { adamStep, clipNorm, forward, gradientOf, newAdamState, type Passage } from '../../src/kernel/reference.ts';
import { blockOf, differences, drawn, EXACT, largestOfBlocks, realStates, realWeights, unpadded } from './networks.ts';
import { plainLoss, slopedLoss } from './slopedLoss.ts';
import { shapeOf, titleOf } from './trial.ts';

const LOSSES: readonly Loss[] = [{ kind: 'squared' }, { kind: 'huber', delta: 0.7 }, { kind: 'student', freedom: 4 }];
const STEPS = 6;

/** Every cell, depth and loss; sizes take turns, and so do no skips, one, two and three. */
const SHAPES = (['gru', 'lstm'] as const).flatMap((cell, c) =>
  [1, 2, 3].flatMap((layers) =>
    LOSSES.map((loss, l): NetworkShape => {
      const inputs = 1 + ((layers + l) % 3);
      const skips = Math.min(inputs, (layers + 2 * l + 2 * c) % 4);
      return { cell, layers, loss, hidden: 3 + l, inputs, targets: 1 + ((layers + c) % 2), skips, lookback: STEPS };
    }),
  ),
);
const CASES = SHAPES.map((shape) => [titleOf(shape), shape] as const);

/** Some targets are masked: the first, one in the midst, all of the last step. */
function passageOf(net: Network, seed: number): Passage {
  const random = newRandom(seed);
  const targets = drawn(random, STEPS * net.M, 1.5);
  for (const i of [0, 3 * net.M + net.M - 1]) targets[i] = Number.NaN;
  targets.fill(Number.NaN, (STEPS - 1) * net.M);
  const state = drawn(random, net.stateSize, 0.9);
  return { inputs: drawn(random, STEPS * net.I, 1.5), targets, state, steps: STEPS };
}

/** What the head says at every step, before scales are clamped: steps × O. */
function rawOf(net: Network, w: Float64Array, passage: Passage): readonly Float64Array[] {
  let { state } = passage;
  return Array.from({ length: passage.steps }, (_, t) => {
    const step = forward(net, w, state, passage.inputs.subarray(t * net.I, (t + 1) * net.I), EXACT);
    state = step.state;
    return step.raw;
  });
}

/** By central differences. Cut off: δ²·|f'''|/6, about 1e-10. Rounding: 2^-53·|f|/δ, about 1e-11. */
const DELTA = 1e-5;
const TOLERANCE = 2e-9;
function numericGradient(w: Float64Array, lossAt: (w: Float64Array) => number): Float64Array {
  return w.map((wi, i) => (lossAt(w.with(i, wi + DELTA)) - lossAt(w.with(i, wi - DELTA))) / (2 * DELTA));
}

describe('the reference gradient', () => {
  it.each(CASES)('is that of central differences: %s', (_title, shape) => {
    const net = unpadded(shape);
    const passage = passageOf(net, 11);
    const w = drawn(newRandom(12), net.weights, 0.7);
    const { loss, gradient } = gradientOf(net, w, passage, EXACT);
    const base = rawOf(net, w, passage);
    expect(loss).toBeCloseTo(plainLoss(net, base, passage.targets), 14);
    const numeric = numericGradient(w, (at) => slopedLoss(net, rawOf(net, at, passage), base, passage.targets));
    expect(differences(net, gradient, numeric, () => TOLERANCE)).toEqual([]);
    // No block passes for being zero.
    const largest = largestOfBlocks(net, gradient);
    expect([...largest].filter(([, size]) => size < 1000 * TOLERANCE)).toEqual([]);
    const blocks = 3 * (shape.cell === 'gru' ? 3 : 4) * shape.layers;
    const heads = (shape.loss.kind === 'student' ? 4 : 2) + (shape.skips > 0 ? 1 : 0);
    expect(largest.size).toBe(blocks + heads);
  });

  it.each(
    (['gru', 'lstm'] as const).map((cell) =>
      shapeOf({ cell, hidden: 4, targets: 2, loss: LOSSES[2]!, lookback: STEPS }),
    ),
  )('lets clamped scales of a $cell back in only', (shape) => {
    const net = unpadded(shape);
    const passage = passageOf(net, 31);
    const w = drawn(newRandom(32), net.weights, 0.7);
    // Four of the six steps have one scale below the minimum, four the other above the maximum. Errors are too small
    // for the scale at every other step, and else too large, so that both scales are pulled either way.
    const [low, high] = [2, 3].map((o) =>
      rawOf(net, w, passage)
        .map((raw) => raw[o]!)
        .toSorted((p, q) => p - q),
    );
    w[net.headBiasAt + 2]! += LOG_SCALE_MIN - (low![3]! + low![4]!) / 2;
    w[net.headBiasAt + 3]! += LOG_SCALE_MAX - (high![1]! + high![2]!) / 2;
    const base = rawOf(net, w, passage);
    passage.targets.set(base.flatMap((raw, t) => [raw[0]! + (t % 2) * 0.5, raw[1]! + (t % 2) * 60 + 0.5]));
    expect(base.filter((raw) => raw[2]! < LOG_SCALE_MIN).length).toBe(4);
    expect(base.filter((raw) => raw[3]! > LOG_SCALE_MAX).length).toBe(4);
    const { loss, gradient } = gradientOf(net, w, passage, EXACT);
    expect(loss).toBeCloseTo(plainLoss(net, base, passage.targets), 13);
    const numeric = numericGradient(w, (at) => slopedLoss(net, rawOf(net, at, passage), base, passage.targets));
    // Weights of up to e⁶ make the function larger, and its rounding.
    const size = slopedLoss(net, base, base, passage.targets);
    expect(differences(net, gradient, numeric, () => TOLERANCE * size)).toEqual([]);
  });

  it('takes nothing from beyond the steps that it is told, nor from steps behind the last known target', () => {
    const net = unpadded(shapeOf({ cell: 'lstm', hidden: 3, layers: 2, lookback: STEPS }));
    const passage = passageOf(net, 41);
    const w = drawn(newRandom(42), net.weights, 0.7);
    const short = gradientOf(net, w, { ...passage, steps: 3 }, EXACT);
    const targets = passage.targets.slice().fill(Number.NaN, 3);
    // Steps without targets behind the last known one add nothing.
    expect(gradientOf(net, w, { ...passage, targets }, EXACT)).toEqual(short);
  });

  it('is zero, as is the loss, when every target is masked', () => {
    for (const [, shape] of CASES) {
      const net = unpadded(shape);
      const passage = passageOf(net, 1);
      passage.targets.fill(Number.NaN);
      const { loss, gradient } = gradientOf(net, drawn(newRandom(1), net.weights, 1), passage, EXACT);
      expect(loss).toBe(0);
      expect(gradient.every((g) => g === 0)).toBe(true);
    }
  });
});

describe.each((['gru', 'lstm'] as const).flatMap((cell) => [1, 2].map((layers) => [cell, layers] as const)))(
  'padding: %s, %i layers of 5 units',
  (cell, layers) => {
    const shape = shapeOf({ cell, layers, hidden: 5, targets: 2, skips: 2, loss: LOSSES[2]!, lookback: STEPS });
    const plain = unpadded(shape);
    const padded = networkOf(shape);
    const real = realWeights(padded);

    it('is where the network without padding has nothing', () => {
      expect(padded.H).toBe(8);
      expect(realWeights(plain)).toEqual(Array.from({ length: plain.weights }, (_, i) => i));
      expect(real.map((i) => blockOf(padded, i))).toEqual(real.map((_, n) => blockOf(plain, n)));
    });

    it('changes neither outputs nor loss nor gradient, and has none', () => {
      const w = drawn(newRandom(21), plain.weights, 0.7);
      const passage = passageOf(plain, 22);
      const expected = gradientOf(plain, w, passage, EXACT);
      const state = placed(padded.stateSize, realStates(padded), passage.state);
      const actual = gradientOf(padded, placed(padded.weights, real, w), { ...passage, state }, EXACT);
      expect(actual.loss).toBeCloseTo(expected.loss, 14);
      expect(
        differences(
          plain,
          real.map((i) => actual.gradient[i]!),
          expected.gradient,
          () => 1e-14,
        ),
      ).toEqual([]);
      expect([...actual.gradient.keys()].filter((i) => !real.includes(i) && actual.gradient[i] !== 0)).toEqual([]);
    });

    it('stays exactly zero over 300 updates', () => {
      const first = new Float32Array(padded.weights);
      initialise(first, padded, 0, 7, 1);
      const w = Float64Array.from(first);
      const passage = passageOf(padded, 23);
      passage.state.forEach((_, i) => {
        if (!realStates(padded).includes(i)) passage.state[i] = 0;
      });
      const adam = newAdamState(padded.weights);
      for (let update = 0; update < 300; update++) {
        const { gradient } = gradientOf(padded, w, passage, EXACT);
        clipNorm(gradient, 1);
        adamStep(w, adam, gradient, 0.01);
      }
      for (const values of [w, adam.m, adam.v]) {
        expect([...values.keys()].filter((i) => values[i] !== 0)).toEqual([...real]);
      }
      let { state } = passage;
      for (let t = 0; t < STEPS; t++) {
        state = forward(padded, w, state, passage.inputs.subarray(t * padded.I, (t + 1) * padded.I), EXACT).state;
      }
      expect([...state.keys()].filter((i) => state[i] !== 0)).toEqual([...realStates(padded)]);
    });
  },
);

/** Zeros, but for value n at index n of the list. */
function placed(length: number, indices: readonly number[], values: Float64Array): Float64Array {
  const to = new Float64Array(length);
  for (const [n, i] of indices.entries()) to[i] = values[n]!;
  return to;
}

describe('clipping', () => {
  it('leaves a short gradient alone and scales a long one to the given norm', () => {
    const short = Float64Array.of(0.3, -0.4);
    expect(clipNorm(short, 1)).toBeCloseTo(0.5, 15);
    expect([...short]).toEqual([0.3, -0.4]);
    const long = Float64Array.of(0.9, -1.2);
    expect(clipNorm(long, 1)).toBeCloseTo(1.5, 15);
    expect(Math.hypot(...long)).toBeCloseTo(1, 15);
    expect(long[0]! / long[1]!).toBeCloseTo(-0.75, 15);
  });
});

describe('Adam', () => {
  it('changes no weight at rate 0, whatever the gradient', () => {
    for (const [, shape] of CASES) {
      const net = unpadded(shape);
      const w = drawn(newRandom(3), net.weights, 0.7);
      const before = w.slice();
      const adam = newAdamState(net.weights);
      for (let update = 0; update < 3; update++) {
        adamStep(w, adam, gradientOf(net, w, passageOf(net, update), EXACT).gradient, 0);
      }
      expect(w).toEqual(before);
      expect(adam.m.some((m) => m !== 0)).toBe(true);
    }
  });

  it('moves a weight by the rate, against its gradient, as long as that stays the same', () => {
    const w = new Float64Array(3);
    const adam = newAdamState(3);
    for (let update = 1; update <= 50; update++) {
      adamStep(w, adam, Float64Array.of(4, -0.01, 0), 0.1);
      // The bias correction makes it so from the first update on. ε is a millionth of the smaller gradient.
      expect(w[0]).toBeCloseTo(-0.1 * update, 7);
      expect(w[1]).toBeCloseTo(0.1 * update, 5);
      expect(w[2]).toBe(0);
      expect(adam.filled1).toBeCloseTo(1 - 0.9 ** update, 14);
      expect(adam.filled2).toBeCloseTo(1 - 0.999 ** update, 14);
    }
  });

  it('lets every weight decay alike, whatever its gradient', () => {
    const [w, free] = [Float64Array.of(4, -4, 2, 0), Float64Array.of(4, -4, 2, 0)];
    const gradient = Float64Array.of(3, 0.001, 0, 0);
    adamStep(w, newAdamState(4), gradient, 0.1, 0.02);
    adamStep(free, newAdamState(4), gradient, 0.1);
    for (const [i, before] of [4, -4, 2, 0].entries()) expect(w[i]! - free[i]!).toBeCloseTo(-0.1 * 0.02 * before, 14);
  });

  it('keeps averages as a slab does, when it is told to, and updates by what they were before', () => {
    const [w, exact] = [new Float64Array(2), new Float64Array(2)];
    const [kept, whole] = [newAdamState(2, 'packed'), newAdamState(2)];
    const gradient = Float64Array.of(0.3, -0.7);
    adamStep(w, kept, gradient, 0.1);
    adamStep(exact, whole, gradient, 0.1);
    expect(w).toEqual(exact);
    for (const name of ['m', 'v'] as const) {
      for (let i = 0; i < 2; i++) {
        expect(kept[name][i]).not.toBe(whole[name][i]);
        expect(kept[name][i]! / whole[name][i]!).toBeCloseTo(1, 2);
      }
    }
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newRandom } from '../../src/kernel/random.ts';
import {
  adamStep,
  clipNorm,
  forward,
  gradientOf,
  type Network,
  newAdamState,
  type Passage,
} from '../../src/kernel/reference.ts';
import { differences, drawn, EXACT, gruLayout, networkOf } from './networks.ts';

/** The loss from the forward pass alone. */
function lossOf(net: Network, w: Float64Array, passage: Passage): number {
  let h = passage.state;
  let sum = 0;
  let known = 0;
  for (let t = 0; t < passage.steps; t++) {
    const step = forward(net, w, h, passage.inputs.subarray(t * net.I, (t + 1) * net.I), EXACT);
    h = step.h;
    step.y.forEach((y, o) => {
      const target = passage.targets[t * net.O + o]!;
      if (Number.isNaN(target)) return;
      sum += 0.5 * (y - target) ** 2;
      known++;
    });
  }
  return sum / known;
}

function passageOf(net: Network, steps: number, seed: number, masked: readonly number[]): Passage {
  const random = newRandom(seed);
  const targets = drawn(random, steps * net.O, 1.5);
  for (const i of masked) targets[i] = NaN;
  return { inputs: drawn(random, steps * net.I, 1.5), targets, state: drawn(random, net.H, 0.9), steps };
}

describe('the reference gradient', () => {
  it.each([
    ['1 input, 1 output, 4 units', networkOf(4, 1, 1), []],
    ['3 inputs, 1 output, 5 units', networkOf(5, 3, 1), [0, 4]],
    ['3 inputs, 3 outputs, 4 units, masked targets', networkOf(4, 3, 3), [0, 1, 2, 7, 20, 22, 23]],
    ['1 input, 3 outputs, 16 units, a masked end', networkOf(16, 1, 3), [18, 19, 20, 21, 22, 23]],
  ] as const)('is that of central differences: %s', (_name, net, masked) => {
    const steps = 8;
    const passage = passageOf(net, steps, 11, masked);
    const w = drawn(newRandom(12), net.weights, 0.7);
    const { loss, gradient } = gradientOf(net, w, passage, EXACT);
    expect(loss).toBeCloseTo(lossOf(net, w, passage), 14);
    // Cut off: δ²·|f'''|/6, about 1e-10. Rounding: 2^-53·|f|/δ, about 1e-11.
    const delta = 1e-5;
    const numeric = w.map((wi, i) => {
      const at = (value: number): number => lossOf(net, w.with(i, value), passage);
      return (at(wi + delta) - at(wi - delta)) / (2 * delta);
    });
    expect(differences(net, gradient, numeric, () => 2e-9)).toEqual([]);
    // No block passes for being zero.
    for (const from of [0, net.inputAt, net.recurrentAt, net.headAt, net.headBiasAt, net.skipAt]) {
      expect(Math.abs(gradient[from]!)).toBeGreaterThan(1e-6);
    }
  });

  it('is the same for a padded layout, and zero for its padding', () => {
    const net = networkOf(5, 2, 2);
    const padded = gruLayout(5, 2, 2, 8);
    expect(padded.H).toBe(8);
    const w = drawn(newRandom(21), net.weights, 0.7);
    const place = (from: Float64Array): Float64Array => {
      const to = new Float64Array(padded.weights);
      for (let column = 0; column < 1 + net.I + net.H; column++) {
        for (let row = 0; row < net.C; row++) {
          const gate = Math.floor(row / net.H);
          to[column * padded.C + gate * padded.H + (row % net.H)] = from[column * net.C + row]!;
        }
      }
      for (let o = 0; o < net.O; o++) {
        for (let i = 0; i < net.H; i++) to[padded.headAt + o * padded.H + i] = from[net.headAt + o * net.H + i]!;
        to[padded.headBiasAt + o] = from[net.headBiasAt + o]!;
        to[padded.skipAt + o] = from[net.skipAt + o]!;
      }
      return to;
    };
    const passage = passageOf(net, 8, 22, [3]);
    const state = new Float64Array(padded.H);
    state.set(passage.state);
    const expected = gradientOf(net, w, passage, EXACT);
    const actual = gradientOf(padded, place(w), { ...passage, state }, EXACT);
    expect(actual.loss).toBeCloseTo(expected.loss, 14);
    expect(differences(padded, actual.gradient, place(expected.gradient), () => 1e-15)).toEqual([]);
  });

  it('is zero, as is the loss, when every target is masked', () => {
    const net = networkOf(4, 1, 1);
    const { loss, gradient } = gradientOf(
      net,
      drawn(newRandom(1), net.weights, 1),
      passageOf(net, 2, 1, [0, 1]),
      EXACT,
    );
    expect(loss).toBe(0);
    expect(gradient.every((g) => g === 0)).toBe(true);
  });
});

interface Vector {
  readonly hidden: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly steps: number;
  readonly rate: number;
  readonly clip: number;
  readonly updates: number;
  readonly weights: readonly number[];
  readonly x: readonly number[];
  readonly state: readonly number[];
  readonly targets: readonly (number | null)[];
  readonly forecasts: readonly number[];
  readonly lastState: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
  readonly updated: readonly number[];
}

const VECTORS: readonly Vector[] = JSON.parse(
  readFileSync(new URL('./vectors/gru.json', import.meta.url), 'utf8'),
) as readonly Vector[];

function passageFrom(vector: Vector): Passage {
  return {
    inputs: Float64Array.from(vector.x),
    targets: Float64Array.from(vector.targets, (target) => target ?? NaN),
    state: Float64Array.from(vector.state),
    steps: vector.steps,
  };
}

function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  return Math.max(...expected.map((y, i) => Math.abs(actual[i]! - y)));
}

describe.each(VECTORS)(
  'the reference agrees with PyTorch: $hidden units, $inputs inputs, $outputs outputs',
  (vector) => {
    const net = networkOf(vector.hidden, vector.inputs, vector.outputs);
    const passage = passageFrom(vector);

    it('in forecasts and last state', () => {
      const w = Float64Array.from(vector.weights);
      const forecasts: number[] = [];
      let h = passage.state;
      for (let t = 0; t < vector.steps; t++) {
        const step = forward(net, w, h, passage.inputs.subarray(t * net.I, (t + 1) * net.I), EXACT);
        h = step.h;
        forecasts.push(...step.y);
      }
      expect(worst(forecasts, vector.forecasts)).toBeLessThan(1e-14);
      expect(worst(h, vector.lastState)).toBeLessThan(1e-14);
    });

    it('in loss and gradient', () => {
      const { loss, gradient } = gradientOf(net, Float64Array.from(vector.weights), passage, EXACT);
      expect(Math.abs(loss - vector.loss) / vector.loss).toBeLessThan(1e-14);
      expect(differences(net, gradient, vector.gradient, () => 1e-13)).toEqual([]);
    });

    it('in the weights after updates by Adam with a clipped gradient', () => {
      const w = Float64Array.from(vector.weights);
      const adam = newAdamState(net.weights);
      for (let update = 0; update < vector.updates; update++) {
        const { gradient } = gradientOf(net, w, passage, EXACT);
        clipNorm(gradient, vector.clip);
        adamStep(w, adam, gradient, vector.rate);
      }
      expect(differences(net, w, vector.updated, () => 1e-11)).toEqual([]);
    });
  },
);

describe('clipping', () => {
  it('leaves a short gradient alone and scales a long one to the given norm', () => {
    const short = Float64Array.of(0.3, -0.4);
    expect(clipNorm(short, 1)).toBeCloseTo(0.5, 15);
    expect([...short]).toEqual([0.3, -0.4]);
    const long = Float64Array.of(30, -40);
    expect(clipNorm(long, 1)).toBe(50);
    expect(Math.hypot(...long)).toBeCloseTo(1, 15);
    expect(long[0]! / long[1]!).toBeCloseTo(-0.75, 15);
  });

  it('happens in one of the vectors and not in all', () => {
    const clipped = VECTORS.map(({ gradient, clip }) => Math.hypot(...gradient) > clip);
    expect(clipped).toContain(true);
    expect(clipped).toContain(false);
  });
});

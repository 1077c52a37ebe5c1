import { describe, expect, it } from 'vitest';
import { type Network, type NetworkShape, networkOf } from '../../src/kernel/network.ts';
import { newRandom } from '../../src/kernel/random.ts';
import {
  adamStep,
  clipNorm,
  forward,
  gradientOf,
  newAdamState,
  type Passage,
  type Step,
} from '../../src/kernel/reference.ts';
import { blockOf, blocksOf, differences, drawn, EXACT, shapeOf, unpadded } from './networks.ts';

function passageOf(net: Network, steps: number, seed: number): Passage {
  const random = newRandom(seed);
  const targets = drawn(random, steps * net.M, 1.5).map((target, i) => (i % 5 === 2 ? Number.NaN : target));
  return { inputs: drawn(random, steps * net.I, 1.5), targets, state: drawn(random, net.stateSize, 0.9), steps };
}

function run(net: Network, w: Float64Array, passage: Passage): Step[] {
  const trace: Step[] = [];
  for (let t = 0; t < passage.steps; t++) {
    const x = passage.inputs.subarray(t * net.I, (t + 1) * net.I);
    trace.push(forward(net, w, trace[t - 1]?.state ?? passage.state, x, EXACT));
  }
  return trace;
}

/**
 * What the gradient is the derivative of, written down a second time. For the Student loss that is not the loss but a
 * surrogate: the derivative by the mean is scaled by σ², and that by the scale halved, with weights that are not
 * differentiated themselves. So the error of each forecast is taken with the frozen scale of `base` in one half, and
 * its scale with the frozen error in the other: σ̄²·nll(e, s̄) + ½·nll(ē, s).
 */
function surrogate(net: Network, w: Float64Array, passage: Passage, base: readonly Step[]): number {
  const { M, shape } = net;
  let sum = 0;
  let known = 0;
  for (const [t, { raw }] of run(net, w, passage).entries()) {
    for (let m = 0; m < M; m++) {
      const target = passage.targets[t * M + m]!;
      if (Number.isNaN(target)) continue;
      known++;
      const e = raw[m]! - target;
      if (shape.loss.kind === 'squared') sum += 0.5 * e * e;
      if (shape.loss.kind === 'huber') {
        const { delta } = shape.loss;
        sum += Math.abs(e) <= delta ? 0.5 * e * e : delta * (Math.abs(e) - 0.5 * delta);
      }
      if (shape.loss.kind === 'student') {
        const { freedom } = shape.loss;
        const nll = (error: number, s: number): number =>
          s + 0.5 * (freedom + 1) * Math.log(1 + error ** 2 / (freedom * Math.exp(2 * s)));
        const frozen = base[t]!.raw;
        sum += Math.exp(2 * frozen[M + m]!) * nll(e, frozen[M + m]!) + 0.5 * nll(frozen[m]! - target, raw[M + m]!);
      }
    }
  }
  return sum / known;
}

const LOSSES: readonly NetworkShape['loss'][] = [
  { kind: 'squared' },
  { kind: 'huber', delta: 0.7 },
  { kind: 'student', freedom: 4 },
];

const CASES = (['gru', 'lstm'] as const).flatMap((cell) =>
  [1, 2, 3].flatMap((layers) =>
    LOSSES.map((loss, i) => ({
      cell,
      layers,
      loss,
      hidden: [3, 5, 4][i]!,
      inputs: [1, 3, 4][i]!,
      targets: [1, 2, 3][i]!,
      skips: [0, 3, 2][i]!,
    })),
  ),
);

describe('the reference gradient', () => {
  it.each(CASES)('is that of central differences: $cell × $layers, $loss.kind', (choice) => {
    const net = unpadded(choice);
    const passage = passageOf(net, 7, 11);
    const w = drawn(newRandom(12), net.weights, 0.7);
    const base = run(net, w, passage);
    const { gradient } = gradientOf(net, w, passage, EXACT);
    // Cut off: δ²·|f'''|/6, about 1e-10. Rounding: 2^-53·|f|/δ, about 1e-11.
    const delta = 1e-5;
    const numeric = w.map((wi, i) => {
      const at = (value: number): number => surrogate(net, w.with(i, value), passage, base);
      return (at(wi + delta) - at(wi - delta)) / (2 * delta);
    });
    expect(differences(net, gradient, numeric, () => 2e-9)).toEqual([]);
    // No block passes for being zero.
    const largest = new Map<string, number>();
    for (const [i, g] of gradient.entries()) {
      largest.set(blockOf(net, i), Math.max(largest.get(blockOf(net, i)) ?? 0, Math.abs(g)));
    }
    expect([...largest.keys()].sort()).toEqual([...blocksOf(net)].sort());
    expect(Math.min(...largest.values())).toBeGreaterThan(1e-6);
  });

  it.each(['gru', 'lstm'] as const)('is the same for a padded %s, and zero for its padding', (cell) => {
    const choice = { cell, hidden: 5, layers: 2, inputs: 2, targets: 2, skips: 1 };
    const net = unpadded(choice);
    const padded = networkOf(shapeOf(choice));
    expect(padded.H).toBe(8);
    const w = drawn(newRandom(21), net.weights, 0.7);
    const passage = passageOf(net, 8, 22);
    const wide = { ...passage, state: spreadState(net, padded, passage.state) };
    const one = gradientOf(net, w, passage, EXACT);
    const other = gradientOf(padded, spread(net, padded, w), wide, EXACT);
    expect(other.loss).toBeCloseTo(one.loss, 14);
    expect(differences(padded, other.gradient, spread(net, padded, one.gradient), () => 1e-14)).toEqual([]);
  });

  it('is zero, as is the loss, when every target is masked', () => {
    const net = unpadded({});
    const passage = { ...passageOf(net, 2, 1), targets: new Float64Array(2).fill(Number.NaN) };
    const { loss, gradient } = gradientOf(net, drawn(newRandom(1), net.weights, 1), passage, EXACT);
    expect(loss).toBe(0);
    expect(gradient.every((g) => g === 0)).toBe(true);
  });
});

/** Padding: what it holds, and that training leaves it alone. */
describe('padding units', () => {
  it.each(['gru', 'lstm'] as const)('of a %s stay exactly zero over 300 updates', (cell) => {
    const choice = { cell, hidden: 5, layers: 2, inputs: 2, targets: 1, skips: 1 };
    const net = unpadded(choice);
    const padded = networkOf(shapeOf(choice));
    const w = spread(net, padded, drawn(newRandom(31), net.weights, 0.7));
    const real = spread(net, padded, new Float64Array(net.weights).fill(1));
    const passage = passageOf(net, 8, 32);
    const wide = { ...passage, state: spreadState(net, padded, passage.state) };
    const adam = newAdamState(padded.weights);
    for (let update = 0; update < 300; update++) adamStep(w, adam, gradientOf(padded, w, wide, EXACT).gradient, 0.01);
    expect(w.filter((value, i) => real[i] === 0 && value !== 0)).toEqual(new Float64Array(0));
    const [last] = run(padded, w, wide).slice(-1);
    const units = spreadState(net, padded, new Float64Array(net.stateSize).fill(1));
    expect(last?.state.filter((value, i) => units[i] === 0 && value !== 0)).toEqual(new Float64Array(0));
  });
});

describe('the reference optimiser', () => {
  it('changes no weight at rate 0', () => {
    const w = Float64Array.of(1, -2, 3);
    adamStep(w, newAdamState(3), Float64Array.of(5, 6, 7), 0);
    expect([...w]).toEqual([1, -2, 3]);
  });

  it('takes a first step of the rate against the sign of the gradient, whatever its size', () => {
    const w = Float64Array.of(0, 0, 0);
    adamStep(w, newAdamState(3), Float64Array.of(1e-3, -50, 0), 0.01);
    expect(w[0]).toBeCloseTo(-0.01, 6);
    expect(w[1]).toBeCloseTo(0.01, 8);
    expect(w[2]).toBe(0);
  });

  it('leaves a short gradient alone and scales a long one to the given norm', () => {
    const short = Float64Array.of(0.3, -0.4);
    expect(clipNorm(short, 1)).toBeCloseTo(0.5, 15);
    expect([...short]).toEqual([0.3, -0.4]);
    const long = Float64Array.of(30, -40);
    expect(clipNorm(long, 1)).toBe(50);
    expect(Math.hypot(...long)).toBeCloseTo(1, 15);
    expect(long[0]! / long[1]!).toBeCloseTo(-0.75, 15);
  });
});

/** Numbers in the order of the weights of `net`, each put where `padded` has it. */
function spread(net: Network, padded: Network, from: Float64Array): Float64Array<ArrayBuffer> {
  const to = new Float64Array(padded.weights);
  for (const [l, layer] of net.layers.entries()) {
    const { inputs, biasAt } = padded.layers[l]!;
    for (let column = 0; column < 1 + layer.inputs + net.H; column++) {
      // Columns of the state begin behind the inputs, which are padded, too, above the first layer.
      const place = column < 1 + layer.inputs ? column : column - layer.inputs + inputs;
      for (let row = 0; row < net.C; row++) {
        const gate = Math.floor(row / net.H);
        to[biasAt + place * padded.C + gate * padded.H + (row % net.H)] = from[layer.biasAt + column * net.C + row]!;
      }
    }
  }
  for (let o = 0; o < net.O; o++) {
    for (let i = 0; i < net.H; i++) to[padded.headAt + o * padded.H + i] = from[net.headAt + o * net.H + i]!;
  }
  to.set(from.subarray(net.headBiasAt, net.used), padded.headBiasAt);
  return to;
}

function spreadState(net: Network, padded: Network, from: Float64Array): Float64Array<ArrayBuffer> {
  const to = new Float64Array(padded.stateSize);
  for (let i = 0; i < net.stateSize; i++) to[Math.floor(i / net.H) * padded.H + (i % net.H)] = from[i]!;
  return to;
}

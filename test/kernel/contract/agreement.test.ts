// Every backend computes what the reference says, up to rounding.

import { describe, expect, it } from 'vitest';
import {
  LOG_SCALE_MAX,
  LOG_SCALE_MIN,
  type Loss,
  type Network,
  type NetworkShape,
} from '../../../src/kernel/network.ts';
import { adamStep, clipNorm, forward, gradientOf, newAdamState, type Passage } from '../../../src/kernel/reference.ts';
import { BACKENDS } from '../backends.ts';
import { differences, RATIONAL } from '../networks.ts';
import { CLIP, floats, largest, momentsOf, RATE, step, type Trial, titleOf, train, trial } from '../trial.ts';

/** Of the weights; a thousandth of an update of them. */
const DECAY = 0.5;
/** Of an update, when an average of it is kept as the next number, which is 2^-7 away. */
const TURN = RATE * 2 ** -6;
/** Unit roundoff of float32. */
const ROUNDOFF = 2 ** -24;
/** Roundings of one unit besides its sum: gates, their products, the exponential of a log scale. */
const UNIT_TERMS = 16;

/**
 * What rounding to float32 may do to a state, an output, or a mean over steps, in units of its size. On the way from
 * the inputs to the head every layer adds 1 + inputs + H terms for a unit, each rounded once. Such errors are
 * independent, so they add up as the root of their number; what a step hands on to the next one fades, because it is
 * multiplied by a gate. Worst on the machine where this was written: 0.4 of it in a gradient, 0.15 in a loss.
 */
function tolerance({ layers, H, K }: Network): number {
  const terms = layers.reduce((sum, { inputs }) => sum + 1 + inputs + H + UNIT_TERMS, 1 + H + K);
  return Math.sqrt(terms) * ROUNDOFF;
}

const LOSSES: readonly Loss[] = [{ kind: 'squared' }, { kind: 'huber', delta: 0.7 }, { kind: 'student', freedom: 4 }];
const HIDDEN = [5, 13, 16, 30];
const INPUTS = [1, 3, 7];
const TARGETS = [1, 3];

/** Every cell, depth and loss with two of the sizes each, so that every size meets every cell. */
const SHAPES = (['gru', 'lstm'] as const).flatMap((cell) =>
  [1, 2, 3].flatMap((layers) =>
    LOSSES.flatMap((loss, l) =>
      [0, 1].map((turn): NetworkShape => {
        const n = 6 * layers + 2 * l + 3 * turn;
        const inputs = INPUTS[(n + turn) % 3]!;
        const skips = Math.min(inputs, n % 4);
        const targets = TARGETS[(layers + turn) % 2]!;
        return { cell, layers, loss, hidden: HIDDEN[n % 4]!, inputs, targets, skips, lookback: 16 };
      }),
    ),
  ),
);
/** Recurrent weights that the first cache does not hold: the compiled kernel packs them. */
const PACKED = [64, 96].map(
  (hidden, n): NetworkShape => ({
    cell: 'lstm',
    layers: 1 + n,
    loss: LOSSES[2 * n]!,
    hidden,
    inputs: 7,
    targets: 3,
    skips: 1,
    lookback: 16,
  }),
);
const CASES = BACKENDS.flatMap((backend) =>
  [...SHAPES, ...PACKED].map((shape) => [`${backend.name}: ${titleOf(shape)}`, backend, shape] as const),
);

function passageOf(one: Trial): Passage {
  const { inputs, targets, state } = one.models[0]!;
  const { I, L, M, stateSize } = one.network;
  return {
    inputs: floats(one, inputs, L * I),
    targets: floats(one, targets, L * M),
    state: floats(one, state, stateSize),
    steps: L,
  };
}

function clamped(network: Network, y: number, o: number): number {
  return o < network.M ? y : Math.max(LOG_SCALE_MIN, Math.min(LOG_SCALE_MAX, y));
}

describe.each(CASES)('%s', (_title, backend, shape) => {
  it('agrees in the state and the outputs of every step', () => {
    const one = trial(backend, shape);
    const { network, layout } = one;
    const { hot, inputs } = one.models[0]!;
    const w = floats(one, hot, network.weights);
    let state = floats(one, hot + 4 * layout.stateAt, network.stateSize);
    let worst = 0;
    for (let t = 0; t < network.L; t++) {
      const expected = forward(network, w, state, floats(one, inputs + 4 * t * network.I, network.I), RATIONAL);
      const outputs = step(one, t);
      state = Float64Array.from(expected.state);
      const actual = floats(one, hot + 4 * layout.stateAt, network.stateSize);
      worst = Math.max(worst, ...state.map((x, i) => Math.abs(actual[i]! - x)));
      worst = Math.max(worst, ...outputs.map((y, o) => Math.abs(y - clamped(network, expected.y[o]!, o))));
    }
    // Inputs and with them outputs are below 4.
    expect(worst).toBeLessThan(4 * tolerance(network));
    expect(worst).toBeGreaterThan(0);
  });

  it('agrees in loss and gradient, with masked targets', () => {
    const one = trial(backend, shape);
    const { network, lane, kernel } = one;
    const { hot, targets } = one.models[0]!;
    for (const i of [0, 2, network.L * network.M - 1]) lane.f32[targets / 4 + i] = Number.NaN;
    const expected = gradientOf(network, floats(one, hot, network.weights), passageOf(one), RATIONAL);
    const [loss] = train(one);
    expect(Math.abs(loss! - expected.loss)).toBeLessThan(tolerance(network) * (1 + Math.abs(expected.loss)));
    const allowed = tolerance(network) * largest(expected.gradient);
    expect(differences(network, kernel.gradient(network), expected.gradient, () => allowed)).toEqual([]);
  });

  it('keeps the averages of an update as the reference does', () => {
    const one = trial(backend, shape);
    const { network } = one;
    const { gradient } = gradientOf(
      network,
      floats(one, one.models[0]!.hot, network.weights),
      passageOf(one),
      RATIONAL,
    );
    clipNorm(gradient, CLIP);
    const adam = newAdamState(network.weights, 'packed');
    adamStep(new Float64Array(network.weights), adam, gradient, RATE);
    train(one);
    const { m, v } = momentsOf(one, one.models[0]!);
    const other = network.layers.length * 0.01 * network.used;
    expect(m.filter((mi, i) => mi !== adam.m[i]).length).toBeLessThan(other);
    expect(v.filter((vi, i) => vi !== adam.v[i]).length).toBeLessThan(other);
  });

  it('agrees in the weights after ten updates', () => {
    const one = trial(backend, shape);
    const { network } = one;
    const { hot, optimiser } = one.models[0]!;
    const passage = passageOf(one);
    const w = floats(one, hot, network.weights);
    const adam = newAdamState(network.weights, 'packed');
    // An update moves a weight by rate·m/√v, which follows the relative error of the gradient and is never above 1.
    const allowed = new Float64Array(network.weights);
    for (let update = 0; update < 10; update++) {
      const { loss, gradient } = gradientOf(network, w, passage, RATIONAL);
      const error = tolerance(network) * largest(gradient);
      gradient.forEach((g, i) => {
        allowed[i]! += RATE * Math.min(2, error / Math.abs(g)) + 2 * ROUNDOFF;
      });
      clipNorm(gradient, CLIP);
      adamStep(w, adam, gradient, RATE, DECAY);
      const [actual] = train(one, { decay: DECAY });
      expect(Math.abs(actual! - loss)).toBeLessThan(10 * tolerance(network) * (1 + Math.abs(loss)) + TURN);
    }
    const actual = floats(one, hot, network.weights);
    // Seldom an average lies so close to where rounding turns that it is kept as the next number, in 8 bits.
    const turned = differences(network, actual, w, (i) => allowed[i]!);
    expect(turned.length).toBeLessThanOrEqual(0.03 * network.used);
    expect(differences(network, actual, w, (i) => allowed[i]! + 10 * TURN)).toEqual([]);
    // Those bounds are wide. Most weights are within a thousandth of an update: what turned elsewhere moves all.
    const apart = actual.map((wi, i) => Math.abs(wi - w[i]!)).filter((_, i) => w[i] !== 0);
    expect(apart.toSorted()[apart.length >> 1]).toBeLessThan(RATE / 1000);
    const filled = floats(one, optimiser + 4 * one.layout.filledAt, 2);
    expect(Math.abs(filled[0]! - (1 - 0.9 ** 10))).toBeLessThan(10 * ROUNDOFF);
    expect(Math.abs(filled[1]! - (1 - 0.999 ** 10))).toBeLessThan(10 * ROUNDOFF);
  });
});

describe.each(BACKENDS)('$name: the log scale of a Student loss', (backend) => {
  it.each([
    ['small and the errors smaller: it stays', -20, 1e-4, true],
    ['small and an error large: it is let back in', -20, 3, false],
    ['large and the errors small: it is let back in', 20, 1, false],
    ['large and an error larger: it stays', 20, 1e4, true],
  ] as const)('is %s', (_case, bias, error, stays) => {
    const one = trial(backend, { loss: { kind: 'student', freedom: 4 }, lookback: 8 });
    const { network, lane } = one;
    const { hot, targets } = one.models[0]!;
    const biasAt = network.headBiasAt + 1;
    lane.f32[hot / 4 + biasAt] = bias;
    const before = floats(one, hot, network.weights);
    const at = trialOutputs(one);
    at.forEach((y, t) => {
      lane.f32[targets / 4 + t] = y + error;
    });
    const expected = gradientOf(network, before, passageOf(one), RATIONAL);
    const [loss] = train(one);
    const gradient = one.kernel.gradient(network);
    expect(Math.abs(loss! / expected.loss - 1)).toBeLessThan(tolerance(network) * 1e3);
    expect(Object.is(Math.abs(gradient[biasAt]!), 0)).toBe(stays);
    expect(expected.gradient[biasAt] === 0).toBe(stays);
    if (!stays) expect(gradient[biasAt]! / expected.gradient[biasAt]!).toBeCloseTo(1, 3);
  });
});

/** The means of every step of a passage, by the reference. */
function trialOutputs(one: Trial): readonly number[] {
  const { network } = one;
  const { inputs, state, steps } = passageOf(one);
  const w = floats(one, one.models[0]!.hot, network.weights);
  const means: number[] = [];
  let before: Float64Array = state;
  for (let t = 0; t < steps; t++) {
    const x = inputs.subarray(t * network.I, (t + 1) * network.I);
    const after = forward(network, w, before, x, RATIONAL);
    means.push(after.y[0]!);
    before = after.state;
  }
  return means;
}

describe.each(BACKENDS)('$name: the largest network', (backend) => {
  it.each(['gru', 'lstm'] as const)('of %s has the gradient along which the loss falls', (cell) => {
    const sizes = { hidden: 128, layers: 3, inputs: 128, targets: 128, skips: 128, lookback: 128 } as const;
    const one = trial(backend, { cell, ...sizes });
    const { lane, network } = one;
    const at = one.models[0]!.hot / 4;
    // Skips that are drawn, too, and inputs small enough for gates that are open.
    for (let i = network.skipAt; i < network.used; i++) lane.f32[at + i] = 0.1 * Math.sin(i);
    for (let i = 0; i < network.L * network.I; i++) lane.f32[one.models[0]!.inputs / 4 + i]! *= 0.25;
    const [before] = train(one, { rate: 0 });
    const gradient = one.kernel.gradient(network);
    const norm2 = gradient.reduce((sum, g) => sum + g * g, 0);
    const length = (0.001 * before!) / norm2;
    gradient.forEach((g, i) => {
      lane.f32[at + i]! -= length * g;
    });
    const [after] = train(one, { rate: 0 });
    expect((before! - after!) / (length * norm2)).toBeCloseTo(1, 2);
    expect(step(one, 0).every(Number.isFinite)).toBe(true);
  });
});

// What holds for every backend, to the byte.

import { describe, expect, it } from 'vitest';
import { JOBS_MAX } from '../../../src/kernel/kernel.ts';
import { packed } from '../../../src/kernel/moments.ts';
import { GATES, type Loss, type Network, type NetworkShape } from '../../../src/kernel/network.ts';
import { BACKENDS } from '../backends.ts';
import {
  bytesOf,
  floats,
  largest,
  type Model,
  momentsOf,
  restore,
  shapeOf,
  step,
  type Trial,
  titleOf,
  train,
  trial,
} from '../trial.ts';

const STUDENT: Loss = { kind: 'student', freedom: 4 };
const SHAPES: readonly NetworkShape[] = [
  shapeOf({ hidden: 5, inputs: 3, targets: 2, skips: 2 }),
  shapeOf({ cell: 'lstm', hidden: 5, layers: 2, inputs: 3, targets: 3, skips: 1, loss: STUDENT }),
  shapeOf({ hidden: 13, layers: 3, inputs: 1, targets: 1, skips: 0, loss: { kind: 'huber', delta: 0.5 } }),
];
const CASES = BACKENDS.flatMap((backend) =>
  SHAPES.map((shape) => [`${backend.name}: ${titleOf(shape)}`, backend, shape] as const),
);

/** Whether a number of the weights only pads: a unit up to a multiple of 4, or the weights up to a cache line. */
function padsWeights(network: Network): readonly boolean[] {
  const { shape, H, C } = network;
  const pads = new Array<boolean>(network.weights).fill(false).fill(true, network.used);
  const markColumn = (at: number, whole: boolean): void => {
    for (let i = 0; i < C; i++) pads[at + i] = whole || i % H >= shape.hidden;
  };
  for (const [l, layer] of network.layers.entries()) {
    markColumn(layer.biasAt, false);
    for (let k = 0; k < layer.inputs; k++) markColumn(layer.inputAt + k * C, l > 0 && k >= shape.hidden);
    for (let k = 0; k < H; k++) markColumn(layer.recurrentAt + k * C, k >= shape.hidden);
  }
  for (let i = 0; i < network.O * H; i++) pads[network.headAt + i] = i % H >= shape.hidden;
  return pads;
}

describe.each(CASES)('%s', (_title, backend, shape) => {
  const many = (models = 5): Trial => trial(backend, shape, { models });
  const bytesOfAll = (one: Trial): readonly Uint8Array[] => one.models.map((model) => bytesOf(one, model));

  it('keeps padding exactly zero over 300 updates', () => {
    const one = many(1);
    const { network, layout } = one;
    const { hot } = one.models[0]!;
    for (let update = 0; update < 300; update++) train(one, { decay: 0.01 });
    for (let t = 0; t < network.L; t++) step(one, t);
    const pads = padsWeights(network);
    const weights = floats(one, hot, network.weights);
    const state = floats(one, hot + 4 * layout.stateAt, network.stateSize);
    const { words } = momentsOf(one, one.models[0]!);
    expect([...weights.keys()].filter((i) => pads[i] && !Object.is(weights[i], 0))).toEqual([]);
    expect([...words.keys()].filter((i) => pads[i] && words[i] !== 0)).toEqual([]);
    const padsState = (i: number): boolean => i % network.H >= network.shape.hidden;
    expect([...state.keys()].filter((i) => padsState(i) && !Object.is(state[i], 0))).toEqual([]);
    // And nothing else is zero but the skips that the mean has not: so the rule above is the right one.
    const still = [...weights.keys()].filter((i) => !pads[i] && weights[i] === 0);
    expect(still).toEqual([]);
    expect(pads.filter((pad) => !pad).length).toBe(realWeights(network));
  });

  it('changes no weight at rate 0', () => {
    const one = many(1);
    const before = floats(one, one.models[0]!.hot, one.network.weights);
    train(one, { rate: 0 });
    train(one, { rate: 0 });
    expect(floats(one, one.models[0]!.hot, one.network.weights)).toEqual(before);
  });

  it('leaves hidden state, inputs, targets and the first state alone when it trains', () => {
    const one = many(1);
    const { network, layout } = one;
    const read = ({ hot, inputs, targets, state }: Model): unknown => [
      floats(one, hot + 4 * layout.stateAt, network.stateSize),
      floats(one, inputs, network.L * network.I),
      floats(one, targets, network.L * network.M),
      floats(one, state, network.stateSize),
    ];
    const before = read(one.models[0]!);
    train(one);
    expect(read(one.models[0]!)).toEqual(before);
  });

  it('leaves weights and optimiser alone when it steps', () => {
    const one = many(1);
    const { hot, optimiser } = one.models[0]!;
    train(one);
    const read = (): unknown => [
      floats(one, hot, one.network.weights),
      floats(one, optimiser, one.layout.filledAt + 3),
    ];
    const before = read();
    step(one, 0);
    expect(read()).toEqual(before);
  });

  it('gives each job the same bytes alone, in a batch, and in a batch of another order', () => {
    const [batch, alone, other] = [many(), many(), many()];
    const order = [3, 0, 4, 2, 1];
    for (let round = 0; round < 3; round++) {
      const losses = train(batch);
      const outputs = step(batch, round);
      const permuted = train(other, { models: order.map((n) => other.models[n]!) });
      expect(permuted).toEqual(order.map((n) => losses[n]));
      const shuffled = step(
        other,
        round,
        order.map((n) => other.models[n]!),
      );
      for (const [n, model] of alone.models.entries()) {
        const { O } = batch.network;
        expect(train(alone, { models: [model] })).toEqual([losses[n]]);
        expect(step(alone, round, [model])).toEqual(outputs.slice(n * O, (n + 1) * O));
        const place = order.indexOf(n);
        expect(shuffled.slice(place * O, (place + 1) * O)).toEqual(outputs.slice(n * O, (n + 1) * O));
      }
    }
    expect(bytesOfAll(alone)).toEqual(bytesOfAll(batch));
    expect(bytesOfAll(other)).toEqual(bytesOfAll(batch));
  });

  it('gives the same bytes from the same bytes, whatever it did between', () => {
    const one = many(2);
    const [first, second] = one.models as readonly [Model, Model];
    train(one);
    const before = bytesOf(one, first);
    const loss = train(one, { models: [first] });
    const outputs = step(one, 3, [first]);
    const after = bytesOf(one, first);
    train(one, { models: [second] });
    restore(one, first, before);
    expect(train(one, { models: [first] })).toEqual(loss);
    expect(step(one, 3, [first])).toEqual(outputs);
    expect(bytesOf(one, first)).toEqual(after);
  });

  it('trains on the first steps only when it is told so', () => {
    const [one, other] = [many(1), many(1)];
    const { inputs, targets } = other.models[0]!;
    const { L, I, M } = other.network;
    for (const steps of [1, 2, 7]) {
      // What lies behind the steps is not read.
      other.lane.f32.fill(Number.NaN, inputs / 4 + steps * I, inputs / 4 + L * I);
      other.lane.f32.fill(7, targets / 4 + steps * M, targets / 4 + L * M);
      const loss = train(one, { steps });
      expect(loss[0]).not.toBeNaN();
      expect(loss[0]).not.toBe(0);
      expect(train(other, { steps })).toEqual(loss);
      expect(bytesOfAll(other)).toEqual(bytesOfAll(one));
      other.lane.f32.set(floats(one, one.models[0]!.inputs, L * I), inputs / 4);
      other.lane.f32.set(floats(one, one.models[0]!.targets, L * M), targets / 4);
    }
  });

  it(`takes ${JOBS_MAX} jobs in one call`, () => {
    const one = many(JOBS_MAX);
    const losses = train(one, { steps: 4 });
    const outputs = step(one, 0);
    const last = trial(backend, shape, { models: JOBS_MAX });
    const model = last.models.at(-1)!;
    expect(train(last, { models: [model], steps: 4 })).toEqual(losses.slice(-1));
    expect(step(last, 0, [model])).toEqual(outputs.slice(-one.network.O));
    expect(bytesOf(last, model)).toEqual(bytesOf(one, one.models.at(-1)!));
  });
});

/** Numbers that a network of this shape has without any padding. */
function realWeights({ shape, O, M, K }: Network): number {
  const { hidden, inputs, layers, cell } = shape;
  const perLayer = (read: number): number => GATES[cell] * hidden * (1 + read + hidden);
  return perLayer(inputs) + (layers - 1) * perLayer(hidden) + O * (hidden + 1) + K * M;
}

describe.each(BACKENDS)('$name', (backend) => {
  it('learns a sine far better than persistence', () => {
    const one = trial(backend, { hidden: 16, inputs: 1, lookback: 32 });
    const { lane, network } = one;
    const { inputs, targets, state } = one.models[0]!;
    const value = (n: number): number => Math.sin((2 * Math.PI * n) / 20);
    let persistence = 0;
    let late = 0;
    lane.f32.fill(0, state / 4, state / 4 + network.H);
    for (let pass = 0; pass < 600; pass++) {
      for (let t = 0; t < network.L; t++) {
        lane.f32[inputs / 4 + t] = value(8 * pass + t);
        lane.f32[targets / 4 + t] = value(8 * pass + t + 1);
      }
      const [loss] = train(one, { rate: 0.003 });
      if (pass < 500) continue;
      late += loss!;
      for (let t = 0; t < network.L; t++) persistence += (0.5 * (value(t + 1) - value(t)) ** 2) / network.L;
    }
    expect(late).toBeLessThan(persistence / 10);
  });

  it('learns by a Student loss how far its forecasts are off', () => {
    const one = trial(backend, { loss: STUDENT, inputs: 1, skips: 0, lookback: 32 });
    const { lane, network } = one;
    const { targets } = one.models[0]!;
    // Nothing to learn but a mean of 0 and the spread of an alternating ± 0.1.
    for (let t = 0; t < network.L; t++) lane.f32[targets / 4 + t] = t % 2 === 0 ? 0.1 : -0.1;
    lane.f32.fill(0, one.models[0]!.inputs / 4, one.models[0]!.inputs / 4 + network.L);
    const [first] = train(one);
    for (let pass = 0; pass < 400; pass++) train(one);
    const [last] = train(one);
    expect(last!).toBeLessThan(first! - 1);
    for (let t = 0; t < network.L - 1; t++) step(one, t);
    expect(step(one, network.L - 1)[1]).toBeLessThan(-1.5);
  });

  it('leaves no denormal numbers in a state or a moment that dies away', () => {
    const one = trial(backend);
    const { lane, network, layout } = one;
    const { hot, optimiser, inputs, state } = one.models[0]!;
    const denormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;
    // Without biases, inputs and states only some biases have a gradient; all else decays from just above 2^-126.
    lane.f32.fill(0, inputs / 4, inputs / 4 + network.L * network.I);
    lane.f32.fill(0, state / 4, state / 4 + network.stateSize);
    lane.u32.fill(packed(1.2e-38, 1.2e-38, 0), optimiser / 4, optimiser / 4 + network.weights);
    lane.f32.fill(1.2e-38, hot / 4 + layout.stateAt, hot / 4 + layout.stateAt + network.H);
    for (let update = 0; update < 8; update++) train(one, { rate: 0 });
    step(one, 0);
    expect(floats(one, hot + 4 * layout.stateAt, network.stateSize).filter(denormal).length).toBe(0);
    const { m, v } = momentsOf(one, one.models[0]!);
    expect([...m, ...v].filter(denormal)).toEqual([]);
    expect(largest(m)).toBeGreaterThan(1e-3);
  });
});

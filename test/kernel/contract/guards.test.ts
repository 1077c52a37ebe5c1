// What a backend does with numbers that nothing can be learned from.

import { describe, expect, it } from 'vitest';
import type { Loss, NetworkShape } from '../../../src/kernel/network.ts';
import { BACKENDS } from '../backends.ts';
import { bytesOf, floats, momentsOf, shapeOf, step, type Trial, titleOf, train, trial } from '../trial.ts';

const LOSSES: readonly Loss[] = [{ kind: 'squared' }, { kind: 'huber', delta: 0.7 }, { kind: 'student', freedom: 4 }];
const SHAPES: readonly NetworkShape[] = LOSSES.flatMap((loss) => [
  shapeOf({ loss, targets: 2 }),
  shapeOf({ loss, cell: 'lstm', hidden: 5, layers: 2, targets: 2 }),
]);
const CASES = BACKENDS.flatMap((backend) =>
  SHAPES.map((shape) => [`${backend.name}: ${titleOf(shape)}`, backend, shape] as const),
);

/** Puts a number into float32 `index` of a part of the first model. */
function spoil(one: Trial, part: 'hot' | 'inputs' | 'state' | 'targets', index: number, value: number): void {
  one.lane.f32[one.models[0]![part] / 4 + index] = value;
}

const TRAIN_SPOILS: readonly (readonly [string, (one: Trial) => void])[] = [
  ['an input is NaN', (one) => spoil(one, 'inputs', 9, Number.NaN)],
  ['the last input is NaN', (one) => spoil(one, 'inputs', one.network.L * one.network.I - 1, Number.NaN)],
  ['an input is infinite', (one) => spoil(one, 'inputs', 8, Infinity)],
  ['the state before the first step is infinite', (one) => spoil(one, 'state', 0, -Infinity)],
  ['a target is infinite', (one) => spoil(one, 'targets', 3, Infinity)],
  ['a weight of the cell is NaN', (one) => spoil(one, 'hot', one.network.layers[0]!.recurrentAt, Number.NaN)],
  ['a bias of the head is NaN', (one) => spoil(one, 'hot', one.network.headBiasAt, Number.NaN)],
  ['a weight of the head is infinite', (one) => spoil(one, 'hot', one.network.headAt, Infinity)],
];

const STEP_SPOILS: readonly (readonly [string, (one: Trial) => void])[] = [
  ['an input is NaN', (one) => spoil(one, 'inputs', 0, Number.NaN)],
  ['a skipping input is infinite', (one) => spoil(one, 'inputs', 0, Infinity)],
  ['a weight of the cell is NaN', (one) => spoil(one, 'hot', one.network.layers[0]!.recurrentAt, Number.NaN)],
  ['a number of the state is NaN', (one) => spoil(one, 'hot', one.layout.stateAt + 1, Number.NaN)],
  ['a bias of the head is infinite', (one) => spoil(one, 'hot', one.network.headBiasAt, Infinity)],
  [
    'an output is too large for float32',
    (one) => {
      spoil(one, 'inputs', 0, 1e30);
      spoil(one, 'hot', one.network.skipAt, 1e30);
    },
  ],
];

describe.each(CASES)('%s', (_title, backend, shape) => {
  it.each(TRAIN_SPOILS)('says NaN and changes nothing but the neighbours when %s', (_name, change) => {
    const one = trial(backend, shape, { models: 2 });
    train(one);
    const quiet = trial(backend, shape, { models: 2 });
    train(quiet);
    change(one);
    const before = bytesOf(one, one.models[0]!);
    const losses = train(one);
    expect(losses[0]).toBeNaN();
    expect(bytesOf(one, one.models[0]!)).toEqual(before);
    expect(losses[1]).toBe(train(quiet)[1]);
    expect(bytesOf(one, one.models[1]!)).toEqual(bytesOf(quiet, quiet.models[1]!));
  });

  it('says 0 and changes nothing when every target is masked', () => {
    const one = trial(backend, shape);
    train(one);
    one.lane.f32.fill(Number.NaN, one.models[0]!.targets / 4, one.models[0]!.targets / 4 + 32);
    // Not even a broken model is looked at.
    spoil(one, 'inputs', 1, Number.NaN);
    const before = bytesOf(one, one.models[0]!);
    expect(train(one)).toEqual([0]);
    expect(bytesOf(one, one.models[0]!)).toEqual(before);
  });

  it.each(STEP_SPOILS)('answers NaN and leaves the state when %s', (_name, change) => {
    const one = trial(backend, shape, { models: 2 });
    const quiet = trial(backend, shape, { models: 2 });
    one.lane.f32.fill(3, one.models[0]!.hot / 4 + one.layout.stateAt, one.models[0]!.hot / 4 + one.layout.stateAt + 5);
    change(one);
    const before = bytesOf(one, one.models[0]!);
    const { O } = one.network;
    const outputs = step(one, 0);
    expect(outputs.slice(0, O)).toEqual(new Array<number>(O).fill(Number.NaN));
    expect(bytesOf(one, one.models[0]!)).toEqual(before);
    expect(outputs.slice(O)).toEqual(step(quiet, 0).slice(O));
    expect(bytesOf(one, one.models[1]!)).toEqual(bytesOf(quiet, quiet.models[1]!));
  });

  it('stays finite when inputs and targets are absurd', () => {
    const one = trial(backend, shape);
    const { network, layout } = one;
    for (const size of [1e3, 1e10, 1e30, 3e38]) {
      for (let i = 0; i < network.L * network.I; i++) spoil(one, 'inputs', i, i % 2 === 0 ? size : -size);
      for (let i = 0; i < network.L * network.M; i++) spoil(one, 'targets', i, i % 3 === 0 ? size : -size);
      for (let t = 0; t < network.L; t++) {
        train(one);
        step(one, t);
      }
    }
    const { hot, optimiser } = one.models[0]!;
    expect(floats(one, hot, layout.stateAt + network.stateSize).every(Number.isFinite)).toBe(true);
    expect(floats(one, optimiser, layout.filledAt + 3).every(Number.isFinite)).toBe(true);
  });
});

describe.each(BACKENDS)('$name: a squared loss', (backend) => {
  it('says NaN and changes nothing when a target is absurd', () => {
    const one = trial(backend);
    spoil(one, 'targets', 3, 1e30);
    const before = bytesOf(one, one.models[0]!);
    expect(train(one)).toEqual([Number.NaN]);
    expect(bytesOf(one, one.models[0]!)).toEqual(before);
  });

  it('shortens a gradient to the norm it is told, and only a longer one', () => {
    // With ε far below the moments Adam ignores a common factor at the first update: the moments tell, by 8 bits each.
    const [free, cut] = [trial(backend), trial(backend)];
    train(free, { clip: 1e9 });
    const gradient = free.kernel.gradient(free.network);
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    train(cut, { clip: norm / 4 });
    const lengths = [free, cut].map((one) => Math.hypot(...momentsOf(one, one.models[0]!).m));
    expect(lengths[0]! / (0.1 * norm)).toBeCloseTo(1, 2);
    expect(lengths[1]! / lengths[0]!).toBeCloseTo(0.25, 2);
  });
});

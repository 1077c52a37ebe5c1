// Models in a lane's memory, ready to step and to train: what every test of a kernel works on.

import { initialise } from '../../src/kernel/initialise.ts';
import { JOB_WORDS, type Kernel, STEP, TRAIN } from '../../src/kernel/kernel.ts';
import { type Layout, layoutOf } from '../../src/kernel/layout.ts';
import { allocate, type LaneMemory, newLaneMemory } from '../../src/kernel/memory.ts';
import { meanOf, squareOf } from '../../src/kernel/moments.ts';
import { type Network, type NetworkShape, STATES } from '../../src/kernel/network.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import type { Backend } from './backends.ts';

/** Byte addresses of one model, and of what it is given. */
export interface Model {
  readonly hot: number;
  readonly optimiser: number;
  /** L × I */
  readonly inputs: number;
  /** The state before the first step. */
  readonly state: number;
  /** L × M */
  readonly targets: number;
}

export interface Trial {
  readonly lane: LaneMemory;
  readonly kernel: Kernel;
  readonly layout: Layout;
  readonly network: Network;
  readonly models: readonly Model[];
}

export const CLIP = 1;
export const RATE = 0.01;

const SHAPE: NetworkShape = {
  cell: 'gru',
  hidden: 8,
  layers: 1,
  inputs: 2,
  targets: 1,
  skips: 1,
  loss: { kind: 'squared' },
  lookback: 16,
};

/** A small network, but for what is told. */
export function shapeOf(shape: Partial<NetworkShape>): NetworkShape {
  return { ...SHAPE, ...shape };
}

export function titleOf({ cell, hidden, layers, inputs, targets, skips, loss, lookback }: NetworkShape): string {
  const sizes = `${layers}×${hidden}, ${inputs} inputs, ${targets} targets, ${skips} skips`;
  return `${cell} ${sizes}, ${loss.kind}, ${lookback} steps`;
}

/** Drawn models with random inputs, targets and states for the whole lookback. A model depends only on its number. */
export function trial(
  backend: Backend,
  shape: Partial<NetworkShape> = {},
  { models = 1, lane = newLaneMemory() }: { readonly models?: number; readonly lane?: LaneMemory } = {},
): Trial {
  const layout = layoutOf({ ...shapeOf(shape), openWindows: 1 });
  const network = layout.network!;
  const kernel = backend.make(lane);
  kernel.room(network);
  return { lane, kernel, layout, network, models: Array.from({ length: models }, (_, n) => newModel(lane, layout, n)) };
}

/** `seed` decides every number. */
export function newModel(lane: LaneMemory, layout: Layout, seed: number): Model {
  const network = layout.network!;
  const model: Model = {
    hot: allocate(lane, layout.hotBytes),
    optimiser: allocate(lane, layout.optimiserBytes),
    inputs: allocate(lane, 4 * network.L * network.I),
    state: allocate(lane, 4 * network.stateSize),
    targets: allocate(lane, 4 * network.L * network.M),
  };
  initialise(lane.f32, network, model.hot / 4, 2 * seed + 1, 1);
  const random = newRandom(2 * seed + 2);
  const put = (address: number, count: number, bound: number): void => {
    for (let i = 0; i < count; i++) lane.f32[address / 4 + i] = bound * (2 * uniform(random) - 1);
  };
  put(model.inputs, network.L * network.I, 2);
  put(model.targets, network.L * network.M, 2);
  for (const from of [model.state, model.hot + 4 * layout.stateAt]) {
    for (let vector = 0; vector < network.shape.layers * STATES[network.shape.cell]; vector++) {
      put(from + 4 * vector * network.H, network.shape.hidden, 1);
    }
  }
  return model;
}

interface Training {
  readonly models?: readonly Model[];
  readonly rate?: number;
  readonly clip?: number;
  readonly decay?: number;
  readonly steps?: number;
}

/** One call with a job for each model; the losses. */
export function train(
  { lane, kernel, network, models: all }: Trial,
  { models = all, rate = RATE, clip = CLIP, decay = 0, steps = network.L }: Training = {},
): readonly number[] {
  const jobs = kernel.room(network).jobs / 4;
  for (const [n, { hot, optimiser, inputs, state, targets }] of models.entries()) {
    const job = jobs + n * JOB_WORDS;
    lane.u32[job + TRAIN.hot] = hot;
    lane.u32[job + TRAIN.optimiser] = optimiser;
    lane.u32[job + TRAIN.inputs] = inputs;
    lane.u32[job + TRAIN.state] = state;
    lane.u32[job + TRAIN.targets] = targets;
    lane.u32[job + TRAIN.steps] = steps;
    lane.f32[job + TRAIN.rate] = rate;
  }
  kernel.train(network, models.length, { clip, decay });
  return models.map((_, n) => lane.f32[jobs + n * JOB_WORDS + TRAIN.loss]!);
}

/** One call with a job for each model, on the inputs of step `t`; the outputs, O a model. */
export function step({ lane, kernel, network, models: all }: Trial, t: number, models = all): readonly number[] {
  const { jobs, outputs } = kernel.room(network);
  for (const [n, { hot, inputs }] of models.entries()) {
    const job = jobs / 4 + n * JOB_WORDS;
    lane.u32[job + STEP.hot] = hot;
    lane.u32[job + STEP.input] = inputs + 4 * t * network.I;
    lane.u32[job + STEP.output] = outputs + 4 * n * network.O;
  }
  kernel.step(network, models.length);
  return [...lane.f32.subarray(outputs / 4, outputs / 4 + models.length * network.O)];
}

/** Weights, state and optimiser of a model. */
export function bytesOf({ lane, layout }: Trial, { hot, optimiser }: Model): Uint8Array {
  const bytes = new Uint8Array(layout.hotBytes + layout.optimiserBytes);
  bytes.set(lane.u8.subarray(hot, hot + layout.hotBytes));
  bytes.set(lane.u8.subarray(optimiser, optimiser + layout.optimiserBytes), layout.hotBytes);
  return bytes;
}

export function restore({ lane, layout }: Trial, { hot, optimiser }: Model, bytes: Uint8Array): void {
  lane.u8.set(bytes.subarray(0, layout.hotBytes), hot);
  lane.u8.set(bytes.subarray(layout.hotBytes), optimiser);
}

/** Adam's averages, a number for each weight, as they lie in the slab. */
export function momentsOf(
  { lane, network }: Pick<Trial, 'lane' | 'network'>,
  { optimiser }: Model,
): { readonly words: Uint32Array; readonly m: Float64Array; readonly v: Float64Array } {
  const words = lane.u32.slice(optimiser / 4, optimiser / 4 + network.weights);
  return { words, m: Float64Array.from(words, meanOf), v: Float64Array.from(words, squareOf) };
}

export function floats({ lane }: Pick<Trial, 'lane'>, address: number, length: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(lane.f32.subarray(address / 4, address / 4 + length));
}

export function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i]!));
  return max;
}

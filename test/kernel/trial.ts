// A model in a lane's memory, ready to step and to train.

import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import type { Hyper, Kernel } from '../../src/kernel/kernel.ts';
import type { Layout } from '../../src/kernel/layout.ts';
import { allocate, type LaneMemory, newLaneMemory } from '../../src/kernel/memory.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';

export const HYPER: Hyper = { rate: 0.01, clip: 1 };

export interface Trial {
  readonly lane: LaneMemory;
  readonly kernel: Kernel;
  readonly layout: Layout;
  readonly hot: number;
  readonly optimiser: number;
  readonly inputs: number;
  readonly state: number;
  readonly train: (hyper?: Hyper) => number;
  /** The bytes of weights, state and optimiser. */
  readonly bytes: () => Uint8Array;
}

/** A drawn model, random inputs and targets for the whole lookback, a random state before them. */
export function trial(layout: Layout, seed = 1): Trial {
  const lane = newLaneMemory();
  const kernel = newFloat32Kernel(lane);
  const hot = allocate(lane, layout.hotBytes);
  const optimiser = allocate(lane, layout.optimiserBytes);
  const inputs = allocate(lane, 4 * layout.L * layout.I);
  const state = allocate(lane, 4 * layout.H);
  kernel.initialise(layout, hot, seed, 1);
  const random = newRandom(seed + 1);
  const symmetric = (): number => 2 * uniform(random) - 1;
  for (let i = 0; i < layout.L * layout.I; i++) lane.f32[inputs / 4 + i] = 2 * symmetric();
  for (let i = 0; i < layout.shape.hidden; i++) {
    lane.f32[state / 4 + i] = symmetric();
    lane.f32[hot / 4 + layout.stateAt + i] = symmetric();
  }
  for (let i = 0; i < layout.L * layout.O; i++) kernel.targets[i] = 2 * symmetric();
  const bytes = (): Uint8Array =>
    Uint8Array.of(
      ...lane.u8.subarray(hot, hot + layout.hotBytes),
      ...lane.u8.subarray(optimiser, optimiser + layout.optimiserBytes),
    );
  const train = (hyper = HYPER): number => kernel.train(layout, hot, optimiser, inputs, state, layout.L, hyper);
  return { lane, kernel, layout, hot, optimiser, inputs, state, train, bytes };
}

export function floats({ lane }: Trial, address: number, length: number): Float64Array {
  return Float64Array.from(lane.f32.subarray(address / 4, address / 4 + length));
}

export function largest(values: Float64Array): number {
  return Math.max(...values.map(Math.abs));
}

/** Numbers of W that are in use. */
export function weightCount(layout: Layout): number {
  return layout.skipAt + layout.O;
}

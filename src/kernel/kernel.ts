// What a kernel offers. Every backend works on the same slabs, addressed by bytes in the lane's memory.

import type { Layout } from './layout.ts';

export interface Hyper {
  readonly rate: number;
  /** Largest global norm of a gradient. */
  readonly clip: number;
}

export interface Kernel {
  readonly backend: 'js';
  /** Draws the weights of a zeroed slab; the same seed gives the same bytes. Every skip begins as `skip`. */
  initialise(layout: Layout, hot: number, seed: number, skip: number): void;
  /**
   * One window: h ← GRU(h, x) in place. `input` is the address of I float32. The O forecasts are then in `outputs`.
   * Allocates nothing.
   */
  step(layout: Layout, hot: number, input: number): void;
  /**
   * One training pass by truncated backpropagation through `steps` ≤ L windows and one update by Adam. `inputs` is the
   * address of steps × I float32, `state` of the hidden state before the first. Targets (steps × O, NaN = masked) are
   * read from `targets`. Returns the loss before the update, the mean of half the squared errors over all unmasked
   * targets. Nothing is changed when that is 0 (all masked, or all exact), nor when the gradient is not finite or
   * absurdly long (norm ≥ 1e6): then it is NaN. At most 128 outputs and 128 steps.
   */
  train(
    layout: Layout,
    hot: number,
    optimiser: number,
    inputs: number,
    state: number,
    steps: number,
    hyper: Hyper,
  ): number;
  readonly outputs: Float32Array;
  readonly targets: Float32Array;
}

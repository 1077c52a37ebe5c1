// What a kernel offers. Every backend works on the same slabs, addressed by bytes in the lane's memory, and takes its
// work as a table of jobs there: one call serves many series.

import type { Network } from './network.ts';

export interface Hyper {
  /** Largest global norm of a gradient, > 0. */
  readonly clip: number;
  /** Part of itself that every weight loses in an update, in units of the rate; ≥ 0. */
  readonly decay: number;
}

/** A row of the table: this many 32-bit words. */
export const JOB_WORDS = 8;
/** Jobs that one call takes at most. */
export const JOBS_MAX = 256;

/** Words of a job of `step`: byte addresses, as uint32. */
export const STEP = {
  /** Weights, and behind them the state. */
  hot: 0,
  /** I float32. */
  input: 1,
  /** O float32, written. */
  output: 2,
} as const;

/** Words of a job of `train`: byte addresses as uint32, unless said otherwise. */
export const TRAIN = {
  hot: 0,
  /** Adam's m and v, `weights` words as in moments.ts, and three float32 more: see `filledAt` in layout.ts. */
  optimiser: 1,
  /** steps × I float32. */
  inputs: 2,
  /** `stateSize` float32: the state before the first step. */
  state: 3,
  /** steps × M float32; NaN where a target is not known. */
  targets: 4,
  /** Number of steps, 1 to L. */
  steps: 5,
  /** Learning rate, float32. */
  rate: 6,
  /** Written, float32: the loss before the update. */
  loss: 7,
} as const;

/** Writes a job of `train`: `job` is the index of its first word, the rest as in TRAIN. */
export function writeTrainJob(
  { u32, f32 }: { readonly u32: Uint32Array; readonly f32: Float32Array },
  job: number,
  hot: number,
  optimiser: number,
  inputs: number,
  state: number,
  targets: number,
  steps: number,
  rate: number,
): void {
  u32[job + TRAIN.hot] = hot;
  u32[job + TRAIN.optimiser] = optimiser;
  u32[job + TRAIN.inputs] = inputs;
  u32[job + TRAIN.state] = state;
  u32[job + TRAIN.targets] = targets;
  u32[job + TRAIN.steps] = steps;
  f32[job + TRAIN.rate] = rate;
}

/** Room in the lane's memory for jobs of one network, as byte addresses. Holds until the next call of `room`. */
export interface Room {
  /** JOBS_MAX × JOB_WORDS words. */
  readonly jobs: number;
  /** JOBS_MAX × L × M float32. */
  readonly targets: number;
  /** JOBS_MAX × O float32. */
  readonly outputs: number;
}

export interface Kernel {
  readonly backend: 'simd' | 'js';
  /**
   * Whether a multiplication and the addition behind it are rounded once. Results of two kernels with the same backend
   * and the same answer here are the same bytes.
   */
  readonly fused: boolean;
  /** Places to put jobs, targets and outputs. May grow the lane's memory: read its views anew afterwards. */
  room(network: Network): Room;
  /**
   * One window for each of the first `count` jobs: the state in the hot part advances, the O outputs are written. An
   * output that is not finite leaves the state as it was, and all outputs of the job NaN. Allocates nothing.
   */
  step(network: Network, count: number): void;
  /**
   * One pass of truncated backpropagation through time and one update by Adam for each of the first `count` jobs. The
   * loss is the mean over all known targets, 0 when there are none: then nothing is changed. When loss or gradient
   * are not finite, or the gradient absurdly long (norm ≥ 1e6), the loss is NaN, and nothing is changed, either.
   * Allocates nothing.
   */
  train(network: Network, count: number, hyper: Hyper): void;
  /**
   * Sum of those among `cells` uint8 at a byte address that are at most `most`, 0 to 255. `cells` is a multiple of 16,
   * the sum below 2^31.
   */
  countUpTo(at: number, cells: number, most: number): number;
  /** Copy of the gradient of the last job of the last `train`, before clipping, in the order of the weights. */
  gradient(network: Network): Float32Array;
}

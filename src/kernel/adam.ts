// The optimiser of the JavaScript kernel: Adam (D. Kingma, J. Ba, 2015, algorithm 1, in the order of operations of its
// section 2) with the gradient clipped to a global norm (R. Pascanu et al., 2013, algorithm 1) and with weights that
// decay (I. Loshchilov, F. Hutter, 2019, algorithm 2).

import type { Hyper } from './kernel.ts';
import { meanOf, newDither, nextDither, packed, squareOf, startDither } from './moments.ts';
import type { Network } from './network.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** Updates are counted up to here, then from 0 again: what float32 can count. */
const UPDATES_MAX = 2 ** 20;

/**
 * Adding and taking away this sets numbers below 1e-36 to zero and leaves others as they are to 1e-36: float32 below
 * 1e-38 is denormal, which costs up to a hundred times the cycles, and decaying states and moments would get there.
 */
export const FLUSH = 1e-20;

const dither = newDither();

/** Of the `length` numbers from index `at`. */
export function squaredNorm(f: Float64Array, at: number, length: number): number {
  let sum = 0;
  for (let i = at; i < at + length; i++) {
    const g = f[i]!;
    sum += g * g;
  }
  return sum;
}

/** What an update works on: the slab, as float32 and as words, and the gradient. */
export interface Update {
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  readonly f: Float64Array;
  /** Indices in the slab. */
  readonly weightsAt: number;
  readonly optimiserAt: number;
  /** Index in `f`. */
  readonly gradientAt: number;
}

/** One update in place of the weights in use, by gradient · scale. */
export function adamStep(network: Network, update: Update, scale: number, rate: number, { decay }: Hyper): void {
  const { f32, u32, f, weightsAt, optimiserAt, gradientAt } = update;
  const { used, weights } = network;
  const filledAt = optimiserAt + weights;
  const filled1 = BETA1 * f32[filledAt]! + (1 - BETA1);
  const filled2 = BETA2 * f32[filledAt + 1]! + (1 - BETA2);
  const updates = f32[filledAt + 2]! + 1;
  f32[filledAt] = filled1;
  f32[filledAt + 1] = filled2;
  f32[filledAt + 2] = updates === UPDATES_MAX ? 0 : updates;
  startDither(dither, updates);
  // rate·(m/f1)/(√(v/f2) + ε), with the corrections taken out of the loop.
  const root = Math.sqrt(filled2);
  const corrected = (rate * root) / filled1;
  const epsilon = EPSILON * root;
  const faded = rate * decay;
  const share1 = (1 - BETA1) * scale;
  const share2 = (1 - BETA2) * scale * scale;
  for (let i = 0, w = weightsAt, at = optimiserAt; i < used; i++, w++, at++) {
    const g = f[gradientAt + i]!;
    const word = u32[at]!;
    const mean = BETA1 * meanOf(word) + share1 * g + FLUSH - FLUSH; // (26)
    const square = BETA2 * squareOf(word) + share2 * g * g + FLUSH - FLUSH; // (27)
    u32[at] = packed(mean, square, nextDither(dither, i));
    f32[w] = f32[w]! - (faded * f32[w]! + (corrected * mean) / (Math.sqrt(square) + epsilon)); // (28)
  }
}

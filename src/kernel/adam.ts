// The optimiser of the JavaScript kernel: Adam (D. Kingma, J. Ba, 2015, algorithm 1, in the order of operations of its
// section 2) with the gradient clipped to a global norm (R. Pascanu et al., 2013, algorithm 1).

import type { Network } from './network.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Adding and taking away this sets numbers below 1e-36 to zero and leaves others as they are to 1e-36: float32 below
 * 1e-38 is denormal, which costs up to a hundred times the cycles, and decaying states and moments would get there.
 */
export const FLUSH = 1e-20;

/** Of the `length` numbers from index `at`. */
export function squaredNorm(f: Float64Array, at: number, length: number): number {
  let sum = 0;
  for (let i = at; i < at + length; i++) {
    const g = f[i]!;
    sum += g * g;
  }
  return sum;
}

/**
 * One update in place of the weights in use, by gradient · scale. `weightsAt` and `optimiserAt` are indices in `f32`,
 * `gradientAt` is one in `f`.
 */
export function adamStep(
  network: Network,
  f32: Float32Array,
  weightsAt: number,
  optimiserAt: number,
  f: Float64Array,
  gradientAt: number,
  scale: number,
  rate: number,
): void {
  const { used, weights } = network;
  const filledAt = optimiserAt + 2 * weights;
  const filled1 = BETA1 * f32[filledAt]! + (1 - BETA1);
  const filled2 = BETA2 * f32[filledAt + 1]! + (1 - BETA2);
  f32[filledAt] = filled1;
  f32[filledAt + 1] = filled2;
  // rate·(m/f1)/(√(v/f2) + ε), with the corrections taken out of the loop.
  const root = Math.sqrt(filled2);
  const corrected = (rate * root) / filled1;
  const epsilon = EPSILON * root;
  const share1 = (1 - BETA1) * scale;
  const share2 = (1 - BETA2) * scale * scale;
  for (let i = 0, w = weightsAt, m = optimiserAt, v = m + weights; i < used; i++, w++, m++, v++) {
    const g = f[gradientAt + i]!;
    const mean = BETA1 * f32[m]! + share1 * g + FLUSH - FLUSH; // (26)
    const square = BETA2 * f32[v]! + share2 * g * g + FLUSH - FLUSH; // (27)
    f32[m] = mean;
    f32[v] = square;
    f32[w] = f32[w]! - (corrected * mean) / (Math.sqrt(square) + epsilon); // (28)
  }
}

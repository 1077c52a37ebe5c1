// The linear head over all steps, and the way back to the states. Numbers in brackets are the equations of README.md.

import { product, products } from './matrix.ts';
import type { Network } from './network.ts';
import type { Scratch } from './scratch.ts';

/** Outputs of `steps` steps from the states of the last layer; scales are not clamped yet. (9, 10) */
export function headForward(network: Network, scratch: Scratch, steps: number): void {
  const { H, I, K } = network;
  const { f, outputs, outputRow: P, headBiases, headColumns, headSkips, inputs } = scratch;
  layHead(network, scratch);
  products(f, outputs, P, headBiases, 0, headColumns, P, statesOf(network, scratch), H, 1, H, P, steps);
  if (K > 0) products(f, outputs, P, outputs, P, headSkips, P, inputs, I, 1, K, P, steps);
}

/** From the derivatives by the outputs: those by the states, in `fromAbove`, and the gradient of the head. */
export function headBackward(network: Network, scratch: Scratch, steps: number): void {
  const { H, I, M, O, K, headAt, headBiasAt, skipAt } = network;
  const { f, zeros, unit, outputs, outputRow: P, weights, gradient, tail, inputs } = scratch;
  products(f, scratch.fromAbove, H, zeros, 0, weights + headAt, H, outputs, P, 1, O, H, steps);
  products(f, gradient + headAt, H, zeros, 0, statesOf(network, scratch), H, outputs, 1, P, steps, H, O);
  product(f, tail, zeros, outputs, P, unit, 0, steps, P);
  if (K > 0) products(f, tail + P, P, zeros, 0, outputs, P, inputs, 1, I, steps, P, K);
  for (let o = 0; o < O; o++) f[gradient + headBiasAt + o] = f[tail + o]!;
  for (let k = 0; k < K; k++) {
    for (let m = 0; m < M; m++) f[gradient + skipAt + k * M + m] = f[tail + (1 + k) * P + m]!;
  }
}

/** Lays out the weights of the head for `products`: a column of P outputs for each state and each skipping input. */
function layHead(network: Network, scratch: Scratch): void {
  const { H, M, O, K, headAt, headBiasAt, skipAt } = network;
  const { f, outputRow: P, weights, headBiases, headColumns, headSkips } = scratch;
  for (let o = 0; o < O; o++) {
    const row = weights + headAt + o * H;
    for (let i = 0; i < H; i++) f[headColumns + i * P + o] = f[row + i]!;
    f[headBiases + o] = f[weights + headBiasAt + o]!;
  }
  for (let k = 0; k < K; k++) {
    for (let m = 0; m < M; m++) f[headSkips + k * P + m] = f[weights + skipAt + k * M + m]!;
  }
}

/** Place of the last layer's state after the first step. */
function statesOf(network: Network, scratch: Scratch): number {
  return scratch.layers[network.layers.length - 1]!.states + network.H;
}

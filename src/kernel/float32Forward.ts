// Forward pass in float32: the equations of reference.ts over a slab's weights.

import { sigmoid, tanh } from './elementary.ts';
import type { Layout } from './layout.ts';
import { addProduct } from './matrix.ts';
import type { Scratch } from './scratch.ts';

/**
 * Adding and taking away this sets numbers below 1e-36 to zero and leaves others as they are to 1e-36: float32 below
 * 1e-38 is denormal, which costs up to a hundred times the cycles, and decaying states and moments would get there.
 */
export const FLUSH = 1e-20;

/** Begins row t of both kinds of rows: 1 and the inputs of the step, read from `x` at index `xAt`. */
export function beginRow(layout: Layout, scratch: Scratch, t: number, x: Float32Array, xAt: number): void {
  const { H, I } = layout;
  const { rows, resetRows } = scratch;
  const at = t * (1 + I + H);
  rows[at] = 1;
  resetRows[at] = 1;
  for (let k = 0; k < I; k++) {
    const value = x[xAt + k]!;
    rows[at + 1 + k] = value;
    resetRows[at + 1 + k] = value;
  }
}

/** Step t from complete row t with the weights at index `wAt` of `w`: fills the gates of t and h' in row t + 1. */
export function forwardStep(layout: Layout, scratch: Scratch, t: number, w: Float32Array, wAt: number): void {
  const { H, I, C, inputAt } = layout;
  const { rows, resetRows, gates } = scratch;
  const D = 1 + I + H;
  const row = t * D;
  const h = row + 1 + I;
  const next = h + D;
  const z = t * C;
  const r = z + H;
  const n = r + H;

  for (let i = 0; i < C; i++) gates[z + i] = w[wAt + i]!;
  addProduct(w, wAt + inputAt, C, 2 * H, rows, row + 1, I + H, gates, z);
  for (let i = 0; i < H; i++) {
    gates[z + i] = sigmoid(gates[z + i]!);
    const ri = sigmoid(gates[r + i]!);
    gates[r + i] = ri;
    resetRows[h + i] = ri * rows[h + i]!;
  }
  addProduct(w, wAt + inputAt + 2 * H, C, H, resetRows, row + 1, I + H, gates, n);
  for (let i = 0; i < H; i++) {
    const ni = tanh(gates[n + i]!);
    gates[n + i] = ni;
    rows[next + i] = ni + gates[z + i]! * (rows[h + i]! - ni) + FLUSH - FLUSH;
  }
}

/** Output o after step t. */
export function output(layout: Layout, scratch: Scratch, t: number, w: Float32Array, wAt: number, o: number): number {
  const { H, I } = layout;
  const { rows } = scratch;
  const row = t * (1 + I + H);
  const next = row + 1 + I + H + 1 + I;
  const head = wAt + layout.headAt + o * H;
  let sum = w[wAt + layout.headBiasAt + o]! + w[wAt + layout.skipAt + o]! * rows[row + 1]!;
  for (let i = 0; i < H; i++) sum += w[head + i]! * rows[next + i]!;
  return sum;
}

// Working arrays of a kernel: one set for all slabs of a lane, made once for the largest layout seen.

import type { Layout } from './layout.ts';

/** With D = 1 + I + H, and t from 0 to L. What a pass leaves here, the next one overwrites. */
export interface Scratch {
  /** (L + 1) × D: rows [1 | x_t | h before step t]. A column of W belongs to each number of a row. */
  rows: Float32Array;
  /** L × D: rows [1 | x_t | r∘h]. */
  resetRows: Float32Array;
  /** L × 3H: z, r, n. */
  gates: Float32Array;
  /** L × 3H: derivatives by the sums inside the gates. */
  dSums: Float32Array;
  /** L × O: derivatives by the outputs. */
  dOutputs: Float32Array;
  /** U transposed: column i, of H numbers, is what row i of U multiplies. */
  transposed: Float32Array;
  /** H each: derivatives by h', by h, and by r∘h. */
  dNext: Float32Array;
  dState: Float32Array;
  dReset: Float32Array;
  /** In the order of W. */
  gradient: Float32Array;
}

export function newScratch(): Scratch {
  const none = new Float32Array(0);
  return {
    rows: none,
    resetRows: none,
    gates: none,
    dSums: none,
    dOutputs: none,
    transposed: none,
    dNext: none,
    dState: none,
    dReset: none,
    gradient: none,
  };
}

/** Makes every array at least as long as the layout needs. */
export function fit(scratch: Scratch, layout: Layout): void {
  const { H, I, O, L, C } = layout;
  const D = 1 + I + H;
  scratch.rows = atLeast(scratch.rows, (L + 1) * D);
  scratch.resetRows = atLeast(scratch.resetRows, L * D);
  scratch.gates = atLeast(scratch.gates, L * C);
  scratch.dSums = atLeast(scratch.dSums, L * C);
  scratch.dOutputs = atLeast(scratch.dOutputs, L * O);
  scratch.transposed = atLeast(scratch.transposed, C * H);
  scratch.dNext = atLeast(scratch.dNext, H);
  scratch.dState = atLeast(scratch.dState, H);
  scratch.dReset = atLeast(scratch.dReset, H);
  scratch.gradient = atLeast(scratch.gradient, layout.weights);
}

function atLeast(array: Float32Array, length: number): Float32Array {
  return array.length >= length ? array : new Float32Array(length);
}

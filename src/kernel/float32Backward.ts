// Backpropagation through time in float32. Backwards only what depends on the step before is computed, the derivatives
// by the gates' sums; the gradient of W is then one product over all steps.

import { beginRow, forwardStep, output } from './float32Forward.ts';
import type { Layout } from './layout.ts';
import { addProduct, sumOuter } from './matrix.ts';
import type { Scratch } from './scratch.ts';

/**
 * Loss of `steps` ≤ L windows, its gradient in scratch. Weights, state and inputs are indices of float32 in `f32`;
 * NaN targets are masked. 0, without a gradient, when all of them are.
 */
export function gradientOf(
  layout: Layout,
  scratch: Scratch,
  f32: Float32Array,
  wAt: number,
  inputsAt: number,
  stateAt: number,
  steps: number,
  targets: Float32Array,
): number {
  const { H, I } = layout;
  const { rows, dNext } = scratch;
  for (let i = 0; i < H; i++) rows[1 + I + i] = f32[stateAt + i]!;
  for (let t = 0; t < steps; t++) {
    beginRow(layout, scratch, t, f32, inputsAt + t * I);
    forwardStep(layout, scratch, t, f32, wAt);
  }
  const loss = outputLoss(layout, scratch, f32, wAt, steps, targets);
  if (loss === 0) return 0;
  transpose(layout, scratch, f32, wAt);
  for (let i = 0; i < H; i++) dNext[i] = 0;
  for (let t = steps - 1; t >= 0; t--) backwardStep(layout, scratch, f32, wAt, t);
  collect(layout, scratch, steps);
  return loss;
}

/** Fills dOutputs, the derivatives of the loss by the outputs (0 where masked), and returns the loss. */
function outputLoss(
  layout: Layout,
  scratch: Scratch,
  w: Float32Array,
  wAt: number,
  steps: number,
  targets: Float32Array,
): number {
  const { O } = layout;
  const { dOutputs } = scratch;
  let known = 0;
  for (let i = 0; i < steps * O; i++) {
    if (!Number.isNaN(targets[i]!)) known++;
  }
  const share = known === 0 ? 0 : 1 / known;
  let sum = 0;
  for (let t = 0, i = 0; t < steps; t++) {
    for (let o = 0; o < O; o++, i++) {
      const target = targets[i]!;
      const e = Number.isNaN(target) ? 0 : output(layout, scratch, t, w, wAt, o) - target;
      sum += e * e;
      dOutputs[i] = e * share;
    }
  }
  return 0.5 * sum * share;
}

function transpose(layout: Layout, scratch: Scratch, w: Float32Array, wAt: number): void {
  const { H, C } = layout;
  const { transposed } = scratch;
  for (let j = 0; j < H; j++) {
    for (let i = 0, p = wAt + layout.recurrentAt + j * C; i < C; i++, p++) transposed[i * H + j] = w[p]!;
  }
}

/** From the derivatives by h' in dNext to those by the sums of step t, and by h, in dNext again. */
function backwardStep(layout: Layout, scratch: Scratch, w: Float32Array, wAt: number, t: number): void {
  const { H, I, O, C } = layout;
  const { rows, gates, dSums, dOutputs, transposed, dNext, dState, dReset } = scratch;
  const h = t * (1 + I + H) + 1 + I;
  const z = t * C;
  const r = z + H;
  const n = r + H;

  addProduct(w, wAt + layout.headAt, H, H, dOutputs, t * O, O, dNext, 0);
  for (let i = 0; i < H; i++) {
    const d = dNext[i]!;
    const zi = gates[z + i]!;
    const ni = gates[n + i]!;
    dSums[n + i] = d * (1 - zi) * (1 - ni * ni);
    dSums[z + i] = d * (rows[h + i]! - ni) * zi * (1 - zi);
    dState[i] = d * zi;
    dReset[i] = 0;
  }
  addProduct(transposed, 2 * H * H, H, H, dSums, n, H, dReset, 0);
  for (let i = 0; i < H; i++) {
    const d = dReset[i]!;
    const ri = gates[r + i]!;
    dSums[r + i] = d * rows[h + i]! * ri * (1 - ri);
    dNext[i] = dState[i]! + d * ri;
  }
  addProduct(transposed, 0, H, H, dSums, z, 2 * H, dNext, 0);
}

/** The gradient of all weights from what the steps left behind. */
function collect(layout: Layout, scratch: Scratch, steps: number): void {
  const { H, I, O, C, headAt, headBiasAt, skipAt } = layout;
  const { rows, resetRows, dSums, dOutputs, gradient } = scratch;
  const D = 1 + I + H;
  sumOuter(dSums, 0, C, 2 * H, rows, 0, D, D, steps, gradient, 0, C);
  sumOuter(dSums, 2 * H, C, H, resetRows, 0, D, D, steps, gradient, 2 * H, C);
  sumOuter(rows, D + 1 + I, D, H, dOutputs, 0, O, O, steps, gradient, headAt, H);
  for (let o = 0; o < O; o++) {
    let bias = 0;
    let skip = 0;
    for (let t = 0; t < steps; t++) {
      const d = dOutputs[t * O + o]!;
      bias += d;
      skip += d * rows[t * D + 1]!;
    }
    gradient[headBiasAt + o] = bias;
    gradient[skipAt + o] = skip;
  }
}

// The specification of the kernel: networks, gradients and optimiser in plain float64, one formula a line. Slow and
// obvious on purpose; every fast kernel is measured against it, and it against finite differences. Numbers in brackets
// are the equations of README.md.

import { type Layer, LOG_SCALE_MAX, LOG_SCALE_MIN, type Network } from './network.ts';
import {
  type Activation,
  type CellStep,
  gruBackward,
  gruForward,
  lstmBackward,
  lstmForward,
} from './referenceCells.ts';
import { lossAt } from './referenceLoss.ts';

/** A stretch of consecutive windows. */
export interface Passage {
  /** steps × I */
  readonly inputs: Float64Array;
  /** steps × M; NaN where the target is not known. */
  readonly targets: Float64Array;
  /** `stateSize`: the state before the first step. */
  readonly state: Float64Array;
  readonly steps: number;
}

export interface Step {
  /** One a layer, from the first. */
  readonly cells: readonly CellStep[];
  /** `stateSize`: afterwards. */
  readonly state: Float64Array;
  /** O: means, then logarithms of scales as the head gives them, not clamped. */
  readonly raw: Float64Array;
  /** O: the same with clamped scales. */
  readonly y: Float64Array;
}

export interface Gradient {
  /** Mean over the known targets; 0 without any. */
  readonly loss: number;
  /** In the order of the weights. For the Student loss not that of `loss`: see (13). */
  readonly gradient: Float64Array;
}

export interface AdamState {
  readonly m: Float64Array;
  readonly v: Float64Array;
  /** Sums of weights of the two averages, 1 − β^t after t updates. */
  filled1: number;
  filled2: number;
}

/** D. Kingma, J. Ba, Adam, 2015: the defaults of the paper. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** One step from `state` with inputs `x`. Nothing is written to. */
export function forward(net: Network, w: Float64Array, state: Float64Array, x: Float64Array, act: Activation): Step {
  const step = net.shape.cell === 'gru' ? gruForward : lstmForward;
  const cells: CellStep[] = [];
  const next = new Float64Array(net.stateSize);
  let input = x;
  for (const layer of net.layers) {
    const cell = step(net, layer, w, state, input, act);
    next.set(cell.state, layer.stateAt);
    cells.push(cell);
    input = cell.h;
  }
  const raw = outputsOf(net, w, input, x);
  const y = raw.map((value, o) => (o < net.M ? value : Math.max(LOG_SCALE_MIN, Math.min(LOG_SCALE_MAX, value))));
  return { cells, state: next, raw, y };
}

/** Loss and full gradient by backpropagation through all steps. */
export function gradientOf(net: Network, w: Float64Array, passage: Passage, act: Activation): Gradient {
  const { steps } = passage;
  const x = (t: number): Float64Array => passage.inputs.subarray(t * net.I, (t + 1) * net.I);
  const trace: Step[] = [];
  for (let t = 0; t < steps; t++) trace.push(forward(net, w, trace[t - 1]?.state ?? passage.state, x(t), act));

  const targets = passage.targets.subarray(0, steps * net.M);
  const known = targets.filter((target) => !Number.isNaN(target)).length;
  const gradient = new Float64Array(net.weights);
  if (known === 0) return { loss: 0, gradient };

  let loss = 0;
  let dState = new Float64Array(net.stateSize);
  for (let t = steps - 1; t >= 0; t--) {
    const step = trace[t]!;
    const at = lossAt(net, step.raw, targets.subarray(t * net.M, (t + 1) * net.M), known);
    loss += at.loss;
    let dh = headBackward(net, w, gradient, at.dRaw, step.cells.at(-1)!.h, x(t));
    const before = trace[t - 1]?.state ?? passage.state;
    const dBefore = new Float64Array(net.stateSize);
    for (const [l, layer] of [...net.layers.entries()].reverse()) {
      const input = l === 0 ? x(t) : step.cells[l - 1]!.h;
      dh = layerBackward(net, layer, w, gradient, step.cells[l]!, before, input, dh, dState, dBefore);
    }
    dState = dBefore;
  }
  return { loss, gradient };
}

/** Scales the gradient down to the global norm `clip` if it is longer; returns its norm before. */
export function clipNorm(gradient: Float64Array, clip: number): number {
  let sum = 0;
  for (const g of gradient) sum += g * g;
  const norm = Math.sqrt(sum);
  if (norm > clip) for (let i = 0; i < gradient.length; i++) gradient[i]! *= clip / norm;
  return norm;
}

export function newAdamState(weights: number): AdamState {
  return { m: new Float64Array(weights), v: new Float64Array(weights), filled1: 0, filled2: 0 };
}

/** One update of the weights in place, with bias correction. */
export function adamStep(w: Float64Array, adam: AdamState, gradient: Float64Array, rate: number): void {
  adam.filled1 = BETA1 * adam.filled1 + (1 - BETA1);
  adam.filled2 = BETA2 * adam.filled2 + (1 - BETA2);
  for (let i = 0; i < w.length; i++) {
    const g = gradient[i]!;
    adam.m[i] = BETA1 * adam.m[i]! + (1 - BETA1) * g; // (26)
    adam.v[i] = BETA2 * adam.v[i]! + (1 - BETA2) * g * g; // (27)
    const m = adam.m[i]! / adam.filled1;
    const v = adam.v[i]! / adam.filled2;
    w[i]! -= (rate * m) / (Math.sqrt(v) + EPSILON); // (28)
  }
}

/** V h' + v, and for the means the inputs that skip the cell. */
function outputsOf(net: Network, w: Float64Array, h: Float64Array, x: Float64Array): Float64Array {
  const { H, M, O, K, headAt, headBiasAt, skipAt } = net;
  return new Float64Array(O).map((_, o) => {
    let sum = w[headBiasAt + o]!;
    for (let i = 0; i < H; i++) sum += w[headAt + o * H + i]! * h[i]!; // (9), (10)
    if (o < M) for (let k = 0; k < K; k++) sum += w[skipAt + k * M + o]! * x[k]!;
    return sum;
  });
}

/** Adds to the gradient of head, biases and skips; returns the derivative by h', Vᵀ∂y. */
function headBackward(
  net: Network,
  w: Float64Array,
  gradient: Float64Array,
  dRaw: Float64Array,
  h: Float64Array,
  x: Float64Array,
): Float64Array<ArrayBuffer> {
  const { H, M, O, K, headAt, headBiasAt, skipAt } = net;
  const dh = new Float64Array(H);
  for (let o = 0; o < O; o++) {
    const d = dRaw[o]!;
    gradient[headBiasAt + o]! += d; // (25)
    for (let i = 0; i < H; i++) {
      gradient[headAt + o * H + i]! += d * h[i]!;
      dh[i]! += d * w[headAt + o * H + i]!;
    }
    if (o < M) for (let k = 0; k < K; k++) gradient[skipAt + k * M + o]! += d * x[k]!;
  }
  return dh;
}

/**
 * One layer, one step back. `dh` comes from above, `dState` from the step after. Adds to the gradient, writes the
 * layer's part of `dBefore`, returns the derivative by the layer's inputs.
 */
function layerBackward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  gradient: Float64Array,
  cell: CellStep,
  state: Float64Array,
  x: Float64Array,
  dh: Float64Array,
  dState: Float64Array,
  dBefore: Float64Array,
): Float64Array<ArrayBuffer> {
  const { H, C } = net;
  const backward = net.shape.cell === 'gru' ? gruBackward : lstmBackward;
  const before = state.subarray(layer.stateAt);
  const { da, dh: dhBefore, dc } = backward(net, layer, w, cell, before, dh, dState.subarray(layer.stateAt));
  dBefore.set(dhBefore, layer.stateAt);
  if (dc !== undefined) dBefore.set(dc, layer.stateAt + H);
  const dx = new Float64Array(layer.inputs);
  for (let row = 0; row < C; row++) {
    const d = da[row]!;
    gradient[layer.biasAt + row]! += d; // (25)
    for (let k = 0; k < layer.inputs; k++) {
      gradient[layer.inputAt + k * C + row]! += d * x[k]!;
      dx[k]! += d * w[layer.inputAt + k * C + row]!;
    }
    for (let j = 0; j < H; j++) gradient[layer.recurrentAt + j * C + row]! += d * cell.multiplied(row, j, before);
  }
  return dx;
}

// The specification of the kernel: networks, gradients and optimiser in plain float64, one formula a line. Slow and
// obvious on purpose; every fast kernel is measured against it, and it against finite differences and PyTorch. Numbers
// in brackets are the equations of README.md.

import { meanOf, newDither, nextDither, packed, squareOf, startDither } from './moments.ts';
import { type Layer, type Network, STATES } from './network.ts';
import {
  type Activation,
  type CellStep,
  gruBackward,
  gruForward,
  lstmBackward,
  lstmForward,
} from './referenceCells.ts';
import { clampScale, lossAt } from './referenceLoss.ts';

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
  /** Of every stored average: rounded as a slab keeps it, or not at all. */
  readonly precision: 'exact' | 'packed';
  updates: number;
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
  const cellForward = net.shape.cell === 'gru' ? gruForward : lstmForward;
  const cells: CellStep[] = [];
  const next = new Float64Array(net.stateSize);
  let input = x;
  for (const layer of net.layers) {
    const cell = cellForward(net, layer, w, partOf(net, layer, state), input, act);
    next.set(cell.after, layer.stateAt);
    cells.push(cell);
    input = outputOf(net, cell);
  }
  const raw = headForward(net, w, input, x);
  const y = raw.map((value, o) => (o < net.M ? value : clampScale(value)));
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
  // By the state that a step leaves behind, as the step after hands it back.
  let dState = new Float64Array(net.stateSize);
  for (let t = steps - 1; t >= 0; t--) {
    const { cells, raw } = trace[t]!;
    const at = lossAt(net, raw, targets.subarray(t * net.M, (t + 1) * net.M), known);
    loss += at.loss;
    let above = headBackward(net, w, gradient, at.dRaw, outputOf(net, cells.at(-1)!), x(t));
    const dBefore = new Float64Array(net.stateSize);
    for (let l = net.layers.length - 1; l >= 0; l--) {
      const layer = net.layers[l]!;
      const dAfter = partOf(net, layer, dState).map((d, i) => d + (above[i] ?? 0));
      const back = layerBackward(net, layer, w, gradient, cells[l]!, dAfter);
      dBefore.set(back.dBefore, layer.stateAt);
      above = back.dx;
    }
    dState = dBefore;
  }
  return { loss, gradient };
}

/** Scales the gradient down to the global norm `clip` if it is longer (R. Pascanu et al. 2013); its norm before. */
export function clipNorm(gradient: Float64Array, clip: number): number {
  let sum = 0;
  for (const g of gradient) sum += g * g;
  const norm = Math.sqrt(sum);
  if (norm > clip) for (let i = 0; i < gradient.length; i++) gradient[i]! *= clip / norm;
  return norm;
}

export function newAdamState(weights: number, precision: AdamState['precision'] = 'exact'): AdamState {
  const [m, v] = [new Float64Array(weights), new Float64Array(weights)];
  return { m, v, precision, updates: 0, filled1: 0, filled2: 0 };
}

/** One update of the weights in place, with bias correction. */
export function adamStep(w: Float64Array, adam: AdamState, gradient: Float64Array, rate: number, decay = 0): void {
  const dither = newDither();
  startDither(dither, ++adam.updates);
  adam.filled1 = BETA1 * adam.filled1 + (1 - BETA1); // (28)
  adam.filled2 = BETA2 * adam.filled2 + (1 - BETA2); // (28)
  for (let i = 0; i < w.length; i++) {
    const g = gradient[i]!;
    adam.m[i] = BETA1 * adam.m[i]! + (1 - BETA1) * g; // (26)
    adam.v[i] = BETA2 * adam.v[i]! + (1 - BETA2) * g * g; // (27)
    const m = adam.m[i]! / adam.filled1;
    const v = adam.v[i]! / adam.filled2;
    w[i]! -= rate * (m / (Math.sqrt(v) + EPSILON) + decay * w[i]!); // (28)
    if (adam.precision === 'exact') continue;
    const word = packed(adam.m[i]!, adam.v[i]!, nextDither(dither, i));
    adam.m[i] = meanOf(word);
    adam.v[i] = squareOf(word);
  }
}

/** The part of a layer in a state, or in the derivative by one. */
function partOf({ H, shape }: Network, { stateAt }: Layer, state: Float64Array): Float64Array {
  return state.subarray(stateAt, stateAt + STATES[shape.cell] * H);
}

/** h' */
function outputOf({ H }: Network, cell: CellStep): Float64Array {
  return cell.after.subarray(0, H);
}

/** Means and log scales from h' of the last layer and the inputs x of the first; scales are not clamped yet. */
function headForward(net: Network, w: Float64Array, h: Float64Array, x: Float64Array): Float64Array {
  const { H, M, O, K, headAt, headBiasAt, skipAt } = net;
  const raw = w.slice(headBiasAt, headBiasAt + O);
  for (let o = 0; o < O; o++) {
    for (let i = 0; i < H; i++) raw[o]! += w[headAt + o * H + i]! * h[i]!; // (9), (10)
  }
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) raw[m]! += w[skipAt + k * M + m]! * x[k]!; // (9)
  }
  return raw;
}

/** Adds to the gradient of head, biases and skips; returns the derivative by h', Vᵀ∂y. */
function headBackward(
  net: Network,
  w: Float64Array,
  gradient: Float64Array,
  dRaw: Float64Array,
  h: Float64Array,
  x: Float64Array,
): Float64Array {
  const { H, M, O, K, headAt, headBiasAt, skipAt } = net;
  const dh = new Float64Array(H);
  for (let o = 0; o < O; o++) {
    gradient[headBiasAt + o]! += dRaw[o]!; // (25)
    for (let i = 0; i < H; i++) {
      gradient[headAt + o * H + i]! += dRaw[o]! * h[i]!; // (25)
      dh[i]! += dRaw[o]! * w[headAt + o * H + i]!;
    }
  }
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) gradient[skipAt + k * M + m]! += dRaw[m]! * x[k]!; // (25)
  }
  return dh;
}

/** One layer, one step back: adds to the gradient; derivatives by the state before and by the inputs, Wᵀ∂a. */
function layerBackward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  gradient: Float64Array,
  cell: CellStep,
  dAfter: Float64Array,
): { readonly dBefore: Float64Array; readonly dx: Float64Array } {
  const { H, C, shape } = net;
  const cellBackward = shape.cell === 'gru' ? gruBackward : lstmBackward;
  const { da, dBefore } = cellBackward(net, layer, w, cell, dAfter);
  const dx = new Float64Array(layer.inputs);
  for (let row = 0; row < C; row++) {
    const recurrent = cell.recurrent[Math.floor(row / H)]!;
    gradient[layer.biasAt + row]! += da[row]!; // (25)
    for (let k = 0; k < layer.inputs; k++) {
      gradient[layer.inputAt + k * C + row]! += da[row]! * cell.x[k]!; // (25)
      dx[k]! += da[row]! * w[layer.inputAt + k * C + row]!;
    }
    for (let j = 0; j < H; j++) gradient[layer.recurrentAt + j * C + row]! += da[row]! * recurrent[j]!; // (25)
  }
  return { dBefore, dx };
}

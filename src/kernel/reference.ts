// The specification of the kernel: the network, its gradient and its optimiser in plain float64, one formula a line.
// Slow and obvious on purpose; every fast kernel is measured against it, and it against finite differences.
//
// Cell: K. Cho et al., Learning phrase representations using RNN encoder-decoder, 2014, eq. 5–8 (reset gate before the
// product). I inputs x, H states h, O outputs y:
//   z = σ(Wz x + Uz h + bz)             update gate
//   r = σ(Wr x + Ur h + br)             reset gate
//   n = tanh(Wn x + Un (r∘h) + bn)      candidate
//   h' = z∘h + (1 − z)∘n
//   y_o = V_o·h' + c_o + a_o·x_0        heads, with a skip from the first input

import type { Layout } from './layout.ts';

/** The shapes of a network and the offsets of its weights; any `Layout` will do. */
export type Network = Pick<
  Layout,
  'H' | 'I' | 'O' | 'C' | 'inputAt' | 'recurrentAt' | 'headAt' | 'headBiasAt' | 'skipAt' | 'weights'
>;

/** The squashing functions: the kernel's rational ones, or exact ones where a derivative is to be checked. */
export interface Activation {
  readonly tanh: (x: number) => number;
  readonly sigmoid: (x: number) => number;
}

/** A stretch of consecutive windows. */
export interface Passage {
  /** steps × I */
  readonly inputs: Float64Array;
  /** steps × O; NaN where the target is not known. */
  readonly targets: Float64Array;
  /** H: the hidden state before the first step. */
  readonly state: Float64Array;
  readonly steps: number;
}

export interface Step {
  readonly z: Float64Array;
  readonly r: Float64Array;
  readonly n: Float64Array;
  /** h', the hidden state afterwards. */
  readonly h: Float64Array;
  readonly y: Float64Array;
}

export interface Gradient {
  /** Mean over the unmasked targets of ½·(y − target)²; 0 without any. */
  readonly loss: number;
  /** Of the loss, in the order of the weights. */
  readonly gradient: Float64Array;
}

export interface AdamState {
  readonly m: Float64Array;
  readonly v: Float64Array;
  /** β1^t and β2^t after t updates. */
  power1: number;
  power2: number;
}

/** D. Kingma, J. Ba, Adam, 2015: the defaults of the paper. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** One step from hidden state `h` with input `x`. Nothing is written to. */
export function forward(net: Network, w: Float64Array, h: Float64Array, x: Float64Array, act: Activation): Step {
  const { H, O } = net;
  const z = new Float64Array(H);
  const r = new Float64Array(H);
  const n = new Float64Array(H);
  for (let i = 0; i < H; i++) {
    z[i] = act.sigmoid(gateSum(net, w, 0, i, x, h));
    r[i] = act.sigmoid(gateSum(net, w, 1, i, x, h));
  }
  const rh = r.map((ri, i) => ri * h[i]!);
  for (let i = 0; i < H; i++) n[i] = act.tanh(gateSum(net, w, 2, i, x, rh));
  const next = h.map((hi, i) => z[i]! * hi + (1 - z[i]!) * n[i]!);
  const y = new Float64Array(O);
  for (let o = 0; o < O; o++) {
    let sum = w[net.headBiasAt + o]! + w[net.skipAt + o]! * x[0]!;
    for (let i = 0; i < H; i++) sum += w[net.headAt + o * H + i]! * next[i]!;
    y[o] = sum;
  }
  return { z, r, n, h: next, y };
}

/** Loss and full gradient by backpropagation through all steps; the derivation is in README.md. */
export function gradientOf(net: Network, w: Float64Array, passage: Passage, act: Activation): Gradient {
  const { H, I, O } = net;
  const { steps } = passage;
  const x = (t: number): Float64Array => passage.inputs.subarray(t * I, (t + 1) * I);

  const trace: Step[] = [];
  for (let t = 0; t < steps; t++) trace.push(forward(net, w, trace[t - 1]?.h ?? passage.state, x(t), act));

  const targets = passage.targets.subarray(0, steps * O);
  const known = targets.filter((target) => !Number.isNaN(target)).length;
  const gradient = new Float64Array(net.weights);
  if (known === 0) return { loss: 0, gradient };

  let loss = 0;
  let dh = new Float64Array(H);
  for (let t = steps - 1; t >= 0; t--) {
    const step = trace[t]!;
    for (let o = 0; o < O; o++) {
      const target = targets[t * O + o]!;
      if (Number.isNaN(target)) continue;
      const e = step.y[o]! - target;
      loss += (0.5 * e * e) / known;
      addHeadGradient(net, w, gradient, o, e / known, x(t), step.h, dh);
    }
    dh = stepBackward(net, w, gradient, step, trace[t - 1]?.h ?? passage.state, x(t), dh);
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
  return { m: new Float64Array(weights), v: new Float64Array(weights), power1: 1, power2: 1 };
}

/** One update of the weights in place, with bias correction. */
export function adamStep(w: Float64Array, adam: AdamState, gradient: Float64Array, rate: number): void {
  adam.power1 *= BETA1;
  adam.power2 *= BETA2;
  for (let i = 0; i < w.length; i++) {
    const g = gradient[i]!;
    adam.m[i] = BETA1 * adam.m[i]! + (1 - BETA1) * g;
    adam.v[i] = BETA2 * adam.v[i]! + (1 - BETA2) * g * g;
    const m = adam.m[i]! / (1 - adam.power1);
    const v = adam.v[i]! / (1 - adam.power2);
    w[i]! -= (rate * m) / (Math.sqrt(v) + EPSILON);
  }
}

/** W x + U v + b of unit i in gate 0 (z), 1 (r) or 2 (n). */
function gateSum(net: Network, w: Float64Array, gate: number, i: number, x: Float64Array, v: Float64Array): number {
  const { H, I, C } = net;
  const row = gate * H + i;
  let sum = w[row]!;
  for (let k = 0; k < I; k++) sum += w[net.inputAt + k * C + row]! * x[k]!;
  for (let j = 0; j < H; j++) sum += w[net.recurrentAt + j * C + row]! * v[j]!;
  return sum;
}

/** Adds the share of y_o, whose derivative is `dy`, to the gradient of its head and to dh. */
function addHeadGradient(
  net: Network,
  w: Float64Array,
  gradient: Float64Array,
  o: number,
  dy: number,
  x: Float64Array,
  h: Float64Array,
  dh: Float64Array,
): void {
  const { H } = net;
  gradient[net.headBiasAt + o]! += dy;
  gradient[net.skipAt + o]! += dy * x[0]!;
  for (let i = 0; i < H; i++) {
    gradient[net.headAt + o * H + i]! += dy * h[i]!;
    dh[i]! += dy * w[net.headAt + o * H + i]!;
  }
}

/** One step back: adds to the gradient of the cell's weights, returns the derivative by the state before the step. */
function stepBackward(
  net: Network,
  w: Float64Array,
  gradient: Float64Array,
  step: Step,
  before: Float64Array,
  x: Float64Array,
  dh: Float64Array,
): Float64Array<ArrayBuffer> {
  const { H, I, C } = net;
  const { z, r, n } = step;
  const u = (row: number, j: number): number => w[net.recurrentAt + j * C + row]!;

  // da: by the sums inside σ and tanh, in the order [z | r | n] of a column.
  const da = new Float64Array(C);
  for (let i = 0; i < H; i++) {
    da[i] = dh[i]! * (before[i]! - n[i]!) * z[i]! * (1 - z[i]!);
    da[2 * H + i] = dh[i]! * (1 - z[i]!) * (1 - n[i]! * n[i]!);
  }
  const drh = new Float64Array(H);
  for (let j = 0; j < H; j++) {
    for (let i = 0; i < H; i++) drh[j]! += u(2 * H + i, j) * da[2 * H + i]!;
    da[H + j] = drh[j]! * before[j]! * r[j]! * (1 - r[j]!);
  }
  const dBefore = new Float64Array(H);
  for (let j = 0; j < H; j++) {
    let sum = dh[j]! * z[j]! + drh[j]! * r[j]!;
    for (let i = 0; i < 2 * H; i++) sum += u(i, j) * da[i]!;
    dBefore[j] = sum;
  }
  for (let row = 0; row < C; row++) {
    gradient[row]! += da[row]!;
    for (let k = 0; k < I; k++) gradient[net.inputAt + k * C + row]! += da[row]! * x[k]!;
    for (let j = 0; j < H; j++) {
      const factor = row < 2 * H ? before[j]! : r[j]! * before[j]!;
      gradient[net.recurrentAt + j * C + row]! += da[row]! * factor;
    }
  }
  return dBefore;
}

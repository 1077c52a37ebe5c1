// The cells of the specification, one step forward and one back. Numbers in brackets are the equations of README.md.

import type { Layer, Network } from './network.ts';

/** The squashing functions: the kernel's rational ones, or exact ones where a derivative is to be checked. */
export interface Activation {
  readonly tanh: (x: number) => number;
  readonly sigmoid: (x: number) => number;
}

/** One step of one layer, with all that the way back needs. States are as stored: h, and for the LSTM c behind it. */
export interface CellStep {
  /** What W multiplied. */
  readonly x: Float64Array;
  /** What U multiplied, gate by gate: h, but r∘h for the GRU's n. */
  readonly recurrent: readonly Float64Array[];
  /** In the order of a column: z, r, n, or i, f, o, g, and behind these tanh c′. */
  readonly gates: readonly Float64Array[];
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** Derivatives by the sums inside the gates (C, as a column), and by the state before the step. */
export interface CellGradient {
  readonly da: Float64Array;
  readonly dBefore: Float64Array;
}

/** `before` is the state of this layer. */
export function gruForward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  before: Float64Array,
  x: Float64Array,
  act: Activation,
): CellStep {
  const { H } = net;
  const h = before;
  const z = gateSums(net, layer, w, 0, x, h).map(act.sigmoid); // (1)
  const r = gateSums(net, layer, w, 1, x, h).map(act.sigmoid); // (2)
  const rh = units(H, (i) => r[i]! * h[i]!);
  const n = gateSums(net, layer, w, 2, x, rh).map(act.tanh); // (3)
  const after = units(H, (i) => z[i]! * h[i]! + (1 - z[i]!) * n[i]!); // (4)
  return { x, recurrent: [h, h, rh], gates: [z, r, n], before, after };
}

/** `dAfter` is the derivative by the state afterwards, from above and from the step after together. */
export function gruBackward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  cell: CellStep,
  dAfter: Float64Array,
): CellGradient {
  const { H } = net;
  const [z, r, n] = cell.gates as [Float64Array, Float64Array, Float64Array];
  const h = cell.before;
  const daN = units(H, (i) => dAfter[i]! * (1 - z[i]!) * (1 - n[i]! * n[i]!)); // (14)
  const daZ = units(H, (i) => dAfter[i]! * z[i]! * (1 - z[i]!) * (h[i]! - n[i]!)); // (15)
  const drh = transposedProduct(net, layer, w, 2, daN); // (16)
  const daR = units(H, (i) => drh[i]! * r[i]! * h[i]! * (1 - r[i]!)); // (17)
  const byZ = transposedProduct(net, layer, w, 0, daZ);
  const byR = transposedProduct(net, layer, w, 1, daR);
  const dBefore = units(H, (i) => dAfter[i]! * z[i]! + drh[i]! * r[i]! + byZ[i]! + byR[i]!); // (18)
  return { da: joined(H, daZ, daR, daN), dBefore };
}

/** `before` is the state of this layer. */
export function lstmForward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  before: Float64Array,
  x: Float64Array,
  act: Activation,
): CellStep {
  const { H } = net;
  const h = before.subarray(0, H);
  const c = before.subarray(H);
  const i = gateSums(net, layer, w, 0, x, h).map(act.sigmoid); // (5)
  const f = gateSums(net, layer, w, 1, x, h).map(act.sigmoid); // (5)
  const o = gateSums(net, layer, w, 2, x, h).map(act.sigmoid); // (5)
  const g = gateSums(net, layer, w, 3, x, h).map(act.tanh); // (6)
  const cNext = units(H, (k) => f[k]! * c[k]! + i[k]! * g[k]!); // (7)
  const tanhC = cNext.map(act.tanh);
  const hNext = units(H, (k) => o[k]! * tanhC[k]!); // (8)
  const after = joined(H, hNext, cNext);
  return { x, recurrent: [h, h, h, h], gates: [i, f, o, g, tanhC], before, after };
}

/** `dAfter` is the derivative by the state afterwards, from above and from the step after together. */
export function lstmBackward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  cell: CellStep,
  dAfter: Float64Array,
): CellGradient {
  const { H } = net;
  const [i, f, o, g, tanhC] = cell.gates as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const c = cell.before.subarray(H);
  const dh = dAfter.subarray(0, H);
  const dc = units(H, (k) => dh[k]! * o[k]! * (1 - tanhC[k]! * tanhC[k]!) + dAfter[H + k]!); // (19)
  const daO = units(H, (k) => dh[k]! * tanhC[k]! * o[k]! * (1 - o[k]!)); // (20)
  const daI = units(H, (k) => dc[k]! * g[k]! * i[k]! * (1 - i[k]!)); // (21)
  const daF = units(H, (k) => dc[k]! * c[k]! * f[k]! * (1 - f[k]!)); // (22)
  const daG = units(H, (k) => dc[k]! * i[k]! * (1 - g[k]! * g[k]!)); // (23)
  const [byI, byF, byO, byG] = [daI, daF, daO, daG].map((da, gate) => transposedProduct(net, layer, w, gate, da));
  const dhBefore = units(H, (k) => byI![k]! + byF![k]! + byO![k]! + byG![k]!); // (24)
  const dcBefore = units(H, (k) => dc[k]! * f[k]!); // (24)
  return { da: joined(H, daI, daF, daO, daG), dBefore: joined(H, dhBefore, dcBefore) };
}

/** W x + U v + b of one gate. */
function gateSums(
  { H, C }: Network,
  layer: Layer,
  w: Float64Array,
  gate: number,
  x: Float64Array,
  v: Float64Array,
): Float64Array<ArrayBuffer> {
  return units(H, (i) => {
    const row = gate * H + i;
    let sum = w[layer.biasAt + row]!;
    for (let k = 0; k < layer.inputs; k++) sum += w[layer.inputAt + k * C + row]! * x[k]!;
    for (let j = 0; j < H; j++) sum += w[layer.recurrentAt + j * C + row]! * v[j]!;
    return sum;
  });
}

/** Uᵀ ∂a of one gate. */
function transposedProduct(
  { H, C }: Network,
  layer: Layer,
  w: Float64Array,
  gate: number,
  da: Float64Array,
): Float64Array<ArrayBuffer> {
  return units(H, (j) => {
    let sum = 0;
    for (let i = 0; i < H; i++) sum += w[layer.recurrentAt + j * C + gate * H + i]! * da[i]!;
    return sum;
  });
}

function units(H: number, of: (i: number) => number): Float64Array<ArrayBuffer> {
  return new Float64Array(H).map((_, i) => of(i));
}

/** Vectors of H numbers one behind the other. */
function joined(H: number, ...vectors: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(vectors.length * H);
  for (const [n, vector] of vectors.entries()) all.set(vector, n * H);
  return all;
}

// The cells of the specification, one step forward and one back. Numbers in brackets are the equations of README.md.

import type { Layer, Network } from './network.ts';

/** The squashing functions: the kernel's rational ones, or exact ones where a derivative is to be checked. */
export interface Activation {
  readonly tanh: (x: number) => number;
  readonly sigmoid: (x: number) => number;
}

export interface CellStep {
  /** h' */
  readonly h: Float64Array;
  /** As stored: h', for the LSTM c' behind it. */
  readonly state: Float64Array;
  /** In the order of a column: z, r, n, or i, f, o, g. */
  readonly gates: readonly Float64Array[];
  /** What U's weight from unit j to `row` of a column multiplied: h_j, or r_j·h_j for the GRU's n. */
  readonly multiplied: (row: number, j: number, before: Float64Array) => number;
}

/** Derivatives by the sums inside the gates (C), and by the state before. */
export interface CellGradient {
  readonly da: Float64Array;
  readonly dh: Float64Array;
  readonly dc?: Float64Array;
}

export function gruForward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  state: Float64Array,
  x: Float64Array,
  act: Activation,
): CellStep {
  const { H } = net;
  const h = state.subarray(layer.stateAt, layer.stateAt + H);
  const z = units(H, (i) => act.sigmoid(sum(net, layer, w, 0, i, x, h))); // (1)
  const r = units(H, (i) => act.sigmoid(sum(net, layer, w, 1, i, x, h))); // (2)
  const rh = units(H, (i) => r[i]! * h[i]!);
  const n = units(H, (i) => act.tanh(sum(net, layer, w, 2, i, x, rh))); // (3)
  const next = units(H, (i) => z[i]! * h[i]! + (1 - z[i]!) * n[i]!); // (4)
  const multiplied = (row: number, j: number, before: Float64Array): number =>
    row < 2 * H ? before[j]! : r[j]! * before[j]!;
  return { h: next, state: next, gates: [z, r, n], multiplied };
}

export function gruBackward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  cell: CellStep,
  h: Float64Array,
  above: Float64Array,
  after: Float64Array,
): CellGradient {
  const { H } = net;
  const [z, r, n] = cell.gates as [Float64Array, Float64Array, Float64Array];
  const dNext = units(H, (i) => above[i]! + after[i]!);
  const da = new Float64Array(3 * H);
  for (let i = 0; i < H; i++) {
    da[2 * H + i] = dNext[i]! * (1 - z[i]!) * (1 - n[i]! * n[i]!); // (14)
    da[i] = dNext[i]! * z[i]! * (1 - z[i]!) * (h[i]! - n[i]!); // (15)
  }
  const drh = units(H, (j) => back(net, layer, w, da, 2, j)); // (16)
  for (let j = 0; j < H; j++) da[H + j] = drh[j]! * r[j]! * h[j]! * (1 - r[j]!); // (17)
  const dh = units(
    H,
    (j) => dNext[j]! * z[j]! + drh[j]! * r[j]! + back(net, layer, w, da, 0, j) + back(net, layer, w, da, 1, j), // (18)
  );
  return { da, dh };
}

export function lstmForward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  state: Float64Array,
  x: Float64Array,
  act: Activation,
): CellStep {
  const { H } = net;
  const h = state.subarray(layer.stateAt, layer.stateAt + H);
  const c = state.subarray(layer.stateAt + H, layer.stateAt + 2 * H);
  const gate = (index: number, squash: (a: number) => number): Float64Array<ArrayBuffer> =>
    units(H, (i) => squash(sum(net, layer, w, index, i, x, h)));
  const i = gate(0, act.sigmoid); // (5)
  const f = gate(1, act.sigmoid);
  const o = gate(2, act.sigmoid);
  const g = gate(3, act.tanh); // (6)
  const cell = units(H, (k) => f[k]! * c[k]! + i[k]! * g[k]!); // (7)
  const bent = units(H, (k) => act.tanh(cell[k]!));
  const next = units(H, (k) => o[k]! * bent[k]!); // (8)
  const multiplied = (_row: number, j: number, before: Float64Array): number => before[j]!;
  return { h: next, state: Float64Array.of(...next, ...cell), gates: [i, f, o, g, bent], multiplied };
}

export function lstmBackward(
  net: Network,
  layer: Layer,
  w: Float64Array,
  cell: CellStep,
  before: Float64Array,
  above: Float64Array,
  after: Float64Array,
): CellGradient {
  const { H } = net;
  const [i, f, o, g, bent] = cell.gates as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const da = new Float64Array(4 * H);
  const dc = new Float64Array(H);
  for (let k = 0; k < H; k++) {
    const d = above[k]! + after[k]!;
    const dCell = d * o[k]! * (1 - bent[k]! * bent[k]!) + after[H + k]!; // (19)
    da[2 * H + k] = d * bent[k]! * o[k]! * (1 - o[k]!); // (20)
    da[k] = dCell * g[k]! * i[k]! * (1 - i[k]!); // (21)
    da[H + k] = dCell * before[H + k]! * f[k]! * (1 - f[k]!); // (22)
    da[3 * H + k] = dCell * i[k]! * (1 - g[k]! * g[k]!); // (23)
    dc[k] = dCell * f[k]!; // (24)
  }
  const dh = units(H, (j) => {
    let total = 0;
    for (let gate = 0; gate < 4; gate++) total += back(net, layer, w, da, gate, j);
    return total;
  });
  return { da, dh, dc };
}

/** W x + U v + b of unit i in a gate. */
function sum(
  net: Network,
  layer: Layer,
  w: Float64Array,
  gate: number,
  i: number,
  x: Float64Array,
  v: Float64Array,
): number {
  const { H, C } = net;
  const row = gate * H + i;
  let total = w[layer.biasAt + row]!;
  for (let k = 0; k < layer.inputs; k++) total += w[layer.inputAt + k * C + row]! * x[k]!;
  for (let j = 0; j < H; j++) total += w[layer.recurrentAt + j * C + row]! * v[j]!;
  return total;
}

/** (Uᵀ∂a)_j for one gate. */
function back(net: Network, layer: Layer, w: Float64Array, da: Float64Array, gate: number, j: number): number {
  const { H, C } = net;
  let total = 0;
  for (let row = gate * H; row < (gate + 1) * H; row++) total += w[layer.recurrentAt + j * C + row]! * da[row]!;
  return total;
}

function units(H: number, of: (i: number) => number): Float64Array<ArrayBuffer> {
  return new Float64Array(H).map((_, i) => of(i));
}

// The working memory of the JavaScript kernel for networks of one shape: float64 numbers in one array, and the places
// in it. One set serves all models. What a pass leaves here, the next one overwrites.

import type { Network } from './network.ts';

/** Places of what one layer keeps of every step. */
export interface LayerPlaces {
  /** L × C: the sums inside the gates; then the gates; then, backwards, the derivatives by the sums. */
  readonly gates: number;
  /** (L + 1) × H: h before each step, and after the last. */
  readonly states: number;
  /** (L + 1) × H, LSTM only: c, as the states. */
  readonly cells: number;
  /** L × H: of a GRU r∘h, of an LSTM tanh(c'). */
  readonly inner: number;
}

export interface Scratch {
  readonly f: Float64Array;
  /** As many zeros as a column or a row of outputs has numbers. Nothing writes there. */
  readonly zeros: number;
  /** A single 1. Nothing writes there. */
  readonly unit: number;
  /** A copy of the slab's weights, in their order. */
  readonly weights: number;
  /** In the order of the weights. */
  readonly gradient: number;
  /** L × I */
  readonly inputs: number;
  /** L × M */
  readonly targets: number;
  readonly layers: readonly LayerPlaces[];
  /** P: the O numbers of a row of outputs, padded with zeros to a multiple of 4. */
  readonly outputRow: number;
  /** L × P: outputs, then the derivatives by them. */
  readonly outputs: number;
  /** H × P, P, K × P: the head with a column for each state, its biases, its skips. */
  readonly headColumns: number;
  readonly headBiases: number;
  readonly headSkips: number;
  /** (1 + K) × P: gradient of biases and skips. */
  readonly tail: number;
  /** L × H: derivatives by the states after each step, from what reads them: the head, or the layer above. */
  readonly fromAbove: number;
  /** A transposed matrix of weights. */
  readonly turned: number;
  /** H each: what a step hands back to the step before. */
  readonly dState: number;
  readonly dInner: number;
}

export function newScratch(network: Network): Scratch {
  const { shape, H, I, L, C, M, O, K, weights } = network;
  const outputRow = Math.ceil(O / 4) * 4;
  let end = 0;
  const place = (numbers: number): number => {
    const at = end;
    end += numbers;
    return at;
  };
  const layer = (): LayerPlaces => ({
    gates: place(L * C),
    states: place((L + 1) * H),
    cells: place(shape.cell === 'lstm' ? (L + 1) * H : 0),
    inner: place(L * H),
  });
  const places = {
    zeros: place(Math.max(C, outputRow)),
    unit: place(1),
    weights: place(weights),
    gradient: place(weights),
    inputs: place(L * I),
    targets: place(L * M),
    layers: network.layers.map(layer),
    outputRow,
    outputs: place(L * outputRow),
    headColumns: place(H * outputRow),
    headBiases: place(outputRow),
    headSkips: place(K * outputRow),
    tail: place((1 + K) * outputRow),
    fromAbove: place(L * H),
    turned: place(H * C),
    dState: place(H),
    dInner: place(H),
  };
  const f = new Float64Array(end);
  f[places.unit] = 1;
  return { f, ...places };
}

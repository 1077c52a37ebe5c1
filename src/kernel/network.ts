// The shape of a network: THE place for the offsets of its weights and of its state, all of them indices of float32.
//
//   weights   layer 1 | … | layer N | head O×H | head bias O | skips K×M | zeros up to a cache line
//   a layer   bias C | input columns (inputs of the layer)×C | recurrent columns H×C
//   a column  GRU [z | r | n], LSTM [i | f | o | g], H numbers each, so C = 3H or 4H
//   state     a layer behind the other: GRU [h], LSTM [h | c], H numbers each
//
// The inputs of a layer above the first are the states h of the layer below. The head reads the state h of the last
// layer. Its O outputs are M means and, for the Student loss, M logarithms of scales behind them.

export const NEURAL_CELLS = ['gru', 'lstm'] as const;
export type NeuralCell = (typeof NEURAL_CELLS)[number];

/** What training minimises, averaged over all targets that are known; see README.md for the formulas. */
export type Loss =
  | { readonly kind: 'squared' }
  /** Squared up to an error of `delta` > 0, linear beyond. */
  | { readonly kind: 'huber'; readonly delta: number }
  /** Negative log likelihood of Student's t with `freedom` > 0 degrees of freedom. */
  | { readonly kind: 'student'; readonly freedom: number };

/** What a user may choose. */
export interface NetworkShape {
  readonly cell: NeuralCell;
  /** State size of a layer, 4 to 128. */
  readonly hidden: number;
  /** 1 to 3 */
  readonly layers: number;
  /** 1 to 128 */
  readonly inputs: number;
  /** M, numbers forecast per step: fields times horizons. O = M, or 2M for the Student loss, is 1 to 128. */
  readonly targets: number;
  /** K: the first K inputs reach every mean directly, too; 0 to `inputs`. */
  readonly skips: number;
  readonly loss: Loss;
  /** L, steps that a training pass unrolls at most; 1 to 128. */
  readonly lookback: number;
}

export interface Layer {
  /** Numbers that the layer reads. */
  readonly inputs: number;
  readonly biasAt: number;
  readonly inputAt: number;
  readonly recurrentAt: number;
  /** Within the state. */
  readonly stateAt: number;
}

export interface Network {
  readonly shape: NetworkShape;
  /** `hidden`, padded with units that are zero and stay so to a multiple of 4. */
  readonly H: number;
  readonly I: number;
  readonly L: number;
  /** Numbers in a column. */
  readonly C: number;
  readonly M: number;
  readonly O: number;
  readonly K: number;
  readonly layers: readonly Layer[];
  /** Row o of the head, H numbers, at headAt + o·H. */
  readonly headAt: number;
  readonly headBiasAt: number;
  /** Weight from input k to mean m at skipAt + k·M + m. */
  readonly skipAt: number;
  /** Numbers in use; the rest of `weights` is zero. */
  readonly used: number;
  readonly weights: number;
  readonly stateSize: number;
}

/** Bounds of the logarithm of a scale, as the kernels clamp it. */
export const LOG_SCALE_MIN = -4.6;
export const LOG_SCALE_MAX = 3;

export const GATES = { gru: 3, lstm: 4 } as const satisfies Record<NeuralCell, number>;
/** Vectors of H numbers in the state of a layer. */
export const STATES = { gru: 1, lstm: 2 } as const satisfies Record<NeuralCell, number>;

export function networkOf(shape: NetworkShape): Network {
  const H = Math.ceil(shape.hidden / 4) * 4;
  const C = GATES[shape.cell] * H;
  const M = shape.targets;
  const O = shape.loss.kind === 'student' ? 2 * M : M;
  const K = shape.skips;
  const layers: Layer[] = [];
  let end = 0;
  for (let l = 0; l < shape.layers; l++) {
    const inputs = l === 0 ? shape.inputs : H;
    const inputAt = end + C;
    const recurrentAt = inputAt + inputs * C;
    layers.push({ inputs, biasAt: end, inputAt, recurrentAt, stateAt: l * STATES[shape.cell] * H });
    end = recurrentAt + H * C;
  }
  const headAt = end;
  const headBiasAt = headAt + O * H;
  const skipAt = headBiasAt + O;
  const used = skipAt + K * M;
  const weights = Math.ceil(used / 16) * 16;
  const stateSize = shape.layers * STATES[shape.cell] * H;
  const { inputs: I, lookback: L } = shape;
  return { shape, H, I, L, C, M, O, K, layers, headAt, headBiasAt, skipAt, used, weights, stateSize };
}

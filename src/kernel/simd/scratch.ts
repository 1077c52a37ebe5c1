// The network at work: its sizes, and the places of what a pass leaves between its steps. One set serves all models.
// The names of sizes are those of ../network.ts; `bytes` of H numbers are a row.

export const GRU = 0;
export const LSTM = 1;
export const SQUARED = 0;
export const HUBER = 1;
export const STUDENT = 2;

export let cell: i32 = 0;
export let H: i32 = 0;
export let I: i32 = 0;
export let L: i32 = 0;
export let M: i32 = 0;
export let K: i32 = 0;
export let layers: i32 = 0;
/** Numbers in a column. */
export let C: i32 = 0;
export let O: i32 = 0;
/** Outputs in vectors: M, padded, and as many again for scales. */
export let meanVectors: i32 = 0;
export let outputVectors: i32 = 0;
export let loss: i32 = 0;
/** δ of Huber's loss, ν of Student's. */
export let parameter: f32 = 0;

/** Bytes of H numbers, of a column, of the outputs of a step, of the weights, of the state of a layer. */
export let row: usize = 0;
export let column: usize = 0;
export let outputRow: usize = 0;
export let weightBytes: usize = 0;
export let stateBytes: usize = 0;

/** Zeros, as long as a column or an output row. */
export let zeros: usize = 0;
/** A single 1. */
export let unit: usize = 0;
/** Per layer, `layerBytes` apart: states h before each step, and after the last. */
export let states: usize = 0;
/** LSTM: cells c, as `states`. */
export let cells: usize = 0;
/** Sums inside the gates; then the gates; then, backwards, the derivatives by the sums. L columns. */
export let gates: usize = 0;
/** GRU: r∘h; LSTM: tanh(c'). L rows. */
export let inner: usize = 0;
export let layerBytes: usize = 0;
/** Derivatives of the loss by the states after each step, from above; L rows. */
export let fromAbove: usize = 0;
/** A transposed matrix of weights. */
export let turned: usize = 0;
/** Two rows that a step backwards works on, and one for the LSTM's cells. */
export let dState: usize = 0;
export let dInner: usize = 0;
/** Outputs, then the derivatives by them; L output rows. */
export let outputs: usize = 0;
/** Gradient of bias and skips, padded to output rows. */
export let tailGradient: usize = 0;
/** In the order of the weights. */
export let gradient: usize = 0;

let end: usize = 0;

function place(bytes: usize): usize {
  const at = end;
  end = (at + bytes + 63) & ~63;
  return at;
}

/**
 * Takes another network on. Returns the end of the scratch memory from `base`, which must have been zeroed. At base 0
 * nothing is written: so one asks for its size.
 */
export function configure(
  newCell: i32, hidden: i32, newLayers: i32, inputs: i32, targets: i32, skips: i32, lookback: i32,
  newLoss: i32, newParameter: f32, weights: i32, base: usize
): usize {
  cell = newCell; H = hidden; layers = newLayers; I = inputs; M = targets; K = skips; L = lookback;
  loss = newLoss; parameter = newParameter;
  C = (cell == GRU ? 3 : 4) * H;
  O = loss == STUDENT ? 2 * M : M;
  meanVectors = (M + 3) >> 2;
  outputVectors = loss == STUDENT ? 2 * meanVectors : meanVectors;
  row = <usize>H << 2;
  column = <usize>C << 2;
  outputRow = <usize>outputVectors << 4;
  weightBytes = <usize>weights << 2;
  stateBytes = cell == GRU ? row : 2 * row;

  end = (base + 63) & ~63;
  zeros = place(max(column, outputRow));
  unit = place(4);
  if (base != 0) f32.store(unit, 1);
  const from = end;
  const steps = <usize>L;
  gates = place(steps * column);
  states = place((steps + 1) * row);
  cells = place(cell == LSTM ? (steps + 1) * row : 0);
  inner = place(steps * row);
  layerBytes = end - from;
  end += <usize>(layers - 1) * layerBytes;
  fromAbove = place(steps * row);
  turned = place(<usize>H * column);
  dState = place(row);
  dInner = place(row);
  outputs = place(steps * outputRow);
  tailGradient = place(<usize>(1 + K) * outputRow);
  gradient = place(weightBytes);
  return end;
}

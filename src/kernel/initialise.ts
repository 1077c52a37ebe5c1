// The weights of an untrained network.

import { GATES, type Network } from './network.ts';
import { newRandom, type Random, uniform } from './random.ts';

/** The gate that an LSTM's forget bias belongs to: a column is [i | f | o | g]. */
const FORGET = 1;

/**
 * Draws the weights of a zeroed slab, from index `wAt` of `f32`: those of the cells uniform within ± 1/√hidden, those
 * of the head within half of it. Biases are 0, but that of an LSTM's forget gate 1, so that an untrained cell keeps
 * what it holds (F. Gers et al., Learning to forget, 2000; R. Jozefowicz et al., 2015, section 3.1). Mean m takes
 * `skip` times input m mod K. Units that only pad H stay zero, here and in training. Same seed, same bytes.
 */
export function initialise(f32: Float32Array, network: Network, wAt: number, seed: number, skip: number): void {
  const { shape, H, M, O, K } = network;
  const { hidden } = shape;
  const random = newRandom(seed);
  const bound = 1 / Math.sqrt(hidden);
  for (const [l, { biasAt, inputAt, recurrentAt }] of network.layers.entries()) {
    drawColumns(f32, network, wAt + inputAt, l === 0 ? shape.inputs : hidden, bound, random);
    drawColumns(f32, network, wAt + recurrentAt, hidden, bound, random);
    if (shape.cell === 'lstm') f32.fill(1, wAt + biasAt + FORGET * H, wAt + biasAt + FORGET * H + hidden);
  }
  for (let o = 0; o < O; o++) {
    for (let i = 0; i < hidden; i++) f32[wAt + network.headAt + o * H + i] = 0.5 * drawn(random, bound);
  }
  for (let m = 0; m < M && K > 0; m++) f32[wAt + network.skipAt + (m % K) * M + m] = skip;
}

function drawColumns(
  f32: Float32Array,
  { shape, H, C }: Network,
  at: number,
  columns: number,
  bound: number,
  random: Random,
): void {
  for (let column = 0; column < columns; column++) {
    for (let gate = 0; gate < GATES[shape.cell]; gate++) {
      for (let i = 0; i < shape.hidden; i++) f32[at + column * C + gate * H + i] = drawn(random, bound);
    }
  }
}

/** Uniform within ± bound. */
function drawn(random: Random, bound: number): number {
  return bound * (2 * uniform(random) - 1);
}

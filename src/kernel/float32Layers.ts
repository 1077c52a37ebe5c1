// The layers of a network, one after the other, each over all steps: what does not wait for the step before is one
// product over the whole window.

import { CELLS } from './float32Cell.ts';
import { headBackward, headForward } from './float32Head.ts';
import { product, products, transpose } from './matrix.ts';
import type { Network } from './network.ts';
import type { Scratch } from './scratch.ts';

/** From weights, inputs and each layer's state before the first step, all in scratch, to the outputs of all steps. */
export function forward(network: Network, scratch: Scratch, steps: number): void {
  const { shape, H, C, layers } = network;
  const { f, weights } = scratch;
  const cell = CELLS[shape.cell];
  for (let l = 0; l < layers.length; l++) {
    const { inputs, biasAt, inputAt, recurrentAt } = layers[l]!;
    const places = scratch.layers[l]!;
    const x = inputsOf(network, scratch, l);
    products(f, places.gates, C, weights + biasAt, 0, weights + inputAt, C, x, inputs, 1, inputs, C, steps);
    cell.forward(scratch, H, places, weights + recurrentAt, steps);
  }
  headForward(network, scratch, steps);
}

/** From the derivatives by the outputs to the gradient of all weights. `forward` must have come before. */
export function backward(network: Network, scratch: Scratch, steps: number): void {
  const { shape, H, C, layers } = network;
  const { f, zeros, unit, weights, gradient, turned, fromAbove } = scratch;
  const cell = CELLS[shape.cell];
  headBackward(network, scratch, steps);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, biasAt, inputAt, recurrentAt } = layers[l]!;
    const places = scratch.layers[l]!;
    const x = inputsOf(network, scratch, l);
    cell.backward(scratch, H, places, weights + recurrentAt, steps);
    product(f, gradient + biasAt, zeros, places.gates, C, unit, 0, steps, C);
    products(f, gradient + inputAt, C, zeros, 0, places.gates, C, x, 1, inputs, steps, C, inputs);
    cell.recurrentGradient(scratch, H, places, gradient + recurrentAt, steps);
    if (l === 0) continue;
    transpose(f, turned, weights + inputAt, H, C);
    products(f, fromAbove, H, zeros, 0, turned, H, places.gates, C, 1, C, H, steps);
  }
}

/** Place of the inputs of layer l at the first step: the network's, or the states of the layer below. */
function inputsOf(network: Network, scratch: Scratch, l: number): number {
  return l === 0 ? scratch.inputs : scratch.layers[l - 1]!.states + network.H;
}

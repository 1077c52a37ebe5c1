// Networks for the kernel's tests.

import { sigmoid, tanh } from '../../src/kernel/elementary.ts';
import { GATES, type Layer, type Network, type NetworkShape, networkOf, STATES } from '../../src/kernel/network.ts';
import { type Random, uniform } from '../../src/kernel/random.ts';
import type { Activation } from '../../src/kernel/referenceCells.ts';

/** True functions: their derivatives are what finite differences and PyTorch see. */
export const EXACT: Activation = { tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) };
/** What the kernels compute. */
export const RATIONAL: Activation = { tanh, sigmoid };

const PLAIN: NetworkShape = {
  cell: 'gru',
  hidden: 4,
  layers: 1,
  inputs: 1,
  targets: 1,
  skips: 0,
  loss: { kind: 'squared' },
  lookback: 32,
};

export function shapeOf(choice: Partial<NetworkShape>): NetworkShape {
  return { ...PLAIN, ...choice };
}

/** As `networkOf`, but without padding, whatever the number of units. */
export function unpadded(choice: Partial<NetworkShape>): Network {
  const shape = shapeOf(choice);
  const H = shape.hidden;
  const C = GATES[shape.cell] * H;
  const state = STATES[shape.cell] * H;
  const layers: Layer[] = [];
  let end = 0;
  for (let l = 0; l < shape.layers; l++) {
    const inputs = l === 0 ? shape.inputs : H;
    const recurrentAt = end + C * (1 + inputs);
    layers.push({ inputs, biasAt: end, inputAt: end + C, recurrentAt, stateAt: l * state });
    end = recurrentAt + C * H;
  }
  const { O, M, K } = networkOf(shape);
  const headBiasAt = end + O * H;
  const skipAt = headBiasAt + O;
  const used = skipAt + K * M;
  const stateSize = shape.layers * state;
  const sizes = { H, C, I: shape.inputs, L: shape.lookback, O, M, K };
  return { shape, ...sizes, layers, headAt: end, headBiasAt, skipAt, used, weights: used, stateSize };
}

/** The block that a weight belongs to, as `layer 2 recurrent f`. */
export function blockOf(net: Network, index: number): string {
  if (index >= net.skipAt) return 'skip';
  const part = (output: number): string => (output < net.M ? 'mean' : 'scale');
  if (index >= net.headBiasAt) return `head bias ${part(index - net.headBiasAt)}`;
  if (index >= net.headAt) return `head ${part(Math.floor((index - net.headAt) / net.H))}`;
  const number = net.layers.findLastIndex(({ biasAt }) => index >= biasAt);
  const { biasAt, inputAt, recurrentAt } = net.layers[number]!;
  const gate = (net.shape.cell === 'gru' ? 'zrn' : 'ifog')[Math.floor(((index - biasAt) % net.C) / net.H)];
  const kind = index >= recurrentAt ? 'recurrent' : index >= inputAt ? 'input' : 'bias';
  return `layer ${number + 1} ${kind} ${gate}`;
}

/** Every block of a network, once. */
export function blocksOf(net: Network): readonly string[] {
  return [...new Set(Array.from({ length: net.used }, (_, index) => blockOf(net, index)))];
}

/** The largest difference of each block, as text that names the index; blocks within tolerance are left out. */
export function differences(
  net: Network,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: (index: number) => number,
): readonly string[] {
  const worst = new Map<string, { readonly excess: number; readonly text: string }>();
  for (let i = 0; i < net.used; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    const excess = difference / tolerance(i);
    // Written so that NaN is a difference.
    if (excess <= (worst.get(blockOf(net, i))?.excess ?? 1)) continue;
    const text = `${blockOf(net, i)} at ${i}: ${actual[i]} instead of ${expected[i]}, allowed ± ${tolerance(i)}`;
    worst.set(blockOf(net, i), { excess, text });
  }
  return [...worst.values()].map(({ text }) => text);
}

/** Uniform within ± bound. */
export function drawn(random: Random, length: number, bound: number): Float64Array<ArrayBuffer> {
  return new Float64Array(length).map(() => bound * (2 * uniform(random) - 1));
}

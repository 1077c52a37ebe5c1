// Networks for the kernel's tests: without padding, and which weights of a padded one are real.

import { sigmoid, tanh } from '../../src/kernel/elementary.ts';
import { GATES, type Layer, type Network, type NetworkShape, STATES } from '../../src/kernel/network.ts';
import { type Random, uniform } from '../../src/kernel/random.ts';
import type { Activation } from '../../src/kernel/referenceCells.ts';

/** True functions: their derivatives are what finite differences and PyTorch see. */
export const EXACT: Activation = { tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) };
/** What the kernels compute. */
export const RATIONAL: Activation = { tanh, sigmoid };

const GATE_NAMES = { gru: ['z', 'r', 'n'], lstm: ['i', 'f', 'o', 'g'] } as const;

/** As many units as `hidden` says, whatever the number, and no weight that is not used. */
export function unpadded(shape: NetworkShape): Network {
  const { cell, hidden: H, inputs: I, targets: M, skips: K, lookback: L } = shape;
  const C = GATES[cell] * H;
  const O = shape.loss.kind === 'student' ? 2 * M : M;
  const first = C * (1 + I + H);
  const above = C * (1 + H + H);
  const layers = Array.from({ length: shape.layers }, (_, l): Layer => {
    const inputs = l === 0 ? I : H;
    const biasAt = l === 0 ? 0 : first + (l - 1) * above;
    const inputAt = biasAt + C;
    return { inputs, biasAt, inputAt, recurrentAt: inputAt + inputs * C, stateAt: l * STATES[cell] * H };
  });
  const headAt = first + (shape.layers - 1) * above;
  const headBiasAt = headAt + O * H;
  const skipAt = headBiasAt + O;
  const used = skipAt + K * M;
  const stateSize = shape.layers * STATES[cell] * H;
  return { shape, H, I, L, C, M, O, K, layers, headAt, headBiasAt, skipAt, used, weights: used, stateSize };
}

/** Indices of the weights that are no padding. The n-th of them is weight n of the network without padding. */
export function realWeights({ shape, layers, H, C, O, headAt, headBiasAt, used }: Network): readonly number[] {
  const indices: number[] = [];
  const addUnits = (at: number): void => {
    for (let i = 0; i < shape.hidden; i++) indices.push(at + i);
  };
  const addColumn = (at: number): void => {
    for (let gate = 0; gate < C; gate += H) addUnits(at + gate);
  };
  for (const [l, layer] of layers.entries()) {
    addColumn(layer.biasAt);
    for (let k = 0; k < (l === 0 ? shape.inputs : shape.hidden); k++) addColumn(layer.inputAt + k * C);
    for (let j = 0; j < shape.hidden; j++) addColumn(layer.recurrentAt + j * C);
  }
  for (let o = 0; o < O; o++) addUnits(headAt + o * H);
  for (let i = headBiasAt; i < used; i++) indices.push(i);
  return indices;
}

/** The same for the state. */
export function realStates({ shape, H, stateSize }: Network): readonly number[] {
  return Array.from({ length: stateSize }, (_, i) => i).filter((i) => i % H < shape.hidden);
}

/** The block that a weight belongs to, as "layer 2 recurrent f" or "head of means". */
export function blockOf(net: Network, index: number): string {
  if (index >= net.used) return 'rest';
  if (index >= net.skipAt) return 'skips';
  const { H, C, M } = net;
  if (index >= net.headBiasAt) return index - net.headBiasAt < M ? 'bias of means' : 'bias of scales';
  if (index >= net.headAt) return index - net.headAt < M * H ? 'head of means' : 'head of scales';
  const l = net.layers.findLastIndex(({ biasAt }) => index >= biasAt);
  const layer = net.layers[l]!;
  const part = index >= layer.recurrentAt ? 'recurrent' : index >= layer.inputAt ? 'input' : 'bias';
  const gate = GATE_NAMES[net.shape.cell][Math.floor(((index - layer.biasAt) % C) / H)];
  return `layer ${l + 1} ${part} ${gate}`;
}

/** The largest magnitude in each block that the network has. */
export function largestOfBlocks(net: Network, values: ArrayLike<number>): ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  for (let i = 0; i < net.used; i++) {
    const block = blockOf(net, i);
    largest.set(block, Math.max(largest.get(block) ?? 0, Math.abs(values[i]!)));
  }
  return largest;
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
    // Written so that NaN is a difference; where nothing differs, a tolerance of 0 will do.
    if (difference === 0 || excess <= (worst.get(blockOf(net, i))?.excess ?? 1)) continue;
    const text = `${blockOf(net, i)} at ${i}: ${actual[i]} instead of ${expected[i]}, allowed ± ${tolerance(i)}`;
    worst.set(blockOf(net, i), { excess, text });
  }
  return [...worst.values()].map(({ text }) => text);
}

/** Uniform within ± bound. */
export function drawn(random: Random, length: number, bound: number): Float64Array<ArrayBuffer> {
  return new Float64Array(length).map(() => bound * (2 * uniform(random) - 1));
}

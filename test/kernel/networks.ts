// Networks for the kernel's tests.

import { sigmoid, tanh } from '../../src/kernel/elementary.ts';
import { type Layout, layoutOf } from '../../src/kernel/layout.ts';
import { type Random, uniform } from '../../src/kernel/random.ts';
import type { Activation, Network } from '../../src/kernel/reference.ts';

/** True functions: their derivatives are what finite differences and PyTorch see. */
export const EXACT: Activation = { tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) };
/** What the kernels compute. */
export const RATIONAL: Activation = { tanh, sigmoid };

/** Without padding, whatever the number of units. */
export function networkOf(H: number, I: number, O: number): Network {
  const C = 3 * H;
  const headAt = C * (1 + I + H);
  const headBiasAt = headAt + O * H;
  const skipAt = headBiasAt + O;
  return { H, I, O, C, inputAt: C, recurrentAt: C * (1 + I), headAt, headBiasAt, skipAt, weights: skipAt + O };
}

export function gruLayout(hidden: number, inputs: number, outputs: number, lookback: number): Layout {
  return layoutOf({ cell: 'gru', hidden, inputs, outputs, lookback, openWindows: 1 });
}

/** The block that a weight belongs to. */
function blockOf(net: Network, index: number): string {
  const { H, C } = net;
  if (index >= net.skipAt) return 'skip';
  if (index >= net.headBiasAt) return 'head bias';
  if (index >= net.headAt) return 'head';
  const gate = 'zrn'[Math.floor((index % C) / H)];
  if (index >= net.recurrentAt) return `recurrent ${gate}`;
  if (index >= net.inputAt) return `input ${gate}`;
  return `bias ${gate}`;
}

/** The largest difference of each block, as text that names the index; blocks within tolerance are left out. */
export function differences(
  net: Network,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: (index: number) => number,
): readonly string[] {
  const worst = new Map<string, { readonly excess: number; readonly text: string }>();
  for (let i = 0; i < net.skipAt + net.O; i++) {
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

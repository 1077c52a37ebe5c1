// How large a network is: what learns, and what the product keeps of a series with it.

import { layoutOf } from '../../../src/kernel/layout.ts';
import type { NetworkShape } from '../../../src/kernel/network.ts';

/** As in the product's default. */
export const OPEN_WINDOWS = 2;

/** Weights that learn, without padding. */
export function parameters({ hidden, layers, inputs, targets, skips, loss, cell }: NetworkShape): number {
  const gates = cell === 'gru' ? 3 : 4;
  const outputs = loss.kind === 'student' ? 2 * targets : targets;
  const first = gates * hidden * (1 + inputs + hidden);
  const above = (layers - 1) * gates * hidden * (1 + 2 * hidden);
  return first + above + outputs * (hidden + 1) + skips * targets;
}

/** Bytes of a slab. */
export function bytesOf(shape: NetworkShape): number {
  return layoutOf({ ...shape, openWindows: OPEN_WINDOWS }).slabBytes;
}

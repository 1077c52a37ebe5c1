// The loss of all outputs and its derivatives by them. Numbers in brackets are the equations of README.md.

import { exp, log } from './elementary.ts';
import { LOG_SCALE_MAX, LOG_SCALE_MIN, type Network } from './network.ts';
import type { Scratch } from './scratch.ts';

/**
 * Puts the derivatives in the place of the outputs, 0 where a target is NaN, and returns the mean loss over the `known`
 * others.
 */
export function lossOfAll(network: Network, scratch: Scratch, steps: number, known: number): number {
  const { loss } = network.shape;
  switch (loss.kind) {
    case 'squared': // Huber's, never linear
      return huber(network, scratch, steps, 1 / known, Infinity);
    case 'huber':
      return huber(network, scratch, steps, 1 / known, loss.delta);
    case 'student':
      return student(network, scratch, steps, 1 / known, loss.freedom);
  }
}

/** (11, 12) */
function huber({ M }: Network, scratch: Scratch, steps: number, share: number, delta: number): number {
  const { f, outputRow, outputs, targets } = scratch;
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    for (let m = 0, y = outputs + t * outputRow; m < M; m++, y++) {
      const target = f[targets + t * M + m]!;
      if (Number.isNaN(target)) {
        f[y] = 0;
        continue;
      }
      const e = f[y]! - target;
      const c = Math.max(-delta, Math.min(delta, e));
      sum += c * (e - 0.5 * c);
      f[y] = c * share;
    }
  }
  return sum * share;
}

/** (13) */
function student({ M }: Network, scratch: Scratch, steps: number, share: number, freedom: number): number {
  const { f, outputRow, outputs, targets } = scratch;
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    for (let m = 0, y = outputs + t * outputRow; m < M; m++, y++) {
      const target = f[targets + t * M + m]!;
      if (Number.isNaN(target)) {
        f[y] = 0;
        f[y + M] = 0;
        continue;
      }
      const raw = f[y + M]!;
      const s = clampedScale(raw);
      const variance = exp(2 * s);
      const e = f[y]! - target;
      const q = (freedom + 1) / (freedom * variance + e * e);
      const ds = 0.5 * (1 - q * e * e);
      // Out of bounds a scale is only let back in.
      const outward = (raw <= LOG_SCALE_MIN && ds > 0) || (raw >= LOG_SCALE_MAX && ds < 0);
      sum += s + 0.5 * (freedom + 1) * log(1 + (e * e) / (freedom * variance));
      f[y] = q * e * variance * share;
      f[y + M] = outward ? 0 : ds * share;
    }
  }
  return sum * share;
}

/** NaN stays NaN. */
export function clampedScale(raw: number): number {
  return Math.max(LOG_SCALE_MIN, Math.min(LOG_SCALE_MAX, raw));
}

// The loss of all outputs and its derivatives by them. Numbers in brackets are the equations of README.md.

import { exp, log } from './float32Elementary.ts';
import { LOG_SCALE_MAX, LOG_SCALE_MIN, type Network } from './network.ts';
import type { Scratch } from './scratch.ts';

const { fround } = Math;

/** The bound as float32 has it. */
const LOWEST = fround(LOG_SCALE_MIN);

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

/**
 * (13), every number rounded as the compiled kernel rounds it: so the two agree in what they make of one error, and in
 * which is too large to be squared. Only the sum is float64.
 */
function student({ M }: Network, scratch: Scratch, steps: number, part: number, degrees: number): number {
  const { f, outputRow, outputs, targets } = scratch;
  const share = fround(part);
  const freedom = fround(degrees);
  const more = fround(freedom + 1);
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    for (let m = 0, y = outputs + t * outputRow; m < M; m++, y++) {
      const target = f[targets + t * M + m]!;
      if (Number.isNaN(target)) {
        f[y] = 0;
        f[y + M] = 0;
        continue;
      }
      const raw = fround(f[y + M]!);
      const s = fround(clampedScale(raw));
      const variance = exp(2 * s);
      const e = fround(fround(f[y]!) - target);
      const squared = fround(e * e);
      const q = fround(more / fround(freedom * variance + squared));
      const ds = fround(0.5 * fround(1 - q * squared) * share);
      // Out of bounds a scale is only let back in.
      const outward = (raw <= LOWEST && ds > 0) || (raw >= LOG_SCALE_MAX && ds < 0);
      const ratio = fround(squared / fround(freedom * variance));
      sum += fround(fround(0.5 * more) * log(fround(1 + ratio)) + s);
      f[y] = fround(fround(fround(q * e) * variance) * share);
      f[y + M] = outward ? 0 : ds;
    }
  }
  return sum * share;
}

/** NaN stays NaN. */
export function clampedScale(raw: number): number {
  return Math.max(LOG_SCALE_MIN, Math.min(LOG_SCALE_MAX, raw));
}

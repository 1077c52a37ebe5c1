// The losses of the specification at one step. Numbers in brackets are the equations of README.md.

import { exp, log } from './elementary.ts';
import { LOG_SCALE_MAX, LOG_SCALE_MIN, type Loss, type Network } from './network.ts';

export interface LossAt {
  /** Share of this step in the loss. */
  readonly loss: number;
  /** O: derivatives by the outputs, 0 where the target is not known. */
  readonly dRaw: Float64Array;
}

/**
 * `raw` is what the head says at this step, O; `targets` are M, NaN where not known; `known` is N, the number of known
 * targets of the whole pass.
 */
export function lossAt(net: Network, raw: Float64Array, targets: Float64Array, known: number): LossAt {
  const { M, O, shape } = net;
  const dRaw = new Float64Array(O);
  let loss = 0;
  for (let m = 0; m < M; m++) {
    const target = targets[m]!;
    if (Number.isNaN(target)) continue;
    const one = lossOf(shape.loss, raw[m]! - target, raw[M + m]);
    loss += one.loss / known;
    dRaw[m] = one.dy / known;
    if (one.ds !== undefined) dRaw[M + m] = one.ds / known;
  }
  return { loss, dRaw };
}

interface LossOfOne {
  readonly loss: number;
  /** By the mean; for the Student loss scaled by σ². */
  readonly dy: number;
  /** Half of the derivative by the log scale, Student only. */
  readonly ds?: number;
}

/** Of one error e = y − target. `s` is the log scale as the head gives it, not clamped, for the Student loss. */
export function lossOf(loss: Loss, e: number, s = 0): LossOfOne {
  switch (loss.kind) {
    case 'squared':
      return { loss: 0.5 * e * e, dy: e }; // (11)
    case 'huber': {
      const c = Math.max(-loss.delta, Math.min(loss.delta, e));
      return { loss: c * (e - 0.5 * c), dy: c }; // (12)
    }
    case 'student': {
      const { freedom } = loss;
      const clamped = clampScale(s);
      const variance = exp(2 * clamped);
      const q = (freedom + 1) / (freedom * variance + e * e);
      const ds = 0.5 * (1 - q * e * e);
      // A clamped scale is only let back in.
      const outward = (s <= LOG_SCALE_MIN && ds > 0) || (s >= LOG_SCALE_MAX && ds < 0);
      return {
        loss: clamped + 0.5 * (freedom + 1) * log(1 + (e * e) / (freedom * variance)), // (13)
        dy: q * e * variance, // (13)
        ds: outward ? 0 : ds, // (13)
      };
    }
  }
}

/** The logarithm of a scale as it is used, from what the head says. */
export function clampScale(s: number): number {
  return Math.max(LOG_SCALE_MIN, Math.min(LOG_SCALE_MAX, s)); // (10)
}

// The losses of the specification at one step. Numbers in brackets are the equations of README.md.

import { exp, log } from './elementary.ts';
import { LOG_SCALE_MAX, LOG_SCALE_MIN, type Loss, type Network } from './network.ts';

export interface LossAt {
  /** Share of this step in the loss. */
  readonly loss: number;
  /** O: derivatives by the outputs, 0 where the target is not known. */
  readonly dRaw: Float64Array;
}

/** `known` is N, the number of known targets of the whole pass. */
export function lossAt(net: Network, raw: Float64Array, targets: Float64Array, known: number): LossAt {
  const { M, O, shape } = net;
  const dRaw = new Float64Array(O);
  let loss = 0;
  for (let m = 0; m < M; m++) {
    const target = targets[m]!;
    if (Number.isNaN(target)) continue;
    const one = lossOf(shape.loss, raw[m]! - target, raw[M + m] ?? Number.NaN);
    loss += one.loss / known;
    dRaw[m] = one.dy / known;
    if (M + m < O) dRaw[M + m] = one.ds / known;
  }
  return { loss, dRaw };
}

/** Loss of one error e = y − target; `s` is the logarithm of its scale, not clamped, for the Student loss. */
export function lossOf(
  loss: Loss,
  e: number,
  s: number,
): { readonly loss: number; readonly dy: number; readonly ds: number } {
  switch (loss.kind) {
    case 'squared':
      return { loss: 0.5 * e * e, dy: e, ds: 0 }; // (11)
    case 'huber': {
      const c = Math.max(-loss.delta, Math.min(loss.delta, e));
      return { loss: c * (e - 0.5 * c), dy: c, ds: 0 }; // (12)
    }
    case 'student': {
      const { freedom } = loss;
      const clamped = Math.max(LOG_SCALE_MIN, Math.min(LOG_SCALE_MAX, s));
      const variance = exp(2 * clamped);
      const q = (freedom + 1) / (freedom * variance + e * e);
      const ds = 0.5 * (1 - q * e * e);
      const outside = (s <= LOG_SCALE_MIN && ds > 0) || (s >= LOG_SCALE_MAX && ds < 0);
      return {
        loss: clamped + 0.5 * (freedom + 1) * log(1 + (e * e) / (freedom * variance)), // (13)
        dy: q * e * variance,
        ds: outside ? 0 : ds,
      };
    }
  }
}

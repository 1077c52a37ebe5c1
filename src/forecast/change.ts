// The change from window to window, and how large it usually is: the unit of what the network expects next.

import { AT } from '../kernel/layout.ts';

/** Changes count for at most so many usual ones: as input, as target. */
const CHANGE_MAX = 3;
/** A change moves the usual one by at most so many of it, once there are some. */
const CHANGE_ROBUST = 10;
const ROBUST_AFTER = 30;
const USUAL_WEIGHT_MIN = 0.01;

/** The change to this value from the one before, in usual ones; 0 before there are any. */
export function changeOf(f64: Float64Array, at: number, value: number): number {
  if (f64[at + AT.learned]! < 2) return 0;
  const change = (value - f64[at + AT.previous]!) / usualStep(f64, at);
  return Math.max(-CHANGE_MAX, Math.min(CHANGE_MAX, change));
}

/** > 0, also for a constant series. */
export function usualStep(f64: Float64Array, at: number): number {
  return Math.max(f64[at + AT.usualStep]!, 1e-9 * Math.abs(f64[at + AT.mean]!) + 1e-12);
}

export function learnUsualStep(f64: Float64Array, at: number, value: number): void {
  const n = f64[at + AT.learned]!;
  if (n === 0) return;
  const usual = f64[at + AT.usualStep]!;
  const change = Math.abs(value - f64[at + AT.previous]!);
  const counted = n >= ROBUST_AFTER && usual > 0 ? Math.min(change, CHANGE_ROBUST * usual) : change;
  f64[at + AT.usualStep] = usual + Math.max(USUAL_WEIGHT_MIN, 1 / n) * (counted - usual);
}

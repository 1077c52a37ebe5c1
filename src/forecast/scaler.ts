// Online scaling: the network sees (v − mean)/deviation, clipped. Expanding mean and variance, Welford's recurrence in
// weighted form, because Σv²/n − mean² cancels for large offsets (Knuth, TAOCP 2, 4.2.2; West 1979).

import { AT } from '../kernel/layout.ts';

/** The network's inputs and targets lie within ± this. Wider clipping was measured worse. */
const CLIP = 3;
/** From this many windows on, an innovation counts for at most so many deviations. */
const ROBUST_AFTER = 30;
const INNOVATION_MAX = 6;

/** Standard deviation after `learned` windows, > 0; 1 before there are two. */
export function deviation(f64: Float64Array, slab: number, learned: number): number {
  if (learned < 2) return 1;
  return Math.max(Math.sqrt(Math.max(f64[slab + AT.variance]!, 0)), floorOf(f64, slab));
}

/**
 * True for a series that moves less than the smallest deviation: what a network says of its level, in these units, is
 * noise of its own, and a constant series would be surprised by it.
 */
export function isStill(f64: Float64Array, slab: number, learned: number): boolean {
  return learned >= 2 && Math.sqrt(Math.max(f64[slab + AT.variance]!, 0)) <= floorOf(f64, slab);
}

function floorOf(f64: Float64Array, slab: number): number {
  return 1e-6 * Math.abs(f64[slab + AT.mean]!) + 1e-12;
}

/** The value in normalised units; 0 before there are two windows. */
export function normalised(f64: Float64Array, slab: number, value: number): number {
  const learned = f64[slab + AT.learned]!;
  if (learned < 2) return 0;
  const x = (value - f64[slab + AT.mean]!) / deviation(f64, slab, learned);
  return Math.max(-CLIP, Math.min(CLIP, x));
}

export function learnScale(f64: Float64Array, slab: number, value: number): void {
  const n = f64[slab + AT.learned]!;
  let innovation = value - f64[slab + AT.mean]!;
  if (n >= ROBUST_AFTER) {
    const most = INNOVATION_MAX * deviation(f64, slab, n);
    innovation = Math.max(-most, Math.min(most, innovation));
  }
  const weight = 1 / (n + 1);
  f64[slab + AT.mean]! += weight * innovation;
  f64[slab + AT.variance] = (1 - weight) * (f64[slab + AT.variance]! + weight * innovation * innovation);
}

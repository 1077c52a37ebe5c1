// Adam's two averages of one weight in one 32-bit word, half the memory of two float32: m as a bfloat16 in the high
// half, v in the low one with one bit more of mantissa, because it has no sign.
//
// m changes by a tenth of its distance in an update and is rounded to the nearest. v changes by a thousandth, which is
// less than half a step of so short a number: rounded to the nearest it would stand still. So it is rounded up with the
// probability of what is cut off (S. Gupta et al., Deep learning with limited numerical precision, 2015), and is right
// in the mean. What decides are numbers that hang on the update and on the place of the weight only: same slab, same
// bytes, whichever backend.

import { mix } from './random.ts';

/** Bits that v loses. */
const CUT = 15;
const HIGH_HALF = 0xffff0000;
/** Half a step of m. */
const HALF = 0x8000;

/** Four generators, of the weights 0, 4, 8 …, of 1, 5, 9 … and so on: one a lane of the compiled kernel. */
export type Dither = Int32Array;

export function newDither(): Dither {
  return new Int32Array(4);
}

/** Begins anew for an update, 1 and up. */
export function startDither(dither: Dither, update: number): void {
  for (let lane = 0; lane < 4; lane++) dither[lane] = mix(4 * update + lane);
}

/** 2³² over the golden ratio: multiples of it spread evenly over all numbers (H. Weyl, 1916). */
const STRIDE = 0x9e3779b9;

/**
 * CUT bits for weight i; every weight in its turn. Even is enough beside one another; from update to update those of
 * one weight are as random as where they begin.
 */
export function nextDither(dither: Dither, i: number): number {
  dither[i & 3]! += STRIDE;
  return dither[i & 3]! >>> (32 - CUT);
}

const number = new Float32Array(1);
const bits = new Int32Array(number.buffer);

/** The word of m and v ≥ 0, both finite; `dither` as `nextDither` has it. */
export function packed(m: number, v: number, dither: number): number {
  number[0] = v;
  const low = (bits[0]! + dither) >>> CUT;
  number[0] = m;
  return ((bits[0]! + HALF) & HIGH_HALF) | low;
}

export function meanOf(word: number): number {
  bits[0] = word & HIGH_HALF;
  return number[0]!;
}

export function squareOf(word: number): number {
  bits[0] = (word & ~HIGH_HALF) << CUT;
  return number[0]!;
}

// exp and log of float32 numbers: the formulas, the coefficients and the roundings of simd/vector.ts, so that both
// kernels mean the same by Student's loss. A product and the sum behind it are rounded once, as a machine that fuses
// does it: the product is exact in float64. Tested over the whole range, against the true functions and the compiled.

const { fround, sqrt } = Math;

/** The same four bytes, seen as a number and as its bits. */
const NUMBER = new Float32Array(1);
const BITS = new Int32Array(NUMBER.buffer);

// ln 2 in two parts, the first so short that its product with an exponent is exact; and its reciprocal.
const LN2 = 0.693359375;
const LN2_REST = fround(-0.00021219444);
const PER_LN2 = fround(1 / (LN2 + LN2_REST));

// Taylor's series of exp, and artanh's.
const [E6, E5, E4, E3] = [fround(1 / 720), fround(1 / 120), fround(1 / 24), fround(1 / 6)];
const [L9, L7, L5, L3] = [fround(2 / 9), fround(2 / 7), fround(2 / 5), fround(2 / 3)];

/** Bits of the float32 next to √½. */
const ROOT_HALF = bitsOf(fround(sqrt(0.5)));
/** Added to a small number and taken away again, it leaves the nearest integer, the even one of two. */
const TO_INTEGER = 1.5 * 2 ** 52;

/** e^x for |x| ≤ 80, relative error below 3e-7. x = k·ln 2 + r; the exponent bits take k (Cody, Waite 1980, ch. 6). */
export function exp(x: number): number {
  const k = fround(x * PER_LN2) + TO_INTEGER - TO_INTEGER;
  const r = fround(fround(x - k * LN2) - k * LN2_REST);
  let p = fround(E6 * r + E5);
  p = fround(p * r + E4);
  p = fround(p * r + E3);
  p = fround(p * r + 0.5);
  NUMBER[0] = 1 + fround(fround(r * r) * p + r);
  BITS[0]! += k << 23;
  return NUMBER[0]!;
}

/**
 * ln x for finite x ≥ 1e-30; its error is below 3e-7, or below as much of the logarithm where that is above 1.
 * x = 2^k·m, √½ ≤ m < √2; ln m = 2·artanh((m − 1)/(m + 1)).
 */
export function log(x: number): number {
  const bits = bitsOf(x);
  const k = (bits - ROOT_HALF) >> 23;
  BITS[0] = bits - (k << 23);
  const m = NUMBER[0]!;
  const s = fround(fround(m - 1) / fround(m + 1));
  const w = fround(s * s);
  let p = fround(L9 * w + L7);
  p = fround(p * w + L5);
  p = fround(p * w + L3);
  p = fround(p * w + 2);
  return fround(k * LN2 + fround(k * LN2_REST + fround(s * p)));
}

function bitsOf(x: number): number {
  NUMBER[0] = x;
  return BITS[0]!;
}

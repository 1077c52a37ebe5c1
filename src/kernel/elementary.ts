// Elementary functions in float64 made of + − · / and sqrt only. ECMAScript leaves the last bits of Math.log, Math.exp
// and their kin to the engine; these give the same bits on every engine, and so does everything computed with them.
//
// Relative error, tested against Math.* over the whole range: log, log10, exp, pow10, asinh ≤ 1e-15 (for denormal
// results half of the smallest number besides).
//
// Sources: argument reduction as in J.-M. Muller, Elementary Functions (3rd ed., 2016), chapter 11; constants in two
// parts after W. Cody and W. Waite, Software Manual for the Elementary Functions (1980), chapters 5 and 6; the series
// are Taylor's, cut where the first term left out is below 2^-54 of the sum.

/** The same eight bytes, seen as a number and as two words. */
const NUMBER = new Float64Array([1]);
const WORDS = new Uint32Array(NUMBER.buffer);
/** Index of the word that holds sign and exponent. */
const HIGH = WORDS[0] === 0 ? 1 : 0;

// ln 2 and log10 2 in two parts. The first has 32 significant bits, so that its product with an exponent is exact.
const LN2 = 0xb17217f7 / 0x100000000;
const LN2_REST = 1.9082149292705877e-10;
const LOG10_2 = 0x9a209a84 / 0x200000000;
const LOG10_2_REST = 1.1451100898021838e-10;
const PER_LN2 = 1 / LN2;
const PER_LOG10_2 = 1 / LOG10_2;
// The float64 next to ln 10 and to its reciprocal.
const LN10 = 0x126bb1bbb55516 / 0x8000000000000;
const PER_LN10 = 0x1bcb7b1526e50e / 0x40000000000000;

const SQRT2 = Math.sqrt(2);
const TWO_54 = 0x40000000000000;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** exp overflows above, and rounds to 0 below. */
const EXP_MAX = 709.782712893384;
const EXP_MIN = -745.1332191019412;
const POW10_MAX = 308.25471555991675;
const POW10_MIN = -323.60724533877976;

/** exp is scaled by 2^k in two halves, because 2^1024 is no number and 2^-1075 is 0. */
const HALF_MAX = 538;
/** 2^(i − HALF_MAX). */
const POWERS = powersOfTwo();

/** Natural logarithm. NaN below 0, −∞ at 0. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  // x = 2^k · m with √½ < m ≤ √2; ln x = k·ln 2 + 2·artanh((m − 1)/(m + 1)).
  let k = -1023;
  NUMBER[0] = x;
  if (x < SMALLEST_NORMAL) {
    NUMBER[0] = x * TWO_54;
    k -= 54;
  }
  const high = WORDS[HIGH]!;
  k += high >>> 20;
  WORDS[HIGH] = (high & 0xfffff) | 0x3ff00000;
  let m = NUMBER[0]!;
  if (m > SQRT2) {
    m *= 0.5;
    k += 1;
  }
  const s = (m - 1) / (m + 1);
  return k * LN2 + (2 * s + (2 * s * artanhRest(s * s) + k * LN2_REST));
}

/** Decadic logarithm. NaN below 0, −∞ at 0. */
export function log10(x: number): number {
  return log(x) * PER_LN10;
}

/** e^x. */
export function exp(x: number): number {
  if (x > EXP_MAX) return Infinity;
  if (x < EXP_MIN) return 0;
  // x = k·ln 2 + r with |r| ≤ ½·ln 2.
  const k = Math.floor(x * PER_LN2 + 0.5);
  return scaledExp(x - k * LN2 - k * LN2_REST, k);
}

/** 10^x. */
export function pow10(x: number): number {
  if (x > POW10_MAX) return Infinity;
  if (x < POW10_MIN) return 0;
  // x = k·log10 2 + r; reducing before the multiplication by ln 10 keeps the error small for large x.
  const k = Math.floor(x * PER_LOG10_2 + 0.5);
  return scaledExp((x - k * LOG10_2 - k * LOG10_2_REST) * LN10, k);
}

/** Inverse hyperbolic sine: linear near 0, logarithmic far from it. */
export function asinh(x: number): number {
  const a = Math.abs(x);
  if (!(a > 1e-8)) return x;
  let y: number;
  if (a < 0.35) {
    // ln(1 + t) with t free of cancellation (Muller 2016, 11.2); t < √2 − 1, so no reduction is needed.
    const t = a + (a * a) / (1 + Math.sqrt(1 + a * a));
    const s = t / (2 + t);
    y = 2 * s + 2 * s * artanhRest(s * s);
  } else if (a < 1e9) {
    y = log(a + Math.sqrt(a * a + 1));
  } else {
    y = log(a) + (LN2 + LN2_REST);
  }
  return x < 0 ? -y : y;
}

/**
 * Hyperbolic tangent to ± 5e-7 as a rational function of degree (4, 3) in x², clamped at ± 7.75: within ± (1 − 4e-7).
 * It is the function that the networks use, not an approximation beside them. Minimax coefficients fitted for float32.
 * NaN stays NaN.
 */
export function tanh(x: number): number {
  const c = x > 7.75 ? 7.75 : x < -7.75 ? -7.75 : x;
  const u = c * c;
  const p = (((-6.32474615e-9 * u + 7.25239162e-6) * u + 0.0027070303) * u + 0.127220026) * u + 0.999999283;
  const q = ((0.000198189876 * u + 0.0228935021) * u + 0.460550694) * u + 1;
  return (c * p) / q;
}

/** Logistic function 1/(1 + e^−x) by way of `tanh`, to ± 3e-7. NaN stays NaN. */
export function sigmoid(x: number): number {
  return 0.5 + 0.5 * tanh(0.5 * x);
}

/** artanh(s)/s − 1 from w = s²; s ≤ (√2 − 1)/(√2 + 1). */
function artanhRest(w: number): number {
  const high = (((w * (1 / 19) + 1 / 17) * w + 1 / 15) * w + 1 / 13) * w + 1 / 11;
  return ((((high * w + 1 / 9) * w + 1 / 7) * w + 1 / 5) * w + 1 / 3) * w;
}

/** e^r · 2^k for |r| ≤ ½·ln 2 and −1075 ≤ k ≤ 1024. */
function scaledExp(r: number, k: number): number {
  const high = (((r * (1 / 6227020800) + 1 / 479001600) * r + 1 / 39916800) * r + 1 / 3628800) * r + 1 / 362880;
  const middle = (((high * r + 1 / 40320) * r + 1 / 5040) * r + 1 / 720) * r + 1 / 120;
  const y = 1 + (r + r * r * (((middle * r + 1 / 24) * r + 1 / 6) * r + 0.5));
  // NaN arrives with k = NaN, which is no index.
  if (!(k <= 1024)) return NaN;
  const half = k >> 1;
  return y * POWERS[half + HALF_MAX]! * POWERS[k - half + HALF_MAX]!;
}

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(2 * HALF_MAX + 1).fill(1);
  for (let i = 1; i <= HALF_MAX; i++) {
    powers[HALF_MAX + i] = powers[HALF_MAX + i - 1]! * 2;
    powers[HALF_MAX - i] = powers[HALF_MAX - i + 1]! * 0.5;
  }
  return powers;
}

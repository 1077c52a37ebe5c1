// The optimiser: Adam (D. Kingma, J. Ba, 2015, algorithm 1, in the order of section 2) on a gradient clipped to a
// global norm (R. Pascanu et al., 2013, algorithm 1), with weights that decay (I. Loshchilov, F. Hutter, 2019,
// algorithm 2). Numbers in brackets: ../README.md.

import { gradient, weightBytes } from './scratch';
import { add, flush, madd, mul, sub, sum } from './vector';

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/** Four sums, because one would make every term wait for the one before. */
export function squaredNorm(): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let g = gradient, end = gradient + weightBytes; g != end; g += 64) {
    const p = v128.load(g), q = v128.load(g, 16), r = v128.load(g, 32), s = v128.load(g, 48);
    a = madd(p, p, a);
    b = madd(q, q, b);
    c = madd(r, r, c);
    d = madd(s, s, d);
  }
  return sum(add(add(a, b), add(c, d)));
}

/** As in ../adam.ts. */
const UPDATES_MAX: f32 = 1048576;

/** As in ../random.ts. */
@inline function mix(x: u32): i32 {
  let h = (x ^ (x >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}

/**
 * One update of the weights by gradient · scale. `optimiser` holds m and v as ../moments.ts packs them, and three
 * numbers: the sums of weights of these averages, 1 − β^t, which are the bias corrections, kept as averages of ones;
 * the updates so far.
 */
export function adam(weights: usize, optimiser: usize, scale: f32, rate: f32, decay: f32): void {
  const extra = optimiser + weightBytes;
  const filled1 = BETA1 * f32.load(extra) + (1 - BETA1), filled2 = BETA2 * f32.load(extra, 4) + (1 - BETA2);
  const updates = f32.load(extra, 8) + 1;
  f32.store(extra, filled1);
  f32.store(extra, filled2, 4);
  f32.store(extra, updates == UPDATES_MAX ? 0 : updates, 8);
  const first = <u32>updates * 4;
  let dither = i32x4.splat(mix(first));
  dither = i32x4.replace_lane(dither, 1, mix(first + 1));
  dither = i32x4.replace_lane(dither, 2, mix(first + 2));
  dither = i32x4.replace_lane(dither, 3, mix(first + 3));
  // rate·(m/f1)/(√(v/f2) + ε) = rate·√f2/f1 · m/(√v + ε·√f2)
  const root = sqrt<f32>(filled2);
  const rates = f32x4.splat((rate * root) / filled1), epsilon = f32x4.splat(EPSILON * root);
  const faded = f32x4.splat(rate * decay);
  const keep1 = f32x4.splat(BETA1), keep2 = f32x4.splat(BETA2);
  const take1 = f32x4.splat((1 - BETA1) * scale), take2 = f32x4.splat((1 - BETA2) * scale * scale);
  const high = i32x4.splat(0xffff0000), half = i32x4.splat(0x8000), stride = i32x4.splat(0x9e3779b9);
  for (let g = gradient, end = gradient + weightBytes; g != end; g += 16) {
    const slope = v128.load(g), word = v128.load(optimiser), w = v128.load(weights);
    const m = flush(madd(v128.and(word, high), keep1, mul(slope, take1)));                             // (26)
    const was = i32x4.shr_u(i32x4.shl(word, 16), 1);
    const v = flush(madd(was, keep2, mul(mul(slope, slope), take2)));                                  // (27)
    v128.store(weights, sub(w, madd(w, faded, f32x4.div(mul(m, rates), add(f32x4.sqrt(v), epsilon))))); // (28)
    dither = i32x4.add(dither, stride);
    const low = i32x4.shr_u(i32x4.add(v, i32x4.shr_u(dither, 17)), 15);
    v128.store(optimiser, v128.or(v128.and(i32x4.add(m, half), high), low));
    optimiser += 16;
    weights += 16;
  }
}

// The optimiser: Adam (D. Kingma, J. Ba, 2015, algorithm 1, in the order of section 2) on a gradient clipped to a
// global norm (R. Pascanu et al., 2013, algorithm 1). Numbers in brackets: ../README.md.

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

/** Updates between two flushes: in so few no moment gets from 1e-27 to the denormal numbers. */
const FLUSH_EVERY: f32 = 64;

/**
 * One update of the weights by gradient · scale. `optimiser` holds m, v, and three numbers: the sums of weights of
 * these averages, 1 − β^t, which are the bias corrections, kept as averages of ones; the updates since the last flush.
 */
export function adam(weights: usize, optimiser: usize, scale: f32, rate: f32): void {
  const extra = optimiser + 2 * weightBytes;
  const filled1 = BETA1 * f32.load(extra) + (1 - BETA1), filled2 = BETA2 * f32.load(extra, 4) + (1 - BETA2);
  f32.store(extra, filled1);
  f32.store(extra, filled2, 4);
  // rate·(m/f1)/(√(v/f2) + ε) = rate·√f2/f1 · m/(√v + ε·√f2)
  const root = sqrt<f32>(filled2);
  const rates = f32x4.splat((rate * root) / filled1), epsilon = f32x4.splat(EPSILON * root);
  const keep1 = f32x4.splat(BETA1), keep2 = f32x4.splat(BETA2);
  const take1 = f32x4.splat((1 - BETA1) * scale), take2 = f32x4.splat((1 - BETA2) * scale * scale);
  let at = optimiser, w = weights;
  for (let g = gradient, end = gradient + weightBytes; g != end; g += 16) {
    const slope = v128.load(g), vAt = at + weightBytes;
    const m = madd(v128.load(at), keep1, mul(slope, take1));                    // (26)
    const v = madd(v128.load(vAt), keep2, mul(mul(slope, slope), take2));       // (27)
    v128.store(at, m);
    v128.store(vAt, v);
    v128.store(w, sub(v128.load(w), f32x4.div(mul(m, rates), add(f32x4.sqrt(v), epsilon)))); // (28)
    at += 16;
    w += 16;
  }
  const updates = f32.load(extra, 8) + 1;
  if (updates == FLUSH_EVERY) {
    for (let end = extra; optimiser != end; optimiser += 16) v128.store(optimiser, flush(v128.load(optimiser)));
  }
  f32.store(extra, updates == FLUSH_EVERY ? 0 : updates, 8);
}

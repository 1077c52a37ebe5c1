// The optimiser in float32: Adam (D. Kingma, J. Ba, 2015, algorithm 1, in the order of operations of its section 2)
// with the gradient clipped to a global norm (R. Pascanu et al., 2013, algorithm 1).

import { FLUSH } from './float32Forward.ts';
import type { Layout } from './layout.ts';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export function squaredNorm(gradient: Float32Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const g = gradient[i]!;
    sum += g * g;
  }
  return sum;
}

/**
 * One update of the first `length` weights in place by gradient · scale. `wAt` and `optimiserAt` are indices of float32
 * in `f32`. The step counter is float32: it stops at 2^24, where both corrections have long been 1.
 */
export function adamStep(
  layout: Layout,
  f32: Float32Array,
  wAt: number,
  optimiserAt: number,
  gradient: Float32Array,
  length: number,
  scale: number,
  rate: number,
): void {
  const mAt = optimiserAt + layout.firstMomentAt;
  const vAt = optimiserAt + layout.secondMomentAt;
  const step = f32[optimiserAt + layout.stepAt]! + 1;
  f32[optimiserAt + layout.stepAt] = step;
  // m/(1−β1^t) / (√(v/(1−β2^t)) + ε), with the corrections taken out of the loop.
  const root = Math.sqrt(1 - power(BETA2, step));
  const corrected = (rate * root) / (1 - power(BETA1, step));
  const epsilon = EPSILON * root;
  const share1 = (1 - BETA1) * scale;
  const share2 = (1 - BETA2) * scale * scale;
  for (let i = 0; i < length; i++) {
    const g = gradient[i]!;
    const m = BETA1 * f32[mAt + i]! + share1 * g + FLUSH - FLUSH;
    const v = BETA2 * f32[vAt + i]! + share2 * g * g + FLUSH - FLUSH;
    f32[mAt + i] = m;
    f32[vAt + i] = v;
    f32[wAt + i] = f32[wAt + i]! - (corrected * m) / (Math.sqrt(v) + epsilon);
  }
}

/** base^exponent for a whole exponent ≥ 0, by repeated squaring (Knuth, TAOCP 2, 4.6.3, algorithm A). */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let n = exponent; n > 0 && result > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

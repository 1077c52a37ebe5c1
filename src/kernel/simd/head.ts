// The linear head over all steps, its loss, and the way back to the states. Numbers in brackets: ../README.md.

import { products } from './product';
import {
  fromAbove, H, HUBER, I, K, loss, M, meanVectors, O, outputRow, outputs, outputVectors, parameter,
  row, STUDENT, tailGradient, unit, zeros
} from './scratch';
import { add, clamp, exp, log, madd, mul, nmadd, one, sub, sum } from './vector';

const LOG_SCALE_MIN: f32 = -4.6;
const LOG_SCALE_MAX: f32 = 3;

/** Place of output o within an output row: means and scales are padded apart. */
@inline function lane(o: i32): usize { return <usize>(o < M ? o : o - M + (meanVectors << 2)) << 2; }

/** Outputs of `steps` steps from the states after them. Scales are not clamped yet. */
export function headForward(head: usize, states: usize, inputs: usize, steps: i32): void {
  let at = outputs;
  for (let t = 0; t < steps; t++) {
    for (let o = 0; o < O; o++) f32.store(at + lane(o), output(head, o, states, inputs));
    at += outputRow;
    states += row;
    inputs += <usize>I << 2;
  }
}

/** Output o from the state and the inputs of its step. (9, 10) */
@inline function output(head: usize, o: i32, state: usize, input: usize): f32 {
  let dot = f32x4.splat(0);
  const weights = head + <usize>o * row;
  for (let v: usize = 0; v < row; v += 16) dot = madd(v128.load(weights + v), v128.load(state + v), dot);
  const bias = head + <usize>O * row;
  let y = sum(dot) + f32.load(bias + (<usize>o << 2));
  if (o < M) {
    const skips = bias + (<usize>(O + o) << 2);
    for (let k = 0; k < K; k++) y += f32.load(skips + (<usize>(k * M) << 2)) * f32.load(input + (<usize>k << 2));
  }
  return y;
}

/** Numbers that are not NaN. */
export function known(targets: usize, count: i32): i32 {
  let total = 0;
  for (const end = targets + (<usize>count << 2); targets != end; targets += 4) {
    const target = f32.load(targets);
    if (target == target) total++;
  }
  return total;
}

/** Puts the derivatives by the outputs in their place. `share` is one over the number of known targets. */
export function lossOfAll(targets: usize, steps: i32, share: f32): f32 {
  const shares = f32x4.splat(share);
  let total = f32x4.splat(0);
  let at = outputs;
  for (let t = 0; t < steps; t++) {
    for (let m = 0; m < M; m += 4) {
      const target = load4(targets + (<usize>m << 2), M - m);
      const mask = f32x4.eq(target, target);
      const e = v128.and(sub(v128.load(at + (<usize>m << 2)), target), mask);
      total = add(total, v128.and(lossOf(e, at + (<usize>m << 2), shares, mask), mask));
    }
    at += outputRow;
    targets += <usize>M << 2;
  }
  return sum(mul(total, shares));
}

/** Four targets; NaN, which masks them, for those behind the last. */
@inline function load4(address: usize, left: i32): v128 {
  if (left >= 4) return v128.load(address);
  let target = f32x4.splat(NaN);
  target = f32x4.replace_lane(target, 0, f32.load(address));
  if (left > 1) target = f32x4.replace_lane(target, 1, f32.load(address, 4));
  if (left > 2) target = f32x4.replace_lane(target, 2, f32.load(address, 8));
  return target;
}

/** Loss of four errors, 0 where masked; the derivatives go to `at`, and for a scale to its own place behind. */
@inline function lossOf(e: v128, at: usize, shares: v128, mask: v128): v128 {
  if (loss == STUDENT) {
    const scaleAt = at + (<usize>meanVectors << 4);
    const raw = v128.load(scaleAt);
    const low = f32x4.splat(LOG_SCALE_MIN), high = f32x4.splat(LOG_SCALE_MAX);
    const s = clamp(raw, low, high);
    const freedom = f32x4.splat(parameter), more = f32x4.splat(parameter + 1);
    const variance = exp(add(s, s));
    const squared = mul(e, e);
    const q = f32x4.div(more, madd(freedom, variance, squared));                // (13)
    v128.store(at, mul(mul(mul(q, e), variance), shares));
    let ds = mul(mul(nmadd(q, squared, one()), f32x4.splat(0.5)), v128.and(shares, mask));
    const down = v128.and(f32x4.le(raw, low), f32x4.gt(ds, f32x4.splat(0)));
    const up = v128.and(f32x4.ge(raw, high), f32x4.lt(ds, f32x4.splat(0)));
    ds = v128.andnot(ds, v128.or(down, up));
    v128.store(scaleAt, ds);
    const ratio = f32x4.div(squared, mul(freedom, variance));
    return madd(mul(more, f32x4.splat(0.5)), log(add(one(), ratio)), s);
  }
  const delta = f32x4.splat(parameter);
  const c = loss == HUBER ? clamp(e, f32x4.neg(delta), delta) : e;              // (11, 12)
  v128.store(at, mul(c, shares));
  return mul(c, nmadd(c, f32x4.splat(0.5), e));
}

/** From the derivatives by the outputs to those by the states, in `fromAbove`. */
export function headBackward(head: usize, steps: i32): void {
  products(fromAbove, row, zeros, 0, head, row, outputs, outputRow, 4, M, H >> 2, steps);
  if (loss == STUDENT) {
    const scales = outputs + (<usize>meanVectors << 4);
    products(fromAbove, row, fromAbove, row, head + <usize>M * row, row, scales, outputRow, 4, M, H >> 2, steps);
  }
}

/** Gradient of head, biases and skips. `gradient` is the place of the head's. */
export function headGradient(gradient: usize, states: usize, inputs: usize, steps: i32): void {
  const vectors = H >> 2;
  products(gradient, row, zeros, 0, states, row, outputs, 4, outputRow, steps, vectors, M);
  if (loss == STUDENT) {
    const scales = outputs + (<usize>meanVectors << 4);
    products(gradient + <usize>M * row, row, zeros, 0, states, row, scales, 4, outputRow, steps, vectors, M);
  }
  products(tailGradient, 0, zeros, 0, outputs, outputRow, unit, 0, 0, steps, outputVectors, 1);
  if (K > 0) {
    const inputRow = <usize>I << 2;
    products(
      tailGradient + outputRow, outputRow, zeros, 0, outputs, outputRow, inputs, 4, inputRow, steps, meanVectors, K
    );
  }
  const bias = gradient + <usize>O * row, skips = bias + (<usize>O << 2);
  for (let o = 0; o < O; o++) f32.store(bias + (<usize>o << 2), f32.load(tailGradient + lane(o)));
  for (let k = 0; k < K; k++) {
    const from = tailGradient + <usize>(1 + k) * outputRow, to = skips + (<usize>(k * M) << 2);
    for (let m = 0; m < M; m++) f32.store(to + (<usize>m << 2), f32.load(from + (<usize>m << 2)));
  }
}

/** Outputs of one step, as it hands them out: means, then clamped scales, side by side. True when all are finite. */
export function headStep(head: usize, state: usize, input: usize, to: usize): bool {
  let finite = true;
  for (let o = 0; o < O; o++) {
    let y = output(head, o, state, input);
    if (!(abs<f32>(y) <= f32.MAX_VALUE)) finite = false;
    if (o >= M) y = y < LOG_SCALE_MIN ? LOG_SCALE_MIN : y > LOG_SCALE_MAX ? LOG_SCALE_MAX : y;
    f32.store(to + (<usize>o << 2), y);
  }
  return finite;
}

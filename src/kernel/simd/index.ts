// The compiled kernel. Jobs are those of ../kernel.ts; the scratch memory is placed by ../loader.ts.

import { adam, squaredNorm } from './adam';
import { countUpTo } from './count';
import { gruBackward, gruRecurrentGradient, gruStep } from './gru';
import { headBackward, headForward, headGradient, headStep, known, lossOfAll } from './head';
import { lstmBackward, lstmRecurrentGradient, lstmStep, packedStep, packRecurrent, packs } from './lstm';
import { products, transpose } from './product';
import {
  C, cell, cells, column, configure, fromAbove, gates, gradient, GRU, H, I, inner, layerBytes, layers, M, O, row,
  stateBytes, states, turned, unit, weightBytes, zeros
} from './scratch';
import { flush, madd } from './vector';

export { configure, countUpTo };

/** Bytes of a job. */
const JOB: usize = 32;
/** A gradient whose squared norm is not below this has diverged. NaN is not below, either. */
const NORM2_MAX: f32 = 1e12;

/** a·b + c in one lane: tells the loader whether it is rounded once. */
export function multiplyAdd(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
}

export function gradientAddress(): usize { return gradient; }

/** Jobs of `STEP` in kernel.ts. */
export function step(jobs: usize, count: i32): void {
  for (let k = 0; k < count; k++, jobs += JOB) {
    if (k + 1 < count) touch(<usize>load<u32>(jobs + JOB), weightBytes);
    const hot = <usize>load<u32>(jobs);
    stepOne(hot, <usize>load<u32>(jobs, 4), <usize>load<u32>(jobs, 8));
  }
}

/** Jobs of `TRAIN` in kernel.ts. */
export function train(jobs: usize, count: i32, clip: f32, decay: f32): void {
  for (let k = 0; k < count; k++, jobs += JOB) {
    const next = k + 1 < count;
    aheadWeights = next ? <usize>load<u32>(jobs + JOB) : 0;
    aheadOptimiser = next ? <usize>load<u32>(jobs + JOB, 4) : 0;
    aheadBytes = next ? weightBytes : 0;
    f32.store(jobs, trainOne(jobs, clip, decay), 28);
  }
}

/** What is not touched yet of the next model's weights, and of its optimiser, which is as long. */
let aheadWeights: usize = 0;
let aheadOptimiser: usize = 0;
let aheadBytes: usize = 0;

/**
 * A share of the next model. All of it at once, before a pass, is no faster than waiting for it when its turn comes: a
 * core waits either way. A few lines with every step forward go unnoticed.
 */
@inline function touchAhead(share: usize): void {
  const bytes = min(share, aheadBytes);
  touch(aheadWeights, bytes);
  touch(aheadOptimiser, bytes);
  aheadWeights += bytes;
  aheadOptimiser += bytes;
  aheadBytes -= bytes;
}

/** Brings the cache lines of the next model near while this one is at work. */
@inline function touch(address: usize, bytes: usize): void {
  for (const end = address + bytes; address < end; address += 64) load<u64>(address);
}

function stepOne(hot: usize, input: usize, output: usize): void {
  let weights = hot, h = hot + weightBytes, from = input, width = I, at: usize = 0;
  for (let l = 0; l < layers; l++) {
    const a = gates + at, recurrent = weights + <usize>(1 + width) * column, next = states + at + row;
    products(a, 0, weights, 0, weights + column, column, from, 0, 4, width, C >> 2, 1);
    if (cell == GRU) gruStep(a, recurrent, h, inner + at, next);
    else lstmStep(a, recurrent, h, h + row, inner + at, next, cells + at + row);
    from = next;
    weights = recurrent + <usize>H * column;
    width = H;
    h += stateBytes;
    at += layerBytes;
  }
  if (!headStep(weights, from, input, output)) {
    for (let o = 0; o < O; o++) f32.store(output + (<usize>o << 2), NaN);
    return;
  }
  h = hot + weightBytes;
  at = row;
  for (let l = 0; l < layers; l++) {
    for (let v: usize = 0; v < row; v += 16) {
      v128.store(h + v, flush(v128.load(states + at + v)));
      if (cell != GRU) v128.store(h + row + v, flush(v128.load(cells + at + v)));
    }
    h += stateBytes;
    at += layerBytes;
  }
}

/** One layer over `steps` steps, from the state at `h` (cells behind it). `at` is the place of the layer's scratch. */
function forward(weights: usize, x: usize, width: i32, steps: i32, at: usize, h: usize): void {
  const inputs = weights + column, recurrent = inputs + <usize>width * column;
  let a = gates + at, before = states + at, c = cells + at, side = inner + at;
  products(a, column, weights, 0, inputs, column, x, <usize>width << 2, 4, width, C >> 2, steps);
  for (let v: usize = 0; v < row; v += 16) {
    v128.store(before + v, v128.load(h + v));
    if (cell != GRU) v128.store(c + v, v128.load(h + row + v));
  }
  // Whole cache lines: the weights are padded to them. The first layer touches all.
  const share = ((weightBytes >> 6) / <usize>steps + 1) << 6;
  const packed = cell != GRU && packs();
  if (packed) packRecurrent(recurrent);
  for (let t = 0; t < steps; t++) {
    touchAhead(share);
    if (packed) packedStep(a, before, c, side, before + row, c + row, (t & 1) != 0);
    else if (cell == GRU) gruStep(a, recurrent, before, side, before + row);
    else lstmStep(a, recurrent, before, c, side, before + row, c + row);
    a += column;
    before += row;
    c += row;
    side += row;
  }
}

/** Loss of a job; its gradient and the update are made on the way. */
function trainOne(job: usize, clip: f32, decay: f32): f32 {
  const hot = <usize>load<u32>(job), x = <usize>load<u32>(job, 8), state = <usize>load<u32>(job, 12);
  const targets = <usize>load<u32>(job, 16), steps = load<i32>(job, 20);
  const total = known(targets, steps * M);
  if (total == 0) return 0;
  let weights = hot, from = x, width = I;
  for (let l = 0; l < layers; l++) {
    const at = <usize>l * layerBytes;
    forward(weights, from, width, steps, at, state + <usize>l * stateBytes);
    from = states + at + row;
    weights += <usize>(1 + width + H) * column;
    width = H;
  }
  const head = weights, headGradientAt = gradient + (head - hot);
  headForward(head, from, x, steps);
  const result = lossOfAll(targets, steps, <f32>1 / <f32>total);
  headBackward(head, steps);
  headGradient(headGradientAt, from, x, steps);
  for (let l = layers - 1; l >= 0; l--) {
    width = l == 0 ? I : H;
    weights -= <usize>(1 + width + H) * column;
    const at = <usize>l * layerBytes;
    const input = l == 0 ? x : states + at - layerBytes + row;
    backward(weights, gradient + (weights - hot), input, width, steps, at);
    if (l > 0) passDown(weights + column, steps, at);
  }
  const norm2 = squaredNorm();
  // Huber's gradient is finite even where the loss is not.
  if (!(norm2 < NORM2_MAX) || !(abs<f32>(result) <= f32.MAX_VALUE)) return NaN;
  const norm = sqrt<f32>(norm2);
  adam(hot, <usize>load<u32>(job, 4), norm > clip ? clip / norm : 1, f32.load(job, 24), decay);
  return result;
}

/** Gradient of one layer's weights, from `fromAbove`. */
function backward(weights: usize, to: usize, x: usize, width: i32, steps: i32, at: usize): void {
  const recurrent = weights + <usize>(1 + width) * column;
  const a = gates + at, h = states + at, side = inner + at;
  if (cell == GRU) gruBackward(recurrent, a, h, steps);
  else lstmBackward(recurrent, a, cells + at, side, steps);
  products(to, 0, zeros, 0, a, column, unit, 0, 0, steps, C >> 2, 1);
  products(to + column, column, zeros, 0, a, column, x, 4, <usize>width << 2, steps, C >> 2, width);
  const recurrentTo = to + <usize>(1 + width) * column;
  if (cell == GRU) gruRecurrentGradient(recurrentTo, a, h, side, steps);
  else lstmRecurrentGradient(recurrentTo, a, h, steps);
}

/** Derivatives by the inputs of a layer: what the layer below takes from above. */
function passDown(inputs: usize, steps: i32, at: usize): void {
  transpose(turned, inputs, H, C);
  products(fromAbove, row, zeros, 0, turned, row, gates + at, column, 4, C, H >> 2, steps);
}

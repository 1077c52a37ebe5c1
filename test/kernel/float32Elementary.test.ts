import { describe, expect, it } from 'vitest';
import { exp, log } from '../../src/kernel/float32Elementary.ts';
import { compiled } from './simd/compiled.ts';

const { call } = compiled(`
  import { exp, log } from '$simd/vector';
  export function expOf(x: f32): f32 { return f32x4.extract_lane(exp(f32x4.splat(x)), 1); }
  export function logOf(x: f32): f32 { return f32x4.extract_lane(log(f32x4.splat(x)), 1); }
`);

/** Every so many float32 numbers: a prime, so that all places of the bits change. */
const STRIDE = 4093;

/** All float32 numbers from `low` to `high`, both > 0, a stride apart. */
function* between(low: number, high: number): Generator<number> {
  const number = Float32Array.of(high);
  const bits = new Int32Array(number.buffer);
  const last = bits[0] ?? 0;
  number[0] = low;
  for (let at = bits[0] ?? 0; at <= last; at += STRIDE) {
    bits[0] = at;
    yield number[0] ?? 0;
  }
}

function* bothSigns(low: number, high: number): Generator<number> {
  yield 0;
  for (const x of between(low, high)) yield* [x, -x];
}

interface Worst {
  readonly x: number;
  readonly error: number;
  readonly count: number;
}

/** Written so that NaN is the worst. */
function worst(numbers: Iterable<number>, error: (x: number) => number): Worst {
  let most = { x: 0, error: 0 };
  let count = 0;
  for (const x of numbers) {
    const found = error(x);
    if (!(found <= most.error)) most = { x, error: found };
    count++;
  }
  return { ...most, count };
}

describe('exp of float32', () => {
  it('is within 3e-7 of itself for every |x| ≤ 80', () => {
    const found = worst(bothSigns(1e-30, 80), (x) => Math.abs(exp(x) / Math.exp(x) - 1));
    expect(found.count).toBeGreaterThan(100_000);
    expect(found.error, `at ${found.x}`).toBeLessThan(3e-7);
  });

  it('is what the compiled kernel has, to the bit', () => {
    const apart = worst(bothSigns(1e-30, 80), (x) => Math.abs(exp(x) - call['expOf']!(x)));
    expect(apart.error, `at ${apart.x}`).toBe(0);
  });

  it('is 1 at 0, keeps NaN, and gives the bits that were written down once', () => {
    expect([exp(0), exp(-0), exp(NaN)]).toEqual([1, 1, NaN]);
    // The range of a doubled log scale. A change of these numbers changes every pass with Student's loss.
    const y = [exp(Math.fround(-9.2)), exp(1), exp(6)];
    expect(y).toEqual([0.00010103941895067692, 2.7182817459106445, 403.4288024902344]);
  });
});

describe('log of float32', () => {
  const error = (x: number): number => Math.abs(log(x) - Math.log(x)) / Math.max(1, Math.abs(Math.log(x)));

  it('is within 3e-7, or as much of itself, from 1e-30 to the largest number', () => {
    const found = worst(between(1e-30, 3.4028234e38), error);
    expect(found.count).toBeGreaterThan(400_000);
    expect(found.error, `at ${found.x}`).toBeLessThan(3e-7);
  });

  it('is what the compiled kernel has, to the bit', () => {
    const apart = worst(between(1e-30, 3.4028234e38), (x) => Math.abs(log(x) - call['logOf']!(x)));
    expect(apart.error, `at ${apart.x}`).toBe(0);
  });

  it('keeps that error where its reduction changes over, and is 0 at 1 only', () => {
    const edges = [Math.SQRT1_2, Math.SQRT2, 1, 2 * Math.SQRT2, 2 ** -99.5, 2 ** 127.5].map(Math.fround);
    const near = edges.flatMap((x) => [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((k) => Math.fround(x * (1 + k * 2 ** -23))));
    const found = worst(near, error);
    expect(found.error, `at ${found.x}`).toBeLessThan(3e-7);
    expect(near.filter((x) => log(x) === 0)).toEqual([1]);
  });
});

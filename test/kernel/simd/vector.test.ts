import { describe, expect, it } from 'vitest';
import { newRandom, uniform } from '../../../src/kernel/random.ts';
import { compiled } from './compiled.ts';

const { call } = compiled(`
  import { exp, flush, log, sigmoid, tanh } from '$simd/vector';
  function lane(a: v128): f32 { return f32x4.extract_lane(a, 2); }
  export function tanhOf(x: f32): f32 { return lane(tanh(f32x4.splat(x))); }
  export function sigmoidOf(x: f32): f32 { return lane(sigmoid(f32x4.splat(x))); }
  export function expOf(x: f32): f32 { return lane(exp(f32x4.splat(x))); }
  export function logOf(x: f32): f32 { return lane(log(f32x4.splat(x))); }
  export function flushed(x: f32): f32 { return lane(flush(f32x4.splat(x))); }
`);
const of = (name: string, x: number): number => call[name]!(x);

/** Float32 numbers of either sign from ± 1e-30 to ± `most`, dense at every scale. */
function everywhere(most: number): number[] {
  const random = newRandom(1);
  const numbers: number[] = [0, most, -most];
  for (let i = 0; i < 20_000; i++) {
    const size = most * 10 ** (-(30 + Math.log10(most)) * uniform(random) ** 3);
    numbers.push(Math.fround(i % 2 === 0 ? size : -size));
  }
  return numbers;
}

function worst(numbers: readonly number[], error: (x: number) => number): number {
  // Written so that NaN is the worst.
  return numbers.reduce((most, x) => (error(x) <= most ? most : error(x)), 0);
}

describe('functions on vectors', () => {
  it('tanh is within 5.2e-7 everywhere, and relatively so near 0', () => {
    expect(worst(everywhere(1e30), (x) => Math.abs(of('tanhOf', x) - Math.tanh(x)))).toBeLessThan(5.2e-7);
    const near = everywhere(0.5).filter((x) => x !== 0);
    expect(worst(near, (x) => Math.abs(of('tanhOf', x) / Math.tanh(x) - 1))).toBeLessThan(2e-6);
  });

  it('σ is within 3.2e-7 everywhere', () => {
    const error = (x: number): number => Math.abs(of('sigmoidOf', x) - 1 / (1 + Math.exp(-x)));
    expect(worst(everywhere(1e30), error)).toBeLessThan(3.2e-7);
  });

  it.each(['tanhOf', 'sigmoidOf'])('%s rises, up to rounding, and stays within its bounds', (name) => {
    const sorted = everywhere(20).sort((a, b) => a - b);
    const values = sorted.map((x) => of(name, x));
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(name === 'tanhOf' ? -1 : 0);
    expect(Math.max(...values.slice(1).map((value, i) => values[i]! - value))).toBeLessThan(3e-7);
  });

  it('tanh and σ keep NaN, and take ±∞ for a large number', () => {
    for (const name of ['tanhOf', 'sigmoidOf']) {
      expect(of(name, Number.NaN)).toBeNaN();
      expect(of(name, Number.POSITIVE_INFINITY)).toBeCloseTo(1, 5);
      expect(of(name, Number.NEGATIVE_INFINITY)).toBeCloseTo(name === 'tanhOf' ? -1 : 0, 5);
    }
  });

  it('exp is within 3e-7 of itself for all logarithms of scales and more', () => {
    expect(worst(everywhere(80), (x) => Math.abs(of('expOf', x) / Math.exp(x) - 1))).toBeLessThan(3e-7);
  });

  it('log is within 3e-7, or as much of itself, from 1e-30 up', () => {
    const positive = everywhere(1e30).filter((x) => x > 1e-30);
    const error = (x: number): number => Math.abs(of('logOf', x) - Math.log(x)) / Math.max(1, Math.abs(Math.log(x)));
    expect(worst(positive, error)).toBeLessThan(3e-7);
  });

  it('flush makes no number denormal and changes none that counts', () => {
    for (const x of [1e-38, -3e-39, 1e-45, 1e-30]) expect(of('flushed', x)).toBe(0);
    for (const x of [1, -0.3, 1e-12, 6e-8]) expect(of('flushed', Math.fround(x))).toBe(Math.fround(x));
    expect(of('flushed', 0)).toBe(0);
  });
});

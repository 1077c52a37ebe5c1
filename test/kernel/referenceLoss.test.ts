import { describe, expect, it } from 'vitest';
import { lossOf } from '../../src/kernel/referenceLoss.ts';

describe('losses', () => {
  it('squared: half the square, and the error as its derivative', () => {
    expect(lossOf({ kind: 'squared' }, -3, Number.NaN)).toEqual({ loss: 4.5, dy: -3, ds: 0 });
  });

  it.each([
    [0.2, 0.02, 0.2],
    [0.5, 0.125, 0.5],
    [2, 0.5 * (2 - 0.25), 0.5],
    [-2, 0.5 * (2 - 0.25), -0.5],
  ])('Huber: at error %f with δ ½', (e, loss, dy) => {
    const one = lossOf({ kind: 'huber', delta: 0.5 }, e, Number.NaN);
    expect(one.loss).toBeCloseTo(loss, 15);
    expect(one.dy).toBe(dy);
  });

  it('Student: the negative log likelihood, up to a constant, and derivatives scaled by σ² and ½', () => {
    const [e, s, freedom, d] = [0.8, -0.4, 4, 1e-6];
    const at = (error: number, scale: number): number => lossOf({ kind: 'student', freedom }, error, scale).loss;
    const { dy, ds } = lossOf({ kind: 'student', freedom }, e, s);
    expect(dy).toBeCloseTo((Math.exp(2 * s) * (at(e + d, s) - at(e - d, s))) / (2 * d), 8);
    expect(ds).toBeCloseTo((0.5 * (at(e, s + d) - at(e, s - d))) / (2 * d), 8);
  });

  it('Student: an error counts for less the farther it lies outside', () => {
    const dy = (e: number): number => lossOf({ kind: 'student', freedom: 4 }, e, 0).dy;
    expect(dy(2)).toBeGreaterThan(dy(20));
    expect(dy(20)).toBeGreaterThan(dy(200));
  });

  it.each([
    { s: -4.6, e: 0, ds: 0, why: 'too small, and it would shrink further' },
    { s: -7, e: 0, ds: 0, why: 'the same, farther out' },
    { s: -7, e: 1, ds: 'negative', why: 'too small, and it grows: it is let back in' },
    { s: 3, e: 1e6, ds: 0, why: 'too large, and it would grow further' },
    { s: 5, e: 0, ds: 'positive', why: 'too large, and it shrinks: it is let back in' },
  ])('Student: the scale $s is clamped ($why)', ({ s, e, ds }) => {
    const one = lossOf({ kind: 'student', freedom: 4 }, e, s);
    const clamped = lossOf({ kind: 'student', freedom: 4 }, e, Math.max(-4.6, Math.min(3, s)));
    expect(one.loss).toBe(clamped.loss);
    expect(Math.sign(one.ds)).toBe({ negative: -1, positive: 1 }[ds] ?? 0);
  });
});

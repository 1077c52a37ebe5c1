import { describe, expect, it } from 'vitest';
import { LOG_SCALE_MAX, LOG_SCALE_MIN } from '../../src/kernel/network.ts';
import { clampScale, lossAt, lossOf } from '../../src/kernel/referenceLoss.ts';
import { unpadded } from './networks.ts';
import { shapeOf } from './trial.ts';

const SQUARED = { kind: 'squared' } as const;
const STUDENT = { kind: 'student', freedom: 4 } as const;
const ERRORS = [-30, -1.5, -0.7, -0.2, 0, 1e-3, 0.69, 0.71, 4];

/** Of a function, by central differences. */
function slope(of: (x: number) => number, x: number): number {
  return (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;
}

describe('the squared loss', () => {
  it('is half the square, and its derivative the error', () => {
    for (const e of ERRORS) expect(lossOf(SQUARED, e)).toEqual({ loss: 0.5 * e * e, dy: e });
  });
});

describe("Huber's loss", () => {
  const huber = { kind: 'huber', delta: 0.7 } as const;

  it('is squared up to delta, and linear beyond with the same slope', () => {
    for (const e of ERRORS) {
      const { loss, dy } = lossOf(huber, e);
      if (Math.abs(e) <= 0.7) expect({ loss, dy }).toEqual(lossOf(SQUARED, e));
      else expect(loss).toBeCloseTo(0.5 * 0.7 ** 2 + 0.7 * (Math.abs(e) - 0.7), 14);
      expect(Math.abs(dy)).toBeLessThanOrEqual(0.7);
      expect(dy).toBeCloseTo(
        slope((x) => lossOf(huber, x).loss, e),
        Math.abs(e) === 0.7 ? 5 : 9,
      );
    }
  });

  it('is the squared one for a delta that no error reaches', () => {
    for (const e of ERRORS) expect(lossOf({ kind: 'huber', delta: 100 }, e)).toEqual(lossOf(SQUARED, e));
  });
});

describe("Student's loss", () => {
  const SCALES = [-4.5, -1, 0, 0.5, 2.9];

  it('has the derivatives of its value, that by the mean times σ², that by the log scale halved', () => {
    for (const e of ERRORS) {
      for (const s of SCALES) {
        const { dy, ds } = lossOf(STUDENT, e, s);
        const size = Math.exp(2 * s);
        expect(dy / size - slope((x) => lossOf(STUDENT, x, s).loss, e)).toBeCloseTo(0, 5);
        expect(2 * ds!).toBeCloseTo(
          slope((x) => lossOf(STUDENT, e, x).loss, s),
          8,
        );
      }
    }
  });

  it('is that of a normal distribution for many degrees of freedom', () => {
    const { loss, dy, ds } = lossOf({ kind: 'student', freedom: 1e9 }, 0.6, -0.3);
    const z2 = 0.6 ** 2 / Math.exp(-0.6);
    expect(loss).toBeCloseTo(-0.3 + z2 / 2, 6);
    expect(dy).toBeCloseTo(0.6, 6);
    expect(ds).toBeCloseTo((1 - z2) / 2, 6);
  });

  it('pulls on a mean by (1 + 1/ν)·e where the error e is small, and hardly where it is large', () => {
    expect(lossOf(STUDENT, 1e-6, 0).dy).toBeCloseTo(1.25e-6, 12);
    expect(lossOf(STUDENT, 100, 0).dy).toBeLessThan(0.06);
  });

  it.each([
    // The log scale as the head gives it, the error, whether the scale moves.
    [-20, 1e-4, false],
    [-20, 1, true],
    [LOG_SCALE_MIN, 1e-4, false],
    [LOG_SCALE_MIN, 1, true],
    [LOG_SCALE_MIN + 1e-9, 1e-4, true],
    [LOG_SCALE_MAX - 1e-9, 1e3, true],
    [LOG_SCALE_MAX, 1e3, false],
    [LOG_SCALE_MAX, 1, true],
    [20, 1e3, false],
    [20, 1, true],
  ])('at a log scale of %d and an error of %d moves the scale: %s', (s, e, moves) => {
    const { loss, dy, ds } = lossOf(STUDENT, e, s);
    expect(ds !== 0).toBe(moves);
    // A clamped one counts as its bound, and where it moves it moves inward.
    const bound = lossOf(STUDENT, e, clampScale(s));
    expect([loss, dy]).toEqual([bound.loss, bound.dy]);
    if (moves && s !== clampScale(s)) expect(Math.sign(ds!)).toBe(Math.sign(s));
  });

  it('keeps a scale within its bounds', () => {
    expect([-Infinity, -4.6, -4.5, 0, 2.9, 3, Infinity].map(clampScale)).toEqual([-4.6, -4.6, -4.5, 0, 2.9, 3, 3]);
  });
});

describe('a step', () => {
  it.each([SQUARED, { kind: 'huber', delta: 0.7 } as const, STUDENT])(
    'adds what is known, divided by the number of known targets of the pass: $kind',
    (loss) => {
      const net = unpadded(shapeOf({ targets: 3, loss }));
      const raw = Float64Array.of(1, 2, -1, 0.5, 0.25, -0.5).subarray(0, net.O);
      const { loss: sum, dRaw } = lossAt(net, raw, Float64Array.of(0.5, Number.NaN, 1), 8);
      const [first, third] = [lossOf(loss, 0.5, 0.5), lossOf(loss, -2, -0.5)];
      expect(sum).toBe(first.loss / 8 + third.loss / 8);
      const scales = [first.ds! / 8, 0, third.ds! / 8];
      const means = [first.dy / 8, 0, third.dy / 8];
      expect([...dRaw]).toEqual(loss.kind === 'student' ? [...means, ...scales] : means);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asinh, exp, log, log10, pow10, sigmoid, tanh } from '../../src/kernel/elementary.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';

const BOUND = 1e-15;
const SMALLEST = Number.MIN_VALUE;

/** Relative difference, of which denormal results are forgiven their rounding. */
function relative(actual: number, expected: number): number {
  if (Object.is(actual, expected)) return 0;
  return Math.max(0, Math.abs(actual - expected) - SMALLEST) / Math.abs(expected);
}

type Case = readonly [
  name: string,
  own: (x: number) => number,
  engine: (x: number) => number,
  draw: (u: number, v: number) => number,
];

/** u and v are uniform in [0, 1). */
const anyMagnitude = (u: number, v: number): number => 2 ** (2096 * u - 1073) * (1 + v);
const CASES: readonly Case[] = [
  ['log over all magnitudes', log, Math.log, anyMagnitude],
  ['log near 1', log, Math.log, (u, v) => 1 + (v - 0.5) * 2 ** (-52 * u)],
  ['log10 over all magnitudes', log10, Math.log10, anyMagnitude],
  ['log10 near 1', log10, Math.log10, (u, v) => 1 + (v - 0.5) * 2 ** (-52 * u)],
  ['exp from underflow to overflow', exp, Math.exp, (u) => -745.13 + 1454.91 * u],
  ['exp near 0', exp, Math.exp, (u, v) => (v - 0.5) * 2 ** (-60 * u)],
  ['pow10 from underflow to overflow', pow10, (x) => 10 ** x, (u) => -323.3 + 631.55 * u],
  ['pow10 near 0', pow10, (x) => 10 ** x, (u, v) => (v - 0.5) * 2 ** (-60 * u)],
  ['asinh over all magnitudes', asinh, Math.asinh, (u, v) => (v < 0.5 ? -1 : 1) * anyMagnitude(u, v)],
  ['asinh around 1', asinh, Math.asinh, (u, v) => (v - 0.5) * 2 ** (40 * u - 30)],
];

describe('elementary functions', () => {
  it.each(CASES)('%s keeps the stated relative error', (_name, own, engine, draw) => {
    const random = newRandom(7);
    let worst = { x: 0, error: 0 };
    for (let i = 0; i < 100_000; i++) {
      const x = draw(uniform(random), uniform(random));
      const error = relative(own(x), engine(x));
      if (!(error <= worst.error)) worst = { x, error };
    }
    expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(BOUND);
  });

  const SPECIAL = [
    0,
    -0,
    1,
    -1,
    -SMALLEST,
    SMALLEST,
    2.2250738585072009e-308,
    2.2250738585072014e-308,
    1e-300,
    1e300,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Infinity,
    -Infinity,
    NaN,
    709.782712893384,
    709.7827128933841,
    -745.1332191019411,
    -745.1332191019412,
    308.25471555991675,
    308.2547155599168,
    -324,
    -323.4,
    0.35,
    1e-8,
    1e9,
  ];
  it.each([
    ['log', log, Math.log],
    ['log10', log10, Math.log10],
    ['exp', exp, Math.exp],
    ['asinh', asinh, Math.asinh],
    ['pow10', pow10, (x: number) => 10 ** x],
  ] as const)('%s agrees with the engine at every special number', (_name, own, engine) => {
    const wrong = SPECIAL.filter((x) => !(relative(own(x), engine(x)) <= BOUND)).map((x) => [x, own(x), engine(x)]);
    expect(wrong).toEqual([]);
  });

  it('gives known results exactly', () => {
    expect([log(1), log10(1), exp(0), pow10(0), asinh(0), tanh(0), sigmoid(0)]).toEqual([0, 0, 1, 1, 0, 0, 0.5]);
    expect(pow10(1)).toBe(10);
    expect(Object.is(asinh(-0), -0)).toBe(true);
  });

  it('exp undoes log, and asinh is odd', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        // An error of log by one ulp is one of exp by |log x| ulps.
        expect(relative(exp(log(x)), x)).toBeLessThanOrEqual(BOUND * (1 + Math.abs(log(x))));
        expect(asinh(-x)).toBe(-asinh(x));
      }),
    );
  });

  it('keeps tanh within 5e-7 and sigmoid within 3e-7 of the true function', () => {
    let tanhError = 0;
    let sigmoidError = 0;
    for (let x = -20; x <= 20; x += 1 / 4096) {
      tanhError = Math.max(tanhError, Math.abs(tanh(x) - Math.tanh(x)));
      sigmoidError = Math.max(sigmoidError, Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x))));
    }
    expect(tanhError).toBeLessThan(5.2e-7);
    expect(sigmoidError).toBeLessThan(3e-7);
  });

  it('keeps tanh odd, below 1, and nearly linear at 0', () => {
    expect(tanh(Infinity)).toBe(tanh(7.75));
    expect(tanh(-Infinity)).toBe(-tanh(7.75));
    expect(tanh(Infinity)).toBeLessThan(1);
    expect(sigmoid(-Infinity)).toBeGreaterThan(0);
    expect(relative(tanh(1e-30), 1e-30)).toBeLessThan(1e-6);
    fc.assert(fc.property(fc.double({ noNaN: true }), (x) => tanh(-x) === -tanh(x)));
  });

  it('lets NaN through', () => {
    expect([log, log10, exp, pow10, asinh, tanh, sigmoid].map((f) => f(NaN))).toEqual(Array(7).fill(NaN));
  });

  it('gives the bits that were written down once', () => {
    // A change of these numbers changes every score and every replay.
    expect([log(3), exp(0.5), asinh(2)]).toEqual([1.0986122886681098, 1.6487212707001282, 1.4436354751788103]);
    expect([pow10(0.5), tanh(0.5), sigmoid(1)]).toEqual([3.162277660168379, 0.4621170640368035, 0.7310585320184018]);
  });
});

// Student's loss in both float32 kernels: one formula, rounded alike. What both make of it is held against the
// reference in contract/agreement.test.ts.

import { describe, expect, it } from 'vitest';
import { LOG_SCALE_MAX, LOG_SCALE_MIN } from '../../src/kernel/network.ts';
import { lossOf } from '../../src/kernel/referenceLoss.ts';
import { BACKENDS, type Backend } from './backends.ts';
import { floats, type Trial, train, trial } from './trial.ts';

const [simd, js] = BACKENDS as readonly [Backend, Backend];
const MEAN = 0.25;
const ERRORS = [1e-30, 1e-12, 1e-4, 0.01, 0.3, 1, 1.7, 12, 900, 1e6, 1e12, 1e18];
/** Beyond it float32 does not hold the quotient of a squared error by σ². */
const ERROR_MAX = 1e16;
/** Beyond the bounds, at them, and between. */
const SCALES = [-20, LOG_SCALE_MIN, -4.59, -2.2, -0.7, 0, 0.3, 1.9, 2.99, LOG_SCALE_MAX, 20];
const CASES = SCALES.flatMap((s) => ERRORS.flatMap((e) => [e, -e]).map((e) => [s, e] as const));

interface Found {
  readonly loss: number;
  readonly dy: number;
  readonly ds: number;
}

/** A network that answers its biases, whatever comes in. */
function constant(backend: Backend, freedom: number): Trial {
  const one = trial(backend, { loss: { kind: 'student', freedom }, skips: 0, lookback: 8 });
  const at = one.models[0]!.hot / 4;
  one.lane.f32.fill(0, at, at + one.network.weights);
  return one;
}

/** Loss of a single step, and its derivatives: those by the biases. */
function found(one: Trial, s: number, error: number): Found {
  const { lane, network, kernel } = one;
  const { hot, targets } = one.models[0]!;
  lane.f32[hot / 4 + network.headBiasAt] = MEAN;
  lane.f32[hot / 4 + network.headBiasAt + 1] = s;
  lane.f32[targets / 4] = MEAN - error;
  const [loss] = train(one, { steps: 1, rate: 0 });
  const gradient = kernel.gradient(network);
  return { loss: loss!, dy: gradient[network.headBiasAt]!, ds: gradient[network.headBiasAt + 1]! };
}

describe.each([1.5, 4, 30])("Student's loss with %d degrees of freedom", (freedom) => {
  it('is the same number in both kernels, and so are its derivatives', () => {
    const [compiled, own] = [constant(simd, freedom), constant(js, freedom)];
    for (const [s, e] of CASES) {
      expect(found(own, s, e), `log scale ${s}, error ${e}`).toEqual(found(compiled, s, e));
    }
  });

  it('is within float32 of the reference', () => {
    const one = constant(js, freedom);
    for (const [s, e] of CASES.filter(([, error]) => Math.abs(error) <= ERROR_MAX)) {
      const actual = found(one, s, e);
      // What the network saw: the error after rounding.
      const { lane, models } = one;
      const seen = MEAN - lane.f32[models[0]!.targets / 4]!;
      const expected = lossOf({ kind: 'student', freedom }, seen, s);
      const near = (a: number, b: number, unit: number): boolean => Math.abs(a - b) <= 1e-6 * (unit + Math.abs(b));
      const title = `log scale ${s}, error ${e}`;
      expect(near(actual.loss, expected.loss, freedom + 5), title).toBe(true);
      expect(near(actual.dy, expected.dy, 0), title).toBe(true);
      // Half the difference of two numbers, one of which is 1.
      if (expected.ds !== 0 && actual.ds !== 0) expect(near(actual.ds, expected.ds!, freedom), title).toBe(true);
      else expect(Math.abs(actual.ds) + Math.abs(expected.ds!), title).toBeLessThan(1e-6 * freedom);
    }
  });

  it('of an error too large to be squared changes nothing, in either kernel', () => {
    for (const backend of [simd, js]) {
      const one = constant(backend, freedom);
      const before = floats(one, one.models[0]!.hot, one.network.weights);
      before[one.network.headBiasAt] = MEAN;
      for (const e of [1e20, -3e38, Infinity]) {
        expect(found(one, 0, e).loss, `${backend.name}, error ${e}`).toBeNaN();
        expect(floats(one, one.models[0]!.hot, one.network.weights)).toEqual(before);
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { gradientOf as float32Gradient } from '../../src/kernel/float32Backward.ts';
import type { Layout } from '../../src/kernel/layout.ts';
import { adamStep, clipNorm, forward, gradientOf, newAdamState, type Passage } from '../../src/kernel/reference.ts';
import { fit, newScratch } from '../../src/kernel/scratch.ts';
import { differences, gruLayout, RATIONAL } from './networks.ts';
import { floats, HYPER, largest, type Trial, trial } from './trial.ts';

/** Unit roundoff of float32. */
const ROUNDOFF = 2 ** -24;
/**
 * What rounding to float32 may do to a state, a forecast, or a mean over steps, in units of its size. Every step rounds
 * four times (sums, gates, r∘h, h); each error reaches the next step through 1 + I + H numbers as a sum of independent
 * ones does, and fades there, because |z| < 1. Sums themselves are float64.
 */
function tolerance({ H, I }: Layout): number {
  return 4 * Math.sqrt(1 + I + H) * ROUNDOFF;
}

function passageOf(b: Trial): Passage {
  const { H, I, O, L } = b.layout;
  return {
    inputs: floats(b, b.inputs, L * I),
    targets: Float64Array.from(b.kernel.targets.subarray(0, L * O)),
    state: floats(b, b.state, H),
    steps: L,
  };
}

const SHAPES = [
  gruLayout(4, 1, 1, 8),
  gruLayout(5, 3, 3, 16),
  gruLayout(12, 2, 1, 24),
  gruLayout(16, 7, 3, 32),
  gruLayout(32, 1, 4, 32),
] as const;
const titled = SHAPES.map((layout) => {
  const { hidden, inputs, outputs, lookback } = layout.shape;
  return [`${hidden} units, ${inputs} inputs, ${outputs} outputs, ${lookback} windows`, layout] as const;
});

describe.each(titled)('the float32 kernel and the reference agree: %s', (_title, layout) => {
  it('in the state and the forecasts of every step', () => {
    const b = trial(layout);
    const w = floats(b, b.hot, layout.weights);
    let h = floats(b, b.hot + 4 * layout.stateAt, layout.H);
    let worst = 0;
    for (let t = 0; t < layout.L; t++) {
      const at = b.inputs + 4 * t * layout.I;
      const step = forward(layout, w, h, floats(b, at, layout.I), RATIONAL);
      b.kernel.step(layout, b.hot, at);
      h = step.h;
      const state = floats(b, b.hot + 4 * layout.stateAt, layout.H);
      worst = Math.max(worst, ...h.map((hi, i) => Math.abs(state[i]! - hi)));
      worst = Math.max(worst, ...step.y.map((y, o) => Math.abs(b.kernel.outputs[o]! - y)));
    }
    // Inputs and with them forecasts are below 4.
    expect(worst).toBeLessThan(4 * tolerance(layout));
    expect(worst).toBeGreaterThan(0);
  });

  it('in loss and gradient, with masked targets', () => {
    const b = trial(layout);
    const { L, O } = layout;
    for (const i of [0, 2, L * O - 1]) b.kernel.targets[i] = NaN;
    const scratch = newScratch();
    fit(scratch, layout);
    const { f32 } = b.lane;
    const loss = float32Gradient(layout, scratch, f32, b.hot / 4, b.inputs / 4, b.state / 4, L, b.kernel.targets);
    const expected = gradientOf(layout, floats(b, b.hot, layout.weights), passageOf(b), RATIONAL);
    expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(tolerance(layout));
    const allowed = tolerance(layout) * largest(expected.gradient);
    expect(differences(layout, scratch.gradient, expected.gradient, () => allowed)).toEqual([]);
  });

  it('in the weights after ten updates', () => {
    const b = trial(layout);
    const passage = passageOf(b);
    const w = floats(b, b.hot, layout.weights);
    const adam = newAdamState(layout.weights);
    // An update moves a weight by rate·m/√v, which follows the relative error of the gradient and is never above 1.
    const allowed = new Float64Array(layout.weights);
    for (let update = 0; update < 10; update++) {
      const { loss, gradient } = gradientOf(layout, w, passage, RATIONAL);
      const error = tolerance(layout) * largest(gradient);
      gradient.forEach((g, i) => {
        allowed[i]! += HYPER.rate * Math.min(2, error / Math.abs(g)) + ROUNDOFF;
      });
      clipNorm(gradient, HYPER.clip);
      adamStep(w, adam, gradient, HYPER.rate);
      expect(Math.abs(b.train() / loss - 1)).toBeLessThan(10 * tolerance(layout));
    }
    const actual = floats(b, b.hot, layout.weights);
    expect(differences(layout, actual, w, (i) => allowed[i]!)).toEqual([]);
    // That bound is wide where a gradient crosses zero. Most weights are within the last bit of a number below 1.
    const apart = actual.map((wi, i) => Math.abs(wi - w[i]!)).filter((_, i) => w[i] !== 0);
    expect(apart.toSorted()[apart.length >> 1]).toBeLessThan(ROUNDOFF);
    expect(b.lane.f32[b.optimiser / 4 + layout.stepAt]).toBe(10);
  });
});

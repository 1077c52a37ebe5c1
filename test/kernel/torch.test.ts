import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { NetworkShape } from '../../src/kernel/network.ts';
import { adamStep, clipNorm, forward, gradientOf, newAdamState, type Passage } from '../../src/kernel/reference.ts';
import { differences, EXACT, unpadded } from './networks.ts';

/** What test/support/torchVectors.py writes. */
interface Vector {
  readonly shape: NetworkShape;
  readonly steps: number;
  readonly rate: number;
  readonly clip: number;
  readonly updates: number;
  readonly weights: readonly number[];
  readonly inputs: readonly number[];
  readonly state: readonly number[];
  readonly targets: readonly (number | null)[];
  readonly outputs: readonly number[];
  readonly lastState: readonly number[];
  readonly loss: number;
  readonly gradient: readonly number[];
  readonly updated: readonly number[];
}

const VECTORS = ['gru', 'lstm'].flatMap(
  (cell) => JSON.parse(readFileSync(new URL(`./vectors/${cell}.json`, import.meta.url), 'utf8')) as readonly Vector[],
);

function passageFrom({ inputs, targets, state, steps }: Vector): Passage {
  return {
    inputs: Float64Array.from(inputs),
    targets: Float64Array.from(targets, (target) => target ?? Number.NaN),
    state: Float64Array.from(state),
    steps,
  };
}

function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((y, i) => Math.abs(actual[i]! - y)));
}

describe.each(VECTORS)(
  'the reference agrees with PyTorch: $shape.cell $shape.hidden × $shape.layers, $shape.loss.kind',
  (vector) => {
    const net = unpadded(vector.shape);
    const passage = passageFrom(vector);

    it('in outputs and last state', () => {
      const w = Float64Array.from(vector.weights);
      expect(w.length).toBe(net.used);
      const outputs: number[] = [];
      let { state } = passage;
      for (let t = 0; t < vector.steps; t++) {
        const step = forward(net, w, state, passage.inputs.subarray(t * net.I, (t + 1) * net.I), EXACT);
        state = step.state;
        outputs.push(...step.raw);
      }
      expect(worst(outputs, vector.outputs)).toBeLessThan(1e-14);
      expect(worst(state, vector.lastState)).toBeLessThan(1e-14);
    });

    it('in loss and gradient', () => {
      const { loss, gradient } = gradientOf(net, Float64Array.from(vector.weights), passage, EXACT);
      expect(Math.abs(loss - vector.loss)).toBeLessThan(1e-14 * Math.max(1, Math.abs(vector.loss)));
      expect(differences(net, gradient, vector.gradient, () => 1e-13)).toEqual([]);
    });

    it('in the weights after updates by Adam with a clipped gradient', () => {
      const w = Float64Array.from(vector.weights);
      const adam = newAdamState(net.weights);
      for (let update = 0; update < vector.updates; update++) {
        const { gradient } = gradientOf(net, w, passage, EXACT);
        clipNorm(gradient, vector.clip);
        adamStep(w, adam, gradient, vector.rate);
      }
      expect(differences(net, w, vector.updated, () => 1e-11)).toEqual([]);
    });
  },
);

describe('the vectors', () => {
  it('have gradients that are clipped, and gradients that are not', () => {
    const clipped = VECTORS.map(({ gradient, clip }) => Math.hypot(...gradient) > clip);
    expect(new Set(clipped)).toEqual(new Set([true, false]));
  });
});

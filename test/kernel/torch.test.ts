// The reference and PyTorch, which knows nothing of it: its own LSTM, losses, automatic derivatives and Adam.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOG_SCALE_MAX, LOG_SCALE_MIN, type NetworkShape } from '../../src/kernel/network.ts';
import { adamStep, clipNorm, forward, gradientOf, newAdamState, type Passage } from '../../src/kernel/reference.ts';
import { differences, EXACT, unpadded } from './networks.ts';
import { titleOf } from './trial.ts';

/** As test/support/torchVectors.py writes it. */
interface Vector {
  readonly shape: NetworkShape;
  readonly steps: number;
  readonly rate: number;
  readonly clip: number;
  readonly updates: number;
  readonly weights: readonly number[];
  readonly x: readonly number[];
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
const CASES = VECTORS.map((vector) => [titleOf(vector.shape), vector] as const);

function passageOf({ x, targets, state, steps }: Vector): Passage {
  return {
    inputs: Float64Array.from(x),
    targets: Float64Array.from(targets, (target) => target ?? Number.NaN),
    state: Float64Array.from(state),
    steps,
  };
}

/** Sums of some tens of numbers near 1, over eight steps: a few roundings of 1.1e-16. */
const FORWARD = 1e-14;
const GRADIENT = 1e-14;
/** A first update has the sign of the gradient, and ε decides how far a number near 0 goes. */
const UPDATED = 1e-12;

describe.each(CASES)('the reference agrees with PyTorch: %s', (_title, vector) => {
  const net = unpadded(vector.shape);
  const passage = passageOf(vector);

  it('in outputs and last state', () => {
    const w = Float64Array.from(vector.weights);
    expect(w.length).toBe(net.weights);
    const outputs: number[] = [];
    let { state } = passage;
    for (let t = 0; t < vector.steps; t++) {
      const step = forward(net, w, state, passage.inputs.subarray(t * net.I, (t + 1) * net.I), EXACT);
      state = step.state;
      outputs.push(...step.y);
    }
    expect(worst(outputs, vector.outputs)).toBeLessThan(FORWARD);
    expect(worst(state, vector.lastState)).toBeLessThan(FORWARD);
  });

  it('in loss and gradient', () => {
    const { loss, gradient } = gradientOf(net, Float64Array.from(vector.weights), passage, EXACT);
    expect(Math.abs(loss / vector.loss - 1)).toBeLessThan(GRADIENT);
    const size = Math.max(1, ...vector.gradient.map(Math.abs));
    expect(differences(net, gradient, vector.gradient, () => GRADIENT * size)).toEqual([]);
  });

  it('in the weights after updates by Adam with a clipped gradient', () => {
    const w = Float64Array.from(vector.weights);
    const adam = newAdamState(net.weights);
    for (let update = 0; update < vector.updates; update++) {
      const { gradient } = gradientOf(net, w, passage, EXACT);
      clipNorm(gradient, vector.clip);
      adamStep(w, adam, gradient, vector.rate);
    }
    expect(differences(net, w, vector.updated, () => UPDATED)).toEqual([]);
    expect(worst(w, vector.weights)).toBeGreaterThan(vector.rate);
  });
});

function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((y, i) => Math.abs(actual[i]! - y)));
}

describe('the vectors', () => {
  it('have every cell, depth and loss', () => {
    const kinds = VECTORS.map(({ shape }) => `${shape.cell} ${shape.layers} ${shape.loss.kind}`);
    expect(new Set(kinds).size).toBe(2 * 3 * 3);
  });

  it('have masked targets', () => {
    expect(VECTORS.filter(({ targets }) => targets.includes(null)).length).toBeGreaterThan(VECTORS.length / 2);
  });

  it('have gradients that are clipped and gradients that are not, of either cell', () => {
    const clipped = VECTORS.map(({ shape, gradient, clip }) => `${shape.cell} ${Math.hypot(...gradient) > clip}`);
    expect(new Set(clipped)).toEqual(new Set(['gru true', 'gru false', 'lstm true', 'lstm false']));
  });

  it.each(['gru', 'lstm'])(
    'of %s have scales within the bounds and clamped ones that errors pull either way',
    (cell) => {
      const seen = new Set<string>();
      for (const { shape, outputs, targets } of VECTORS) {
        if (shape.cell !== cell || shape.loss.kind !== 'student') continue;
        for (const [i, target] of targets.entries()) {
          if (target === null) continue;
          const at = i + Math.floor(i / shape.targets) * shape.targets;
          const s = outputs[at + shape.targets]!;
          const place = s === LOG_SCALE_MIN ? 'at the minimum' : s === LOG_SCALE_MAX ? 'at the maximum' : 'between';
          // Student's scale of a single error is at its best when the error is as large.
          seen.add(`${place}, error ${Math.abs(outputs[at]! - target) > Math.exp(s) ? 'larger' : 'smaller'}`);
        }
      }
      expect(seen.size).toBe(6);
    },
  );
});

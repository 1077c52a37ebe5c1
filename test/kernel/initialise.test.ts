import { describe, expect, it } from 'vitest';
import { initialise } from '../../src/kernel/initialise.ts';
import { type Network, type NetworkShape, networkOf } from '../../src/kernel/network.ts';
import { largest, shapeOf } from './trial.ts';

function draw(
  shape: Partial<NetworkShape>,
  seed = 1,
  skip = 1,
): { readonly network: Network; readonly w: Float32Array } {
  const network = networkOf(shapeOf(shape));
  const w = new Float32Array(network.weights);
  initialise(w, network, 0, seed, skip);
  return { network, w };
}

describe('weights of an untrained network', () => {
  it('are the same bytes from the same seed, and others from another', () => {
    const shape = { layers: 2, targets: 3 };
    expect(draw(shape, 9).w).toEqual(draw(shape, 9).w);
    expect(draw(shape, 9).w).not.toEqual(draw(shape, 10).w);
  });

  it('are the same at any place', () => {
    const { network, w } = draw({});
    const f32 = new Float32Array(network.weights + 100);
    initialise(f32, network, 64, 1, 1);
    expect(f32.subarray(64, 64 + network.weights)).toEqual(w);
    expect(largest(f32.subarray(0, 64))).toBe(0);
  });

  it('are within 1/√hidden in every layer, and in the head within half of it', () => {
    const { network, w } = draw({ hidden: 16, layers: 3, targets: 4 });
    for (const { biasAt, inputAt, recurrentAt, inputs } of network.layers) {
      expect(largest(w.subarray(biasAt, inputAt))).toBe(0);
      for (const [from, columns] of [
        [inputAt, inputs],
        [recurrentAt, network.H],
      ] as const) {
        const found = largest(w.subarray(from, from + columns * network.C));
        expect(found).toBeLessThanOrEqual(0.25);
        expect(found).toBeGreaterThan(0.23);
      }
    }
    const head = largest(w.subarray(network.headAt, network.headBiasAt));
    expect(head).toBeLessThanOrEqual(0.125);
    expect(head).toBeGreaterThan(0.11);
    expect(largest(w.subarray(network.headBiasAt, network.skipAt))).toBe(0);
  });

  it('give an LSTM a forget gate that is open', () => {
    const { network, w } = draw({ cell: 'lstm', hidden: 5, layers: 2 });
    for (const { biasAt } of network.layers) {
      const gates = [0, 1, 2, 3].map((gate) => [...w.subarray(biasAt + gate * 8, biasAt + (gate + 1) * 8)]);
      expect(gates).toEqual([
        [0, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
      ]);
    }
  });

  it('let mean m take input m mod K as it is told', () => {
    const { network, w } = draw({ inputs: 3, targets: 4, skips: 3 }, 1, 0.25);
    const rows = [0, 1, 2].map((k) => [...w.subarray(network.skipAt + 4 * k, network.skipAt + 4 * (k + 1))]);
    expect(rows).toEqual([
      [0.25, 0, 0, 0.25],
      [0, 0.25, 0, 0],
      [0, 0, 0.25, 0],
    ]);
    const none = draw({ inputs: 3, targets: 4, skips: 0 }, 1, 0.25);
    expect(largest(none.w.subarray(none.network.skipAt))).toBe(0);
  });
});

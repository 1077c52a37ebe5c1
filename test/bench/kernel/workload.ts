// What every contestant works on: networks, and for each the same weights and the same passage of a series.

import { type Network, type NetworkShape, type NeuralCell, networkOf } from '../../../src/kernel/network.ts';
import { gaussian, newRandom, uniform } from '../../../src/kernel/random.ts';

const STEPS = 32;

export interface Passage {
  /** As network.ts places them. */
  readonly weights: Float32Array;
  /** Before the first step. */
  readonly state: Float32Array;
  /** steps × I */
  readonly inputs: Float32Array;
  /** steps × M */
  readonly targets: Float32Array;
}

/** What all peers can do: one input, one output, squared loss. */
export function plain(cell: NeuralCell, hidden: number, changes: Partial<NetworkShape> = {}): Network {
  const shape = { cell, hidden, layers: 1, inputs: 1, targets: 1, skips: 0, loss: { kind: 'squared' } } as const;
  return networkOf({ ...shape, lookback: STEPS, ...changes });
}

/** What the detector runs: seven inputs, three horizons with a scale each. */
export function detection(cell: NeuralCell, hidden: number): Network {
  return plain(cell, hidden, { inputs: 7, targets: 3, skips: 1, loss: { kind: 'student', freedom: 4 } });
}

/** Noisy waves, each input another; a target is what the first input is some steps later. */
export function passageOf(network: Network): Passage {
  const { shape, H, I, L, M } = network;
  const random = newRandom(H);
  const bound = 1 / Math.sqrt(shape.hidden);
  const weights = new Float32Array(network.weights);
  for (let i = 0; i < network.used; i++) weights[i] = bound * (2 * uniform(random) - 1);
  const state = Float32Array.from({ length: network.stateSize }, () => 0.3 * uniform(random));
  const length = L + M;
  const series = Array.from({ length: length * I }, (_, at) => {
    const phase = 0.3 * Math.floor(at / I) * (1 + 0.2 * (at % I));
    return Math.sin(phase) + 0.05 * gaussian(random);
  });
  const targets = Float32Array.from({ length: L * M }, (_, at) => series[(Math.floor(at / M) + 1 + (at % M)) * I] ?? 0);
  return { weights, state, inputs: Float32Array.from(series.slice(0, L * I)), targets };
}

// A long course of small updates on one endless series, by a kernel and by the reference: whether rounding adds up.

import { networkOf } from '../../src/kernel/network.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { adamStep, clipNorm, gradientOf, newAdamState } from '../../src/kernel/reference.ts';
import { RATIONAL } from './networks.ts';
import { CLIP, floats, shapeOf, type Trial, train } from './trial.ts';

export const COURSE_SHAPE = shapeOf({ hidden: 4, inputs: 1, skips: 0, lookback: 8 });
/** Half the variance of the noise below: no forecast has a smaller mean loss. */
export const COURSE_NOISE = 0.5 * 0.6 ** 2;

const RATE = 0.001;
const { L } = networkOf(COURSE_SHAPE);

/** A series with a memory: x′ = 0.8·x + 0.6·noise. Float32, so that all see the same numbers. */
const series = new Float32Array(8192);
const random = newRandom(3);
for (let n = 1; n < series.length; n++) series[n] = 0.8 * series[n - 1]! + 0.6 * gaussian(random);

/** Where update n starts to read: L inputs, whose targets are the values one window later. */
function startOf(update: number): number {
  return (update * 8) % (series.length - L - 1);
}

/** Mean loss over the last fifth of the updates. The trial's model must be new. */
export function lossAfter(updates: number, one: Trial): number {
  const { lane, models } = one;
  const { inputs, targets } = models[0]!;
  return lastMean(updates, (start) => {
    for (let t = 0; t < L; t++) {
      lane.f32[inputs / 4 + t] = series[start + t]!;
      lane.f32[targets / 4 + t] = series[start + t + 1]!;
    }
    return train(one, { rate: RATE })[0]!;
  });
}

/** The same by the reference, from the weights and the state of the trial's model, which it leaves alone. */
export function expectedLossAfter(updates: number, one: Trial): number {
  const { network, models } = one;
  const w = floats(one, models[0]!.hot, network.weights);
  const state = floats(one, models[0]!.state, network.stateSize);
  const values = Float64Array.from(series);
  const adam = newAdamState(network.weights);
  return lastMean(updates, (start) => {
    const inputs = values.subarray(start, start + L);
    const targets = values.subarray(start + 1, start + L + 1);
    const { loss, gradient } = gradientOf(network, w, { inputs, targets, state, steps: L }, RATIONAL);
    clipNorm(gradient, CLIP);
    adamStep(w, adam, gradient, RATE);
    return loss;
  });
}

function lastMean(updates: number, lossFrom: (start: number) => number): number {
  const first = Math.floor(0.8 * updates);
  let sum = 0;
  for (let update = 0; update < updates; update++) {
    const loss = lossFrom(startOf(update));
    if (update >= first) sum += loss;
  }
  return sum / (updates - first);
}

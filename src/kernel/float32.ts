// The kernel in JavaScript: float32 slabs, sums in float64 registers, no allocation per call.

import { adamStep, squaredNorm } from './adam.ts';
import { gradientOf } from './float32Backward.ts';
import { beginRow, forwardStep, output } from './float32Forward.ts';
import type { Hyper, Kernel } from './kernel.ts';
import type { Layout } from './layout.ts';
import type { LaneMemory } from './memory.ts';
import { newRandom, type Random, uniform } from './random.ts';
import { fit, newScratch } from './scratch.ts';

const OUTPUTS_MAX = 128;
const LOOKBACK_MAX = 128;
/** A gradient whose squared norm is not below this has diverged. NaN is not below, either. */
const NORM2_MAX = 1e12;

/** A kernel for the slabs in `lane`; one is enough for all layouts. */
export function newFloat32Kernel(lane: LaneMemory): Kernel {
  const scratch = newScratch();
  const outputs = new Float32Array(OUTPUTS_MAX);
  const targets = new Float32Array(OUTPUTS_MAX * LOOKBACK_MAX);
  let fitted: Layout | undefined;

  function prepare(layout: Layout): void {
    if (layout === fitted) return;
    if (layout.O > OUTPUTS_MAX || layout.L > LOOKBACK_MAX) {
      throw new RangeError(`${layout.O} outputs over ${layout.L} windows: at most ${OUTPUTS_MAX} over ${LOOKBACK_MAX}`);
    }
    fit(scratch, layout);
    fitted = layout;
  }

  return {
    backend: 'js',
    outputs,
    targets,

    initialise(layout, hot, seed, skip) {
      drawWeights(layout, lane.f32, hot / 4, newRandom(seed), skip);
    },

    step(layout, hot, input) {
      prepare(layout);
      const { f32 } = lane;
      const { H, I, O } = layout;
      const { rows } = scratch;
      const wAt = hot >>> 2;
      const stateAt = wAt + layout.stateAt;
      const row = 1 + I + H;
      beginRow(layout, scratch, 0, f32, input >>> 2);
      for (let i = 0; i < H; i++) rows[1 + I + i] = f32[stateAt + i]!;
      forwardStep(layout, scratch, 0, f32, wAt);
      for (let i = 0; i < H; i++) f32[stateAt + i] = rows[row + 1 + I + i]!;
      for (let o = 0; o < O; o++) outputs[o] = output(layout, scratch, 0, f32, wAt, o);
    },

    train(layout, hot, optimiser, inputs, state, steps, hyper: Hyper) {
      prepare(layout);
      const { f32 } = lane;
      const wAt = hot >>> 2;
      const loss = gradientOf(layout, scratch, f32, wAt, inputs >>> 2, state >>> 2, steps, targets);
      if (loss === 0) return 0;
      const length = layout.skipAt + layout.O;
      const norm2 = squaredNorm(scratch.gradient, length);
      if (!(norm2 < NORM2_MAX)) return NaN;
      const norm = Math.sqrt(norm2);
      const scale = norm > hyper.clip ? hyper.clip / norm : 1;
      adamStep(layout, f32, wAt, optimiser >>> 2, scratch.gradient, length, scale, hyper.rate);
      return loss;
    },
  };
}

/**
 * Weights uniform within ± 1/√hidden, heads half of that, biases 0, skips as told: with 1 the untrained network
 * forecasts that the first input stays as it is (persistence). Units that only pad H stay zero, here and in training.
 */
function drawWeights(layout: Layout, f32: Float32Array, wAt: number, random: Random, skip: number): void {
  const { H, O, C } = layout;
  const { hidden, inputs } = layout.shape;
  const bound = 1 / Math.sqrt(hidden);
  const draw = (): number => bound * (2 * uniform(random) - 1);
  // Column k + 1 of W for the inputs, the recurrent columns behind them.
  for (let column = 1; column <= inputs + hidden; column++) {
    for (let gate = 0; gate < 3; gate++) {
      for (let i = 0; i < hidden; i++) f32[wAt + column * C + gate * H + i] = draw();
    }
  }
  for (let o = 0; o < O; o++) {
    for (let i = 0; i < hidden; i++) f32[wAt + layout.headAt + o * H + i] = 0.5 * draw();
    f32[wAt + layout.skipAt + o] = skip;
  }
}

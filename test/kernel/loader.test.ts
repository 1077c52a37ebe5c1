import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { initialise } from '../../src/kernel/initialise.ts';
import { STEP, TRAIN } from '../../src/kernel/kernel.ts';
import { loadSimd } from '../../src/kernel/loader.ts';
import { allocate, newLaneMemory } from '../../src/kernel/memory.ts';
import { type NetworkShape, networkOf } from '../../src/kernel/network.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import { newSimdKernel } from './backends.ts';

const SHAPES: readonly (NetworkShape & { readonly digest: string })[] = [
  {
    cell: 'gru',
    hidden: 16,
    layers: 1,
    inputs: 1,
    targets: 1,
    skips: 0,
    loss: { kind: 'squared' },
    lookback: 32,
    digest: '242300af1eaa8d2a',
  },
  {
    cell: 'gru',
    hidden: 13,
    layers: 2,
    inputs: 7,
    targets: 3,
    skips: 1,
    loss: { kind: 'student', freedom: 4 },
    lookback: 30,
    digest: '1384520c56b63360',
  },
  {
    cell: 'lstm',
    hidden: 24,
    layers: 1,
    inputs: 3,
    targets: 2,
    skips: 2,
    loss: { kind: 'huber', delta: 0.5 },
    lookback: 16,
    digest: 'd567acfb29c52585',
  },
];

/** Digest of losses, outputs, weights, state and optimiser of 200 rounds of a pass and a step. */
function digestOf(shape: NetworkShape): string {
  const lane = newLaneMemory();
  const kernel = newSimdKernel(lane);
  const network = networkOf(shape);
  const room = kernel.room(network);
  const hot = allocate(lane, 4 * (network.weights + network.stateSize));
  const optimiser = allocate(lane, 4 * (network.weights + 3));
  const inputs = allocate(lane, 4 * network.L * network.I);
  const state = allocate(lane, 4 * network.stateSize);
  const { f32, u32, u8 } = lane;
  initialise(f32, network, hot / 4, 1, 1);
  const random = newRandom(2);
  const hash = createHash('sha256');
  const at = room.jobs / 4;
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < network.L * network.I; i++) f32[inputs / 4 + i] = 2 * uniform(random) - 1;
    for (let i = 0; i < network.L * network.M; i++) {
      f32[room.targets / 4 + i] = i % 7 === 3 ? Number.NaN : 2 * uniform(random) - 1;
    }
    u32[at + TRAIN.hot] = hot;
    u32[at + TRAIN.optimiser] = optimiser;
    u32[at + TRAIN.inputs] = inputs;
    u32[at + TRAIN.state] = state;
    u32[at + TRAIN.targets] = room.targets;
    u32[at + TRAIN.steps] = network.L;
    f32[at + TRAIN.rate] = 0.01;
    kernel.train(network, 1, { clip: 1, decay: 0.01 });
    hash.update(u8.slice(room.jobs + 4 * TRAIN.loss, room.jobs + 4 * TRAIN.loss + 4));
    u32[at + STEP.hot] = hot;
    u32[at + STEP.input] = inputs;
    u32[at + STEP.output] = room.outputs;
    kernel.step(network, 1);
    hash.update(u8.slice(room.outputs, room.outputs + 4 * network.O));
  }
  hash.update(u8.slice(hot, hot + 4 * (network.weights + network.stateSize)));
  hash.update(u8.slice(optimiser, optimiser + 4 * (network.weights + 3)));
  return hash.digest('hex').slice(0, 16);
}

describe('the compiled kernel', () => {
  it('is missing, with a reason, where the engine cannot run it', () => {
    expect(loadSimd(newLaneMemory(), Uint8Array.of(0, 1, 2, 3))).toEqual({
      missing: 'this engine does not know WebAssembly with relaxed SIMD',
    });
  });

  it('keeps its constants below the first block of a lane', () => {
    const lane = newLaneMemory();
    newSimdKernel(lane);
    const first = lane.u8.findLastIndex((byte) => byte !== 0);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(allocate(lane, 64));
  });

  it.each(SHAPES)('gives the same bytes on every machine that fuses: $cell $hidden × $layers', (shape) => {
    const kernel = newSimdKernel(newLaneMemory());
    expect(kernel.fused, 'this machine does not fuse multiplication and addition: it has digests of its own').toBe(
      true,
    );
    expect(digestOf(shape)).toBe(shape.digest);
  });
});

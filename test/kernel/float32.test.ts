// What holds for the JavaScript kernel beyond the contract, which is in contract/.

import { describe, expect, it } from 'vitest';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { JOBS_MAX } from '../../src/kernel/kernel.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { networkOf } from '../../src/kernel/network.ts';
import { shapeOf } from './trial.ts';

const small = networkOf(shapeOf({ lookback: 8 }));
const large = networkOf(shapeOf({ lookback: 32, targets: 3 }));

describe('the room of the JavaScript kernel', () => {
  it('is allocated once, until a network needs more', () => {
    const lane = newLaneMemory();
    const kernel = newFloat32Kernel(lane);
    const first = kernel.room(small);
    const top = lane.top;
    expect(kernel.room(networkOf(small.shape))).toEqual(first);
    expect(lane.top).toBe(top);
    const second = kernel.room(large);
    expect(second.targets).not.toBe(first.targets);
    expect(kernel.room(small)).toEqual(second);
    // What was given back is used again.
    const grown = lane.top;
    const again = newFloat32Kernel(lane).room(small);
    expect([again.targets, again.outputs]).toContain(first.outputs);
    expect(lane.top - grown).toBeLessThan(top);
  });

  it('holds the targets and outputs of all jobs side by side', () => {
    const lane = newLaneMemory();
    const { jobs, targets, outputs } = newFloat32Kernel(lane).room(large);
    expect(targets - jobs).toBeGreaterThanOrEqual(4 * JOBS_MAX * 8);
    expect(Math.abs(outputs - targets)).toBeGreaterThanOrEqual(4 * JOBS_MAX * large.O);
    expect(lane.top - Math.min(targets, outputs)).toBeGreaterThanOrEqual(4 * JOBS_MAX * (large.L * large.M + large.O));
  });
});

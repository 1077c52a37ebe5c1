import { describe, expect, it } from 'vitest';
import { allocate, newLaneMemory } from '../../../src/kernel/memory.ts';
import { newRandom, uniform } from '../../../src/kernel/random.ts';
import { BACKENDS } from '../backends.ts';

describe.each(BACKENDS)('$name: counting up to a number', ({ make }) => {
  it.each([16, 48, 400])('adds up those of %i counts that are at most that', (cells) => {
    const lane = newLaneMemory();
    const kernel = make(lane);
    const at = allocate(lane, cells);
    const random = newRandom(cells);
    for (let i = 0; i < cells; i++) lane.u8[at + i] = Math.floor(256 * uniform(random) ** 4);
    const counts = [...lane.u8.subarray(at, at + cells)];
    for (const most of [0, 1, 127, 128, 254, 255, counts[3]!]) {
      const expected = counts.filter((count) => count <= most).reduce((a, b) => a + b, 0);
      expect(kernel.countUpTo(at, cells, most)).toBe(expected);
    }
  });
});

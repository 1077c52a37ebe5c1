import { describe, expect, it } from 'vitest';
import { allocate, newLaneMemory } from '../../../src/kernel/memory.ts';
import { newRandom, uniform } from '../../../src/kernel/random.ts';
import { BACKENDS } from '../backends.ts';

describe.each(BACKENDS)('$name: counting up to a number', ({ make }) => {
  it.each([8, 48, 400])('adds up those of %i counts that are at most that', (cells) => {
    const lane = newLaneMemory();
    const kernel = make(lane);
    const at = allocate(lane, 2 * cells);
    const random = newRandom(cells);
    for (let i = 0; i < cells; i++) lane.u16[at / 2 + i] = Math.floor(65_536 * uniform(random) ** 4);
    const counts = [...lane.u16.subarray(at / 2, at / 2 + cells)];
    for (const most of [0, 1, 255, 32_767, 32_768, 65_535, counts[3]!]) {
      const expected = counts.filter((count) => count <= most).reduce((a, b) => a + b, 0);
      expect(kernel.countUpTo(at, cells, most)).toBe(expected);
    }
  });
});

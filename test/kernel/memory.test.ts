import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, allocate, newLaneMemory, release, reserve } from '../../src/kernel/memory.ts';

describe('lane memory', () => {
  it('keeps its contents when it grows', () => {
    const lane = newLaneMemory();
    const first = allocate(lane, 100);
    lane.u8.fill(7, first, first + 100);
    const before = lane.f32;
    const second = allocate(lane, 20_000_000);
    expect(lane.f32).not.toBe(before);
    expect(before.length).toBe(0);
    expect(lane.u8.subarray(first, first + 100).every((byte) => byte === 7)).toBe(true);
    lane.u8[second + 19_999_999] = 1;
    expect(lane.u8[second + 19_999_999]).toBe(1);
    const { f64, f32, i16, u8 } = lane;
    expect([f64, f32, i16, u8].every(({ buffer }) => buffer === lane.memory.buffer)).toBe(true);
  });

  it('hands a released block out again, zeroed, for the same size only', () => {
    const lane = newLaneMemory();
    const block = allocate(lane, 200);
    lane.u8.fill(9, block, block + 200);
    release(lane, block, 200);
    expect(allocate(lane, 300)).not.toBe(block);
    // 200 and 250 bytes both take 256.
    expect(allocate(lane, 250)).toBe(block);
    expect(lane.u8.subarray(block, block + 256).every((byte) => byte === 0)).toBe(true);
    expect(allocate(lane, 200)).not.toBe(block);
  });

  it('refuses what 4 GiB cannot hold, and works on', () => {
    const lane = newLaneMemory();
    const first = allocate(lane, 64);
    expect(() => allocate(lane, 2 ** 32)).toThrow(RangeError);
    expect(allocate(lane, 64)).toBe(first + 64);
  });

  it('says beforehand whether a block can be had, and changes nothing when not', () => {
    const lane = newLaneMemory(2);
    expect(reserve(lane, 100_000)).toBe(true);
    const first = allocate(lane, 100_000);
    expect(reserve(lane, 100_000)).toBe(false);
    expect(() => allocate(lane, 100_000)).toThrow(RangeError);
    expect(reserve(lane, 20_000)).toBe(true);
    release(lane, first, 100_000);
    expect(reserve(lane, 100_000)).toBe(true);
    expect([allocate(lane, 100_000), lane.memory.buffer.byteLength]).toEqual([first, 2 * 65_536]);
  });

  it('never overlaps blocks, aligns and zeroes them, and keeps what is in them', () => {
    const step = fc.record({
      bytes: fc.integer({ min: 1, max: 3_000_000 }),
      release: fc.boolean(),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const lane = newLaneMemory();
        const blocks: { readonly at: number; readonly bytes: number; readonly mark: number }[] = [];
        steps.forEach(({ bytes, release: releases, pick }, n) => {
          if (releases && blocks.length > 0) {
            const [block] = blocks.splice(pick % blocks.length, 1);
            release(lane, block!.at, block!.bytes);
            return;
          }
          // Few sizes, so that released blocks are met again.
          const size = pick % 2 === 0 ? 1_000 * (1 + (pick % 3)) : bytes;
          const at = allocate(lane, size);
          expect(at % 64).toBe(0);
          expect(at + aligned(size)).toBeLessThanOrEqual(lane.memory.buffer.byteLength);
          expect([lane.u8[at], lane.u8[at + size - 1]]).toEqual([0, 0]);
          const mark = 1 + (n % 255);
          lane.u8.fill(mark, at, at + size);
          blocks.push({ at, bytes: size, mark });
        });
        const sorted = blocks.toSorted((a, b) => a.at - b.at);
        sorted.forEach(({ at, bytes }, i) => {
          expect(at + aligned(bytes)).toBeLessThanOrEqual(sorted[i + 1]?.at ?? lane.top);
        });
        for (const { at, bytes, mark } of blocks) {
          expect([lane.u8[at], lane.u8[at + (bytes >>> 1)], lane.u8[at + bytes - 1]]).toEqual([mark, mark, mark]);
        }
      }),
      { numRuns: 25 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELLS, PAIR_CELLS, PAIR_PHASES, PAIR_TABLE, PHASES, TABLE } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import {
  addPair,
  addToTables,
  type Counting,
  pairSurprise,
  place,
  rootSurprise,
  tableOffset,
} from '../../src/score/rarity.ts';

/** As the kernels count. */
function counting(u8: Uint8Array): Counting {
  const countUpTo = (at: number, cells: number, most: number): number =>
    u8.subarray(at, at + cells).reduce((sum, count) => (count <= most ? sum + count : sum), 0);
  return { u8, countUpTo };
}

function tablesOf(values: readonly number[]): { u8: Uint8Array; stored: number } {
  const u8 = new Uint8Array(PHASES * CELLS);
  let stored = 0;
  for (const value of values) stored = addToTables(u8, 0, stored, place(value, 0, 1));
  return { u8, stored };
}

describe('rarity', () => {
  it('is the fraction of the past in cells no denser than the present one', () => {
    // 90 values in one cell, 10 in another: the second is as rare as 11 of 101.
    const { u8, stored } = tablesOf([...new Array<number>(90).fill(0), ...new Array<number>(10).fill(50)]);
    expect(rootSurprise(counting(u8), 0, stored, place(50, 0, 1))).toBeCloseTo(Math.sqrt(101 / 11), 12);
    expect(rootSurprise(counting(u8), 0, stored, place(0, 0, 1))).toBeCloseTo(1, 12);
    expect(rootSurprise(counting(u8), 0, stored, place(-7, 0, 1))).toBeCloseTo(Math.sqrt(101), 12);
  });

  it('does not change the tables', () => {
    const { u8, stored } = tablesOf([1, 2, 3]);
    const before = [...u8];
    rootSurprise(counting(u8), 0, stored, place(1e30, 0, 1));
    expect([...u8]).toEqual(before);
  });

  it('finds a gap between two modes as rare as an extreme', () => {
    const random = newRandom(5);
    const values = Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? -30 : 30) + gaussian(random));
    const { u8, stored } = tablesOf(values);
    expect(rootSurprise(counting(u8), 0, stored, place(0, 0, 1))).toBeGreaterThan(20);
    expect(rootSurprise(counting(u8), 0, stored, place(30, 0, 1))).toBeLessThan(3);
  });

  it('is between 1 and √(N + 1) for any number', () => {
    const { u8, stored } = tablesOf(Array.from({ length: 500 }, (_, i) => i % 40));
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e38, max: 1e38 }), (x) => {
        const root = rootSurprise(counting(u8), 0, stored, place(x, 0, 1));
        expect(root).toBeGreaterThanOrEqual(1);
        expect(root).toBeLessThanOrEqual(Math.sqrt(stored + 1) + 1e-9);
      }),
    );
  });

  it('stops counting at 255, which is common, and still knows how many windows there were', () => {
    const { u8, stored } = tablesOf([...new Array<number>(1000).fill(0), 50]);
    expect(Math.max(...u8)).toBe(255);
    expect(stored).toBe(1001);
    expect(rootSurprise(counting(u8), 0, stored, place(0, 0, 1))).toBe(1);
    expect(rootSurprise(counting(u8), 0, stored, place(50, 0, 1))).toBeCloseTo(Math.sqrt(1002 / 2), 12);
  });

  it('halves its counts when it is full', () => {
    const u8 = new Uint8Array(PHASES * CELLS);
    let stored = 0;
    for (let i = 0; i < 10_001; i++) stored = addToTables(u8, 0, stored, place(i % 200, 0, 1));
    expect(stored).toBe(5000);
    const rest = u8.subarray(0, CELLS).reduce((a, b) => a + b, 0);
    expect(rest).toBeLessThan(5001);
    expect(Math.max(...u8)).toBe(127);
  });
});

describe('rarity of a pair', () => {
  const cells = PAIR_CELLS * PAIR_CELLS;

  it('knows what never came together, though each of both came often', () => {
    const u8 = new Uint8Array(PAIR_TABLE);
    let stored = 0;
    for (let i = 0; i < 200; i++) {
      const side = i % 2 === 0 ? 3 : -3;
      stored = addPair(u8, 0, stored, side, side);
    }
    expect(pairSurprise(counting(u8), 0, stored, 3, 3)).toBeCloseTo(1, 12);
    expect(pairSurprise(counting(u8), 0, stored, 3, -3)).toBeCloseTo(Math.sqrt(201), 12);
  });

  it('halves its counts when it is full', () => {
    const u8 = new Uint8Array(PAIR_TABLE);
    let stored = 0;
    for (let i = 0; i < 10_001; i++) stored = addPair(u8, 0, stored, i % 5, i % 3);
    expect(stored).toBe(5000);
    expect(Math.max(...u8.subarray(0, cells))).toBe(127);
  });

  it('wraps around, so that an extreme has a cell of its own', () => {
    const u8 = new Uint8Array(PAIR_TABLE);
    expect(addPair(u8, 0, 0, 1e3, -1e3)).toBe(1);
    expect(u8.reduce((a, b) => a + b, 0)).toBe(PAIR_PHASES);
  });
});

it('has the tables of signals one behind the other, and those of pairs behind them', () => {
  expect([0, 1, 2, 3].map((signal) => tableOffset(signal, 2))).toEqual([0, TABLE, 2 * TABLE, 2 * TABLE + PAIR_TABLE]);
});

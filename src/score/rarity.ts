// Rarity: the fraction of a signal's past that lies in cells no denser than the present one. A conformal p-value with
// the density of a histogram as its conformity measure (Vovk, Gammerman & Shafer 2005; Smith et al. 2014). It needs no
// tail model: it sees new extremes, gaps between modes and new plateaus alike.
//
// Tables of fixed size: cells are equal steps of asinh((x − centre)/scale) and wrap around, so that an extreme never
// piles up in a last cell. Two tables a signal, half a cell apart, take the luck out of where a cell begins.

import { asinh } from '../kernel/elementary.ts';
import { CELLS, PHASES } from '../kernel/layout.ts';

/** Width of a cell in asinh units. Measured: 0.3 with 48 cells; 32 and 96 cells are worse by 1–2 points. */
const CELL_WIDTH = 0.3;
/** A cell with more counts than this is common: no need to rank it. */
const COMMON_COUNT = 256;
const COMMON_SHARE = 50;
/** When a table holds more, all counts are halved: old windows fade. */
const STORED_MAX = 10_000;
const COUNT_MAX = 65_535;

/**
 * √(1/rarity) of x, averaged over the phases: 1 = nothing rare, √(N + 1) = never seen. `tables` is the index of the
 * signal's first cell, `stored` the windows in a table, `learned` the age of the series in windows.
 */
export function rootSurprise(
  u16: Uint16Array,
  tables: number,
  stored: number,
  x: number,
  centre: number,
  scale: number,
  learned: number,
): number {
  const position = asinh((x - centre) / scale) / CELL_WIDTH;
  const common = Math.max(COMMON_COUNT, learned / COMMON_SHARE);
  let sum = 0;
  for (let phase = 0; phase < PHASES; phase++) {
    const table = tables + phase * CELLS;
    const count = u16[table + cellOf(position, phase)]!;
    if (count > common) {
      sum += 1;
      continue;
    }
    let rarer = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      const other = u16[table + cell]!;
      if (other <= count) rarer += other;
    }
    sum += Math.sqrt((stored + 1) / (rarer + 1));
  }
  return sum / PHASES;
}

/** Counts x into every phase. Returns the windows now stored, after halving if the tables are full. */
export function addToTables(
  u16: Uint16Array,
  tables: number,
  stored: number,
  x: number,
  centre: number,
  scale: number,
): number {
  const position = asinh((x - centre) / scale) / CELL_WIDTH;
  for (let phase = 0; phase < PHASES; phase++) {
    const cell = tables + phase * CELLS + cellOf(position, phase);
    u16[cell] = Math.min(u16[cell]! + 1, COUNT_MAX);
  }
  return stored + 1 > STORED_MAX ? halve(u16, tables) : stored + 1;
}

function halve(u16: Uint16Array, tables: number): number {
  let stored = 0;
  for (let i = 0; i < PHASES * CELLS; i++) {
    const half = u16[tables + i]! >> 1;
    u16[tables + i] = half;
    if (i < CELLS) stored += half;
  }
  return stored;
}

function cellOf(position: number, phase: number): number {
  const cell = (Math.floor(position + phase / PHASES) + CELLS / 2) % CELLS;
  return cell < 0 ? cell + CELLS : cell;
}

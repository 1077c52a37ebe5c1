// Rarity: the fraction of a signal's past that lies in cells no denser than the present one. A conformal p-value with
// the density of a histogram as its conformity measure (Vovk, Gammerman & Shafer 2005; Smith et al. 2014). It needs no
// tail model: it sees new extremes, gaps between modes and new plateaus alike.
//
// Tables of fixed size: cells are equal steps of asinh((x − centre)/scale) and wrap around, so that an extreme never
// piles up in a last cell. Several tables a signal, each a part of a cell beside the other, take the luck out of where
// a cell begins.

import { asinh } from '../kernel/elementary.ts';
import { CELLS, PAIR_CELLS, PAIR_PHASES, PAIR_TABLE, PHASES, TABLE } from '../kernel/layout.ts';

/** Width of a cell in asinh units. Measured: 0.3 with 48 cells; 32 and 96 cells are worse by 1–2 points. */
const CELL_WIDTH = 0.3;
const PAIR_WIDTH = 0.5;
/** When a table holds more, all counts are halved: old windows fade. */
const STORED_MAX = 10_000;
/** Counts stop here. A cell with so many is common, at 2.5 % of a full table: no need to rank it. */
const COUNT_MAX = 255;

/** Tables of counts, and the kernel's way to add some of them up: `Kernel.countUpTo`, of byte addresses. */
export interface Counting {
  readonly u8: Uint8Array;
  readonly countUpTo: (at: number, cells: number, most: number) => number;
}

/** Where a number lies on the scale of its axis, in asinh units. */
export function place(x: number, centre: number, scale: number): number {
  return asinh((x - centre) / scale);
}

/** Tables of one signal: the number of the first cell, how many tables, and how many cells each. */
interface Tables {
  readonly at: number;
  readonly phases: number;
  readonly cells: number;
}

/** Cell of a signal in the table of a phase. */
function cellOf(placed: number, phase: number): number {
  return wrapped(Math.floor(placed / CELL_WIDTH + phase / PHASES), CELLS);
}

/** Cell of a pair: the axes are shifted by different parts. */
function pairCellOf(first: number, second: number, phase: number): number {
  const row = wrapped(Math.floor(first / PAIR_WIDTH + phase / PAIR_PHASES), PAIR_CELLS);
  const column = wrapped(Math.floor(second / PAIR_WIDTH + ((2 * phase) % PAIR_PHASES) / PAIR_PHASES), PAIR_CELLS);
  return row * PAIR_CELLS + column;
}

/** Steps are some thousands at most: as whole numbers of 32 bits they are divided in a tenth of the time. */
function wrapped(step: number, cells: number): number {
  const cell = ((step | 0) + cells / 2) % cells;
  return cell < 0 ? cell + cells : cell;
}

/**
 * √(1/rarity) of a signal, averaged over the phases: 1 = nothing rare, √(N + 1) = never seen. `at` is the index of the
 * signal's first cell, `stored` the windows in a table.
 */
export function rootSurprise(counting: Counting, at: number, stored: number, placed: number): number {
  let sum = 0;
  for (let phase = 0; phase < PHASES; phase++) {
    sum += rootOf(counting, at + phase * CELLS, CELLS, cellOf(placed, phase), stored);
  }
  return sum / PHASES;
}

/** The same for a pair. */
export function pairSurprise(counting: Counting, at: number, stored: number, first: number, second: number): number {
  const cells = PAIR_CELLS * PAIR_CELLS;
  let sum = 0;
  for (let phase = 0; phase < PAIR_PHASES; phase++) {
    sum += rootOf(counting, at + phase * cells, cells, pairCellOf(first, second, phase), stored);
  }
  return sum / PAIR_PHASES;
}

/** `table` is the index of its first cell. */
function rootOf({ u8, countUpTo }: Counting, table: number, cells: number, cell: number, stored: number): number {
  const count = u8[table + cell]!;
  if (count >= COUNT_MAX) return 1;
  return Math.sqrt((stored + 1) / (countUpTo(table, cells, count) + 1));
}

/** Counts a signal into every phase. Returns the windows now stored, after halving if the tables are full. */
export function addToTables(u8: Uint8Array, at: number, stored: number, placed: number): number {
  for (let phase = 0; phase < PHASES; phase++) countUp(u8, at + phase * CELLS + cellOf(placed, phase));
  return fading(u8, stored + 1, { at, phases: PHASES, cells: CELLS });
}

export function addPair(u8: Uint8Array, at: number, stored: number, first: number, second: number): number {
  const cells = PAIR_CELLS * PAIR_CELLS;
  for (let phase = 0; phase < PAIR_PHASES; phase++) countUp(u8, at + phase * cells + pairCellOf(first, second, phase));
  return fading(u8, stored + 1, { at, phases: PAIR_PHASES, cells });
}

function countUp(u8: Uint8Array, cell: number): void {
  u8[cell] = Math.min(u8[cell]! + 1, COUNT_MAX);
}

/** Cells that had stopped counting come out too small; within some thousand windows they stop again. */
function fading(u8: Uint8Array, stored: number, { at, phases, cells }: Tables): number {
  if (stored <= STORED_MAX) return stored;
  for (let i = at; i < at + phases * cells; i++) u8[i] = u8[i]! >> 1;
  return Math.floor(stored / 2);
}

/** Numbers of all tables before those of a signal, or of a pair behind them. */
export function tableOffset(signal: number, signals: number): number {
  return signal < signals ? signal * TABLE : signals * TABLE + (signal - signals) * PAIR_TABLE;
}

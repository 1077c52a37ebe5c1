// The ceiling of a series: how large its residuals get when nothing is wrong. Rarity cannot tell a fault that comes
// once a week from what is usual: every one makes the next less rare. The largest residuals of blocks of windows can:
// their median does not move while fewer than half of the blocks hold a fault. Extreme values by block maxima are those
// of E. Gumbel, Statistics of Extremes, 1958; median and median deviation are robust estimates of location and scale.

import type { Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { log10 } from '../kernel/elementary.ts';
import { AT, MAXIMA } from '../kernel/layout.ts';

/**
 * A block has so many windows, because the largest of a few tells little, and is half a day at least: maxima of minutes
 * would let a series of seconds open as many episodes a day as it has blocks.
 */
const BLOCK = 720;
const BLOCK_MS = 12 * 3_600_000;
/** The ceiling is known from so many blocks on. */
const KNOWN = 14;
/** It lies above the median of the maxima by so many of their deviations. */
const DEVIATIONS = 1.75;
/** Maxima that hardly differ do not make a residual anomalous that is larger by less than a factor of 1.45 (0.16). */
const DEVIATION_MIN = 0.16 / DEVIATIONS;
/** Of Gumbel's distribution: maxima that are rarer by a decade are larger by so many deviations. */
const DEVIATIONS_PER_DECADE = 3;
/**
 * The usual size of a residual: a slow root mean square. One beyond the ceiling counts for at most six of it, any other
 * for a thousand: clipped more, the usual size of a series that moves once in thousands of windows would vanish.
 */
const MEMORY = 1000;
const CLIP_BEYOND = 36;
const CLIP = 1e6;
const SIZE_AFTER = 50;
/** Sizes are told in decades above a thousandth of the usual one; what is below that is nothing. */
const NOTHING = 1e-3;

/** Whether the ceiling of a series is known; `at` is where its evidence begins, in float64. */
export function isCeilingKnown(f64: Float64Array, at: number): boolean {
  return f64[at + AT.maximaCount]! >= KNOWN;
}

/**
 * Takes a window's residual into what is known of the series, and answers by how many decades of rarity it was beyond
 * the ceiling: negative below it, −∞ while that is not known. What is beyond does not move the ceiling, nor does a
 * window that the policies do not count. `less`: decades by which the ceiling is higher, because the threshold is.
 */
export function beyondCeiling(bank: Bank, wave: Wave, row: number, counts: boolean, less: number): number {
  const residual = wave.value[row]! - wave.expected[row]!;
  if (Number.isNaN(residual)) return Number.NEGATIVE_INFINITY;
  const { f64, f32 } = bank.lane;
  const evidence = evidenceAddress(bank, wave.slot[row]!);
  const at = evidence / 8;
  const size = sizeOf(f64, at, residual);
  const deviation = Math.max(DEVIATION_MIN, f64[at + AT.maximaDeviation]!);
  const deviations = (size - f64[at + AT.maximaMedian]!) / deviation - DEVIATIONS;
  const beyond = isCeilingKnown(f64, at) ? deviations / DEVIATIONS_PER_DECADE - less : Number.NEGATIVE_INFINITY;
  learnSize(f64, at, residual, beyond >= 0);
  if (counts && beyond < 0) f64[at + AT.blockHeight] = Math.max(f64[at + AT.blockHeight]!, size);
  f64[at + AT.heightCount]! += 1;
  const isShort = f64[at + AT.heightCount]! * f64[at + AT.everyMs]! < BLOCK_MS && f64[at + AT.everyMs]! > 0;
  if (f64[at + AT.heightCount]! >= BLOCK && !isShort) endBlock(f64, f32, at, (evidence + bank.layout.maximaAt) / 4);
  return beyond;
}

/** How large a residual is beside what was usual before it. */
function sizeOf(f64: Float64Array, at: number, residual: number): number {
  const square = f64[at + AT.residualSquare]!;
  if (square === 0 || f64[at + AT.residuals]! < SIZE_AFTER) return 0;
  return log10(1 + Math.abs(residual) / Math.sqrt(square) / NOTHING);
}

function learnSize(f64: Float64Array, at: number, residual: number, isBeyond: boolean): void {
  const n = f64[at + AT.residuals]! + 1;
  const square = f64[at + AT.residualSquare]!;
  const most = square > 0 ? (isBeyond ? CLIP_BEYOND : CLIP) * square : Number.POSITIVE_INFINITY;
  const own = Math.min(residual * residual, most);
  f64[at + AT.residuals] = n;
  f64[at + AT.residualSquare] = square + Math.max(1 / MEMORY, 1 / n) * (own - square);
}

/** A block without a residual, or beyond in every window, leaves nothing. */
function endBlock(f64: Float64Array, f32: Float32Array, at: number, maxima: number): void {
  f64[at + AT.heightCount] = 0;
  const height = f64[at + AT.blockHeight]!;
  if (height === 0) return;
  f64[at + AT.blockHeight] = 0;
  const count = f64[at + AT.maximaCount]!;
  f32[maxima + (count % MAXIMA)] = height;
  f64[at + AT.maximaCount] = count + 1;
  const sorted = f32.slice(maxima, maxima + Math.min(count + 1, MAXIMA)).sort();
  const median = sorted[sorted.length >> 1]!;
  const deviations = sorted.map((one) => Math.abs(one - median)).sort();
  f64[at + AT.maximaMedian] = median;
  f64[at + AT.maximaDeviation] = deviations[deviations.length >> 1]!;
}

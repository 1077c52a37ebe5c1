// The score stage and its half of learning. `scoreWave` only reads; `learnScores` then takes the window into averages
// and tables.

import { GAP, SURPRISES, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { log10 } from '../kernel/elementary.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { AT } from '../kernel/layout.ts';
import { axesOf, learnAverages } from './signals.ts';
import { addAll, placeAll, rootsOf, scaleStill } from './tables.ts';
import { FIRST_FIT, logWindow } from './warmup.ts';

/** Decades that so many windows are expected to hold by chance. */
const DISCOUNT = 0.6;
const DISCOUNT_WINDOWS_MAX = 10_000;
/** Shifts the pooled surprise so that usual thresholds lie near 4; it has no other meaning. */
const SHIFT = 4;

/** Decades that a usual deviation from the level of this time of the day is worth in the point score. */
const DISTANCE = 0.3;
const DISTANCE_MAX = 8;
const DISTANCE_USUAL = 3.2;
/** That level is compared with from then on. */
const DISTANCE_AFTER = 20;
const LEVEL_WEIGHT_MIN = 0.01;
const SQUARE_WEIGHT_MIN = 0.001;
/** From this many windows on, a deviation counts for at most so many usual ones (squared) in the usual one. */
const ROBUST_AFTER = 50;
const SQUARE_MAX = 36;

const roots = new Float64Array(SURPRISES);

/** Writes how rare the signals of every row are, and the pooled surprise in decades; NaN without tables or in a gap. */
export function scoreWave(bank: Bank, kernel: Pick<Kernel, 'countUpTo'>, wave: Wave): void {
  watchWave(bank, wave);
  const { lane, layout } = bank;
  for (let row = 0; row < wave.count + wave.steps; row++) {
    const learned = wave.learned[row]!;
    const first = row * SURPRISES;
    if (learned < FIRST_FIT || wave.gap[row] === GAP.missing) {
      wave.roots.fill(Number.NaN, first, first + SURPRISES);
      wave.pooled[row] = Number.NaN;
      wave.point[row] = Number.NaN;
      continue;
    }
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    const mean = rootsOf(lane, kernel, layout, evidence, wave.places[row]!, roots);
    wave.roots.set(roots, first);
    wave.pooled[row] = pooledSurprise(mean, learned);
    wave.point[row] =
      wave.pooled[row]! +
      DISTANCE * (Math.min(Math.abs(distanceOf(lane.f64, evidence / 8, wave, row)), DISTANCE_MAX) - DISTANCE_USUAL);
  }
}

/** Writes the axes of every row with a value, and where they lie on the scales of its series once it has such. */
function watchWave(bank: Bank, wave: Wave): void {
  const { f64 } = bank.lane;
  for (let row = 0; row < wave.count + wave.steps; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const at = evidenceAddress(bank, wave.slot[row]!) / 8;
    watch(f64, at, wave, row);
    if (wave.learned[row]! >= FIRST_FIT) placeAll(f64, at, wave.axes[row]!, wave.places[row]!);
  }
}

/** Takes every row with a value into the averages and tables of its series, with the axes that `scoreWave` wrote. */
export function learnScores(bank: Bank, wave: Wave): void {
  const { lane, layout } = bank;
  for (let row = 0; row < wave.count + wave.steps; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    const learned = wave.learned[row]!;
    const value = wave.value[row]!;
    const axes = wave.axes[row]!;
    const isHeld = lane.f64[evidence / 8 + AT.heldAt] === learned + 1; // forecast/quarantine.ts
    if (learned >= FIRST_FIT && !isHeld) {
      scaleStill(lane.f64, evidence / 8, axes, wave.places[row]!);
      addAll(lane, layout, evidence, wave.places[row]!);
    }
    learnAverages({ f64: lane.f64, at: evidence / 8 }, learned, value, axes);
    learnDistance(lane.f64, evidence / 8, wave, row);
    const near = residualOf(value, wave.near[row]!);
    logWindow(lane, layout, evidence, learned, value, near, residualOf(value, wave.far[row]!));
  }
}

/**
 * Distance of the value from what is usual at this time of the day, after a slow level, in usual distances, signed; 0
 * while that is not known. Where there is a season, the plain distance from a slow level finds every morning abnormal.
 */
function distanceOf(f64: Float64Array, at: number, wave: Wave, row: number): number {
  const square = f64[at + AT.seasonSquare]!;
  if (wave.learned[row]! <= DISTANCE_AFTER || square <= 0) return 0;
  return (wave.value[row]! - wave.usual[row]! - f64[at + AT.seasonLevel]!) / Math.sqrt(square);
}

function learnDistance(f64: Float64Array, at: number, wave: Wave, row: number): void {
  if (Number.isNaN(wave.usual[row]!)) return;
  const n = wave.learned[row]!;
  const distance = wave.value[row]! - wave.usual[row]! - f64[at + AT.seasonLevel]!;
  const square = f64[at + AT.seasonSquare]!;
  const most = n > ROBUST_AFTER && square > 0 ? SQUARE_MAX * square : Number.POSITIVE_INFINITY;
  const counted = Math.min(distance * distance, most);
  f64[at + AT.seasonSquare] = square + Math.max(SQUARE_WEIGHT_MIN, 1 / (n + 1)) * (counted - square);
  f64[at + AT.seasonLevel]! += Math.max(LEVEL_WEIGHT_MIN, 1 / (n + 1)) * distance;
}

/** Writes the axes of a row. What all fields show together has no time of the day. */
function watch(f64: Float64Array, at: number, wave: Wave, row: number): void {
  const value = wave.value[row]!;
  const far = residualOf(value, wave.far[row]!);
  const isKnown = row < wave.count && f64[at + AT.seasonSquare]! > 0;
  const distance = isKnown ? distanceOf(f64, at, wave, row) : Number.NaN;
  axesOf({ f64, at }, wave.learned[row]!, value, residualOf(value, wave.near[row]!), far, distance, wave.axes[row]!);
}

/**
 * Decades of surprise, less the rarity that so many windows are expected to hold by chance. The mean of √(1/p) lies
 * between the mean of the surprises and the largest.
 */
function pooledSurprise(meanRoot: number, learned: number): number {
  return 2 * log10(meanRoot) - DISCOUNT * log10(Math.min(learned, DISCOUNT_WINDOWS_MAX) + 1) + SHIFT;
}

/** 0 while there is no forecast. */
function residualOf(value: number, expected: number): number {
  return Number.isNaN(expected) ? 0 : value - expected;
}

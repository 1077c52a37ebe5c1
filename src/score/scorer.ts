// The score stage and its half of learning. `scoreWave` only reads; `learnScores` then takes the window into averages
// and tables.

import { GAP, SURPRISES, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { log10 } from '../kernel/elementary.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { axesOf, learnAverages, newAxes } from './signals.ts';
import { addAll, rootsOf } from './tables.ts';
import { FIRST_FIT, logWindow } from './warmup.ts';

/** Decades that so many windows are expected to hold by chance. */
const DISCOUNT = 0.6;
const DISCOUNT_WINDOWS_MAX = 10_000;
/** Shifts the pooled surprise so that usual thresholds lie near 4; it has no other meaning. */
const SHIFT = 4;

/** Decades that a usual deviation from the slow level is worth in the point score. */
const DISTANCE = 0.3;
const DISTANCE_MAX = 8;
const DISTANCE_USUAL = 3.2;
const SLOW_AXIS = 6;

const axes = newAxes();
const roots = new Float64Array(SURPRISES);

/** Writes the surprises and the pooled surprise of every row, in decades; NaN before the tables exist or in a gap. */
export function scoreWave(bank: Bank, kernel: Pick<Kernel, 'countUpTo'>, wave: Wave): void {
  const { lane, layout } = bank;
  for (let row = 0; row < wave.count; row++) {
    const learned = wave.learned[row]!;
    const first = row * SURPRISES;
    if (learned < FIRST_FIT || wave.gap[row] === GAP.missing) {
      wave.surprises.fill(Number.NaN, first, first + SURPRISES);
      wave.pooled[row] = Number.NaN;
      wave.point[row] = Number.NaN;
      continue;
    }
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    watch(lane.f64, evidence, wave, row);
    const mean = rootsOf(lane, kernel, layout, evidence, axes, learned, roots);
    for (let signal = 0; signal < SURPRISES; signal++) wave.surprises[first + signal] = 2 * log10(roots[signal]!);
    wave.pooled[row] = pooledSurprise(mean, learned);
    wave.point[row] =
      wave.pooled[row]! + DISTANCE * (Math.min(Math.abs(axes[SLOW_AXIS]!), DISTANCE_MAX) - DISTANCE_USUAL);
  }
}

/** Takes every row with a value into the averages and tables of its series. */
export function learnScores(bank: Bank, wave: Wave): void {
  const { lane, layout } = bank;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    const learned = wave.learned[row]!;
    const value = wave.value[row]!;
    watch(lane.f64, evidence, wave, row);
    if (learned >= FIRST_FIT) addAll(lane, layout, evidence, axes);
    learnAverages({ f64: lane.f64, at: evidence / 8 }, learned, value, axes);
    const near = residualOf(value, wave.near[row]!);
    logWindow(lane, layout, evidence, learned, value, near, residualOf(value, wave.far[row]!));
  }
}

/** Writes the axes of a row. */
function watch(f64: Float64Array, evidence: number, wave: Wave, row: number): void {
  const value = wave.value[row]!;
  const residual = residualOf(value, wave.near[row]!);
  axesOf({ f64, at: evidence / 8 }, wave.learned[row]!, value, residual, residualOf(value, wave.far[row]!), axes);
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

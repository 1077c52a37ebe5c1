// The score stage and its half of learning. Two signals: the value (evidence `level`) and the one-step residual
// (evidence `residual`). `scoreWave` only reads; `learnScores` then counts the window into the tables.

import { GAP, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { log10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';
import { addToTables, rootSurprise } from './rarity.ts';
import { FIRST_FIT, logWindow, tablesOf } from './warmup.ts';

/** Between the mean and the maximum of the signals: the mean of √(1/p), in decades. */
const DISCOUNT = 0.6;
const DISCOUNT_WINDOWS_MAX = 10_000;
/** Shifts the pooled surprise so that usual thresholds lie near 4; it has no other meaning. */
const SHIFT = 4;

/** Writes the surprises and the pooled surprise of every row, in decades; NaN before the tables exist or in a gap. */
export function scoreWave(bank: Bank, wave: Wave): void {
  const { f64, u16 } = bank.lane;
  const { layout } = bank;
  for (let row = 0; row < wave.count; row++) {
    const learned = wave.learned[row]!;
    if (learned < FIRST_FIT || wave.gap[row] === GAP.missing) {
      wave.levelSurprise[row] = Number.NaN;
      wave.residualSurprise[row] = Number.NaN;
      wave.pooled[row] = Number.NaN;
      continue;
    }
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    const at = evidence / 8;
    const value = wave.value[row]!;
    const root = (signal: number, x: number): number =>
      rootSurprise(
        u16,
        tablesOf(layout, evidence, signal),
        f64[at + AT.stored + signal]!,
        x,
        f64[at + AT.centre + signal]!,
        f64[at + AT.scale + signal]!,
        learned,
      );
    const level = root(0, value);
    const residual = root(1, residualOf(value, wave.expected[row]!));
    wave.levelSurprise[row] = 2 * log10(level);
    wave.residualSurprise[row] = 2 * log10(residual);
    wave.pooled[row] = pooledSurprise((level + residual) / 2, learned);
  }
}

/** Counts every row with a value into the tables of its series. */
export function learnScores(bank: Bank, wave: Wave): void {
  const { f64, u16 } = bank.lane;
  const { layout } = bank;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    const at = evidence / 8;
    const learned = wave.learned[row]!;
    const signals = [wave.value[row]!, residualOf(wave.value[row]!, wave.expected[row]!)] as const;
    if (learned >= FIRST_FIT) {
      for (const [signal, x] of signals.entries()) {
        const tables = tablesOf(layout, evidence, signal);
        const stored = f64[at + AT.stored + signal]!;
        const centre = f64[at + AT.centre + signal]!;
        f64[at + AT.stored + signal] = addToTables(u16, tables, stored, x, centre, f64[at + AT.scale + signal]!);
      }
    }
    logWindow(bank.lane, layout, evidence, learned, signals[0], signals[1]);
  }
}

/** Decades of surprise, less the rarity that so many windows are expected to hold by chance. */
function pooledSurprise(meanRoot: number, learned: number): number {
  return 2 * log10(meanRoot) - DISCOUNT * log10(Math.min(learned, DISCOUNT_WINDOWS_MAX) + 1) + SHIFT;
}

/** 0 while there is no forecast. */
function residualOf(value: number, expected: number): number {
  return Number.isNaN(expected) ? 0 : value - expected;
}

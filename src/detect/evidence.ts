// Which evidence a window has, for people: the surprises of the signals by what they are evidence of.

import {
  EPISODE_KINDS,
  type EpisodeChange,
  type EpisodeKind,
  type Severity,
  type SignalKind,
  SURPRISES,
  type Wave,
} from '../domain.ts';
import { log10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';

/** What the signals are evidence of, in their order. */
const KINDS = ['level', 'residual', 'spread', 'drift', 'drift', 'drift', 'season', 'shape', 'burst'] as const;
/** A residual at the ceiling is as rare as one of so many windows: half of the blocks of 720 reach the median. */
const AT_CEILING = 3.6;
const WARNING_DECADES = 0.5;
const CRITICAL_DECADES = 1.5;
/** An episode that lasts so many windows is a shift, not a spike. */
const SHIFT_WINDOWS = 5;

/**
 * Strongest first. A policy's evidence is as surprising as something never seen in all windows so far. `at` is where
 * the series' evidence begins, in float64; `beyond` by how many decades the residual is beyond the ceiling.
 */
export function evidenceOf(
  f64: Float64Array,
  at: number,
  wave: Wave,
  row: number,
  reason: 'gap' | 'range' | 'spike' | 'stuck' | 'season',
  beyond: number,
): EpisodeChange['evidence'] {
  const never = log10(wave.learned[row]! + 1);
  if (reason === 'gap') return [{ kind: 'gap', surprise: never }];
  const strongest = new Map<SignalKind, number>();
  const strengthen = (kind: SignalKind, surprise: number): void => {
    strongest.set(kind, Math.max(surprise, strongest.get(kind) ?? 0));
  };
  for (const [signal, kind] of KINDS.entries()) {
    const surprise = surpriseAt(wave, row, signal);
    if (Number.isNaN(surprise)) continue;
    strengthen(kind === 'season' && !isSeasonal(f64, at, wave.usual[row]!) ? 'level' : kind, surprise);
  }
  if (beyond >= 0) strengthen('residual', AT_CEILING + beyond);
  const known = [...strongest].map(([kind, surprise]) => ({ kind, surprise }));
  known.sort((a, b) => b.surprise - a.surprise);
  if (reason === 'season') return [{ kind: reason, surprise: never }, ...known.filter(({ kind }) => kind !== reason)];
  return reason === 'spike' ? known : [{ kind: reason, surprise: never }, ...known];
}

/** Surprise of a signal, in decades; a logarithm that only what is told needs. NaN where there is none. */
export function surpriseAt(wave: Wave, row: number, signal: number): number {
  return 2 * log10(wave.roots[row * SURPRISES + signal]!);
}

/** Whether the time of the day matters: what is usual then differs from the mean by more than a usual distance. */
function isSeasonal(f64: Float64Array, at: number, usual: number): boolean {
  const distance = usual - f64[at + AT.mean]!;
  return distance * distance > f64[at + AT.seasonSquare]!;
}

/** Of an open episode, or of one that has just closed. */
export function kindOf(f64: Float64Array, at: number): EpisodeKind {
  const opened = EPISODE_KINDS[f64[at + AT.kind]!] ?? 'spike';
  return opened === 'spike' && f64[at + AT.episodeWindows]! >= SHIFT_WINDOWS ? 'shift' : opened;
}

/**
 * `above`: decades of the peak above the threshold that is set or follows from the budget, without what raises it for a
 * while. What needs no statistics has none and is a warning.
 */
export function severityOf(above: number, kind: EpisodeKind): Severity {
  if (above >= CRITICAL_DECADES) return 'critical';
  return above >= WARNING_DECADES || (kind !== 'spike' && kind !== 'shift') ? 'warning' : 'info';
}

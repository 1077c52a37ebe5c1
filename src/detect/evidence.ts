// Which evidence a window has, for people: the surprises of the signals by what they are evidence of.

import { EPISODE_KINDS, type EpisodeChange, type EpisodeKind, SURPRISES, type Wave } from '../domain.ts';
import { log10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';

/** What the signals are evidence of, in their order. */
const KINDS = ['level', 'residual', 'spread', 'drift', 'drift', 'drift', 'level', 'shape', 'burst'] as const;
/** An episode that lasts so many windows is a shift, not a spike. */
const SHIFT_WINDOWS = 5;

/** Strongest first. A policy's evidence is as surprising as something never seen in all windows so far. */
export function evidenceOf(
  wave: Wave,
  row: number,
  reason: 'gap' | 'range' | 'spike' | 'stuck',
): EpisodeChange['evidence'] {
  const never = log10(wave.learned[row]! + 1);
  if (reason === 'gap') return [{ kind: 'gap', surprise: never }];
  const strongest = new Map<(typeof KINDS)[number], number>();
  for (const [signal, kind] of KINDS.entries()) {
    const surprise = wave.surprises[row * SURPRISES + signal]!;
    if (!Number.isNaN(surprise)) strongest.set(kind, Math.max(surprise, strongest.get(kind) ?? 0));
  }
  const known = [...strongest].map(([kind, surprise]) => ({ kind, surprise }));
  known.sort((a, b) => b.surprise - a.surprise);
  return reason === 'spike' ? known : [{ kind: reason, surprise: never }, ...known];
}

/** Of an open episode, or of one that has just closed. */
export function kindOf(f64: Float64Array, at: number): EpisodeKind {
  const opened = EPISODE_KINDS[f64[at + AT.kind]!] ?? 'spike';
  return opened === 'spike' && f64[at + AT.episodeWindows]! >= SHIFT_WINDOWS ? 'shift' : opened;
}

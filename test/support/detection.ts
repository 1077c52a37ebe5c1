import { type DetectState, detectWave } from '../../src/detect/detector.ts';
import { mutedUntilMs as mutedUntil } from '../../src/detect/mute.ts';
import { THRESHOLD } from '../../src/detect/threshold.ts';
import { type EpisodeChange, GAP, newCounters } from '../../src/domain.ts';
import { pow10 } from '../../src/kernel/elementary.ts';
import { AT } from '../../src/kernel/layout.ts';
import type { DetectSettings } from '../../src/settings.ts';
import { oneSeries, windowOf } from './slabs.ts';

/** The defaults of `detect`. */
export const DETECT: DetectSettings = {
  threshold: { kind: 'fixed', decades: 3.5 },
  mute: [],
  direction: 'both',
  deviation: { absolute: 0, relative: 0 },
  range: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  band: undefined,
  sustain: { hits: 1, of: 1 },
  recover: { hits: 1, of: 1 },
};

export interface Window {
  /** Pooled surprise; a quiet window has 1. */
  readonly pooled?: number;
  readonly value?: number;
  readonly missing?: boolean;
  /** Point score; that of the pooled surprise if not said. */
  readonly point?: number;
}

/** Pooled surprise that reaches the threshold while there were no peaks before: one is always reckoned with. */
export const OPENS = THRESHOLD + Math.log10(2);
export const QUIET: Window = {};
export const LOUD: Window = { pooled: OPENS + 1, value: 150 };

/**
 * Windows through the detector, from an age of 1000 windows on, each expected to be 100 within ± 10. With `level` the
 * slow level of the series is that, ± 1.
 */
export function detect(
  windows: readonly Window[],
  settings: Partial<DetectSettings> = {},
  from = 1000,
  level?: number,
) {
  const one = oneSeries('last');
  if (level !== undefined) {
    one.bank.lane.f64[one.at + AT.slow] = level;
    one.bank.lane.f64[one.at + AT.slowSquare] = 1;
  } else {
    // Not known: no value is away from it, nor back.
    one.bank.lane.f64[one.at + AT.slow] = Number.NaN;
  }
  const counters = newCounters();
  const merged = { ...DETECT, ...settings };
  const mutedUntilMs = (): number => mutedUntil(merged.mute, ['host'], ['a']);
  const state: DetectState = { bank: one.bank, settings: merged, warmupWindows: 64, counters, mutedUntilMs };
  const told: (EpisodeChange & { readonly n: number })[] = [];
  const scores: number[] = [];
  for (const [n, { pooled = 1, value = 100, missing = false, point }] of windows.entries()) {
    const wave = windowOf(one, n, missing ? Number.NaN : value);
    wave.gap[0] = missing ? GAP.missing : GAP.none;
    wave.learned[0] = from + n;
    wave.expected[0] = 100;
    wave.usual[0] = Number.NaN;
    wave.lower[0] = 90;
    wave.upper[0] = 110;
    wave.pooled[0] = missing || from + n < 50 ? Number.NaN : pooled;
    wave.point[0] = point ?? wave.pooled[0] ?? Number.NaN;
    wave.roots.set([2, 3, 0, 0, 0, 0, 0, 0, 0].map((surprise) => pow10(surprise / 2)));
    const changes: EpisodeChange[] = [];
    detectWave(state, wave, changes);
    told.push(...changes.map((change) => ({ ...change, n })));
    scores.push(wave.score[0] ?? Number.NaN);
  }
  return { told, scores, counters, kinds: told.map(({ n, event, kind }) => `${n} ${event} ${kind}`) };
}

// The detect stage: from the surprise of a window to its score, and from windows to episodes that open, continue,
// escalate and close.

import {
  type Counters,
  EPISODE_KINDS,
  type EpisodeChange,
  type EpisodeEvent,
  type EpisodeKind,
  GAP,
  type Severity,
  type Wave,
} from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { log10, pow10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';
import { warmupWindowsOf } from '../kernel/warmup.ts';
import type { DetectSettings } from '../settings.ts';
import { deviates, holds, isOutOfRange, POLICY_SCORE, remember } from './policies.ts';
import { isCandidate, learnRank, rankedSurprise, reachOf } from './rank.ts';

/**
 * Ranked surprise, in decades, at which a window is anomalous. With two signals one of them must be about as rare as
 * the rarest in five thousand windows.
 */
export const THRESHOLD = 4.6;
/** Decades of surprise that one factor of ten in the score stands for. */
const SCORE_DECADES = 4;
/** A later peak this much above the last alarm escalates the episode. */
const ESCALATION = 0.5;
const CONTINUING_WINDOWS = 60;
/** An episode that lasts so many windows is a shift, not a spike. */
const SHIFT_WINDOWS = 5;
const WARNING_DECADES = 0.5;
const CRITICAL_DECADES = 1.5;

export interface DetectState {
  readonly bank: Bank;
  readonly settings: DetectSettings;
  readonly warmupWindows: number | 'auto';
  readonly counters: Counters;
}

/** What one window is, before the episode: exported score (NaN = warming), evident or not, and of which kind. */
interface Verdict {
  readonly score: number;
  readonly evident: boolean;
  readonly kind: 'gap' | 'range' | 'spike';
  /** Ranked surprise in decades. */
  readonly ranked: number;
}

/** Writes `score` and `open` of every row and adds what changed to `changes`, in order of rows. */
export function detectWave(state: DetectState, wave: Wave, changes: EpisodeChange[]): void {
  for (let row = 0; row < wave.count; row++) {
    const verdict = judge(state, wave, row);
    countWindow(state, wave, row, verdict);
    followEpisode(state, wave, row, verdict, changes);
  }
}

function judge(state: DetectState, wave: Wave, row: number): Verdict {
  const { bank, settings } = state;
  const evidence = evidenceAddress(bank, wave.slot[row]!);
  const everyMs = bank.lane.f64[evidence / 8 + AT.everyMs]!;
  const warming = wave.learned[row]! < warmupWindowsOf(state.warmupWindows, everyMs);
  if (wave.gap[row] === GAP.missing) {
    return { score: warming ? Number.NaN : POLICY_SCORE, evident: !warming, kind: 'gap', ranked: THRESHOLD };
  }
  const pooled = wave.pooled[row]!;
  const value = wave.value[row]!;
  let score = Number.NaN;
  let ranked = Number.NEGATIVE_INFINITY;
  if (!Number.isNaN(pooled)) {
    const { f64, f32 } = bank.lane;
    const at = evidence / 8;
    const peaks = (evidence + bank.layout.peaksAt) / 4;
    const candidate = isCandidate(f64, at, pooled);
    ranked = rankedSurprise(f64, f32, at, peaks, pooled);
    score = pow10((ranked - THRESHOLD) / SCORE_DECADES);
    const news = candidate || f64[at + AT.open] === 1;
    const { expected, lower, upper } = wave;
    if (!news || !deviates(settings, value, expected[row]!, lower[row]!, upper[row]!)) score = Math.min(score, 1);
    learnRank(f64, f32, at, peaks, pooled, candidate, reachOf(everyMs));
  }
  if (isOutOfRange(settings, value)) {
    return {
      score: Math.max(score || 0, POLICY_SCORE),
      evident: true,
      kind: 'range',
      ranked: Math.max(ranked, THRESHOLD),
    };
  }
  return { score: warming ? Number.NaN : score, evident: !warming && score > 1, kind: 'spike', ranked };
}

function countWindow(state: DetectState, wave: Wave, row: number, verdict: Verdict): void {
  if (wave.gap[row] === GAP.missing) return; // counted as skipped when it closed
  if (Number.isNaN(verdict.score)) state.counters.windowsWarming++;
  else state.counters.windowsScored++;
}

function followEpisode(state: DetectState, wave: Wave, row: number, verdict: Verdict, changes: EpisodeChange[]): void {
  const { f64 } = state.bank.lane;
  const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
  const startMs = wave.startMs[row]!;
  const bit = verdict.evident ? 1 : 0;
  const hits = remember(f64[at + AT.hits]!, bit);
  f64[at + AT.hits] = hits;
  if (verdict.evident && !holds(hits >>> 1, { hits: 1, of: state.settings.sustain.of })) {
    f64[at + AT.evidentSinceMs] = startMs;
  }
  let event: EpisodeEvent | undefined;
  if (f64[at + AT.open] !== 1) {
    if (verdict.evident && holds(hits, state.settings.sustain)) {
      event = 'opened';
      openEpisode(f64, at, verdict);
    }
  } else {
    event = continueEpisode(state, f64, at, verdict);
  }
  const open = f64[at + AT.open] === 1;
  wave.open[row] = open ? 1 : 0;
  wave.score[row] = open ? Math.max(verdict.score || 0, POLICY_SCORE) : verdict.score;
  if (event === undefined) return;
  const kind = kindOf(f64, at);
  const severity = severityOf(f64, at, kind);
  const key = `${event}/${severity}/${kind}`;
  state.counters.episodes[key] = (state.counters.episodes[key] ?? 0) + 1;
  const evidence = evidenceOf(wave, row, verdict);
  changes.push({ row, event, kind, severity, startedAtMs: f64[at + AT.startedAtMs]!, evidence });
}

function openEpisode(f64: Float64Array, at: number, verdict: Verdict): void {
  f64[at + AT.open] = 1;
  f64[at + AT.startedAtMs] = f64[at + AT.evidentSinceMs]!;
  f64[at + AT.calm] = 0;
  f64[at + AT.kind] = EPISODE_KINDS.indexOf(verdict.kind);
  f64[at + AT.episodePeak] = verdict.ranked;
  f64[at + AT.lastAlarm] = verdict.ranked;
  f64[at + AT.episodeWindows] = 1;
  f64[at + AT.sinceEvent] = 0;
}

function continueEpisode(
  state: DetectState,
  f64: Float64Array,
  at: number,
  verdict: Verdict,
): EpisodeEvent | undefined {
  const calm = remember(f64[at + AT.calm]!, verdict.evident ? 0 : 1);
  f64[at + AT.calm] = calm;
  f64[at + AT.episodeWindows]! += 1;
  f64[at + AT.sinceEvent]! += 1;
  if (verdict.evident) f64[at + AT.episodePeak] = Math.max(f64[at + AT.episodePeak]!, verdict.ranked);
  if (holds(calm, state.settings.recover)) {
    f64[at + AT.open] = 0;
    f64[at + AT.hits] = 0;
    return 'closed';
  }
  if (verdict.evident && verdict.ranked >= f64[at + AT.lastAlarm]! + ESCALATION) {
    f64[at + AT.lastAlarm] = verdict.ranked;
    f64[at + AT.sinceEvent] = 0;
    return 'escalated';
  }
  if (f64[at + AT.sinceEvent]! >= CONTINUING_WINDOWS) {
    f64[at + AT.sinceEvent] = 0;
    return 'continuing';
  }
  return undefined;
}

function kindOf(f64: Float64Array, at: number): EpisodeKind {
  const opened = EPISODE_KINDS[f64[at + AT.kind]!] ?? 'spike';
  return opened === 'spike' && f64[at + AT.episodeWindows]! >= SHIFT_WINDOWS ? 'shift' : opened;
}

/** Decades above the threshold at the peak; a gap or a range has none and is a warning. */
function severityOf(f64: Float64Array, at: number, kind: EpisodeKind): Severity {
  const above = f64[at + AT.episodePeak]! - THRESHOLD;
  if (above >= CRITICAL_DECADES) return 'critical';
  return above >= WARNING_DECADES || kind === 'gap' || kind === 'range' ? 'warning' : 'info';
}

/** Strongest first. A policy's evidence is as surprising as something never seen in all windows so far. */
function evidenceOf(wave: Wave, row: number, verdict: Verdict): EpisodeChange['evidence'] {
  const never = log10(wave.learned[row]! + 1);
  if (verdict.kind === 'gap') return [{ kind: 'gap', surprise: never }];
  const signals = [
    { kind: 'residual', surprise: wave.residualSurprise[row]! },
    { kind: 'level', surprise: wave.levelSurprise[row]! },
  ] as const;
  const known = signals.filter(({ surprise }) => !Number.isNaN(surprise));
  known.sort((a, b) => b.surprise - a.surprise);
  return verdict.kind === 'range' ? [{ kind: 'range', surprise: never }, ...known] : known;
}

// The detect stage: from the surprise of a window to its score, and from windows to episodes that open, continue,
// escalate and close.

import { type Counters, EPISODE_KINDS, type EpisodeChange, type EpisodeEvent, GAP, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { pow10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';
import { warmupWindowsOf } from '../kernel/warmup.ts';
import type { DetectSettings } from '../settings.ts';
import { ABNORMAL, endAbnormalRun, isLong } from './abnormal.ts';
import { isAway, isBack, startAway } from './away.ts';
import { beyondCeiling, isCeilingKnown } from './ceiling.ts';
import { evidenceOf, kindOf, severityOf } from './evidence.ts';
import { deviates, holds, isOutOfRange, POLICY_SCORE, remember } from './policies.ts';
import { type Quiet, watchQuiet } from './quiet.ts';
import { isCandidate, learnRank, rankedSurprise, reachOf } from './rank.ts';
import { endRun } from './stuck.ts';
import { baseThreshold, takeThreshold } from './threshold.ts';

/** Decades of surprise that one factor of ten in the score stands for. */
export const SCORE_DECADES = 4;
/** Within the reach of the last alarm only one this much stronger is another alarm. */
export const ESCALATION = 0.25;
/** Beyond the ceiling again within so many windows of the last alarm is the same incident, unless it is stronger. */
const SAME_WINDOWS = 5;
const CONTINUING_WINDOWS = 60;
/** Windows in which an episode reaches out. */
export const REACH_WINDOWS = 10;
/** Windows after which a new level is the usual one: a share of the series' age. */
const REGIME_SHARE = 0.05;
const REGIME_MIN = 12;
const REGIME_MAX = 1440;
/** The most of them where no other field of the series supports a window that is not abnormal by itself. */
const REGIME_ALONE = 60;

export interface DetectState {
  readonly bank: Bank;
  readonly settings: DetectSettings;
  readonly warmupWindows: number | 'auto';
  readonly counters: Counters;
  /** Event time before which the series of a slot is muted; asked only where the settings mute something. */
  readonly mutedUntilMs: (slot: number) => number;
}

/** What one window is, before the episode. */
export interface Verdict {
  /** Exported; NaN = warming. */
  readonly score: number;
  /** News that opens an episode, or escalates it. */
  readonly alarm: boolean;
  /** Abnormal: sustains an alarm, and keeps an episode open. */
  readonly abnormal: boolean;
  readonly kind: 'gap' | 'range' | 'spike' | 'stuck';
  /** Ranked surprise in decades. */
  readonly ranked: number;
  /** Decades by which the residual is beyond the ceiling; negative below it, absent where it is not known. */
  readonly beyond?: number;
  /** Opens nothing, and closes what is open. */
  readonly muted?: boolean;
  /** The time of the day is wrong. */
  readonly isSeason?: boolean;
  /** It still hangs, or comes at the wrong time. */
  readonly isQuiet?: boolean;
  /** No other field of the series supports it; see agreement.ts. */
  readonly isAlone?: boolean;
}

/** Writes `score` and `open` of every row and adds what changed to `changes`, in order of rows. */
export function detectWave(state: DetectState, wave: Wave, changes: EpisodeChange[]): void {
  for (let row = 0; row < wave.count; row++) {
    const verdict = heard(state, wave, row, judge(state, wave, row));
    countWindow(state, wave, row, verdict);
    const change = followEpisode(state, wave, row, verdict);
    if (change !== undefined) tell(state, change, changes);
  }
}

/** Counts a change and adds it to those that are reported. */
export function tell({ counters: { episodes } }: DetectState, change: EpisodeChange, changes: EpisodeChange[]): void {
  const key = `${change.event}/${change.severity}/${change.kind}`;
  episodes[key] = (episodes[key] ?? 0) + 1;
  changes.push(change);
}

/** What is left of a verdict while its series is muted: the window is scored, at most as if a policy had said no. */
export function heard(state: DetectState, wave: Wave, row: number, verdict: Verdict): Verdict {
  if (!isMuted(state, wave, row)) return verdict;
  return { ...verdict, alarm: false, abnormal: false, score: Math.min(verdict.score, 1), muted: true };
}

export function isMuted({ settings, mutedUntilMs }: DetectState, wave: Wave, row: number): boolean {
  return settings.mute.length > 0 && wave.startMs[row]! < mutedUntilMs(wave.slot[row]!);
}

export function judge(state: DetectState, wave: Wave, row: number, isAlone = false): Verdict {
  const { bank, settings } = state;
  const evidence = evidenceAddress(bank, wave.slot[row]!);
  const everyMs = bank.lane.f64[evidence / 8 + AT.everyMs]!;
  const warming = wave.learned[row]! < warmupWindowsOf(state.warmupWindows, everyMs);
  const byPolicy = { score: warming ? Number.NaN : POLICY_SCORE, alarm: !warming, abnormal: !warming };
  if (wave.gap[row] === GAP.missing) return { ...byPolicy, kind: 'gap', ranked: baseThreshold(state, wave, row) };
  const value = wave.value[row]!;
  const verdict = judgeValue(state, wave, row, evidence, warming, isAlone);
  // A value that was made up for a gap says nothing about the series.
  const quiet = wave.gap[row] === GAP.none ? watchQuiet(state, wave, row) : undefined;
  const isOut = isOutOfRange(settings, value);
  if (!isOut && (quiet === undefined || warming)) return verdict;
  const ranked = Math.max(verdict.ranked, baseThreshold(state, wave, row));
  if (!isOut && quiet !== undefined) return whileQuiet(verdict, quiet, ranked);
  const score = Math.max(verdict.score || 0, POLICY_SCORE);
  return { score, alarm: true, abnormal: true, kind: 'range', ranked };
}

/** What is usual in size opens an episode when it is clear that it is none, and holds it until it is over. */
function whileQuiet(verdict: Verdict, { kind, begins }: Quiet, ranked: number): Verdict {
  if (!begins || verdict.alarm) return { ...verdict, abnormal: true, isQuiet: true };
  const alarm = { score: POLICY_SCORE, alarm: true, abnormal: true, ranked };
  return kind === 'stuck' ? { ...alarm, kind } : { ...alarm, kind: 'spike', isSeason: true };
}

export function judgeValue(
  state: DetectState,
  wave: Wave,
  row: number,
  evidence: number,
  warming: boolean,
  isAlone = false,
): Verdict {
  const { bank, settings } = state;
  const pooled = wave.pooled[row]!;
  if (Number.isNaN(pooled)) {
    return { score: Number.NaN, alarm: false, abnormal: false, kind: 'spike', ranked: Number.NEGATIVE_INFINITY };
  }
  const { f64, f32 } = bank.lane;
  const at = evidence / 8;
  const peaks = (evidence + bank.layout.peaksAt) / 4;
  const reach = reachOf(f64[at + AT.everyMs]!);
  const candidate = isCandidate(f64, at, pooled);
  const ranked = rankedSurprise(f64, f32, at, peaks, pooled);
  const n = f64[at + AT.windows]! + 1;
  learnRank(f64, f32, at, peaks, pooled, candidate, reach);
  const counts = deviates(settings, wave.value[row]!, wave.expected[row]!, wave.lower[row]!, wave.upper[row]!);
  const lastAt = f64[at + AT.lastAlarmAt]!;
  const stronger = f64[at + AT.lastAlarm]! + ESCALATION;
  const isNews = lastAt === 0 || n - lastAt > reach || ranked >= stronger;
  const { decades: threshold, less } = takeThreshold(state, wave, row, warming, isAlone);
  const news = candidate && isNews && ranked >= threshold;
  // What all fields show together has no residual of its own.
  const beyond = row < wave.count ? beyondCeiling(bank, wave, row, counts, less) : Number.NEGATIVE_INFINITY;
  const high = beyond >= 0;
  const long = isLong(f64, at, wave, row, counts, less) && !isCeilingKnown(f64, at);
  const isAnother = isNews || n - lastAt > SAME_WINDOWS || threshold + beyond >= stronger;
  const alarm = !warming && counts && (news || long || (high && f64[at + AT.open] !== 1 && isAnother));
  const score = pow10((high ? Math.max(ranked - threshold, beyond) : ranked - threshold) / SCORE_DECADES);
  const abnormal = !warming && counts && (alarm || high || wave.point[row]! >= ABNORMAL);
  return {
    score: warming ? Number.NaN : alarm ? Math.max(score, POLICY_SCORE) : Math.min(score, 1),
    alarm,
    abnormal,
    kind: 'spike',
    ranked: alarm ? Math.max(ranked, threshold + Math.max(0, beyond)) : ranked,
    beyond,
  };
}

export function countWindow(state: DetectState, wave: Wave, row: number, verdict: Verdict): void {
  if (wave.gap[row] === GAP.missing) return; // counted as skipped when it closed
  if (Number.isNaN(verdict.score)) state.counters.windowsWarming++;
  else state.counters.windowsScored++;
}

/** Opens, keeps or closes the episode of a row; answers what changed. Writes `score` and `open`. */
export function followEpisode(
  state: DetectState,
  wave: Wave,
  row: number,
  verdict: Verdict,
): EpisodeChange | undefined {
  const { f64 } = state.bank.lane;
  const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
  const startMs = wave.startMs[row]!;
  const { sustain, recover } = state.settings;
  const hits = remember(f64[at + AT.hits]!, verdict.abnormal ? 1 : 0);
  f64[at + AT.hits] = hits;
  f64[at + AT.evidentFor]! += 1;
  if (verdict.abnormal && !holds(hits >>> 1, { hits: 1, of: sustain.of })) {
    f64[at + AT.evidentSinceMs] = startMs;
    f64[at + AT.evidentFor] = 0;
  }
  const n = f64[at + AT.windows]!;
  if (verdict.alarm) f64[at + AT.armedUntil] = n + sustain.of - 1;
  // Of gaps and ranges surprises need not be the stronger.
  if (verdict.alarm && verdict.kind === 'spike') {
    f64[at + AT.lastAlarmAt] = n;
    f64[at + AT.lastAlarm] = verdict.ranked;
  }
  let event: EpisodeEvent | undefined;
  if (f64[at + AT.open] !== 1) {
    if (verdict.abnormal && n <= f64[at + AT.armedUntil]! && holds(hits, sustain)) {
      event = 'opened';
      openEpisode(f64, at, verdict);
      startAway(f64, at, wave.value[row]!, wave.usual[row]!);
    }
  } else {
    event = continueEpisode(state, wave, row, at, verdict);
  }
  const open = f64[at + AT.open] === 1;
  wave.open[row] = open ? 1 : 0;
  wave.score[row] = open ? Math.max(verdict.score || 0, POLICY_SCORE) : Math.min(verdict.score, 1);
  if (event === undefined) return undefined;
  const kind = kindOf(f64, at);
  const severity = severityOf(f64[at + AT.episodePeak]! - baseThreshold(state, wave, row), kind);
  return {
    row,
    event,
    kind,
    severity,
    startedAtMs: f64[at + AT.startedAtMs]!,
    latencyWindows: f64[at + AT.latency]!,
    closedBy: event === 'closed' ? closedBy(verdict, holds(f64[at + AT.calm]!, recover)) : undefined,
    evidence: evidenceOf(f64, at, wave, row, verdict.isSeason === true ? 'season' : verdict.kind, verdict.beyond ?? -1),
  };
}

function closedBy(verdict: Verdict, isCalm: boolean): EpisodeChange['closedBy'] {
  if (verdict.muted === true) return 'muted';
  return isCalm ? 'recovered' : 'new_regime';
}

function openEpisode(f64: Float64Array, at: number, verdict: Verdict): void {
  f64[at + AT.open] = 1;
  if (verdict.kind === 'spike' || verdict.kind === 'stuck') f64[at + AT.tokens]! += 1;
  f64[at + AT.startedAtMs] = f64[at + AT.evidentSinceMs]!;
  f64[at + AT.latency] = f64[at + AT.evidentFor]!;
  f64[at + AT.calm] = 0;
  f64[at + AT.kind] = EPISODE_KINDS.indexOf(verdict.kind);
  f64[at + AT.episodePeak] = verdict.ranked;
  f64[at + AT.episodeWindows] = 1;
  f64[at + AT.sinceEvent] = 0;
}

function continueEpisode(
  state: DetectState,
  wave: Wave,
  row: number,
  at: number,
  verdict: Verdict,
): EpisodeEvent | undefined {
  const { f64 } = state.bank.lane;
  const lasted = f64[at + AT.episodeWindows]!;
  const [value, usual] = [wave.value[row]!, wave.usual[row]!];
  const away = isAway(f64, at, value, usual, lasted < REACH_WINDOWS);
  // A gap or a value out of range is over when it is over.
  const opened = EPISODE_KINDS[f64[at + AT.kind]!];
  const isSurprise = opened === 'spike';
  const isEvident = verdict.alarm || verdict.isQuiet === true || (verdict.beyond ?? -1) >= 0;
  const isEcho = isSurprise && !isEvident && isBack(f64, at, value, usual);
  const isHeld = (verdict.abnormal && !isEcho) || (isSurprise && away);
  const calm = remember(f64[at + AT.calm]!, isHeld ? 0 : 1);
  f64[at + AT.calm] = calm;
  f64[at + AT.episodeWindows] = lasted + 1;
  f64[at + AT.sinceEvent]! += 1;
  if (verdict.alarm) f64[at + AT.episodePeak] = Math.max(f64[at + AT.episodePeak]!, verdict.ranked);
  if (verdict.alarm && verdict.kind === 'spike') {
    f64[at + AT.sinceEvent] = 0;
    return 'escalated';
  }
  const regime = Math.min(REGIME_MAX, Math.max(REGIME_MIN, REGIME_SHARE * wave.learned[row]!));
  const isShort = verdict.isAlone === true && !verdict.abnormal;
  const isRegime = lasted + 1 >= (isShort ? Math.min(REGIME_ALONE, regime) : regime);
  const isUsual = isRegime && (isSurprise || opened === 'stuck') && verdict.kind === 'spike';
  if (isUsual) endRun(f64, at);
  if (isUsual || holds(calm, state.settings.recover) || verdict.muted === true) {
    f64[at + AT.open] = 0;
    f64[at + AT.hits] = 0;
    f64[at + AT.armedUntil] = 0;
    endAbnormalRun(f64, at);
    return 'closed';
  }
  if (f64[at + AT.sinceEvent]! >= CONTINUING_WINDOWS) {
    f64[at + AT.sinceEvent] = 0;
    return 'continuing';
  }
  return undefined;
}

// Detection of series with several fields. Every field has episodes of its own, and all fields together are watched as
// one more window (together.ts of the forecast stage): what they have unlike themselves opens an episode of the field
// that contributes most. So does what several fields show at once (agreement.ts), which also decides how much one of
// them needs to open an episode by itself. Of fields that become anomalous at about the same time one speaks, and the
// others are its companions: their episodes are open, too, but not told.

import { type EpisodeChange, GAP, SURPRISES, stepEnd, type Wave } from '../domain.ts';
import { evidenceAddress, firstSlot } from '../kernel/bank.ts';
import { log10, pow10 } from '../kernel/elementary.ts';
import { AT, COMPANION } from '../kernel/layout.ts';
import { AGREED_AT } from '../kernel/together.ts';
import { warmupWindowsOf } from '../kernel/warmup.ts';
import { endAbnormalRun, RUN_AFTER_MS } from './abnormal.ts';
import { type Agreement, agreementOf } from './agreement.ts';
import {
  countWindow,
  type DetectState,
  ESCALATION,
  followEpisode,
  heard,
  isMuted,
  judge,
  judgeValue,
  REACH_WINDOWS,
  SCORE_DECADES,
  tell,
  type Verdict,
} from './detector.ts';
import { surpriseAt } from './evidence.ts';
import { deviates, POLICY_SCORE } from './policies.ts';
import { baseThreshold, raisedBy } from './threshold.ts';

/** Fields agree that something is wrong when the others say so much beside the one that leads, as a point score. */
const AGREED = 3;
/** A field that is less supported stands alone: it needs more to open an episode, and less to be usual. */
const ALONE = 2.5;
const CONTRIBUTION_STEPS = 1000;

/** Writes `score` and `open` of the rows of all steps and adds what is told to `changes`, in order of steps. */
export function detectSteps(state: DetectState, wave: Wave, changes: EpisodeChange[]): void {
  for (let step = 0; step < wave.steps; step++) {
    const from = wave.stepAt[step]!;
    const agreement = agreementOf(state, wave, step);
    const isAlone = agreement.decades < ALONE;
    const verdicts: Verdict[] = [];
    for (let row = from; row < stepEnd(wave, step); row++) {
      verdicts.push({ ...heard(state, wave, row, judge(state, wave, row, isAlone)), isAlone });
    }
    const isByAll = joinTogether(state, wave, step, verdicts);
    const isAgreed = joinAgreement(state, wave, step, agreement, verdicts);
    const told: EpisodeChange[] = [];
    for (const [i, verdict] of verdicts.entries()) {
      countWindow(state, wave, from + i, verdict);
      const change = followEpisode(state, wave, from + i, verdict);
      if (change === undefined) continue;
      told.push(change);
      // Until it is known that nobody stronger speaks.
      if (change.event === 'opened') setCompanion(state, wave, change.row, 1);
    }
    const ofRow = (row: number): number => verdicts[row - from]?.ranked ?? Number.NEGATIVE_INFINITY;
    told.sort((a, b) => ofRow(b.row) - ofRow(a.row) || a.row - b.row);
    for (const change of told) {
      const event = eventToTell(state, wave, change, ofRow(change.row));
      if (event === undefined) continue;
      const evidence = withTogether(change.evidence, wave, step, isAgreed);
      const contributions = contributionsOf(state, wave, step, change, isByAll);
      tell(state, { ...change, event, evidence, contributions }, changes);
    }
  }
}

/**
 * Judges all fields together. Their alarm becomes one of the field with the strongest alarm of its own or, where none
 * has, of the one that contributes most among those whose values count: true then.
 */
function joinTogether(state: DetectState, wave: Wave, step: number, verdicts: Verdict[]): boolean {
  const row = wave.count + step;
  if (wave.gap[row] === GAP.missing) return false;
  const { f64 } = state.bank.lane;
  const evidence = evidenceAddress(state.bank, wave.slot[row]!);
  const at = evidence / 8;
  const warming = wave.learned[row]! < warmupWindowsOf(state.warmupWindows, f64[at + AT.everyMs]!);
  const together = judgeValue(state, wave, row, evidence, warming);
  if (!together.alarm || isMuted(state, wave, wave.stepAt[step]!)) return false;
  const from = wave.stepAt[step]!;
  let lead = -1;
  for (const [i, { alarm, ranked }] of verdicts.entries()) {
    if (alarm && (lead < 0 || ranked > verdicts[lead]!.ranked)) lead = i;
  }
  const isByAll = lead < 0;
  if (isByAll) lead = furthest(state, wave, step) - from;
  if (lead < 0) return false;
  f64[at + AT.lastAlarmAt] = f64[at + AT.windows]!;
  f64[at + AT.lastAlarm] = together.ranked;
  // No episode is open for all: without this a run would alarm again and again.
  endAbnormalRun(f64, at);
  const own = verdicts[lead]!;
  if (isByAll) f64[at + AT.tokens]! += 1;
  verdicts[lead] = {
    ...own,
    alarm: true,
    abnormal: true,
    score: Math.max(own.score || 0, together.score),
    ranked: Math.max(own.ranked, together.ranked),
  };
  return isByAll;
}

/**
 * What fields agree on is an alarm of the field that leads, unless they agreed a short while ago: true then. Below, it
 * is part of the leader's score.
 */
function joinAgreement(
  state: DetectState,
  wave: Wave,
  step: number,
  { lead, decades }: Agreement,
  verdicts: Verdict[],
): boolean {
  const row = wave.count + step;
  const from = wave.stepAt[step]!;
  const { f64 } = state.bank.lane;
  const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
  const isYoung = wave.learned[row]! * f64[at + AT.everyMs]! < RUN_AFTER_MS;
  if (lead < 0 || isYoung || isMuted(state, wave, from)) return false;
  const above = decades - AGREED - raisedBy(state, wave, row);
  const own = verdicts[lead - from]!;
  const score = Math.max(own.score, pow10(above / SCORE_DECADES));
  verdicts[lead - from] = { ...own, score };
  if (above < 0) return false;
  const n = f64[at + AT.windows]!;
  const last = f64[at + AGREED_AT]!;
  f64[at + AGREED_AT] = n;
  if (last > 0 && n - last <= REACH_WINDOWS) return false;
  if (!verdicts.some(({ alarm }) => alarm)) f64[at + AT.tokens]! += 1;
  const ranked = Math.max(own.ranked, baseThreshold(state, wave, row) + above);
  verdicts[lead - from] = { ...own, alarm: true, abnormal: true, score: Math.max(score, POLICY_SCORE), ranked };
  return true;
}

/** Row of the field that lies furthest from how the fields go together; −1 when the policies let none count. */
function furthest({ settings }: DetectState, wave: Wave, step: number): number {
  let best = -1;
  for (let row = wave.stepAt[step]!; row < stepEnd(wave, step); row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const { value, expected, lower, upper } = wave;
    if (!deviates(settings, value[row]!, expected[row]!, lower[row]!, upper[row]!)) continue;
    if (best < 0 || wave.apart[row]! > wave.apart[best]!) best = row;
  }
  return best;
}

/** What is told of a change: undefined when another field speaks for this one. */
function eventToTell(
  state: DetectState,
  wave: Wave,
  { row, event, kind }: EpisodeChange,
  ranked: number,
): EpisodeChange['event'] | undefined {
  const { f64 } = state.bank.lane;
  const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
  const wasCompanion = f64[at + COMPANION] === 1;
  if (event === 'opened') {
    if (kind === 'range' || !isSpokenFor(state, wave.slot[row]!, ranked)) {
      f64[at + COMPANION] = 0;
      return event;
    }
    if (kind === 'spike') f64[at + AT.tokens]! -= 1;
    return undefined;
  }
  if (!wasCompanion) return event;
  if (event === 'closed') f64[at + COMPANION] = 0;
  if (event !== 'escalated' || isSpokenFor(state, wave.slot[row]!, ranked)) return undefined;
  f64[at + COMPANION] = 0;
  f64[at + AT.tokens]! += 1;
  return 'opened';
}

function setCompanion({ bank }: DetectState, wave: Wave, row: number, companion: 0 | 1): void {
  bank.lane.f64[evidenceAddress(bank, wave.slot[row]!) / 8 + COMPANION] = companion;
}

/** Whether an episode of another field began a short while ago, and this evidence is not clearly stronger. */
function isSpokenFor({ bank }: DetectState, slot: number, ranked: number): boolean {
  const { f64 } = bank.lane;
  const first = firstSlot(bank, slot);
  for (let other = first; other < first + bank.perSeries - 1; other++) {
    const at = evidenceAddress(bank, other) / 8;
    if (other === slot || f64[at + AT.open] !== 1 || f64[at + COMPANION] === 1) continue;
    if (f64[at + AT.episodeWindows]! > REACH_WINDOWS) continue;
    if (ranked < f64[at + AT.episodePeak]! + ESCALATION) return true;
  }
  return false;
}

/** The strongest surprise of all fields together among the others; where they agreed, at least their pooled one. */
function withTogether(
  evidence: EpisodeChange['evidence'],
  wave: Wave,
  step: number,
  isAgreed: boolean,
): EpisodeChange['evidence'] {
  const row = wave.count + step;
  const own = Math.max(...Array.from({ length: SURPRISES }, (_, signal) => surpriseAt(wave, row, signal)));
  const surprise = isAgreed ? Math.max(own || 0, pooledOf(wave, step)) : own;
  if (Number.isNaN(surprise)) return evidence;
  return [...evidence, { kind: 'joint' as const, surprise }].sort((a, b) => b.surprise - a.surprise);
}

/** The surprises of all signals of all fields, pooled as those of one field are. */
function pooledOf(wave: Wave, step: number): number {
  let sum = 0;
  for (let row = wave.stepAt[step]!; row < stepEnd(wave, step); row++) sum += surpriseOf(wave, row);
  return 2 * log10(1 + sum / (stepEnd(wave, step) - wave.stepAt[step]!));
}

/**
 * By field: its share in the distance from how the fields go together, where that was the reason; otherwise its share
 * in the surprise. In thousandths, adding up to 1; the field that is told has what rounding leaves.
 */
function contributionsOf(
  { bank }: DetectState,
  wave: Wave,
  step: number,
  { row: told }: EpisodeChange,
  isByAll: boolean,
): number[] {
  const first = firstSlot(bank, wave.slot[told]!);
  const weights = new Array<number>(bank.perSeries - 1).fill(0);
  for (let row = wave.stepAt[step]!; row < stepEnd(wave, step); row++) {
    weights[wave.slot[row]! - first] = isByAll ? wave.apart[row]! : surpriseOf(wave, row);
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const steps = weights.map((weight) => (sum > 0 ? Math.floor((CONTRIBUTION_STEPS * weight) / sum + 0.5) : 0));
  const others = steps.reduce((total, own, field) => (field === wave.slot[told]! - first ? total : total + own), 0);
  steps[wave.slot[told]! - first] = CONTRIBUTION_STEPS - others;
  return steps.map((own) => own / CONTRIBUTION_STEPS);
}

/** How surprising a row is, as the pooled surprise weighs its signals: 0 = not at all. A gap is as if never seen. */
function surpriseOf(wave: Wave, row: number): number {
  if (wave.gap[row] === GAP.missing) return pow10(log10(wave.learned[row]! + 1) / 2);
  let sum = 0;
  for (let signal = 0; signal < SURPRISES; signal++) {
    const root = wave.roots[row * SURPRISES + signal]!;
    if (!Number.isNaN(root)) sum += root - 1;
  }
  return sum / SURPRISES;
}

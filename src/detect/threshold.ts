// How surprising a window must be: the threshold that the stream's sensitivity or its budget of episodes gives, and
// what raises it for a while.

import type { Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { log10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';
import type { DetectSettings } from '../settings.ts';

/** Ranked surprise, in decades, at which a window is anomalous, unless the stream says otherwise. */
export const THRESHOLD = 3.5;
/** Openings a day and series from which on each makes the next dearer, where no budget is set; so many are free. */
const USUAL_PER_DAY = 1;
const TOKENS = 5;
/** Below one a week five free ones would be the promise for a month. */
const SCARCE_PER_DAY = 1 / 7;
const SCARCE_TOKENS = 2;
/** Each opening too many raises the threshold by so much. */
const TOKEN_DECADES = 0.3;
const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;
/**
 * Decades that the threshold of each field rises for every tenfold of the series' fields, because each brings alarms
 * by chance; one decade would be right if they came independently. Event F1 at 0, 0.4 and 0.8, each once, with `last`:
 * .31, .37, .33 on asd, .22, .31, .42 on jumpstarter2. Chosen on these data, which therefore are no evidence.
 */
const FIELD_DECADES = 0.5;
/** The same of a field that no other one supports (agreement.ts), at most that: beyond, no value could be news. */
const ALONE_DECADES = 1.3;
const ALONE_MAX = 1.4;
/**
 * At `THRESHOLD` stationary series open so many episodes a day with so many windows a day, and with more windows by
 * this power of them more; a tenth of them takes so many decades. Measured on nine kinds of series.
 */
const BUDGET_PER_DAY = 0.08;
const BUDGET_WINDOWS = 288;
const BUDGET_POWER = 0.55;
const BUDGET_DECADES = 1.6;
/** Below, nearly every window that beats its last hours would count; above, nothing would. */
const BUDGET_MIN = 2.5;
const BUDGET_MAX = 4.7;

/** What decides about thresholds: a part of the detect stage's state. */
export interface ThresholdState {
  readonly bank: Bank;
  readonly settings: Pick<DetectSettings, 'threshold'>;
  /** How long series were watched, and what their budgets allowed in that time. */
  readonly counters: { watchedSeconds: number; episodesAllowed: number };
}

/** The threshold of one window. */
export interface Thresholds {
  /** A ranked surprise opens an episode from here on, in decades. */
  readonly decades: number;
  /** How much less the points of a run of abnormal windows count, so that slow evidence costs the same. */
  readonly less: number;
}

/**
 * Decades before anything raises them: what severity is measured from. A row behind the wave's rows is that of all
 * fields of a step together.
 */
export function baseThreshold({ bank, settings }: ThresholdState, wave: Wave, row: number): number {
  const { threshold } = settings;
  if (threshold.kind === 'fixed') return threshold.decades;
  // What all fields show together comes at their pace.
  const own = row < wave.count ? row : wave.stepAt[row - wave.count]!;
  const everyMs = bank.lane.f64[evidenceAddress(bank, wave.slot[own]!) / 8 + AT.everyMs]!;
  // Where every record is a window, two may come at the same time.
  const windows = everyMs > 0 ? log10(DAY_MS / everyMs / BUDGET_WINDOWS) : 0;
  const perDay = allowedPerDay(threshold, wave.live[row]!, fieldsOf(bank));
  const decades = THRESHOLD + BUDGET_DECADES * (log10(BUDGET_PER_DAY / perDay) + BUDGET_POWER * windows);
  return Math.max(BUDGET_MIN, Math.min(BUDGET_MAX, decades));
}

/**
 * The threshold of a window that is being judged. To be called once for each: it takes the window's time into the
 * budget, which is refilled with event time. Windows of warming series are not watched.
 */
export function takeThreshold(
  state: ThresholdState,
  wave: Wave,
  row: number,
  warming: boolean,
  isAlone = false,
): Thresholds {
  const { bank, settings } = state;
  const { f64 } = bank.lane;
  const at = evidenceAddress(bank, wave.slot[row]!) / 8;
  const base = baseThreshold(state, wave, row);
  const days = takeDays(f64, at, wave.startMs[row]!);
  if (settings.threshold.kind === 'fixed') {
    const fields = row >= wave.count || bank.perSeries === 1 ? 0 : surcharge(fieldsOf(bank), isAlone);
    if (!warming) watch(state, wave, row, days, 0);
    const dearer = dearness(f64, at, days, USUAL_PER_DAY, TOKENS);
    return { decades: base + fields + dearer, less: base - THRESHOLD + fields };
  }
  const perDay = allowedPerDay(settings.threshold, wave.live[row]!, fieldsOf(bank));
  if (!warming) watch(state, wave, row, days, perDay);
  const dearer = dearness(f64, at, days, perDay, perDay < SCARCE_PER_DAY ? SCARCE_TOKENS : TOKENS);
  return { decades: base + dearer, less: base - THRESHOLD + dearer };
}

/**
 * Decades by which a budget raises what needs more than rank: runs, and what fields agree on. To be asked after
 * `takeThreshold` for the same row.
 */
export function raisedBy(state: ThresholdState, wave: Wave, row: number): number {
  const raised = baseThreshold(state, wave, row) - THRESHOLD;
  if (state.settings.threshold.kind === 'fixed') return raised;
  const { bank } = state;
  return raised + TOKEN_DECADES * Math.max(0, bank.lane.f64[evidenceAddress(bank, wave.slot[row]!) / 8 + AT.tokens]!);
}

/**
 * The same for what one field shows that no score sees. It has nobody to support it, so that of several fields each
 * needs twice the surcharge of one that stands alone; a budget counts fields itself.
 */
export function raisedAlone(state: ThresholdState, wave: Wave, row: number): number {
  const raised = raisedBy(state, wave, row);
  return state.settings.threshold.kind === 'fixed' ? raised + 2 * surcharge(fieldsOf(state.bank), true) : raised;
}

/** Episodes a day that one field of a series is allowed; `live` is how many series the share has. */
export function allowedPerDay(
  budget: { readonly perDay: number; readonly per: 'series' | 'stream' },
  live: number,
  fields: number,
): number {
  return budget.perDay / (budget.per === 'stream' ? Math.max(1, live) : 1) / fields;
}

function surcharge(fields: number, isAlone: boolean): number {
  const tenfolds = log10(fields);
  return isAlone ? Math.min(ALONE_MAX, ALONE_DECADES * tenfolds) : FIELD_DECADES * tenfolds;
}

function fieldsOf({ perSeries }: Bank): number {
  return perSeries === 1 ? 1 : perSeries - 1;
}

/** Event time since the window before, in days; ∞ for the first one. */
function takeDays(f64: Float64Array, at: number, timeMs: number): number {
  const days = f64[at + AT.paidMs] === 0 ? Number.POSITIVE_INFINITY : (timeMs - f64[at + AT.paidMs]!) / DAY_MS;
  f64[at + AT.paidMs] = timeMs;
  return Math.max(0, days);
}

/** A series is watched once, whatever its fields: what all of them show together has a row for each step. */
function watch({ bank, counters }: ThresholdState, wave: Wave, row: number, days: number, perDay: number): void {
  if (days === Number.POSITIVE_INFINITY) return;
  const isAll = row >= wave.count;
  if (isAll || bank.perSeries === 1) counters.watchedSeconds += days * DAY_SECONDS;
  if (!isAll) counters.episodesAllowed += perDay * days;
}

/**
 * Decades by which the threshold rises, because the series has opened more episodes than it should: a bucket that
 * begins with some tokens, is refilled with event time, and pays one for each opening.
 */
function dearness(f64: Float64Array, at: number, days: number, perDay: number, tokens: number): number {
  f64[at + AT.tokens] = Math.max(-tokens, f64[at + AT.tokens]! - perDay * days);
  return TOKEN_DECADES * Math.max(0, f64[at + AT.tokens]!);
}

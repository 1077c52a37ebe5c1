// A broken season: for hours a series has values that are usual in size, but not at this time of the day. Each of them
// is weak evidence, and the mean of their distances is that of any drift. So two explanations of the last hours are
// compared, both beside the present level: the usual day, and no day at all. The ratio of their likelihoods (normal
// errors, Neyman & Pearson 1933) says nothing where a series has no season, and next to nothing when its level moves.

import { AT } from '../kernel/layout.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The mean goes over so many hours, and windows at least. */
const HOURS = 4;
const WINDOWS_MIN = 6;
/** What a window says in favour of no day, at most, and against it, in squared usual distances. */
const FOR_MAX = 16;
const AGAINST_MAX = 4;
/** A season is broken when no day explains the hours better by so much a window, */
const LEAST = 2;
/**
 * and by so many times the most of any day before, which fades by half in 83 days. One that was told counts for no more
 * than so many times what it took: so the second or third weekend of a series that rests then is the last one told.
 */
const TIMES = 1.5;
const FADING_MS = 120 * DAY_MS;
/** That is learned from the third day on, when there is a usual day, and used after a week, which counts in full. */
const KNOWN_MS = 2 * DAY_MS;
const AFTER_MS = 7 * DAY_MS;
/** What was told is over when so much of it is left. */
const OVER = 0.5;

export const SEASON = { no: 0, begins: 1, lasts: 2 } as const;
export type Season = (typeof SEASON)[keyof typeof SEASON];

/** What `learnSeasonBreak` needs to know of a window. */
export interface SeasonContext {
  readonly learned: number;
  readonly everyMs: number;
  /** Decades by which thresholds are raised: each asks for as much again. */
  readonly raised: number;
  readonly startMs: number;
  /** What is usual at this half hour; NaN while that is not known. */
  readonly usual: number;
  /** Whether the policies count it: only such a window opens an episode. */
  readonly counts: boolean;
}

/** Takes a window into the comparison; `begins` in the window in which the season is broken. */
export function learnSeasonBreak(f64: Float64Array, at: number, value: number, context: SeasonContext): Season {
  const { learned, everyMs, raised, startMs, counts } = context;
  const ageMs = learned * everyMs;
  const better = betterWithout(f64, at, value, context.usual);
  if (Number.isNaN(better) || ageMs < KNOWN_MS) return SEASON.no;
  const windows = Math.max(WINDOWS_MIN, (HOURS * HOUR_MS) / everyMs);
  f64[at + AT.brokenMean]! += (better - f64[at + AT.brokenMean]!) / windows;
  f64[at + AT.brokenMost]! /= 1 + everyMs / FADING_MS;
  const mean = f64[at + AT.brokenMean]!;
  const least = Math.max(LEAST, TIMES * f64[at + AT.brokenMost]!);
  endDay(f64, at, Math.floor(startMs / DAY_MS));
  const most = ageMs < AFTER_MS ? FOR_MAX : TIMES * least;
  f64[at + AT.brokenToday] = Math.max(f64[at + AT.brokenToday]!, Math.min(mean, most));
  if (f64[at + AT.broken] === 1 && mean >= OVER * least) return SEASON.lasts;
  const isBroken = counts && ageMs >= AFTER_MS && mean >= least * (1 + Math.max(0, raised));
  f64[at + AT.broken] = isBroken ? 1 : 0;
  return isBroken ? SEASON.begins : SEASON.no;
}

/**
 * By how much no day at all explains the value better than the usual day, in squared usual distances; NaN while that is
 * not known. Without a season the usual day is no day: 0.
 */
function betterWithout(f64: Float64Array, at: number, value: number, usual: number): number {
  const square = f64[at + AT.seasonSquare]!;
  if (square <= 0) return Number.NaN;
  const own = value - f64[at + AT.seasonLevel]!;
  const [fromUsual, fromMean] = [own - usual, own - f64[at + AT.mean]!];
  const better = (fromUsual * fromUsual - fromMean * fromMean) / square;
  return Math.max(-AGAINST_MAX, Math.min(FOR_MAX, better));
}

/** What a day had counts from the next day on. */
function endDay(f64: Float64Array, at: number, day: number): void {
  if (day === f64[at + AT.brokenDay]) return;
  f64[at + AT.brokenDay] = day;
  f64[at + AT.brokenMost] = Math.max(f64[at + AT.brokenMost]!, f64[at + AT.brokenToday]!);
  f64[at + AT.brokenToday] = 0;
}

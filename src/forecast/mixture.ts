// What is published as expected: the network's forecast, mixed with two baselines by how good each was lately. A
// network that is worse than a baseline has next to no part in it, until it has earned its place back. Scoring watches
// the network's own forecasts for longer, because a better forecast is not yet a better detector, and every change of
// hands upsets what is known of its residuals: only a network that was clearly outdone for long is not listened to.

import type { Bank } from '../kernel/bank.ts';
import { AT, FAR, WARMUP_LOG } from '../kernel/layout.ts';
import { halfHourProfile, profileAt } from './profiles.ts';
import { deviation } from './scaler.ts';

/** Whose part in the expected value is the largest. Numbers as they stand in the slab. */
export const LEADER = { network: 0, last: 1, seasonal: 2 } as const;

/** Windows that the errors remember: an exponential mean of about 200. */
const ERROR_WEIGHT_MIN = 0.01;
/** Weight of the newest window in the level beside the seasonal profile; flat from 0.1 to 0.3. */
const LEVEL_WEIGHT = 0.2;
/** No baseline takes the lead before the errors mean something, nor for less than this advantage. */
const LEAD_AFTER = 200;
const LEAD_ADVANTAGE = 1.05;
/** Outdone: a baseline's error was smaller by this factor in so many windows on end. */
const OUTDONE_FACTOR = 1.25;
const OUTDONE_WINDOWS = 288;
/** Counted from then on: the tables of rarity are fitted for the last time. */
const OUTDONE_AFTER = WARMUP_LOG;

/** The expected value of a window. `usual` is what the seasonal profile says about it, raw units; NaN = nothing yet. */
export function mixed(f64: Float64Array, slab: number, usual: number): number {
  const own = f64[slab + AT.forecast]!;
  if (Number.isNaN(usual)) return own;
  const ownError = f64[slab + AT.ownError]!;
  const lastError = f64[slab + AT.lastError]!;
  const seasonError = f64[slab + AT.seasonError]!;
  const least = Math.min(ownError, lastError, seasonError);
  const ofOwn = weightOf(least, ownError);
  const ofLast = weightOf(least, lastError);
  const ofSeason = weightOf(least, seasonError);
  // As a correction of the network's forecast, so that equal forecasts stay exactly what they are.
  const toLast = ofLast * (f64[slab + AT.previous]! - own);
  const toSeason = ofSeason * (usual + f64[slab + AT.dayLevel]! - own);
  return own + (toLast + toSeason) / (ofOwn + ofLast + ofSeason);
}

/** Learns how good each forecast of a window was, and who leads from here on; before any of them learns the value. */
export function learnMixture(f64: Float64Array, slab: number, value: number, usual: number): void {
  if (Number.isNaN(usual)) return;
  const weight = Math.max(ERROR_WEIGHT_MIN, 1 / (f64[slab + AT.learned]! + 1));
  const fromUsual = value - usual - f64[slab + AT.dayLevel]!;
  f64[slab + AT.ownError]! += weight * (Math.abs(value - f64[slab + AT.forecast]!) - f64[slab + AT.ownError]!);
  f64[slab + AT.lastError]! += weight * (Math.abs(value - f64[slab + AT.previous]!) - f64[slab + AT.lastError]!);
  f64[slab + AT.seasonError]! += weight * (Math.abs(fromUsual) - f64[slab + AT.seasonError]!);
  f64[slab + AT.dayLevel]! += LEVEL_WEIGHT * fromUsual;
  f64[slab + AT.leader] = nextLeader(f64, slab);
  f64[slab + AT.outdone] = nextOutdone(f64, slab);
}

/** Whether scoring listens to the leading baseline, as the network is clearly worse; until it is no longer worse. */
export function isOutdone(f64: Float64Array, slab: number): boolean {
  return f64[slab + AT.outdone]! >= OUTDONE_WINDOWS;
}

/** The level, normalised, that the leading baseline expects FAR windows after the one at `timeMs` with level `x`. */
export function farLevel({ lane, layout }: Bank, evidence: number, timeMs: number, x: number): number {
  const { f64 } = lane;
  const at = evidence / 8;
  if (f64[at + AT.leader] !== LEADER.seasonal) return x;
  const thenMs = timeMs + FAR * f64[at + AT.everyMs]!;
  const usual = profileAt(lane, halfHourProfile(layout, evidence), thenMs, f64[at + AT.levelMean]!);
  return usual + f64[at + AT.dayLevel]! / deviation(f64, at, f64[at + AT.learned]!);
}

/** The eighth power of how good a forecast is beside the best one: 1 for the best, 0.43 for an error 11 % larger. */
function weightOf(least: number, error: number): number {
  if (error <= least) return 1;
  const good = least / error;
  const square = good * good;
  return square * square * square * square;
}

function nextLeader(f64: Float64Array, slab: number): number {
  if (f64[slab + AT.learned]! < LEAD_AFTER) return LEADER.network;
  const own = f64[slab + AT.ownError]!;
  const last = f64[slab + AT.lastError]!;
  const season = f64[slab + AT.seasonError]!;
  const best = Math.min(last, season);
  const leads = f64[slab + AT.leader] === LEADER.network;
  if (own <= best || (leads && own <= LEAD_ADVANTAGE * best)) return LEADER.network;
  return season < last ? LEADER.seasonal : LEADER.last;
}

function nextOutdone(f64: Float64Array, slab: number): number {
  const own = f64[slab + AT.ownError]!;
  const best = Math.min(f64[slab + AT.lastError]!, f64[slab + AT.seasonError]!);
  const before = f64[slab + AT.outdone]!;
  if (before >= OUTDONE_WINDOWS) return own > best ? before : 0;
  return f64[slab + AT.learned]! >= OUTDONE_AFTER && own > OUTDONE_FACTOR * best ? before + 1 : 0;
}

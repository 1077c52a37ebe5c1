// Seasonal profiles: what the series usually is at this half hour of the day and at this hour of the week, in UTC.
// Causal: a bucket learns the mean of a visit when event time leaves it.

import { AT, DAY_CELLS, HALF_HOURS, HOURS, type Layout } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';

const HALF_HOUR_MS = 1_800_000;
const HOUR_MS = 3_600_000;
const DAY_CELL_MS = 300_000;
/** Least weight of the newest visit: a profile follows changes within about a week of visits. */
const VISIT_WEIGHT_MIN = 0.15;
const VISITS_MAX = 255;
const LEVEL_WINDOWS_MAX = 1000;

/** One periodic profile: where its running visit and its buckets lie. */
interface Profile {
  readonly bucketMs: number;
  readonly buckets: number;
  /** Indices in AT: current bucket + 1 (0 = none), sum and count of the running visit. */
  readonly current: number;
  readonly sum: number;
  readonly count: number;
  /** Index of float32 and byte address of the visits. */
  readonly valuesAt: number;
  readonly visitsAt: number;
  /** Weight of a visit: 1 keeps only the newest. */
  readonly weightMin: number;
}

export function halfHourProfile(layout: Layout, evidence: number): Profile {
  return {
    bucketMs: HALF_HOUR_MS,
    buckets: HALF_HOURS,
    current: AT.halfHour,
    sum: AT.halfHourSum,
    count: AT.halfHourCount,
    valuesAt: (evidence + layout.halfHourAt) / 4,
    visitsAt: evidence + layout.visitsAt,
    weightMin: VISIT_WEIGHT_MIN,
  };
}

export function hourOfWeekProfile(layout: Layout, evidence: number): Profile {
  return {
    bucketMs: HOUR_MS,
    buckets: HOURS,
    current: AT.hour,
    sum: AT.hourSum,
    count: AT.hourCount,
    valuesAt: (evidence + layout.hourAt) / 4,
    visitsAt: evidence + layout.visitsAt + HALF_HOURS,
    weightMin: VISIT_WEIGHT_MIN,
  };
}

/** Yesterday, in cells of 5 minutes: the memory of the seasonal-naive baseline. */
export function yesterdayProfile(layout: Layout, evidence: number): Profile {
  return {
    bucketMs: DAY_CELL_MS,
    buckets: DAY_CELLS,
    current: AT.dayCell,
    sum: AT.dayCellSum,
    count: AT.dayCellCount,
    valuesAt: (evidence + layout.dayCellAt) / 4,
    visitsAt: evidence + layout.visitsAt + HALF_HOURS,
    weightMin: 1,
  };
}

/** Adds one window's x at event time `timeMs` to the running visit, after settling the visit that ended. */
export function learnProfile(lane: LaneMemory, slab: number, profile: Profile, timeMs: number, x: number): void {
  const { f64 } = lane;
  const bucket = bucketOf(profile, timeMs);
  const current = f64[slab + profile.current]! - 1;
  if (bucket !== current) {
    if (current >= 0) settleVisit(lane, slab, profile, current);
    f64[slab + profile.current] = bucket + 1;
    f64[slab + profile.sum] = 0;
    f64[slab + profile.count] = 0;
  }
  f64[slab + profile.sum]! += x;
  f64[slab + profile.count]! += 1;
}

/** Learns the day from one window's x: its profile, and the level that stands in where the profile knows nothing. */
export function learnSeason(lane: LaneMemory, slab: number, halfHour: Profile, timeMs: number, x: number): void {
  const { f64 } = lane;
  learnProfile(lane, slab, halfHour, timeMs, x);
  const learned = f64[slab + AT.learned]! + 1;
  f64[slab + AT.levelMean]! += (x - f64[slab + AT.levelMean]!) / Math.min(learned, LEVEL_WINDOWS_MAX);
}

/** What the profile expects at `timeMs`; `otherwise` where that bucket was never visited. */
export function profileAt(lane: LaneMemory, profile: Profile, timeMs: number, otherwise: number): number {
  const bucket = bucketOf(profile, timeMs);
  return lane.u8[profile.visitsAt + bucket]! > 0 ? lane.f32[profile.valuesAt + bucket]! : otherwise;
}

function settleVisit(lane: LaneMemory, slab: number, profile: Profile, bucket: number): void {
  const { f64, f32, u8 } = lane;
  const visits = Math.min(u8[profile.visitsAt + bucket]! + 1, VISITS_MAX);
  u8[profile.visitsAt + bucket] = visits;
  const mean = f64[slab + profile.sum]! / f64[slab + profile.count]!;
  const weight = Math.max(1 / visits, profile.weightMin);
  f32[profile.valuesAt + bucket]! += weight * (mean - f32[profile.valuesAt + bucket]!);
}

function bucketOf(profile: Profile, timeMs: number): number {
  const bucket = Math.floor(timeMs / profile.bucketMs) % profile.buckets;
  return bucket < 0 ? bucket + profile.buckets : bucket;
}

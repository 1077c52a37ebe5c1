// The baselines that a network must beat, in the same contract: last value, seasonal naive, exponential average.

import { AT, type Layout } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';
import { halfHourProfile, learnProfile, learnSeason, profileAt, yesterdayProfile } from './profiles.ts';
import { learnScale, normalised } from './scaler.ts';

/** Weight of the newest window in the exponential average. */
const EWMA_WEIGHT = 0.2;

/** Learns one window and leaves the forecast of the next one, at event time `nextMs`, in the slab. */
export function learnBaseline(
  lane: LaneMemory,
  layout: Layout,
  evidence: number,
  timeMs: number,
  nextMs: number,
  value: number,
): void {
  const { f64 } = lane;
  const at = evidence / 8;
  learnSeason(lane, at, halfHourProfile(layout, evidence), timeMs, normalised(f64, at, value));
  learnScale(f64, at, value);
  f64[at + AT.forecast] = next(lane, layout, evidence, timeMs, nextMs, value);
  f64[at + AT.profileForecast] = f64[at + AT.forecast]!;
  f64[at + AT.hasForecast] = 1;
}

function next(
  lane: LaneMemory,
  layout: Layout,
  evidence: number,
  timeMs: number,
  nextMs: number,
  value: number,
): number {
  const { f64 } = lane;
  const at = evidence / 8;
  switch (layout.shape.cell) {
    case 'gru':
    case 'lstm':
    case 'last':
      return value;
    case 'ewma': {
      const level = f64[at + AT.learned] === 0 ? value : f64[at + AT.level]!;
      f64[at + AT.level] = level + EWMA_WEIGHT * (value - level);
      return f64[at + AT.level]!;
    }
    case 'seasonal': {
      const yesterday = yesterdayProfile(layout, evidence);
      learnProfile(lane, at, yesterday, timeMs, value);
      return profileAt(lane, yesterday, nextMs, value);
    }
  }
}

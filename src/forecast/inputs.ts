// What a network sees of one window of one field: the level x, what the seasonal profiles say about the coming windows,
// and the last change.

import type { Bank } from '../kernel/bank.ts';
import { AT, HORIZONS, INPUTS } from '../kernel/layout.ts';
import { changeOf, learnUsualStep } from './change.ts';
import { halfHourProfile, hourOfWeekProfile, learnProfile, learnSeason, profileAt } from './profiles.ts';
import { deviation, learnScale, normalised } from './scaler.ts';

/** Everything but the network learns the window. Writes the INPUTS numbers of it at `to`. */
export function takeIn(
  bank: Bank,
  evidence: number,
  timeMs: number,
  value: number,
  inputs: Float32Array,
  to: number,
): void {
  const { lane, layout } = bank;
  const { f64 } = lane;
  const at = evidence / 8;
  const change = changeOf(f64, at, value);
  const x = normalised(f64, at, value);
  learnScale(f64, at, value);
  learnUsualStep(f64, at, value);

  const otherwise = f64[at + AT.levelMean]!;
  learnSeason(lane, at, halfHourProfile(layout, evidence), timeMs, x);
  learnProfile(lane, at, hourOfWeekProfile(layout, evidence), timeMs, x);
  const learned = f64[at + AT.learned]! + 1;

  lookAhead(bank, evidence, timeMs, x, otherwise, inputs, to);
  inputs[to + INPUTS - 1] = change;
  const weekly = x + inputs[to + 2]!;
  f64[at + AT.profileForecast] = f64[at + AT.mean]! + (learned < 2 ? 0 : deviation(f64, at, learned)) * weekly;
}

/** Writes the level, and what the profiles say about the windows at the horizons, less the level. */
export function lookAhead(
  { lane, layout }: Bank,
  evidence: number,
  timeMs: number,
  x: number,
  otherwise: number,
  inputs: Float32Array,
  to: number,
): void {
  const everyMs = lane.f64[evidence / 8 + AT.everyMs]!;
  const halfHour = halfHourProfile(layout, evidence);
  const hour = hourOfWeekProfile(layout, evidence);
  inputs[to] = x;
  for (let h = 0; h < HORIZONS.length; h++) {
    const thenMs = timeMs + HORIZONS[h]! * everyMs;
    const daily = profileAt(lane, halfHour, thenMs, otherwise);
    inputs[to + 1 + 2 * h] = daily - x;
    inputs[to + 2 + 2 * h] = profileAt(lane, hour, thenMs, daily) - x;
  }
}

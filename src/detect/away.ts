// While a value stays away from where it was, an episode lasts, also when the model has learned the new level
// meanwhile. Away is one of two things: far from the slow level as it was at the opening, or far from what was usual at
// this time of the day. The second one holds a shift of a daily series when its season leads back over the old level.
// Back is near one of them: what slow averages still remember of the episode then keeps it open no longer.

import { AT } from '../kernel/layout.ts';

/** Away: so many usual spreads of the value, and such a share of how far the episode reached out at its beginning. */
const SPREADS = 3;
const SHARE = 0.5;
/**
 * The same share of the distance from the usual one at this time of the day. With half of it, episodes of the KPIs
 * stand long after their labels: F1 with delay 7 falls from 0.75 to 0.63.
 */
const SEASON_SHARE = 0.75;
/** Back: within so many usual spreads. From 0.5 to 2 it makes no difference. */
const BACK_SPREADS = 1;

/**
 * Remembers where the value was before the episode that opens now. `usual`: of this time of the day. What comes back to
 * where the last episode began has not shifted, though the slow level has gone along with that episode: what was
 * remembered then still holds. Without this the end of every long outage is held as a shift of its own.
 */
export function startAway(f64: Float64Array, at: number, value: number, usual: number): void {
  const distance = Math.abs(value - f64[at + AT.usualLevel]!);
  if (f64[at + AT.reach]! > 0 && distance <= SPREADS * f64[at + AT.usualSpread]!) return;
  f64[at + AT.usualLevel] = f64[at + AT.slow]!;
  f64[at + AT.usualSpread] = Math.sqrt(f64[at + AT.slowSquare]!);
  f64[at + AT.usualOffset] = f64[at + AT.seasonLevel]!;
  f64[at + AT.reach] = 0;
  f64[at + AT.offsetReach] = 0;
  if (!Number.isNaN(value))
    reachOut(f64, at, Math.abs(value - f64[at + AT.usualLevel]!), offsetOf(f64, at, value, usual));
}

/** Whether the value is away; false for a gap. While `young`, the episode still reaches out. */
export function isAway(f64: Float64Array, at: number, value: number, usual: number, young: boolean): boolean {
  if (Number.isNaN(value)) return false;
  const distance = Math.abs(value - f64[at + AT.usualLevel]!);
  const offset = offsetOf(f64, at, value, usual);
  if (young) reachOut(f64, at, distance, offset);
  const least = SPREADS * f64[at + AT.usualSpread]!;
  if (distance > Math.max(least, SHARE * f64[at + AT.reach]!)) return true;
  return offset > Math.max(least, SEASON_SHARE * f64[at + AT.offsetReach]!);
}

/** Whether the value is where it was before the episode, or what is usual at this time of the day; false for a gap. */
export function isBack(f64: Float64Array, at: number, value: number, usual: number): boolean {
  const near = BACK_SPREADS * f64[at + AT.usualSpread]!;
  if (Math.abs(value - f64[at + AT.usualLevel]!) <= near) return true;
  return !Number.isNaN(usual) && offsetOf(f64, at, value, usual) <= near;
}

function reachOut(f64: Float64Array, at: number, distance: number, offset: number): void {
  f64[at + AT.reach] = Math.max(f64[at + AT.reach]!, distance);
  f64[at + AT.offsetReach] = Math.max(f64[at + AT.offsetReach]!, offset);
}

/** 0 while there is no usual value. */
function offsetOf(f64: Float64Array, at: number, value: number, usual: number): number {
  return Number.isNaN(usual) ? 0 : Math.abs(value - usual - f64[at + AT.usualOffset]!);
}

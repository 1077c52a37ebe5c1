// The tables of one series, all signals together: how rare a window is, and counting it in.

import type { Kernel } from '../kernel/kernel.ts';
import { AT, AXES, type Layout, PAIRS, SIGNALS } from '../kernel/layout.ts';
import type { LaneMemory } from '../kernel/memory.ts';
import { addPair, addToTables, pairSurprise, place, rootSurprise, tableOffset } from './rarity.ts';

/** Share of a signal's first departure that becomes its scale. */
const DEPARTURE = 0.1;

/** Writes where each axis of a window lies on its scale. */
export function placeAll(f64: Float64Array, at: number, axes: Float64Array, places: Float64Array): void {
  for (let axis = 0; axis < AXES; axis++) {
    places[axis] = place(axes[axis]!, f64[at + AT.centre + axis]!, f64[at + AT.scale + axis]!);
  }
}

/** √(1/rarity) of each signal and pair into `roots`; returns their mean. */
export function rootsOf(
  { f64, u8 }: LaneMemory,
  { countUpTo }: Pick<Kernel, 'countUpTo'>,
  layout: Layout,
  evidence: number,
  places: Float64Array,
  roots: Float64Array,
): number {
  const at = evidence / 8;
  const counting = { u8, countUpTo };
  const tables = evidence + layout.tablesAt;
  let sum = 0;
  for (let signal = 0; signal < SIGNALS + PAIRS; signal++) {
    const stored = f64[at + AT.stored + signal]!;
    const table = tables + tableOffset(signal, SIGNALS);
    const axis = axisOf(signal);
    const root =
      signal < SIGNALS
        ? rootSurprise(counting, table, stored, places[axis]!)
        : pairSurprise(counting, table, stored, places[axis]!, places[axis + 1]!);
    roots[signal] = root;
    sum += root;
  }
  return sum / (SIGNALS + PAIRS);
}

/**
 * A signal that never moved has no scale, and then every size is another: what follows its first departure would be
 * surprising down to the last bit. A tenth of that departure is its scale from there on. Nothing that was counted
 * changes its cell: all of it is in the centre. The place of this window changes with its scale.
 */
export function scaleStill(f64: Float64Array, at: number, axes: Float64Array, places: Float64Array): void {
  for (let axis = 0; axis < AXES; axis++) {
    const centre = f64[at + AT.centre + axis]!;
    const departure = Math.abs(axes[axis]! - centre);
    const least = leastScale(centre);
    if (f64[at + AT.scale + axis]! > least || departure <= least) continue;
    f64[at + AT.scale + axis] = DEPARTURE * departure;
    places[axis] = place(axes[axis]!, centre, DEPARTURE * departure);
  }
}

/** The scale of a signal that does not move. */
export function leastScale(centre: number): number {
  return 1e-9 * Math.abs(centre) + 1e-12;
}

/** Counts a window into all tables. */
export function addAll({ f64, u8 }: LaneMemory, layout: Layout, evidence: number, places: Float64Array): void {
  const at = evidence / 8;
  const tables = evidence + layout.tablesAt;
  for (let signal = 0; signal < SIGNALS + PAIRS; signal++) {
    const stored = f64[at + AT.stored + signal]!;
    const table = tables + tableOffset(signal, SIGNALS);
    const axis = axisOf(signal);
    f64[at + AT.stored + signal] =
      signal < SIGNALS
        ? addToTables(u8, table, stored, places[axis]!)
        : addPair(u8, table, stored, places[axis]!, places[axis + 1]!);
  }
}

/** First axis of a signal, or of a pair, which has the one behind it, too. */
function axisOf(signal: number): number {
  return signal < SIGNALS ? signal : SIGNALS + 2 * (signal - SIGNALS);
}

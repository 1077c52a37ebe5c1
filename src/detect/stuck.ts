// A value that stays exactly the same for much longer than this series ever does: a sensor, exporter or cache that
// hangs. No signal of the score sees it, because the value itself is as usual as can be. A run of equal values is told
// in decades of how unlikely it is for a value that moved as often as it did before the run: twelve windows are much by
// day and nothing by night. Series whose rests are no coincidences (night, floor, slow gauge) have had runs that
// unlikely, and need one twice as much so.

import { log10, pow10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';

/** A run counts from so many windows on, and from so many decades. From 8 to 16, and from 6 to 12, it is the same. */
const RUN_MIN = 12;
const DECADES_MIN = 8;
/** It has so many times the decades of the largest one so far, which fades by half in a month. */
const TIMES = 2;
const FADING_MS = 43 * 86_400_000;
/** From that age on: by then nights and a weekend have shown how long a series rests. */
const RUN_AFTER_MS = 7 * 86_400_000;
/** How often it moves: the smaller one of two exponential shares, of so many windows. */
const FAST = 30;
const SLOW = 1000;
/** A value that moves less often rests: how long, tells nothing. From 0.1 to 0.3 it is the same. */
const SHARE_MIN = 0.2;
/** Nothing moves so surely that one window without would be more than two decades. */
const SHARE_MAX = 0.99;

export const STUCK = { no: 0, begins: 1, lasts: 2 } as const;
export type Stuck = (typeof STUCK)[keyof typeof STUCK];

/** What the slab keeps of the run: told as stuck, or declared usual, until the value moves. */
const TOLD = 1;
const USUAL = 2;

/** What `learnRun` needs to know of a series: windows learned, time between them, and what a budget asks for. */
export interface RunContext {
  readonly learned: number;
  readonly everyMs: number;
  /** Decades by which thresholds are raised: each asks for as much again. */
  readonly raised: number;
}

/** Counts a window into the run of equal values; `begins` in the window in which it becomes too long. */
export function learnRun(f64: Float64Array, at: number, value: number, context: RunContext): Stuck {
  const { learned, everyMs } = context;
  f64[at + AT.longestRest]! /= 1 + everyMs / FADING_MS;
  if (f64[at + AT.run] === 0 || value !== f64[at + AT.runValue]!) {
    learnRest(f64, at, learned);
    f64[at + AT.run] = 1;
    f64[at + AT.runValue] = value;
    f64[at + AT.stuck] = 0;
    return STUCK.no;
  }
  f64[at + AT.run]! += 1;
  if (f64[at + AT.stuck] !== 0) return f64[at + AT.stuck] === TOLD ? STUCK.lasts : STUCK.no;
  if (f64[at + AT.run]! < RUN_MIN || learned * everyMs < RUN_AFTER_MS) return STUCK.no;
  const least = leastOf(f64, at) * (1 + Math.max(0, context.raised));
  if (shareOf(f64, at) < SHARE_MIN || decadesOf(f64, at) < least) return STUCK.no;
  f64[at + AT.stuck] = TOLD;
  return STUCK.begins;
}

/** What lasted so long is usual from here on. */
export function endRun(f64: Float64Array, at: number): void {
  f64[at + AT.stuck] = USUAL;
}

function leastOf(f64: Float64Array, at: number): number {
  return Math.max(DECADES_MIN, TIMES * f64[at + AT.longestRest]!);
}

/** How often the value moved before the run. */
function shareOf(f64: Float64Array, at: number): number {
  return Math.min(SHARE_MAX, f64[at + AT.moves]!, f64[at + AT.movesSlow]!);
}

/** How unlikely the run is. */
function decadesOf(f64: Float64Array, at: number): number {
  return -log10(1 - shareOf(f64, at)) * (f64[at + AT.run]! - 1);
}

/** The value moves: learns the run that ended. One that was long enough counts as if it had just been that. */
function learnRest(f64: Float64Array, at: number, learned: number): void {
  const run = f64[at + AT.run]!;
  if (run === 0) return;
  if (run > 1) {
    const decades = Math.min(decadesOf(f64, at), leastOf(f64, at));
    f64[at + AT.longestRest] = Math.max(f64[at + AT.longestRest]!, decades);
  }
  f64[at + AT.moves] = shareAfter(f64[at + AT.moves]!, run, learned, FAST);
  f64[at + AT.movesSlow] = shareAfter(f64[at + AT.movesSlow]!, run, learned, SLOW);
}

/** Share of windows in which the value moved, after one more in which it did; the run before it had no other move. */
function shareAfter(share: number, run: number, learned: number, memory: number): number {
  if (learned < memory) return share * Math.max(0, 1 - run / (learned + 1)) + 1 / (learned + 1);
  const kept = run === 1 ? 1 - 1 / memory : pow10(run * log10(1 - 1 / memory));
  return share * kept + 1 / memory;
}

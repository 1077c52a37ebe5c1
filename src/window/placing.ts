// Where an accepted sample goes: into its open window, or dropped as late or duplicate, by name.

import { evidenceAddress } from '../kernel/bank.ts';
import { AT, OPEN } from '../kernel/layout.ts';
import type { WindowSettings } from '../settings.ts';
import { addSample } from './aggregate.ts';
import { dueMsOf, openRing, scheduleFrom } from './closing.ts';
import type { WindowState } from './state.ts';

/** Puts a sample into its open window, or drops it as late or duplicate. `gate` is off for samples that had to wait. */
export function placeInWindow(
  state: WindowState,
  slot: number,
  timeMs: number,
  value: number,
  offset: number,
  gate: boolean,
): void {
  const { settings, table, counters, watermark } = state;
  const { f64 } = table.bank.lane;
  const slab = evidenceAddress(table.bank, slot) / 8;
  const everyMs = f64[slab + AT.everyMs]!;
  const startMs = Math.floor(timeMs / everyMs) * everyMs;
  const closed = f64[slab + AT.closedAny] === 1 && startMs < f64[slab + AT.nextStart]!;
  if (closed || (gate && dueMsOf(state, everyMs, startMs) <= watermark.ms)) {
    counters.samplesDropped.late++;
    return;
  }
  const at = openRing(state, slot, startMs);
  const repeated =
    f64[at + OPEN.count]! > 0 && f64[at + OPEN.lastTimeMs] === timeMs && f64[at + OPEN.lastValue] === value;
  if (repeated && !countsRepeats(settings)) {
    counters.samplesDropped.duplicate++;
    return;
  }
  if (!addSample(f64, at, settings.aggregate, timeMs, value, offset)) {
    counters.samplesDropped.late++;
    return;
  }
  state.counters.samplesWindowed++;
  noteLatest(f64, slab, timeMs, value);
  scheduleFrom(state, slot, startMs);
}

/** Two equal events are two for a count or a sum; for all others the second one is a resend. */
function countsRepeats({ aggregate }: WindowSettings): boolean {
  return aggregate === 'count' || aggregate === 'sum';
}

/** Keeps time and value of the latest sample of a series. */
export function noteLatest(f64: Float64Array, slab: number, timeMs: number, value: number): void {
  if (f64[slab + AT.seen] === 0 || timeMs >= f64[slab + AT.lastTimeMs]!) {
    f64[slab + AT.lastTimeMs] = timeMs;
    f64[slab + AT.lastSample] = value;
    f64[slab + AT.seen] = 1;
  }
}

/** The very sample that was the latest so far: a resend. */
export function isRepeat({ settings, table }: WindowState, slab: number, timeMs: number, value: number): boolean {
  if (countsRepeats(settings)) return false;
  const { f64 } = table.bank.lane;
  return f64[slab + AT.seen] === 1 && f64[slab + AT.lastTimeMs] === timeMs && f64[slab + AT.lastSample] === value;
}

/** Every sample a window of its own: strictly rising times. */
export function placeRecord(
  state: WindowState,
  slot: number,
  slab: number,
  timeMs: number,
  value: number,
  offset: number,
): void {
  const { f64 } = state.table.bank.lane;
  const step = timeMs - f64[slab + AT.lastTimeMs]!;
  if (f64[slab + AT.seen] === 1 && step <= 0) {
    state.counters.samplesDropped[step === 0 ? 'duplicate' : 'late']++;
    return;
  }
  addSample(f64, openRing(state, slot, timeMs), state.settings.aggregate, timeMs, value, offset);
  state.counters.samplesWindowed++;
  noteLatest(f64, slab, timeMs, value);
  scheduleFrom(state, slot, timeMs);
}

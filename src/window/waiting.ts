// `every: auto`: samples wait in the slab until there are enough of them to know the interval; then they go through the
// windows as if they arrived one by one.

import type { Wave } from '../domain.ts';
import { evidenceAddress, firstSlot, touch } from '../kernel/bank.ts';
import { AT, OPEN, WAIT } from '../kernel/layout.ts';
import { closeWindow, dueMsOf, hasRoomForDue } from './closing.ts';
import { intervalOf } from './interval.ts';
import { noteLatest, placeInWindow } from './placing.ts';
import type { WindowState } from './state.ts';

/**
 * Keeps a sample until the interval is known; with the last one needed, all of them are replayed into windows.
 * The first
 * field that knows it decides for all fields of the series.
 */
export function keepWaiting(
  state: WindowState,
  slot: number,
  slab: number,
  timeMs: number,
  value: number,
  offset: number,
): void {
  const { table, replay } = state;
  const { f64 } = table.bank.lane;
  const area = slab + table.bank.layout.openAt / 8;
  const at = area + f64[slab + AT.waiting]! * WAIT.size;
  f64[at + WAIT.timeMs] = timeMs;
  f64[at + WAIT.value] = value;
  f64[at + WAIT.offset] = offset;
  noteLatest(f64, slab, timeMs, value);
  const waiting = ++f64[slab + AT.waiting]!;
  if (waiting < WAIT.count) return;

  const everyMs = intervalOf(waitingTimes(state, slot).sort((a, b) => a - b));
  const series = table.bySlot[slot]!.series;
  const samples = series.slots.flatMap((own) => takeWaiting(state, own));
  samples.sort((a, b) => a.timeMs - b.timeMs || a.slot - b.slot || a.index - b.index);
  for (const own of series.slots) f64[evidenceAddress(table.bank, own) / 8 + AT.everyMs] = everyMs;
  replay.slot = firstSlot(table.bank, slot);
  replay.next = 0;
  replay.samples = samples.flatMap((sample) => [sample.slot, sample.timeMs, sample.value, sample.offset]);
}

function waitingTimes({ table: { bank } }: WindowState, slot: number): number[] {
  const { f64 } = bank.lane;
  const slab = evidenceAddress(bank, slot) / 8;
  const area = slab + bank.layout.openAt / 8;
  return Array.from({ length: f64[slab + AT.waiting]! }, (_, i) => f64[area + i * WAIT.size + WAIT.timeMs]!);
}

interface WaitingSample {
  readonly slot: number;
  /** In order of arrival. */
  readonly index: number;
  readonly timeMs: number;
  readonly value: number;
  readonly offset: number;
}

/** The waiting samples of a slot, which has none afterwards. */
function takeWaiting({ table: { bank } }: WindowState, slot: number): WaitingSample[] {
  const { f64 } = bank.lane;
  const slab = evidenceAddress(bank, slot) / 8;
  const area = slab + bank.layout.openAt / 8;
  const waiting = f64[slab + AT.waiting]!;
  const samples = Array.from({ length: waiting }, (_, index) => {
    const at = area + index * WAIT.size;
    const [timeMs = 0, value = 0, offset = 0] = f64.subarray(at, at + WAIT.size);
    return { slot, index, timeMs, value, offset };
  });
  f64[slab + AT.waiting] = 0;
  f64.fill(0, area, area + waiting * WAIT.size);
  return samples;
}

/** Feeds waiting samples as if they arrived one by one. False when the wave is full. */
export function replayWaiting(state: WindowState, wave: Wave): boolean {
  const { replay } = state;
  while (replay.slot >= 0) {
    const [slot = 0, timeMs = 0, value = 0, offset = 0] = replay.samples.slice(4 * replay.next, 4 * replay.next + 4);
    if (!closeSeries(state, replay.slot, wave, timeMs)) return false;
    placeInWindow(state, slot, timeMs, value, offset, false);
    replay.next++;
    if (4 * replay.next >= replay.samples.length) replay.slot = -1;
  }
  return true;
}

/** Closes what is due of a series, given by its first slot, as the heap would. False when the wave is full. */
function closeSeries(state: WindowState, first: number, wave: Wave, nowMs: number): boolean {
  for (;;) {
    const slot = earliestDue(state, first, nowMs);
    if (slot < 0) return true;
    if (!hasRoomForDue(state, slot, wave)) return false;
    closeWindow(state, slot, wave);
  }
}

/** The slot whose window closes first, not after `nowMs`; −1 = none. */
function earliestDue(state: WindowState, first: number, nowMs: number): number {
  const { bank, fields } = state.table;
  const { f64 } = bank.lane;
  let earliest = -1;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (let slot = first; slot < first + fields; slot++) {
    const slab = evidenceAddress(bank, slot) / 8;
    if (f64[slab + AT.flowing] !== 1) continue;
    const dueMs = dueMsOf(state, f64[slab + AT.everyMs]!, f64[slab + AT.dueStart]!);
    if (dueMs > nowMs || dueMs >= earliestMs) continue;
    earliest = slot;
    earliestMs = dueMs;
  }
  return earliest;
}

/** Samples of a slot that no closed window has told: those that wait for an interval, those in open windows. */
export function heldSamples(
  { table: { bank }, settings }: WindowState,
  slot: number,
): { readonly waiting: number; readonly windowed: number } {
  const { f64 } = bank.lane;
  const slab = evidenceAddress(bank, slot) / 8;
  const area = slab + bank.layout.openAt / 8;
  const windows = f64[slab + AT.everyMs] === 0 ? 0 : settings.openWindows;
  let windowed = 0;
  for (let i = 0; i < windows; i++) windowed += f64[area + i * OPEN.size + OPEN.count]!;
  return { waiting: f64[slab + AT.waiting]!, windowed };
}

/**
 * The first samples of the share were a liar's and event time has started anew: they open no window, and a window of
 * theirs that is closed already makes nothing late. What the models learned of it, they keep.
 */
export function voidOpenWindows(state: WindowState): void {
  const { table, counters, due, watermark } = state;
  const { f64 } = table.bank.lane;
  due.heap.length = 0;
  for (const series of table.byKey.values()) {
    for (const slot of series.slots) {
      touch(table.bank, slot);
      const slab = evidenceAddress(table.bank, slot) / 8;
      const area = slab + table.bank.layout.openAt / 8;
      const { waiting, windowed } = heldSamples(state, slot);
      counters.samplesWindowed -= windowed;
      counters.samplesDropped.future += waiting + windowed;
      f64.fill(0, area, area + Math.max(state.settings.openWindows * OPEN.size, WAIT.count * WAIT.size));
      for (const scalar of [AT.waiting, AT.flowing, AT.seen, AT.hasLast, AT.hasCounter, AT.emptyRun]) {
        f64[slab + scalar] = 0;
      }
      if (f64[slab + AT.nextStart]! > watermark.ms) f64[slab + AT.closedAny] = 0;
    }
  }
}

// `every: auto`: samples wait in the slab until there are enough of them to know the interval; then they go through the
// windows as if they arrived one by one.

import type { Wave } from '../domain.ts';
import { evidenceAddress } from '../kernel/bank.ts';
import { AT, OPEN, WAIT } from '../kernel/layout.ts';
import { closeWindow, dueMsOf } from './closing.ts';
import { intervalOf } from './interval.ts';
import { noteLatest, placeInWindow } from './placing.ts';
import { hasRoom, type WindowState } from './state.ts';

/** Keeps a sample until the interval is known; with the last one needed, all of them are replayed into windows. */
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

  const order = Array.from({ length: waiting }, (_, i) => area + i * WAIT.size);
  order.sort((a, b) => f64[a + WAIT.timeMs]! - f64[b + WAIT.timeMs]! || a - b);
  replay.slot = slot;
  replay.next = 0;
  replay.samples = order.flatMap((i) => [f64[i + WAIT.timeMs]!, f64[i + WAIT.value]!, f64[i + WAIT.offset]!]);
  f64[slab + AT.everyMs] = intervalOf(order.map((i) => f64[i + WAIT.timeMs]!));
  f64[slab + AT.waiting] = 0;
  f64.fill(0, area, area + waiting * WAIT.size);
}

/** Feeds waiting samples as if they arrived one by one. False when the wave is full. */
export function replayWaiting(state: WindowState, wave: Wave): boolean {
  const { replay } = state;
  while (replay.slot >= 0) {
    const [timeMs = 0, value = 0, offset = 0] = replay.samples.slice(3 * replay.next, 3 * replay.next + 3);
    if (!closeSlot(state, replay.slot, wave, timeMs)) return false;
    placeInWindow(state, replay.slot, timeMs, value, offset, false);
    replay.next++;
    if (3 * replay.next >= replay.samples.length) replay.slot = -1;
  }
  return true;
}

function closeSlot(state: WindowState, slot: number, wave: Wave, nowMs: number): boolean {
  const { f64 } = state.table.bank.lane;
  const slab = evidenceAddress(state.table.bank, slot) / 8;
  while (f64[slab + AT.flowing] === 1 && dueMsOf(state, f64[slab + AT.everyMs]!, f64[slab + AT.dueStart]!) <= nowMs) {
    if (!hasRoom(state, wave, slot)) return false;
    closeWindow(state, slot, wave);
  }
  return true;
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
      const slab = evidenceAddress(table.bank, slot) / 8;
      const area = slab + table.bank.layout.openAt / 8;
      let counted = f64[slab + AT.waiting]!;
      const windows = f64[slab + AT.everyMs] === 0 ? 0 : state.settings.openWindows;
      for (let i = 0; i < windows; i++) {
        counted += f64[area + i * OPEN.size + OPEN.count]!;
        counters.samplesWindowed -= f64[area + i * OPEN.size + OPEN.count]!;
      }
      counters.samplesDropped.future += counted;
      f64.fill(0, area, area + Math.max(state.settings.openWindows * OPEN.size, WAIT.count * WAIT.size));
      for (const scalar of [AT.waiting, AT.flowing, AT.seen, AT.hasLast, AT.hasCounter, AT.emptyRun]) {
        f64[slab + scalar] = 0;
      }
      if (f64[slab + AT.nextStart]! > watermark.ms) f64[slab + AT.closedAny] = 0;
    }
  }
}

// The window stage: sample rows in, closed windows out. Event-time tumbling windows aligned to multiples of the
// interval. Works in small steps, so that one record which closes the windows of every series of a partition does not
// hold up the event loop: the caller comes back until everything is closed.

import type { SampleRows, SeriesKey, Wave } from '../domain.ts';
import { copiedSlabs, evidenceAddress, touch } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';
import { closeWindow, dueMsOf, hasOpenSample, hasRoomForDue } from './closing.ts';
import { forgetSilent, isExpected, noteOld, sight, silentest } from './doorkeeper.ts';
import { nextDueMs, nextDueSerial, nextDueSlot, popDue, pushDue } from './due.ts';
import { isRepeat, placeInWindow, placeRecord } from './placing.ts';
import { admit, evict, forget, isFull, type Series } from './series.ts';
import { VALUE_MAX, type WindowState } from './state.ts';
import { heldSamples, keepWaiting, replayWaiting, voidOpenWindows } from './waiting.ts';
import { observeTime } from './watermark.ts';

const HOUR_MS = 3_600_000;
/** Slabs that one wave may have copied for a checkpoint that is being written: about 8 MB, some milliseconds. */
const COPIES_MAX = 256;

/**
 * Fills `wave` with the next closed windows, in closing order, each series at most once. True when all rows are taken
 * and nothing is due any more; otherwise the wave is full, or took long, and the caller comes again with the same rows.
 */
export function closeWindows(state: WindowState, rows: SampleRows, wave: Wave): boolean {
  wave.count = 0;
  wave.steps = 0;
  state.wave++;
  const { bank } = state.table;
  const copied = copiedSlabs(bank);
  for (;;) {
    if (!replayWaiting(state, wave) || !closeDue(state, wave, state.watermark.ms)) return false;
    if (state.pending.slot >= 0) {
      placePending(state);
    } else if (rows.taken >= rows.count) {
      return true;
    } else {
      if (copiedSlabs(bank) - copied >= COPIES_MAX && !isWithinRecord(state, rows)) return false;
      if (mustForget(state) && !isWithinRecord(state, rows)) {
        // An empty wave first, because rows of a wave name slots.
        if (wave.count > 0) return false;
        forgetOld(state);
      }
      if (wave.count > 0 && mayMakeRoom(state, rows)) return false;
      takeRow(state, rows, rows.taken++);
    }
  }
}

/**
 * The end of the input: closes, as `closeWindows` does, every window that has a sample, whatever the lateness, and the
 * gaps before it. Nobody knows whether a window behind the last sample would have stayed empty: it stays due. True when
 * nothing is left to close.
 */
export function closeRest(state: WindowState, wave: Wave): boolean {
  wave.count = 0;
  wave.steps = 0;
  state.wave++;
  const { due } = state;
  const kept: (readonly [dueMs: number, serial: number, slot: number])[] = [];
  let closed = true;
  for (let slot = nextDueSlot(due); slot >= 0; slot = nextDueSlot(due)) {
    if (!isMeant(state, slot)) {
      popDue(due);
    } else if (!hasOpenSample(state, slot)) {
      kept.push([nextDueMs(due), nextDueSerial(due), slot]);
      popDue(due);
    } else if (hasRoomForDue(state, slot, wave)) {
      popDue(due);
      closeWindow(state, slot, wave);
    } else {
      closed = false;
      break;
    }
  }
  for (const entry of kept) pushDue(due, ...entry);
  return closed;
}

/** Counts one row, moves event time, and leaves the sample pending if it is accepted. */
function takeRow(state: WindowState, rows: SampleRows, row: number): void {
  const { counters, settings, table, watermark, pending } = state;
  const dropped = counters.samplesDropped;
  // Also of a sample that is refused below: its time may close windows, and their gaps name the record.
  pending.offset = rows.offset[row]!;
  const value = rows.value[row]!;
  const timeMs = rows.timeMs[row]!;
  if (!(Math.abs(value) < VALUE_MAX)) {
    dropped.non_finite++;
    return;
  }
  const key = rows.keys[row]!;
  const nowMs = watermark.ms;
  const verdict = observeTime(watermark, timeMs, settings.futureMs, key, table.byKey.size);
  if (verdict === 'future') {
    dropped.future++;
    return;
  }
  if (verdict === 'restarted') {
    voidOpenWindows(state);
    forgetSilent(state.door);
  }
  let series = table.byKey.get(key);
  if (series === undefined) {
    if (isFull(table)) makeRoomFor(state, key, pending.offset, nowMs);
    series = admit(table, key, rows.labels[row]!);
    if (series === undefined) {
      dropped.key_limit++;
      counters.seriesRefused++;
      return;
    }
    counters.seriesCreated++;
  }
  pending.slot = series.slots[rows.field[row]!]!;
  pending.timeMs = timeMs;
  pending.value = value;
  if (timeMs < watermark.ms) noteOld(state.door, timeMs, watermark.ms, state.quietMs);
}

/** Whether the next row may take the place of another series: rows of a wave name slots, so the wave must be empty. */
function mayMakeRoom({ table, door, watermark, quietMs }: WindowState, rows: SampleRows): boolean {
  const key = rows.keys[rows.taken]!;
  if (!isExpected(door, key, rows.offset[rows.taken]!) || table.byKey.has(key)) return false;
  return isFull(table) && silentest(door, table, watermark.ms, quietMs) !== undefined;
}

/**
 * Counts a sighting of a key that finds the share full; the third one moves the series that has been silent longest, as
 * of the event time before this row: `mayMakeRoom` knows no later one.
 */
function makeRoomFor(state: WindowState, key: SeriesKey, offset: number, nowMs: number): void {
  const { door, table, counters } = state;
  const expected = isExpected(door, key, offset);
  sight(door, key, offset);
  const victim = expected ? silentest(door, table, nowMs, state.quietMs) : undefined;
  if (victim === undefined) return;
  evict(table, victim);
  counters.seriesEvicted++;
  dropHeld(state, victim);
  state.forgotten.push(victim);
}

/** Samples that no window of an evicted series will ever tell. What stood in a freed slab can still be read here. */
function dropHeld(state: WindowState, { slots }: Series): void {
  const { counters } = state;
  for (const slot of slots) {
    const { waiting, windowed } = heldSamples(state, slot);
    counters.samplesWindowed -= windowed;
    counters.samplesDropped.late += waiting + windowed;
  }
}

function placePending(state: WindowState): void {
  const { pending, settings, counters, table } = state;
  const { slot, timeMs, value, offset } = pending;
  pending.slot = -1;
  touch(table.bank, slot);
  const { f64 } = table.bank.lane;
  const slab = evidenceAddress(table.bank, slot) / 8;
  switch (settings.every.kind) {
    case 'record':
      placeRecord(state, slot, slab, timeMs, value, offset);
      return;
    case 'fixed':
      f64[slab + AT.everyMs] = settings.every.ms;
      placeInWindow(state, slot, timeMs, value, offset, true);
      return;
    case 'auto':
      if (f64[slab + AT.everyMs] !== 0) placeInWindow(state, slot, timeMs, value, offset, true);
      else if (isRepeat(state, slab, timeMs, value)) counters.samplesDropped.duplicate++;
      else keepWaiting(state, slot, slab, timeMs, value, offset);
      return;
  }
}

/** Closes what is due at event time `nowMs`, over all series. False when the wave is full. */
function closeDue(state: WindowState, wave: Wave, nowMs: number): boolean {
  while (nextDueMs(state.due) <= nowMs) {
    const slot = nextDueSlot(state.due);
    if (isMeant(state, slot)) {
      if (!hasRoomForDue(state, slot, wave)) return false;
      popDue(state.due);
      closeWindow(state, slot, wave);
    } else {
      popDue(state.due);
    }
  }
  return true;
}

/**
 * Whether the first entry of the heap, which is about `slot`, is still meant. Entries outlive their window: by eviction
 * (the slot may be another series' by now), or when an older sample moved the due window back.
 */
function isMeant(state: WindowState, slot: number): boolean {
  if (state.table.bySlot[slot] === undefined) return false;
  const { f64 } = state.table.bank.lane;
  const slab = evidenceAddress(state.table.bank, slot) / 8;
  if (f64[slab + AT.flowing] !== 1 || f64[slab + AT.serial] !== nextDueSerial(state.due)) return false;
  return dueMsOf(state, f64[slab + AT.everyMs]!, f64[slab + AT.dueStart]!) === nextDueMs(state.due);
}

/** Once in each hour of event time, which may also go back: see `observeTime`. */
function mustForget(state: WindowState): boolean {
  const hour = Math.floor(state.watermark.ms / HOUR_MS);
  return !Number.isNaN(hour) && hour !== state.forgetHour;
}

/** The fields of one record are one step: nothing comes between them. */
function isWithinRecord({ table }: WindowState, rows: SampleRows): boolean {
  return table.fields > 1 && rows.taken > 0 && rows.offset[rows.taken] === rows.offset[rows.taken - 1];
}

function forgetOld(state: WindowState): void {
  const hour = Math.floor(state.watermark.ms / HOUR_MS);
  state.forgetHour = hour;
  const { table, counters } = state;
  const gone = forget(table, hour * HOUR_MS - state.forgetMs);
  counters.seriesEvicted += gone.length;
  for (const series of gone) dropHeld(state, series);
  state.forgotten.push(...gone);
}

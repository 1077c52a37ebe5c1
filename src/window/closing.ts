// Closing one window of one series: its value or its gap goes into the wave, and the next window becomes due.

import { GAP, type Wave } from '../domain.ts';
import { evidenceAddress, firstSlot, touch } from '../kernel/bank.ts';
import { AT, OPEN } from '../kernel/layout.ts';
import { takeAggregate } from './aggregate.ts';
import { pushDue } from './due.ts';
import { hasRoom, isInStep, VALUE_MAX, type WindowState } from './state.ts';

/** Windows in a row that a gap policy makes up; a longer silence is skipped in one go. */
const FILL_MAX = 1000;

/** Where the open window that starts at `startMs` lies, as an index of float64. */
export function openRing(state: WindowState, slot: number, startMs: number): number {
  const { bank } = state.table;
  const slab = evidenceAddress(bank, slot) / 8;
  const everyMs = bank.lane.f64[slab + AT.everyMs]!;
  const ring = state.settings.every.kind === 'record' ? 0 : (startMs / everyMs) % state.settings.openWindows;
  return slab + bank.layout.openAt / 8 + ring * OPEN.size;
}

/** Event time at which the window from `startMs` closes. */
export function dueMsOf(state: WindowState, everyMs: number, startMs: number): number {
  const { every, latenessMs, openWindows } = state.settings;
  if (every.kind === 'record') return startMs;
  // With `auto` the interval is not known to the configuration: lateness is bounded by the ring of open windows.
  const lateness = every.kind === 'auto' ? Math.min(latenessMs, (openWindows - 2) * everyMs) : latenessMs;
  return startMs + everyMs + lateness;
}

/** Makes the window from `startMs`, which has a sample, due; unless an earlier one is. */
export function scheduleFrom(state: WindowState, slot: number, startMs: number): void {
  const { f64 } = state.table.bank.lane;
  const slab = evidenceAddress(state.table.bank, slot) / 8;
  if (f64[slab + AT.flowing] === 1 && startMs >= f64[slab + AT.dueStart]!) return;
  schedule(state, slot, slab, startMs);
}

function schedule(state: WindowState, slot: number, slab: number, startMs: number): void {
  const { f64 } = state.table.bank.lane;
  f64[slab + AT.flowing] = 1;
  f64[slab + AT.dueStart] = startMs;
  pushDue(state.due, dueMsOf(state, f64[slab + AT.everyMs]!, startMs), f64[slab + AT.serial]!, slot);
}

/** Whether the wave has room for the due window of a slot. */
export function hasRoomForDue(state: WindowState, slot: number, wave: Wave): boolean {
  const { bank } = state.table;
  const startMs = bank.lane.f64[evidenceAddress(bank, slot) / 8 + AT.dueStart]!;
  const isRecord = bank.perSeries > 1 && state.settings.every.kind === 'record';
  const offset = isRecord ? bank.lane.f64[openRing(state, slot, startMs) + OPEN.offset]! : 0;
  return hasRoom(state, wave, slot, startMs, offset);
}

/** Closes the due window of a slot, counts it, and schedules the next one. */
export function closeWindow(state: WindowState, slot: number, wave: Wave): void {
  const { counters } = state;
  // For the stages behind this one, too: what they change are slabs of the rows of a wave.
  touch(state.table.bank, slot);
  const { f64 } = state.table.bank.lane;
  const slab = evidenceAddress(state.table.bank, slot) / 8;
  const startMs = f64[slab + AT.dueStart]!;
  const everyMs = takeInterval(state, f64, slab);
  if (everyMs > 0 && f64[slab + AT.closedAny] === 1) {
    const skipped = (startMs - f64[slab + AT.nextStart]!) / everyMs;
    counters.windowsClosed += skipped;
    counters.windowsSkipped.gap += skipped;
  }
  const at = openRing(state, slot, startMs);
  counters.windowsClosed++;
  if (f64[at + OPEN.count] === 0) {
    closeEmpty(state, slot, slab, startMs, everyMs, wave);
  } else {
    const offset = f64[at + OPEN.offset]!;
    const value = takeAggregate(f64, at, slab, state.settings.aggregate);
    f64[slab + AT.emptyRun] = 0;
    if (Number.isNaN(value)) {
      counters.windowsSkipped.gap++;
    } else if (Math.abs(value) < VALUE_MAX) {
      f64[slab + AT.lastValue] = value;
      f64[slab + AT.hasLast] = 1;
      emit(state, slot, startMs, everyMs, value, offset, GAP.none, wave);
    } else {
      counters.windowsSkipped.non_finite++;
    }
  }
  f64[slab + AT.nextStart] = startMs + everyMs;
  f64[slab + AT.closedAny] = 1;
  scheduleNext(state, slot, slab, startMs + everyMs, everyMs);
}

/**
 * Length of the window that closes. Later stages read a series' interval from its slab: where every sample is a window,
 * that is the step to this one, and it is written no earlier, because the row of the window before may still be ahead.
 */
function takeInterval({ settings }: WindowState, f64: Float64Array, slab: number): number {
  if (settings.every.kind !== 'record') return f64[slab + AT.everyMs]!;
  if (f64[slab + AT.closedAny] === 1) f64[slab + AT.everyMs] = f64[slab + AT.dueStart]! - f64[slab + AT.nextStart]!;
  return 0;
}

/** A window without a sample, by the stream's policy. The origin is the record that closed it. */
function closeEmpty(
  state: WindowState,
  slot: number,
  slab: number,
  startMs: number,
  everyMs: number,
  wave: Wave,
): void {
  const { gaps } = state.settings;
  const { f64 } = state.table.bank.lane;
  const offset = state.pending.offset;
  f64[slab + AT.emptyRun]!++;
  switch (gaps.kind) {
    case 'ignore':
      state.counters.windowsSkipped.gap++;
      return;
    case 'anomaly':
      state.counters.windowsSkipped.gap++;
      emit(state, slot, startMs, everyMs, Number.NaN, offset, GAP.missing, wave);
      return;
    case 'fill':
      emit(state, slot, startMs, everyMs, gaps.value, offset, GAP.filled, wave);
      return;
    case 'previous':
      if (f64[slab + AT.hasLast] === 1) {
        emit(state, slot, startMs, everyMs, f64[slab + AT.lastValue]!, offset, GAP.filled, wave);
      } else {
        state.counters.windowsSkipped.gap++;
      }
  }
}

/** Whether any open window of a slot has a sample. */
export function hasOpenSample(state: WindowState, slot: number): boolean {
  const { bank } = state.table;
  const area = (evidenceAddress(bank, slot) + bank.layout.openAt) / 8;
  for (let ring = 0; ring < state.settings.openWindows; ring++) {
    if (bank.lane.f64[area + ring * OPEN.size + OPEN.count]! > 0) return true;
  }
  return false;
}

function scheduleNext(state: WindowState, slot: number, slab: number, fromMs: number, everyMs: number): void {
  const { f64 } = state.table.bank.lane;
  const { settings } = state;
  f64[slab + AT.flowing] = 0;
  if (everyMs === 0) return;
  if (settings.gaps.kind !== 'ignore' && f64[slab + AT.emptyRun]! < FILL_MAX) {
    schedule(state, slot, slab, fromMs);
    return;
  }
  for (let i = 0; i < settings.openWindows; i++) {
    const startMs = fromMs + i * everyMs;
    if (f64[openRing(state, slot, startMs) + OPEN.count]! > 0) {
      schedule(state, slot, slab, startMs);
      return;
    }
  }
}

function emit(
  state: WindowState,
  slot: number,
  startMs: number,
  everyMs: number,
  value: number,
  offset: number,
  gap: number,
  wave: Wave,
): void {
  const { bank } = state.table;
  if (bank.perSeries > 1 && !isInStep(state, wave, slot, startMs, offset)) wave.stepAt[wave.steps++] = wave.count;
  const row = wave.count++;
  state.waveOf[firstSlot(bank, slot)] = state.wave;
  wave.slot[row] = slot;
  wave.startMs[row] = startMs;
  wave.endMs[row] = startMs + everyMs;
  wave.value[row] = value;
  wave.offset[row] = offset;
  wave.gap[row] = gap;
  wave.live[row] = state.table.byKey.size;
}

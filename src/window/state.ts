// What the window stage keeps of one share, beside the slabs.

import type { Counters, Wave } from '../domain.ts';
import { firstSlot } from '../kernel/bank.ts';
import type { WindowSettings } from '../settings.ts';
import { type Doorkeeper, newDoorkeeper } from './doorkeeper.ts';
import { type Due, newDue } from './due.ts';
import type { Series, SeriesTable } from './series.ts';
import { newWatermark, type Watermark } from './watermark.ts';

/**
 * Rows of a wave, unless a single series has more: their slabs, of 24 kB and more, are still in a core's cache when
 * the next stage wants them.
 */
const ROWS_MAX = 32;

/** Largest absolute value that a float32 network can take. */
export const VALUE_MAX = 3.4e38;

export interface WindowState {
  readonly settings: WindowSettings;
  /** A series without a sample for so long may have to make room, and is forgotten in any case. */
  readonly quietMs: number;
  readonly forgetMs: number;
  readonly door: Doorkeeper;
  readonly table: SeriesTable;
  readonly counters: Counters;
  readonly watermark: Watermark;
  readonly due: Due;
  /** Series that are gone since somebody looked: the caller empties it. */
  readonly forgotten: Series[];
  /** The accepted sample that is not in its window yet, because windows before it must close first. */
  readonly pending: { slot: number; timeMs: number; value: number; offset: number };
  /** Waiting samples of a series whose interval was just found, in order of time: slot, time, value, offset of each. */
  readonly replay: { slot: number; samples: number[]; next: number };
  /** Number of the wave in which a series stands, by its first slot. */
  readonly waveOf: number[];
  wave: number;
  /** Hour of event time in which series were last forgotten. */
  forgetHour: number;
}

export function newWindowState(
  settings: WindowSettings,
  limits: { readonly quietMs: number; readonly forgetMs: number },
  table: SeriesTable,
  counters: Counters,
): WindowState {
  return {
    settings,
    quietMs: limits.quietMs,
    forgetMs: limits.forgetMs,
    door: newDoorkeeper(table.seriesMax),
    table,
    counters,
    watermark: newWatermark(),
    due: newDue(),
    forgotten: [],
    pending: { slot: -1, timeMs: 0, value: 0, offset: 0 },
    replay: { slot: -1, samples: [], next: 0 },
    waveOf: [],
    wave: 0,
    forgetHour: Number.NaN,
  };
}

/**
 * A wave holds each series at most once; the fields of a series that have a window at the same time come together, and
 * find room together. `offset` is that of the window's record where each record is a window of its own, else 0.
 */
export function hasRoom(state: WindowState, wave: Wave, slot: number, startMs: number, offset: number): boolean {
  const { bank } = state.table;
  const rows = Math.min(ROWS_MAX, wave.slot.length);
  if (bank.perSeries === 1) return wave.count < rows && state.waveOf[slot] !== state.wave;
  if (state.waveOf[firstSlot(bank, slot)] === state.wave) return isInStep(state, wave, slot, startMs, offset);
  if (bank.perSeries > wave.slot.length) throw new RangeError(`a wave of ${wave.slot.length} rows is too small`);
  return wave.count === 0 || wave.count + wave.steps + bank.perSeries <= rows;
}

/** Whether a window belongs to the newest step of the wave. */
export function isInStep(state: WindowState, wave: Wave, slot: number, startMs: number, offset: number): boolean {
  const { bank } = state.table;
  if (wave.steps === 0) return false;
  const last = wave.count - 1;
  return (
    firstSlot(bank, wave.slot[last]!) === firstSlot(bank, slot) &&
    wave.slot[last]! < slot &&
    wave.startMs[last] === startMs &&
    (state.settings.every.kind !== 'record' || wave.offset[last] === offset)
  );
}

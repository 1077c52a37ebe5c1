// What the window stage keeps of one share, beside the slabs.

import type { Counters, Wave } from '../domain.ts';
import type { WindowSettings } from '../settings.ts';
import { type Due, newDue } from './due.ts';
import type { Series, SeriesTable } from './series.ts';
import { newWatermark, type Watermark } from './watermark.ts';

/** Largest absolute value that a float32 network can take. */
export const VALUE_MAX = 3.4e38;

export interface WindowState {
  readonly settings: WindowSettings;
  readonly forgetMs: number;
  readonly table: SeriesTable;
  readonly counters: Counters;
  readonly watermark: Watermark;
  readonly due: Due;
  /** Series that are gone since somebody looked: the caller empties it. */
  readonly forgotten: Series[];
  /** The accepted sample that is not in its window yet, because windows before it must close first. */
  readonly pending: { slot: number; timeMs: number; value: number; offset: number };
  /** Waiting samples of a series whose interval was just found: triples, in order of time, and the next one. */
  readonly replay: { slot: number; samples: number[]; next: number };
  /** Number of the wave in which a slot stands, by slot. */
  readonly waveOf: number[];
  wave: number;
  /** Hour of event time in which series were last forgotten. */
  forgetHour: number;
}

export function newWindowState(
  settings: WindowSettings,
  forgetMs: number,
  table: SeriesTable,
  counters: Counters,
): WindowState {
  return {
    settings,
    forgetMs,
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

/** A wave holds each series at most once. */
export function hasRoom(state: WindowState, wave: Wave, slot: number): boolean {
  return wave.count < wave.slot.length && state.waveOf[slot] !== state.wave;
}

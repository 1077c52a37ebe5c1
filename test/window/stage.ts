// The window stage alone: samples in, closed windows out.

import { newCounters, newWave, type SeriesKey, type Wave } from '../../src/domain.ts';
import { newBank } from '../../src/kernel/bank.ts';
import { layoutOf } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { shapeOf } from '../../src/kernel/shape.ts';
import type { WindowSettings } from '../../src/settings.ts';
import { newSeriesTable } from '../../src/window/series.ts';
import { newWindowState, type WindowState } from '../../src/window/state.ts';
import { closeRest, closeWindows } from '../../src/window/tumbling.ts';
import { DAY, WINDOW } from '../support/streams.ts';

export interface TestSample {
  readonly key?: string;
  readonly field?: number;
  readonly timeMs: number;
  readonly value?: number;
}

export interface TestWindow {
  readonly key: string;
  readonly field: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number;
  readonly gap: number;
  readonly offset: number;
}

export interface Stage {
  readonly wave: Wave;
  readonly state: WindowState;
  /** Takes samples as one batch; offsets go on counting. Returns the windows that close, in closing order. */
  take(samples: readonly TestSample[]): TestWindow[];
  /** The end of the input. */
  rest(): TestWindow[];
}

export interface StageOptions extends Partial<WindowSettings> {
  readonly waveRows?: number;
  readonly fields?: number;
  readonly seriesMax?: number;
  readonly forgetMs?: number;
  readonly quietMs?: number;
}

/** A window every 10 s without lateness, unless the test says otherwise. */
export function newStage(options: StageOptions = {}): Stage {
  const { waveRows = 256, fields = 1, seriesMax = 100, forgetMs = 7 * DAY, quietMs = 7 * DAY, ...changes } = options;
  const settings: WindowSettings = { ...WINDOW, every: { kind: 'fixed', ms: 10_000 }, latenessMs: 0, ...changes };
  const { openWindows } = settings;
  const shape = shapeOf({ cell: 'last', hidden: 4, layers: 1, lookback: 8 }, openWindows, fields);
  const table = newSeriesTable(newBank(newLaneMemory(), layoutOf(shape)), fields, seriesMax);
  const state = newWindowState(settings, { forgetMs, quietMs }, table, newCounters());
  const wave = newWave(waveRows);
  let offset = 0;

  const drain = (close: () => boolean): TestWindow[] => {
    const windows: TestWindow[] = [];
    for (;;) {
      const done = close();
      windows.push(...rowsOf(state, wave));
      if (done) return windows;
      if (wave.count === 0) throw new Error('the stage asks for another turn without having closed anything');
    }
  };
  return {
    state,
    wave,
    take: (samples) => {
      const rows = {
        count: samples.length,
        taken: 0,
        keys: samples.map(({ key = '' }) => key as SeriesKey),
        labels: samples.map(({ key = '' }) => [key]),
        field: Int32Array.from(samples, ({ field = 0 }) => field),
        timeMs: Float64Array.from(samples, ({ timeMs }) => timeMs),
        value: Float64Array.from(samples, ({ value = 1 }) => value),
        offset: Float64Array.from(samples, () => offset++),
      };
      return drain(() => closeWindows(state, rows, wave));
    },
    rest: () => drain(() => closeRest(state, wave)),
  };
}

/** Rows of a wave; throws where a wave holds a series twice, or one that is gone. */
function rowsOf({ table }: WindowState, wave: Wave): TestWindow[] {
  const slots = new Set<number>();
  return Array.from({ length: wave.count }, (_, row) => {
    const read = (column: ArrayLike<number>): number => column[row] ?? Number.NaN;
    const slot = read(wave.slot);
    const owner = table.bySlot[slot];
    if (owner === undefined) throw new Error(`slot ${slot} of the wave belongs to nobody`);
    if (slots.has(slot)) throw new Error(`slot ${slot} stands twice in one wave`);
    slots.add(slot);
    return {
      key: owner.series.key,
      field: owner.field,
      startMs: read(wave.startMs),
      endMs: read(wave.endMs),
      value: read(wave.value),
      gap: read(wave.gap),
      offset: read(wave.offset),
    };
  });
}

/** One sample a time in seconds: value 1, 2, 3, …; all of one series. */
export function samplesAt(...seconds: readonly number[]): TestSample[] {
  return seconds.map((second, i) => ({ timeMs: second * 1000, value: i + 1 }));
}

// One file from its first line to its output: rows in, rows out, and what is to be told about it.

import type { StreamSettings } from '../settings.ts';
import { type CsvFile, linesOf } from './csvFile.ts';
import { type Curve, newCurve, observeWindow } from './curve.ts';
import type { ClosedWindow, Detector, Watcher } from './detection.ts';
import { follow, newEpisodes } from './episodes.ts';
import type { Outcome } from './outcome.ts';
import type { OutputFile } from './outputFile.ts';
import { headerRow, outputRow } from './outputRows.ts';
import { endTally, newTally, observeRow, type Tally } from './tally.ts';
import { assign, enter, leave, newWaiting, type Row, settle } from './waiting.ts';

export interface FileRun {
  readonly name: string;
  /** Buckets of each field's curve. */
  readonly bucketsMax: number;
  /** Told how many bytes are read; throws to stop. */
  readonly onBytes: (bytes: number) => void;
}

/** Runs a file through the detector and writes its rows. `stream` is what windows, model and detection are set to. */
export async function runFile(
  file: CsvFile,
  stream: StreamSettings,
  detector: Detector,
  output: OutputFile,
  run: FileRun,
): Promise<Outcome> {
  const { columns, path } = file;
  const waiting = newWaiting(columns);
  const episodes = newEpisodes();
  const tally = newTally(columns.label !== undefined);
  const curves = columns.values.map((_, field) => newCurve(field, run.bucketsMax));
  const readyMs = columns.values.map(() => Number.NaN);
  const span = { rows: 0, fromMs: Number.NaN, toMs: Number.NaN };
  let everyMs = Number.NaN;

  const out = (row: Row): void => {
    output.write(outputRow(row));
    judge(tally, row);
    span.rows++;
    if (Number.isNaN(row.timeMs)) return;
    if (!(row.timeMs >= span.fromMs)) span.fromMs = row.timeMs;
    if (!(row.timeMs <= span.toMs)) span.toMs = row.timeMs;
  };
  const closed = (window: ClosedWindow): void => {
    const { field, score, startMs, endMs } = window;
    if (Number.isNaN(everyMs)) everyMs = endMs - startMs;
    if (!Number.isNaN(score) && Number.isNaN(readyMs[field])) readyMs[field] = startMs;
    assign(waiting, field, { window, episode: follow(episodes, window) });
    observeWindow(curves[field] as Curve, window);
  };
  const watcher: Watcher = {
    delivering: (line) => enter(waiting, line),
    closed,
    delivered(_line, fate) {
      settle(waiting, fate);
      leave(waiting, false, out);
    },
    rest: () => output.flush(),
  };

  output.write(headerRow(columns));
  const { settings, places } = bind(stream, file);
  const counters = await detector.run(settings, places, linesOf(file, run.onBytes), watcher);
  leave(waiting, true, out);
  endTally(tally, episodes.all);
  return { path, name: run.name, columns, ...span, everyMs, readyMs, counters, episodes: episodes.all, tally, curves };
}

/** A row is as anomalous as its most anomalous field. */
function judge(tally: Tally, row: Row): void {
  let score = Number.NaN;
  let alarm = false;
  for (const judged of row.judged) {
    if (judged === undefined || judged === null) continue;
    if (Number.isNaN(score) || judged.window.score > score) score = judged.window.score;
    if (judged.window.open) alarm = true;
  }
  observeRow(tally, row.timeMs, row.labelled, score, alarm);
}

/** The stream as if it read this file. Its fields are sorted by name, as those of a configuration are. */
function bind(stream: StreamSettings, { columns }: CsvFile): { settings: StreamSettings; places: readonly number[] } {
  const { values, time } = columns;
  const places = values
    .map((_, place) => place)
    .sort((a, b) => ((values[a]?.name ?? '') < (values[b]?.name ?? '') ? -1 : 1));
  const fields = places
    .flatMap((place) => values[place] ?? [])
    .map(({ name, column }) => ({ field: name, path: [column] }));
  const decode = {
    format: 'csv',
    where: [],
    labels: [],
    time: { kind: 'path', path: [time.column], unit: time.unit },
    fields,
    recordBytesMax: stream.decode.recordBytesMax,
  } as const;
  return { settings: { ...stream, decode }, places };
}

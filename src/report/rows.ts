// The tier with lines per series, and the governor that bounds it. A row is what a lane tells of one series; a row that
// is exported has a slot: its label text, built once, and its newest numbers.

import type { PartitionId } from '../domain.ts';
import type { Log } from '../ports.ts';
import type { StreamSettings } from '../settings.ts';
import { labelText } from './labels.ts';
import { type LaneReport, ROW_SIZE, type RowAdmitted } from './laneReport.ts';

/** Numbers of a slot, in the order of a row update without its row number. */
export const COLUMNS = ['score', 'value', 'expected', 'lower', 'upper', 'anomalous'] as const;
export type Column = (typeof COLUMNS)[number];

/**
 * Where a row stands: `exported` has a slot; `withheld` found none free; `quiet` told nothing for long, or nothing yet
 * since its slot was taken away; `split` has the label set of a row of another partition, which came first.
 */
type Standing = 'exported' | 'withheld' | 'quiet' | 'split';

interface StreamRows {
  readonly name: string;
  readonly quietMs: number;
  /** No fixed window: then the rhythm of the row's updates tells when it is quiet. */
  readonly adaptive: boolean;
  readonly counts: Record<Standing, number>;
  warned: boolean;
}

interface Row {
  readonly stream: StreamRows;
  readonly labels: string;
  /** Who this is, whatever lane tells of it. */
  readonly identity: string;
  lane: number;
  row: number;
  standing: Standing;
  /** −1 unless exported. */
  slot: number;
  seenMs: number;
  /** Between the last two updates. */
  stepMs: number;
  /** Number of the render that was last begun when the lane gave the row up; undefined before. */
  leftAt: number | undefined;
}

/** Mutable; written by this file's functions only. Times are of the monotonic clock. */
export interface Rows {
  readonly budget: number;
  readonly streams: Map<string, StreamRows>;
  readonly byLane: Map<number, Map<number, Row>>;
  /** The row that has the lines of a label set. */
  readonly byLabels: Map<string, Row>;
  readonly all: Set<Row>;
  readonly slots: (Row | undefined)[];
  readonly free: number[];
  numbers: Float64Array;
  renders: number;
  readonly log: Log;
}

/** What a render reads: frozen, so that all numbers of a series belong to one window. */
export interface RowsSnapshot {
  readonly render: number;
  readonly startedMs: number;
  /** Label text by slot; undefined = free. */
  readonly labels: readonly (string | undefined)[];
  readonly numbers: Float64Array;
}

const COLUMN_COUNT = COLUMNS.length;
const DAY_MS = 86_400_000;
/** A series misses this many windows before its lines go; fewer, and a slow one would flicker. */
const WINDOWS_QUIET = 5;
const SWEEP_ROWS = 1000;

/** `budget` slots for each stream. */
export function newRows(settings: readonly StreamSettings[], budget: number, log: Log): Rows {
  return {
    budget,
    streams: new Map(settings.map((stream) => [stream.name, newStreamRows(stream)])),
    byLane: new Map(),
    byLabels: new Map(),
    all: new Set(),
    slots: [],
    free: [],
    numbers: new Float64Array(64 * COLUMN_COUNT),
    renders: 0,
    log,
  };
}

/** Takes what one report tells of rows. Rows of streams that are not configured are left out. */
export function updateRows(rows: Rows, report: LaneReport, nowMs: number): void {
  for (const admitted of report.admitted) admit(rows, report.lane, admitted, nowMs);
  const lane = rows.byLane.get(report.lane);
  if (lane === undefined) return;
  for (let at = 0; at + ROW_SIZE <= report.rows.length; at += ROW_SIZE) {
    const row = lane.get(report.rows[at] ?? -1);
    if (row !== undefined) update(rows, row, report.rows.subarray(at + 1, at + ROW_SIZE), nowMs);
  }
  for (const number of report.removed) {
    const row = lane.get(number);
    lane.delete(number);
    if (row === undefined) continue;
    if (row.standing === 'exported') row.leftAt = rows.renders;
    else forget(rows, row);
  }
}

/**
 * The lane's thread is gone. Its lines stay until they are quiet: a lane that starts anew admits the same series within
 * seconds, and a line that flickers restarts every `for:` of an alert.
 */
export function orphanRows(rows: Rows, lane: number): void {
  for (const row of rows.byLane.get(lane)?.values() ?? []) {
    if (row.standing !== 'exported') forget(rows, row);
  }
  rows.byLane.delete(lane);
}

/** Begins a render. */
export function snapshotRows(rows: Rows, nowMs: number): RowsSnapshot {
  rows.renders += 1;
  return {
    render: rows.renders,
    startedMs: nowMs,
    labels: rows.slots.map((row) => row?.labels),
    numbers: rows.numbers.slice(0, rows.slots.length * COLUMN_COUNT),
  };
}

/**
 * After a render that somebody has read: takes the slots of rows that left before it began, and of those quiet when it
 * began. So each last value was shown once. Gives way to other work after every 1 000 rows.
 */
export async function sweepRows(rows: Rows, seen: RowsSnapshot): Promise<void> {
  let visited = 0;
  for (const row of rows.all) {
    visited += 1;
    if (visited % SWEEP_ROWS === 0) await new Promise((resume) => setImmediate(resume));
    if (row.leftAt !== undefined && row.leftAt < seen.render) forget(rows, row);
    else if (row.standing !== 'quiet' && seen.startedMs - row.seenMs >= quietMs(row)) {
      stand(rows, row, 'quiet');
      if (rows.byLabels.get(row.labels) === row) rows.byLabels.delete(row.labels);
      if (rows.byLane.get(row.lane)?.get(row.row) !== row) rows.all.delete(row);
    }
  }
}

/** How many rows of a stream stand where. */
export function rowCounts(rows: Rows, stream: string): Readonly<Record<Standing, number>> {
  return rows.streams.get(stream)?.counts ?? { exported: 0, withheld: 0, quiet: 0, split: 0 };
}

function newStreamRows(settings: StreamSettings): StreamRows {
  const { every } = settings.window;
  const windowsMs = every.kind === 'fixed' ? WINDOWS_QUIET * every.ms : 0;
  return {
    name: settings.name,
    quietMs: Math.max(settings.limits.quietMs, windowsMs),
    adaptive: every.kind !== 'fixed',
    counts: { exported: 0, withheld: 0, quiet: 0, split: 0 },
    warned: false,
  };
}

function admit(rows: Rows, lane: number, admitted: RowAdmitted, nowMs: number): void {
  const stream = rows.streams.get(admitted.stream);
  if (stream === undefined) return;
  const { field, key, partition, row: number } = admitted;
  const labels = labelText({ stream: stream.name, series: key, field, ...admitted.labels });
  const identity = JSON.stringify([partition.topic, partition.partition, key, field]);
  const owner = rows.byLabels.get(labels);
  if (owner?.identity === identity) {
    rows.byLane.get(owner.lane)?.delete(owner.row);
    index(rows, owner, lane, number);
    owner.leftAt = undefined;
    return;
  }
  const row: Row = {
    stream,
    labels,
    identity,
    lane,
    row: number,
    standing: 'quiet',
    slot: -1,
    seenMs: nowMs,
    stepMs: 0,
    leftAt: undefined,
  };
  stream.counts.quiet += 1;
  rows.all.add(row);
  index(rows, row, lane, number);
  place(rows, row);
  if (row.standing === 'split') warnOfSplit(rows, stream, partition);
}

function index(rows: Rows, row: Row, lane: number, number: number): void {
  row.lane = lane;
  row.row = number;
  const known = rows.byLane.get(lane);
  if (known === undefined) rows.byLane.set(lane, new Map([[number, row]]));
  else known.set(number, row);
}

function update(rows: Rows, row: Row, numbers: Float64Array, nowMs: number): void {
  row.stepMs = nowMs - row.seenMs;
  row.seenMs = nowMs;
  if (row.standing !== 'exported') place(rows, row);
  if (row.standing === 'exported') rows.numbers.set(numbers, row.slot * COLUMN_COUNT);
}

/** Finds out where a row stands now: who comes first gets the label set, then a slot. */
function place(rows: Rows, row: Row): void {
  const owner = rows.byLabels.get(row.labels);
  if (owner !== undefined && owner !== row) {
    stand(rows, row, 'split');
    return;
  }
  rows.byLabels.set(row.labels, row);
  stand(rows, row, row.stream.counts.exported < rows.budget ? 'exported' : 'withheld');
}

function stand(rows: Rows, row: Row, standing: Standing): void {
  if (row.standing === standing) return;
  row.stream.counts[row.standing] -= 1;
  row.stream.counts[standing] += 1;
  row.standing = standing;
  if (standing === 'exported') {
    row.slot = rows.free.pop() ?? rows.slots.length;
    rows.slots[row.slot] = row;
    if (rows.slots.length * COLUMN_COUNT > rows.numbers.length) {
      const larger = new Float64Array(rows.numbers.length * 2);
      larger.set(rows.numbers);
      rows.numbers = larger;
    }
    rows.numbers.fill(Number.NaN, row.slot * COLUMN_COUNT, (row.slot + 1) * COLUMN_COUNT);
  } else if (row.slot >= 0) {
    rows.slots[row.slot] = undefined;
    rows.free.push(row.slot);
    row.slot = -1;
  }
}

function forget(rows: Rows, row: Row): void {
  stand(rows, row, 'quiet');
  row.stream.counts.quiet -= 1;
  rows.all.delete(row);
  if (rows.byLabels.get(row.labels) === row) rows.byLabels.delete(row.labels);
  const lane = rows.byLane.get(row.lane);
  if (lane?.get(row.row) === row) lane.delete(row.row);
}

function quietMs(row: Row): number {
  const { adaptive, quietMs } = row.stream;
  return adaptive ? Math.max(quietMs, Math.min(WINDOWS_QUIET * row.stepMs, DAY_MS)) : quietMs;
}

function warnOfSplit(rows: Rows, stream: StreamRows, from: PartitionId): void {
  if (stream.warned) return;
  stream.warned = true;
  rows.log(
    'warn',
    'series_split',
    'A series arrives in more than one partition; only the first one is exported. Key the topic by the series labels.',
    { stream: stream.name, topic: from.topic, partition: from.partition },
  );
}

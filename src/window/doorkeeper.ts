// Who comes in when a share has as many series as it may have: a key at its third sighting, in the place of the series
// that has been silent longest. Keys that come once or twice, in whatever number, move nobody, and a series that goes
// on sending is never moved. Sightings are counted in a count-min sketch of two rows, which forgets by counting, not by
// time: so a replay decides the same.

import type { SeriesKey } from '../domain.ts';
import { evidenceAddress } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';
import { hash32 } from '../kernel/random.ts';
import { lastSeenMs, type Series, type SeriesTable } from './series.ts';

/** Sightings that let a key in; counters stop there. */
const SIGHTINGS = 3;
/**
 * Counters of a row, at least and at most: 2 to 128 kB in a checkpoint. Halved after half as many sightings, so that a
 * key must come three times among some 32 strangers for each series of the limit, at most 131,000.
 */
const WIDTH_MIN = 1 << 12;
const WIDTH_MAX = 1 << 18;
/** Counters of a row for each series that the share may have. */
const WIDTH_PER_SERIES = 64;
/** A series is silent after so many windows, however short the bound for all is. */
const SILENT_WINDOWS = 10;
const PER_BYTE = 4;

export interface Doorkeeper {
  readonly width: number;
  /** Two rows, one behind the other; empty until the share is full for the first time. */
  counts: Uint8Array;
  /** Sightings since the counters were halved. */
  counted: number;
  /** Offset of the record that was sighted last: its further fields are no further sightings. */
  sightedOffset: number;
  /** Silent series, the one to go first at the end, as far as they are known; follows from the slabs. */
  readonly silent: { readonly series: Series; readonly sinceMs: number }[];
  /** Nobody else is silent before this event time. */
  nobodyBeforeMs: number;
}

export function newDoorkeeper(seriesMax: number): Doorkeeper {
  let width = WIDTH_MIN;
  while (width < Math.min(WIDTH_MAX, WIDTH_PER_SERIES * seriesMax)) width *= 2;
  const unknown = Number.NEGATIVE_INFINITY;
  return { width, counts: new Uint8Array(), counted: 0, sightedOffset: -1, silent: [], nobodyBeforeMs: unknown };
}

/** Whether the next sighting of a key, in the record at `offset`, lets it in. */
export function isExpected(door: Doorkeeper, key: SeriesKey, offset: number): boolean {
  return door.counts.length > 0 && offset !== door.sightedOffset && sightings(door, hash32(key)) >= SIGHTINGS - 1;
}

/** Counts a sighting of a key that is not in. Several of one record are one. */
export function sight(door: Doorkeeper, key: SeriesKey, offset: number): void {
  if (offset === door.sightedOffset) return;
  door.sightedOffset = offset;
  if (door.counts.length === 0) door.counts = new Uint8Array(2 * door.width);
  const { counts } = door;
  const hash = hash32(key);
  const seen = sightings(door, hash);
  // Only the lower of the two: the other one has counted somebody else.
  for (const at of [first(door, hash), second(door, hash)]) {
    if (counts[at] === seen && seen < SIGHTINGS) counts[at]!++;
  }
  if (++door.counted < door.width / 2) return;
  door.counted = 0;
  for (let at = 0; at < counts.length; at++) counts[at]! >>= 1;
}

/** The series that has been silent longest at event time `nowMs`; undefined = none is. */
export function silentest(door: Doorkeeper, table: SeriesTable, nowMs: number, quietMs: number): Series | undefined {
  for (;;) {
    const last = door.silent.at(-1);
    if (last === undefined) {
      if (!(nowMs >= door.nobodyBeforeMs)) return undefined;
      look(door, table, nowMs, quietMs);
      if (door.silent.length === 0) return undefined;
      continue;
    }
    const { series, sinceMs } = last;
    const since = table.byKey.get(series.key) === series ? silentSince(table, series, quietMs) : undefined;
    if (since === sinceMs) return series;
    door.silent.pop();
    // Still silent, but since later: others may come before it now.
    if (since !== undefined && since <= nowMs) forgetSilent(door);
  }
}

/** Told of each accepted sample that lies behind event time: a series may begin with it, and be silent at once. */
export function noteOld(door: Doorkeeper, timeMs: number, nowMs: number, quietMs: number): void {
  if (timeMs + quietMs <= nowMs) forgetSilent(door);
  else door.nobodyBeforeMs = Math.min(door.nobodyBeforeMs, timeMs + quietMs);
}

/** To be called when event time starts anew. */
export function forgetSilent(door: Doorkeeper): void {
  door.silent.length = 0;
  door.nobodyBeforeMs = Number.NEGATIVE_INFINITY;
}

/** What decides later, as bytes; empty when nobody was ever turned away. */
export function packDoor({ counts }: Doorkeeper): Uint8Array {
  const packed = new Uint8Array(counts.length / PER_BYTE);
  for (let at = 0; at < counts.length; at++) packed[Math.floor(at / PER_BYTE)]! |= counts[at]! << (2 * (at % PER_BYTE));
  return packed;
}

/** Takes back what `packDoor` gave. Of another limit it is void: sightings begin anew. */
export function unpackDoor(door: Doorkeeper, packed: Uint8Array, counted: number): void {
  if (packed.length * PER_BYTE !== 2 * door.width) return;
  door.counts = Uint8Array.from(
    { length: 2 * door.width },
    (_, at) => (packed[Math.floor(at / PER_BYTE)]! >> (2 * (at % PER_BYTE))) & SIGHTINGS,
  );
  door.counted = counted;
}

function look(door: Doorkeeper, table: SeriesTable, nowMs: number, quietMs: number): void {
  door.nobodyBeforeMs = Number.POSITIVE_INFINITY;
  for (const series of table.byKey.values()) {
    const sinceMs = silentSince(table, series, quietMs);
    if (sinceMs === undefined) continue;
    if (sinceMs <= nowMs) door.silent.push({ series, sinceMs });
    else door.nobodyBeforeMs = Math.min(door.nobodyBeforeMs, sinceMs);
  }
  const serial = ({ series }: { readonly series: Series }): number =>
    table.bank.lane.f64[evidenceAddress(table.bank, series.slots[0]!) / 8 + AT.serial]!;
  door.silent.sort((a, b) => b.sinceMs - a.sinceMs || serial(b) - serial(a));
  // Whoever comes in from now on is silent later than this, unless `noteOld` hears of it.
  door.nobodyBeforeMs = Math.min(door.nobodyBeforeMs, nowMs + quietMs);
}

/** Event time from which a series counts as silent; undefined while it has no sample. */
function silentSince(table: SeriesTable, series: Series, quietMs: number): number | undefined {
  const seenMs = lastSeenMs(table, series);
  if (seenMs === Number.NEGATIVE_INFINITY) return undefined;
  const everyMs = table.bank.lane.f64[evidenceAddress(table.bank, series.slots[0]!) / 8 + AT.everyMs]!;
  return seenMs + Math.max(quietMs, SILENT_WINDOWS * everyMs);
}

function sightings(door: Doorkeeper, hash: number): number {
  return Math.min(door.counts[first(door, hash)]!, door.counts[second(door, hash)]!);
}

function first({ width }: Doorkeeper, hash: number): number {
  return hash & (width - 1);
}

function second({ width }: Doorkeeper, hash: number): number {
  return width + ((Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> 8) & (width - 1));
}

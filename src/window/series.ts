// The series of one share: key → slots, the limit, and forgetting. A series has one slot a field, side by side; one of
// several fields has one more in the bank, in which no window is ever open.

import type { SeriesKey } from '../domain.ts';
import { type Bank, evidenceAddress, giveSlot, makeRoom, takeSlot } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';

export interface Series {
  readonly key: SeriesKey;
  /** Label values in the order of the stream's labels. */
  readonly labels: readonly string[];
  /** One a field, in the order of the stream's fields. */
  readonly slots: readonly number[];
}

export interface SeriesTable {
  readonly bank: Bank;
  readonly fields: number;
  readonly seriesMax: number;
  readonly byKey: Map<SeriesKey, Series>;
  /** Owner and field of each slot; undefined for free slots. */
  readonly bySlot: ({ readonly series: Series; readonly field: number } | undefined)[];
  /** Order of admission of the next slot, from 1: the tie-break that makes closing order independent of slots. */
  nextSerial: number;
}

export function newSeriesTable(bank: Bank, fields: number, seriesMax: number): SeriesTable {
  return { bank, fields, seriesMax, byKey: new Map(), bySlot: [], nextSerial: 1 };
}

/** Takes a new series in; undefined when the limit is reached, or the lane's memory. May grow that memory. */
export function admit(table: SeriesTable, key: SeriesKey, labels: readonly string[]): Series | undefined {
  if (isFull(table)) return undefined;
  const series = place(table, key, labels);
  const { f64 } = table.bank.lane;
  for (const slot of series.slots) f64[evidenceAddress(table.bank, slot) / 8 + AT.serial] = table.nextSerial++;
  return series;
}

/** Slots for a series without touching its numbers or the limit: for `admit` and for restoring. */
export function place(table: SeriesTable, key: SeriesKey, labels: readonly string[]): Series {
  const first = takeSlot(table.bank);
  const slots = Array.from({ length: table.fields }, (_, field) => first + field);
  const series: Series = { key, labels, slots };
  table.byKey.set(key, series);
  for (const [field, slot] of slots.entries()) table.bySlot[slot] = { series, field };
  return series;
}

/** Evicts every series without a sample since `beforeMs` of event time. Returns what is gone. */
export function forget(table: SeriesTable, beforeMs: number): Series[] {
  const gone: Series[] = [];
  for (const series of table.byKey.values()) {
    if (lastSeenMs(table, series) < beforeMs) gone.push(series);
  }
  for (const series of gone) evict(table, series);
  return gone;
}

/** Takes a series out; its numbers stay in its slots until somebody else has them. */
export function evict(table: SeriesTable, series: Series): void {
  table.byKey.delete(series.key);
  for (const slot of series.slots) table.bySlot[slot] = undefined;
  giveSlot(table.bank, series.slots[0]!);
}

/** Whether no further series can be taken in. May grow the lane's memory. */
export function isFull({ byKey, seriesMax, bank }: SeriesTable): boolean {
  return byKey.size >= seriesMax || !makeRoom(bank, 1);
}

/** Event time of the latest sample of any field. */
export function lastSeenMs(table: SeriesTable, series: Series): number {
  const { f64 } = table.bank.lane;
  let latest = Number.NEGATIVE_INFINITY;
  for (const slot of series.slots) {
    const at = evidenceAddress(table.bank, slot) / 8;
    if (f64[at + AT.seen] === 1) latest = Math.max(latest, f64[at + AT.lastTimeMs]!);
  }
  return latest;
}

import { expect, it } from 'vitest';
import type { SeriesKey } from '../../src/domain.ts';
import { copySlab, evidenceAddress, newBank } from '../../src/kernel/bank.ts';
import { AT, layoutOf } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { shapeOf } from '../../src/kernel/shape.ts';
import { admit, forget, lastSeenMs, newSeriesTable, type Series, type SeriesTable } from '../../src/window/series.ts';

const key = (text: string): SeriesKey => text as SeriesKey;

function tableOf(fields: number, seriesMax: number, memory = newLaneMemory()): SeriesTable {
  const shape = shapeOf({ cell: 'gru', hidden: 4, layers: 1, lookback: 8 }, 2, fields);
  return newSeriesTable(newBank(memory, layoutOf(shape)), fields, seriesMax);
}

function admitted(table: SeriesTable, text: string): Series {
  const series = admit(table, key(text), [text]);
  if (series === undefined) throw new Error(`${text} was refused`);
  return series;
}

function scalars({ bank }: SeriesTable, slot: number): number {
  return evidenceAddress(bank, slot) / 8;
}

it('gives a series one slot a field, side by side, and each its place in the order of admission', () => {
  const table = tableOf(2, 10);
  const [a, b] = [admitted(table, 'a'), admitted(table, 'b')];
  const serials = [...a.slots, ...b.slots].map((slot) => table.bank.lane.f64[scalars(table, slot) + AT.serial]);
  expect(serials).toEqual([1, 2, 3, 4]);
  // One more slot, for all fields together, belongs to nobody.
  expect([...a.slots, ...b.slots]).toEqual([0, 1, 3, 4]);
  expect([table.bySlot[2], table.bySlot[5]]).toEqual([undefined, undefined]);
  expect(b.slots.map((slot) => table.bySlot[slot])).toEqual([
    { series: b, field: 0 },
    { series: b, field: 1 },
  ]);
});

it('refuses series when the memory of the lane is used up, and takes others in when one was forgotten', () => {
  const { slabBytes } = tableOf(3, 1).bank.layout;
  const memory = newLaneMemory(Math.ceil((32 * slabBytes) / 65_536));
  const table = tableOf(3, 1000, memory);
  const all = Array.from({ length: 32 }, (_, i) => admitted(table, `${i}`));
  expect(admit(table, key('more'), ['more'])).toBeUndefined();
  expect([table.byKey.size, table.nextSerial, table.bank.slots]).toEqual([32, 97, 128]);
  for (const slot of all.slice(1).flatMap(({ slots }) => slots)) {
    table.bank.lane.f64[scalars(table, slot) + AT.seen] = 1;
    table.bank.lane.f64[scalars(table, slot) + AT.lastTimeMs] = 1000;
  }
  forget(table, 1000);
  expect(admitted(table, 'more').slots.toSorted()).toEqual(all[0]?.slots.toSorted());
});

it('refuses series beyond the limit and changes nothing', () => {
  const table = tableOf(1, 1);
  admitted(table, 'a');
  expect(admit(table, key('b'), ['b'])).toBeUndefined();
  expect([table.byKey.size, table.nextSerial, table.bank.slots]).toEqual([1, 2, 1]);
});

it('saw a series when it saw any field of it', () => {
  const table = tableOf(2, 10);
  const series = admitted(table, 'a');
  expect(lastSeenMs(table, series)).toBe(Number.NEGATIVE_INFINITY);
  const at = scalars(table, series.slots[1] ?? -1);
  table.bank.lane.f64[at + AT.lastTimeMs] = 500;
  table.bank.lane.f64[at + AT.seen] = 1;
  expect(lastSeenMs(table, series)).toBe(500);
  expect(forget(table, 500)).toEqual([]);
  expect(forget(table, 501)).toEqual([series]);
});

it('hands a forgotten slot out again with nothing left in it', () => {
  const table = tableOf(1, 10);
  const untouched = copySlab(table.bank, admitted(table, 'new').slots[0] ?? -1);
  const old = admitted(table, 'old');
  const slot = old.slots[0] ?? -1;
  const { f64 } = table.bank.lane;
  f64.fill(7, scalars(table, slot), scalars(table, slot) + table.bank.layout.evidenceBytes / 8);
  forget(table, Number.POSITIVE_INFINITY);
  expect([table.byKey.size, table.bySlot[slot]]).toEqual([0, undefined]);
  const next = admitted(table, 'next');
  expect(next.slots).toEqual([slot]);
  f64[scalars(table, slot) + AT.serial] = 1;
  expect(copySlab(table.bank, slot)).toEqual(untouched);
});

import { describe, expect, it } from 'vitest';
import type { LaneReport } from '../../src/report/laneReport.ts';
import {
  COLUMNS,
  newRows,
  orphanRows,
  type Rows,
  rowCounts,
  snapshotRows,
  sweepRows,
  updateRows,
} from '../../src/report/rows.ts';
import { admitted, laneReport, noLog, QUIET_MS, stream, updates } from './synthetic.ts';

const NONE = Number.NaN;

/** Rows of one stream `s`, and the moment that its tests stand at. */
function fresh({ budget = 10, windowMs = 1000 as number | 'auto' } = {}) {
  const rows = newRows([stream('s', windowMs)], budget, noLog);
  const told = (lane: number, more: Partial<LaneReport>, atMs = 0) => updateRows(rows, laneReport(lane, more), atMs);
  return { rows, told };
}

/** A whole render: what it shows, by host. */
async function render(rows: Rows, atMs = 0): Promise<Record<string, number[]>> {
  const seen = snapshotRows(rows, atMs);
  await sweepRows(rows, seen);
  const shown = [...seen.labels.entries()].filter(([, labels]) => labels !== undefined);
  return Object.fromEntries(
    shown.map(([slot, labels]) => [
      /,host="([^"]*)"/.exec(labels ?? '')?.[1] ?? '',
      [...seen.numbers.slice(slot * COLUMNS.length, (slot + 1) * COLUMNS.length)],
    ]),
  );
}

describe('rows', () => {
  it('shows the newest numbers under a label text built once', () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(7, 's', 'a')], rows: updates([7, 0.5, 1, 2, 3, 4, 0]) });
    told(0, { rows: updates([7, 1.5, 9, 2, 3, 4, 1]) });
    const { labels, numbers } = snapshotRows(rows, 0);
    expect(labels).toEqual(['stream="s",series="host=\\"a\\"",field="value",host="a"']);
    expect([...numbers]).toEqual([1.5, 9, 2, 3, 4, 1]);
  });

  it('does not let a later update reach into a render', () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0.5, 1, 2, 3, 4, 0]) });
    const seen = snapshotRows(rows, 0);
    told(0, { rows: updates([1, 9, 9, 9, 9, 9, 1]) });
    expect([...seen.numbers]).toEqual([0.5, 1, 2, 3, 4, 0]);
  });

  it('keeps lanes apart that use the same row numbers', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) });
    told(1, { admitted: [admitted(1, 's', 'b', 1)], rows: updates([1, 0, 2, 0, 0, 0, 0]) });
    expect(await render(rows)).toEqual({ a: [0, 1, 0, 0, 0, 0], b: [0, 2, 0, 0, 0, 0] });
  });

  it('grows beyond its first numbers without losing any', async () => {
    const { rows, told } = fresh({ budget: 500 });
    const hosts = Array.from({ length: 300 }, (_, row) => row);
    told(0, {
      admitted: hosts.map((row) => admitted(row, 's', `h${row}`)),
      rows: updates(...hosts.map((row) => [row, row, 0, 0, 0, 0, 0])),
    });
    const shown = await render(rows);
    expect(hosts.every((row) => shown[`h${row}`]?.[0] === row)).toBe(true);
  });

  it('leaves out rows of streams that nobody configured', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 'ghost', 'a')], rows: updates([1, 0, 0, 0, 0, 0, 0]) });
    expect(await render(rows)).toEqual({});
  });
});

describe('the budget', () => {
  const two = [admitted(1, 's', 'a'), admitted(2, 's', 'b')];
  const both = updates([1, 0, 1, 0, 0, 0, 0], [2, 0, 2, 0, 0, 0, 0]);

  it('gives slots to those who come first and counts the others', async () => {
    const { rows, told } = fresh({ budget: 1 });
    told(0, { admitted: two, rows: both });
    expect(Object.keys(await render(rows))).toEqual(['a']);
    expect(rowCounts(rows, 's')).toMatchObject({ exported: 1, withheld: 1 });
  });

  it('gives a slot that fell free to the next one that tells something', async () => {
    const { rows, told } = fresh({ budget: 1 });
    told(0, { admitted: two, rows: both, removed: [1] });
    await render(rows);
    expect(await render(rows)).toEqual({});
    told(0, { rows: updates([2, 0, 3, 0, 0, 0, 0]) });
    expect(await render(rows)).toEqual({ b: [0, 3, 0, 0, 0, 0] });
    expect(rowCounts(rows, 's')).toEqual({ exported: 1, withheld: 0, quiet: 0, split: 0 });
  });

  it('shows nothing of the slot’s last owner to the next one', async () => {
    const { rows, told } = fresh({ budget: 1 });
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 9, 9, 9, 9, 9, 1]), removed: [1] });
    await render(rows);
    told(0, { admitted: [admitted(3, 's', 'c')] });
    expect(await render(rows)).toEqual({ c: [NONE, NONE, NONE, NONE, NONE, NONE] });
  });
});

describe('removal', () => {
  it('shows the last value of an evicted series once more, then nothing', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]), removed: [1] });
    expect(Object.keys(await render(rows))).toEqual(['a']);
    expect(await render(rows)).toEqual({});
  });

  it('does not count a render that had begun before', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) });
    const begun = snapshotRows(rows, 0);
    told(0, { rows: updates([1, 0, 2, 0, 0, 0, 0]), removed: [1] });
    await sweepRows(rows, begun);
    expect(await render(rows)).toEqual({ a: [0, 2, 0, 0, 0, 0] });
    expect(await render(rows)).toEqual({});
  });

  it('takes lines away that were not seen for the time called quiet, and brings them back', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) });
    expect(Object.keys(await render(rows, QUIET_MS - 1))).toEqual(['a']);
    expect(Object.keys(await render(rows, QUIET_MS))).toEqual(['a']);
    expect(await render(rows, QUIET_MS)).toEqual({});
    expect(rowCounts(rows, 's')).toMatchObject({ exported: 0, quiet: 1 });
    told(0, { rows: updates([1, 0, 2, 0, 0, 0, 0]) }, 2 * QUIET_MS);
    expect(await render(rows, 2 * QUIET_MS)).toEqual({ a: [0, 2, 0, 0, 0, 0] });
  });

  it('waits for five windows where these are longer', async () => {
    const { rows, told } = fresh({ windowMs: QUIET_MS });
    told(0, { admitted: [admitted(1, 's', 'a')] });
    await render(rows, 5 * QUIET_MS - 1);
    expect(Object.keys(await render(rows, 5 * QUIET_MS))).toEqual(['a']);
    expect(await render(rows, 5 * QUIET_MS)).toEqual({});
  });

  it('learns the rhythm of a series whose window is found, not told', async () => {
    const { rows, told } = fresh({ windowMs: 'auto' });
    const hour = 3_600_000;
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) });
    told(0, { rows: updates([1, 0, 2, 0, 0, 0, 0]) }, hour);
    await render(rows, 6 * hour - 1);
    expect(Object.keys(await render(rows, 6 * hour))).toEqual(['a']);
    expect(await render(rows, 6 * hour)).toEqual({});
  });

  it('keeps the lines of a lane that starts anew', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) });
    orphanRows(rows, 0);
    await render(rows);
    told(0, { admitted: [admitted(5, 's', 'a')] });
    expect(await render(rows)).toEqual({ a: [0, 1, 0, 0, 0, 0] });
    told(0, { rows: updates([5, 0, 2, 0, 0, 0, 0]) });
    expect(await render(rows)).toEqual({ a: [0, 2, 0, 0, 0, 0] });
    expect(rowCounts(rows, 's')).toEqual({ exported: 1, withheld: 0, quiet: 0, split: 0 });
  });

  it('forgets the lines of a lane that never comes back', async () => {
    const { rows, told } = fresh();
    told(0, { admitted: [admitted(1, 's', 'a')] });
    orphanRows(rows, 0);
    await render(rows, QUIET_MS);
    expect(await render(rows, QUIET_MS)).toEqual({});
    expect([rows.all.size, rows.byLabels.size, rows.byLane.size]).toEqual([0, 0, 0]);
  });

  it('hands the lines of a partition from lane to lane, whoever speaks first', async () => {
    for (const newOwnerFirst of [true, false]) {
      const { rows, told } = fresh();
      told(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) });
      const gain = () => told(1, { admitted: [admitted(4, 's', 'a')], rows: updates([4, 0, 2, 0, 0, 0, 0]) });
      const give = () => told(0, { removed: [1] });
      for (const act of newOwnerFirst ? [gain, give] : [give, gain]) act();
      await render(rows);
      expect(await render(rows)).toEqual({ a: [0, 2, 0, 0, 0, 0] });
    }
  });
});

describe('a label set in two partitions', () => {
  it('is exported for the first one, counted for the other, and told once', async () => {
    const told: string[] = [];
    const rows = newRows([stream('s')], 10, (_level, code) => told.push(code));
    const second = [admitted(2, 's', 'a', 1), admitted(3, 's', 'b', 0), admitted(4, 's', 'b', 1)];
    updateRows(rows, laneReport(0, { admitted: [admitted(1, 's', 'a')], rows: updates([1, 0, 1, 0, 0, 0, 0]) }), 0);
    updateRows(rows, laneReport(1, { admitted: second, rows: updates([2, 0, 2, 0, 0, 0, 0]) }), 0);
    expect(await render(rows)).toMatchObject({ a: [0, 1, 0, 0, 0, 0] });
    expect(rowCounts(rows, 's')).toMatchObject({ exported: 2, split: 2 });
    expect(told).toEqual(['series_split']);
  });

  it('passes to the other partition when the first one is gone or quiet', async () => {
    for (const end of ['removed', 'quiet']) {
      const { rows, told } = fresh();
      told(0, { admitted: [admitted(1, 's', 'a'), admitted(2, 's', 'a', 1)] });
      if (end === 'removed') told(0, { removed: [1] });
      const laterMs = end === 'removed' ? 0 : QUIET_MS;
      told(0, { rows: updates([2, 0, 2, 0, 0, 0, 0]) }, laterMs);
      await render(rows, laterMs);
      told(0, { rows: updates([2, 0, 3, 0, 0, 0, 0]) }, laterMs);
      expect(await render(rows, laterMs)).toMatchObject({ a: [0, 3, 0, 0, 0, 0] });
      expect(rowCounts(rows, 's').split).toBe(0);
    }
  });
});

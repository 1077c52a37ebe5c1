import { describe, expect, it } from 'vitest';
import type { Columns } from '../../src/backtest/columns.ts';
import type { ClosedWindow, Fate } from '../../src/backtest/detection.ts';
import { assign, enter, leave, newWaiting, type Row, settle, type Waiting } from '../../src/backtest/waiting.ts';

const TAKEN: Fate = { rejected: undefined, dropped: 0, reason: undefined };
const COLUMNS: Columns = {
  time: { column: 0, unit: 's', format: 'epoch seconds' },
  values: [{ column: 1, name: 'a' }],
  label: 2,
  ignored: [],
  cells: 3,
};
const TWO: Columns = { ...COLUMNS, values: [...COLUMNS.values, { column: 2, name: 'b' }], label: undefined };

/** Delivers a line; numbers from 2, as behind a header. */
function deliver(waiting: Waiting, text: string, fate: Fate = TAKEN): void {
  const number = waiting.rows.length + 2;
  enter(waiting, { number, bytes: new TextEncoder().encode(text) });
  settle(waiting, fate);
}

/** Closes the window of seconds [from, to), whose last line is `line`. */
function close(waiting: Waiting, from: number, to: number, line: number, field = 0): void {
  const numbers = { value: 1, expected: 1, lower: 0, upper: 2, score: from };
  const window: ClosedWindow = {
    ...numbers,
    field,
    startMs: 1000 * from,
    endMs: 1000 * to,
    open: false,
    line,
    change: undefined,
  };
  assign(waiting, field, { window, episode: undefined });
}

/** Scores of the rows that leave, by field; `-` = none. */
function left(waiting: Waiting, everything = false): string[] {
  const gone: string[] = [];
  const scoreOf = (one: Row['judged'][number]): string => String(one?.window.score ?? '-');
  leave(waiting, everything, (row) => gone.push(`${row.time}:${row.judged.map(scoreOf).join()}`));
  return gone;
}

describe('a row', () => {
  it('leaves with its window, in the order in which it came', () => {
    const waiting = newWaiting(COLUMNS);
    for (const time of [10, 13, 20, 11, 25]) deliver(waiting, `${time},1,0`);
    expect(left(waiting)).toEqual([]);
    close(waiting, 10, 20, 5);
    expect(left(waiting)).toEqual(['10:10', '13:10']);
    close(waiting, 20, 30, 6);
    expect(left(waiting)).toEqual(['20:20', '11:10', '25:20']);
  });

  it('has no window when it was dropped as late: that window is over', () => {
    const waiting = newWaiting(COLUMNS);
    for (const time of [10, 20]) deliver(waiting, `${time},1,0`);
    close(waiting, 10, 20, 2);
    deliver(waiting, '12,1,0', { rejected: undefined, dropped: 1, reason: 'late' });
    deliver(waiting, '22,1,0');
    close(waiting, 20, 30, 5);
    expect(left(waiting)).toEqual(['10:10', '20:20', '12:-', '22:20']);
  });

  it('has no window when it repeats the one before', () => {
    const waiting = newWaiting(COLUMNS);
    deliver(waiting, '10,1,0');
    deliver(waiting, '10,1,0', { rejected: undefined, dropped: 1, reason: 'duplicate' });
    deliver(waiting, '11,1,0');
    close(waiting, 10, 20, 4);
    expect(left(waiting)).toEqual(['10:10', '10:-', '11:10']);
  });

  it('has none when it could not be read, or holds no number', () => {
    const waiting = newWaiting(COLUMNS);
    deliver(waiting, 'soon,1,0', { rejected: 'schema', dropped: 0, reason: undefined });
    deliver(waiting, '10,,0', { rejected: 'schema', dropped: 0, reason: undefined });
    deliver(waiting, '10,nan,0');
    deliver(waiting, '"', { rejected: 'parse', dropped: 0, reason: undefined });
    expect(left(waiting)).toEqual(['soon:-', '10:-', '10:-', '":-']);
  });

  it('does not wait for a window that was skipped: the next one tells', () => {
    const waiting = newWaiting(COLUMNS);
    for (const time of [10, 20]) deliver(waiting, `${time},1,0`);
    close(waiting, 20, 30, 3);
    expect(left(waiting)).toEqual(['10:-', '20:20']);
  });

  it('waits for nothing when a refused one lies in the future', () => {
    const waiting = newWaiting(COLUMNS);
    deliver(waiting, '10,1,0');
    deliver(waiting, '99999,1,0', { rejected: undefined, dropped: 1, reason: 'future' });
    deliver(waiting, '11,1,0');
    close(waiting, 10, 20, 4);
    expect(left(waiting)).toEqual(['10:10', '99999:-', '11:10']);
  });

  it('is void when event time starts anew before it', () => {
    const waiting = newWaiting(COLUMNS);
    deliver(waiting, '99999,1,0');
    deliver(waiting, '10,1,0', { rejected: undefined, dropped: 1, reason: 'future' });
    deliver(waiting, '99999,1,0', { rejected: undefined, dropped: 1, reason: 'future' });
    close(waiting, 10, 20, 3);
    expect(left(waiting)).toEqual(['99999:-', '10:10', '99999:-']);
  });

  it('leaves at the end, with or without a window', () => {
    const waiting = newWaiting(COLUMNS);
    for (const time of [10, 20]) deliver(waiting, `${time},1,0`);
    close(waiting, 10, 20, 2);
    expect(left(waiting, true)).toEqual(['10:10', '20:-']);
  });

  it('knows its label, and shows what was written', () => {
    const waiting = newWaiting(COLUMNS);
    deliver(waiting, '10, 1.50 ,1');
    deliver(waiting, '11,"2",0');
    expect(waiting.rows).toMatchObject([
      { time: '10', values: [' 1.50 '], labelled: true },
      { values: ['2'], labelled: false },
    ]);
  });
});

describe('a row of several fields', () => {
  it('waits for each of them, but not for an empty cell', () => {
    const waiting = newWaiting(TWO);
    deliver(waiting, '10,1,2');
    deliver(waiting, '11,1,');
    close(waiting, 10, 20, 3, 0);
    expect(left(waiting)).toEqual([]);
    close(waiting, 10, 15, 2, 1);
    expect(left(waiting)).toEqual(['10:10,10', '11:10,-']);
  });

  it('keeps the good one when the other is no number', () => {
    const waiting = newWaiting(TWO);
    deliver(waiting, '10,inf,2');
    close(waiting, 10, 20, 2, 1);
    expect(left(waiting)).toEqual(['10:-,10']);
  });
});

it('forgets rows that are gone', () => {
  const waiting = newWaiting(COLUMNS);
  for (let i = 0; i < 5000; i++) {
    enter(waiting, { number: i + 2, bytes: new TextEncoder().encode(`${i},1,0`) });
    settle(waiting, TAKEN);
    close(waiting, i, i + 1, i + 2);
    left(waiting);
  }
  expect(waiting.rows.length).toBeLessThan(2500);
});

import { describe, expect, it } from 'vitest';
import { endTally, figuresOf, newTally, observeRow, type Tally } from '../../src/backtest/tally.ts';

const DAY = 86_400_000;

/** A row a day. Labels and alarms: `1` or `.`; scores: a digit, or `.` for none. */
function tallyOf(labels: string, scores: string, alarms: string): Tally {
  const tally = newTally(true);
  const opened: { openedMs: number; lastMs: number }[] = [];
  for (const [i, label] of [...labels].entries()) {
    const score = scores[i] === '.' ? Number.NaN : Number(scores[i]);
    const alarm = alarms[i] === '1';
    observeRow(tally, i * DAY, label === '1', score, alarm);
    if (!alarm) continue;
    if (alarms[i - 1] === '1') opened[opened.length - 1] = { ...lastOf(opened), lastMs: (i + 1) * DAY };
    else opened.push({ openedMs: i * DAY, lastMs: (i + 1) * DAY });
  }
  endTally(tally, opened);
  return tally;
}

function lastOf<T>(list: readonly T[]): T {
  const last = list.at(-1);
  if (last === undefined) throw new Error('empty');
  return last;
}

const CASE = tallyOf('..111...11.', '11192111119', '...1......1');

describe('the figures of a file', () => {
  it('hold alarms against labels', () => {
    const { labels, ...rest } = figuresOf([CASE]);
    expect(rest).toEqual({ judgedDays: 10, alarms: 2, alarmsPerDay: 0.2 });
    expect(labels).toMatchObject({
      segments: 2,
      segmentsInWarmup: 0,
      found: 1,
      falseAlarms: 1,
      eventPrecision: 0.5,
      eventRecall: 0.5,
      eventF1: 0.5,
      falseAlarmsPerDay: 0.1,
      medianDelayMs: DAY,
    });
    // 3 rows of the found segment, 1 row of the false alarm, 2 rows of the missed segment.
    expect(labels).toMatchObject({ pointPrecision: 3 / 4, pointRecall: 3 / 5, pointF1: 6 / 9 });
  });

  it('rank rows by their scores', () => {
    // From the top: {9, 9} one of them labelled, {2} labelled, then eight of score 1, three of them labelled.
    expect(figuresOf([CASE]).labels?.averagePrecision).toBeCloseTo(
      (1 / 5) * (1 / 2) + (1 / 5) * (2 / 3) + (3 / 5) * (5 / 11),
      12,
    );
  });

  it('begin with the first score: labels in the warm-up are counted apart', () => {
    const { labels, judgedDays } = figuresOf([tallyOf('11.11..11.', '...1211111', '....1.....')]);
    expect(judgedDays).toBe(6);
    expect(labels).toMatchObject({ segments: 2, segmentsInWarmup: 1, found: 1, pointRecall: 0.5 });
  });

  it('judge a segment that reaches out of the warm-up from there on', () => {
    const { labels } = figuresOf([tallyOf('.1111.', '...111', '...1..')]);
    expect(labels).toMatchObject({ segments: 1, segmentsInWarmup: 0, found: 1, medianDelayMs: 0, pointF1: 1 });
  });

  it('know nothing where nothing was scored', () => {
    const { labels, judgedDays, alarmsPerDay } = figuresOf([tallyOf('.11', '...', '...')]);
    expect([judgedDays, alarmsPerDay]).toEqual([0, NaN]);
    expect(labels).toMatchObject({ segments: 0, segmentsInWarmup: 1, eventRecall: NaN, averagePrecision: NaN });
  });
});

describe('the figures of several files', () => {
  it('pool counts, days, delays and scores', () => {
    const other = tallyOf('.1.', '121', '...');
    const { labels, judgedDays } = figuresOf([CASE, other]);
    expect(judgedDays).toBe(12);
    expect(labels).toMatchObject({ segments: 3, found: 1, falseAlarms: 1, falseAlarmsPerDay: 1 / 12 });
  });

  it('take what labels say from files that have them', () => {
    const silent = newTally(false);
    observeRow(silent, 0, false, 1, false);
    observeRow(silent, 5 * DAY, false, 2, true);
    endTally(silent, [{ openedMs: 5 * DAY, lastMs: 6 * DAY }]);
    expect(figuresOf([silent]).labels).toBeUndefined();
    const both = figuresOf([CASE, silent]);
    expect(both).toMatchObject({ alarms: 3, judgedDays: 15 });
    expect(both.labels).toMatchObject({ falseAlarms: 1, falseAlarmsPerDay: 0.1 });
  });
});

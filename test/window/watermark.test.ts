import { describe, expect, it } from 'vitest';
import {
  type Admission,
  CLAIMS,
  newWatermark,
  observeTime,
  type Watermark,
  WITNESSES,
} from '../../src/window/watermark.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/streams.ts';

const FUTURE = 10 * MINUTE;
const START = Date.UTC(2026, 10, 23);
const LIE = Date.UTC(2099, 0);

/** `[series, time]` each; `seriesCount` as the share knows it. */
function observe(
  mark: Watermark,
  seriesCount: number,
  ...samples: readonly (readonly [string, number])[]
): Admission[] {
  return samples.map(([series, timeMs]) => observeTime(mark, timeMs, FUTURE, series, seriesCount));
}

/** A watermark that ten series moved for some steps. */
function moved(stepMs: number, steps = 20): Watermark {
  const mark = newWatermark();
  for (let i = 0; i < steps; i++) observe(mark, 10, [`s${i % 10}`, START + i * stepMs]);
  return mark;
}

describe('the watermark', () => {
  it('is the largest event time so far', () => {
    const mark = newWatermark();
    expect(mark.ms).toBeNaN();
    observe(mark, 1, ['a', START + 5000], ['a', START + 9000], ['a', START + 7000]);
    expect(mark.ms).toBe(START + 9000);
  });

  it('is not moved by one producer with a wrong clock, however often it speaks', () => {
    const mark = moved(SECOND);
    const before = mark.ms;
    for (let i = 0; i < 1000; i++) {
      expect(observe(mark, 10, ['liar', LIE + i * SECOND])).toEqual(['future']);
      if (i % 10 === 9) expect(observe(mark, 10, ['s1', before])).toEqual(['accepted']);
    }
    expect(mark.ms).toBe(before);
  });

  it('leaps when three distinct series agree', () => {
    const mark = moved(SECOND);
    const later = mark.ms + DAY;
    expect(observe(mark, 10, ['a', later], ['a', later], ['b', later + SECOND])).toEqual([
      'future',
      'future',
      'future',
    ]);
    expect(observe(mark, 10, ['c', later + 2 * SECOND])).toEqual(['accepted']);
    expect(mark.ms).toBe(later + 2 * SECOND);
  });

  it('does not leap for three series that claim different times', () => {
    const mark = moved(SECOND);
    const claims = observe(mark, 10, ['a', LIE], ['b', LIE + HOUR], ['c', LIE + 2 * HOUR]);
    expect(claims).toEqual(['future', 'future', 'future']);
  });

  it('does not doubt hourly data', () => {
    const mark = newWatermark();
    for (let i = 0; i < 48; i++) expect(observe(mark, 1, ['a', START + i * HOUR])).toEqual(['accepted']);
    expect(observe(mark, 1, ['a', mark.ms + 9 * HOUR])).toEqual(['accepted']);
  });

  it('does not doubt hourly data of many series once the first hour has passed', () => {
    const mark = newWatermark();
    const hours = Array.from({ length: 24 }, (_, hour) =>
      observe(mark, 5, ...['a', 'b', 'c', 'd', 'e'].map((series) => [series, START + hour * HOUR] as const)),
    );
    const refused = hours.map((verdicts) => verdicts.filter((verdict) => verdict === 'future').length);
    expect(refused).toEqual([0, 2, ...new Array<number>(22).fill(0)]);
  });

  it('starts anew when the first sample was from 2099', () => {
    const mark = newWatermark();
    expect(observe(mark, 1, ['liar', LIE], ['a', START])).toEqual(['accepted', 'restarted']);
    expect(observe(mark, 2, ['b', START + SECOND], ['liar', LIE + SECOND])).toEqual(['accepted', 'future']);
    expect(mark.ms).toBe(START + SECOND);
  });

  it.each([1, 2, 3, 50])('heals when the first liar comes after %i honest samples of one instant', (honest) => {
    const mark = newWatermark();
    for (let i = 0; i < honest; i++) observe(mark, i, [`s${i}`, START]);
    observe(mark, honest, ['liar', LIE]);
    for (let i = 0; i < 5; i++) observe(mark, honest + 1, [`s${i}`, START + MINUTE + i]);
    expect(mark.ms).toBe(START + MINUTE + 4);
    expect(observe(mark, honest + 1, ['liar', LIE])).toEqual(['future']);
  });

  it('does not start anew once three samples support it', () => {
    const mark = moved(SECOND, WITNESSES);
    expect(observe(mark, 10, ['late', START - DAY])).toEqual(['accepted']);
    expect(mark.ms).toBe(START + 2 * SECOND);
  });

  it.each([1, 2])('takes two samples to believe a pause of a topic with %i series', (seriesCount) => {
    const mark = newWatermark();
    for (let i = 0; i < 50; i++) observe(mark, seriesCount, [`s${i % seriesCount}`, START + i * SECOND]);
    const later = mark.ms + DAY;
    const series = `s${seriesCount - 1}`;
    expect(observe(mark, seriesCount, [series, later], [series, later + 1], [series, later + 2])).toEqual([
      'future',
      'future',
      'accepted',
    ]);
    expect(observe(mark, seriesCount, [series, later + 3])).toEqual(['accepted']);
  });

  it('forgets a liar between honest samples of a small share', () => {
    const mark = newWatermark();
    for (let i = 0; i < 50; i++) {
      const time = START + i * SECOND;
      observe(mark, 2, ['a', time]);
      expect(observe(mark, 2, ['b', i < 2 ? time : LIE])).toEqual([i < 2 ? 'accepted' : 'future']);
    }
    expect(mark.ms).toBe(START + 49 * SECOND);
  });

  it('goes on in the end when only one of many series is left after a pause', () => {
    const mark = moved(SECOND);
    const later = mark.ms + DAY;
    const verdicts = Array.from({ length: CLAIMS }, (_, i) => observe(mark, 10, ['s1', later + i * MINUTE])[0]);
    expect(verdicts.indexOf('accepted')).toBe(CLAIMS - 1);
    expect(mark.ms).toBe(later + (CLAIMS - 1) * MINUTE);
  });

  it('keeps everything it decides by in plain data', () => {
    const [one, other] = [moved(SECOND), moved(SECOND)];
    observe(one, 10, ['a', LIE], ['b', LIE]);
    observe(other, 10, ['a', LIE]);
    const copy = JSON.parse(JSON.stringify(other)) as Watermark;
    observe(copy, 10, ['b', LIE]);
    expect(copy).toEqual(one);
    expect(observe(copy, 10, ['c', LIE])).toEqual(['accepted']);
  });
});

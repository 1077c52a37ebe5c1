import { describe, expect, it } from 'vitest';
import {
  averagePrecision,
  delayedF1At,
  delayedF1Best,
  eventF1At,
  eventF1Best,
  type Labelled,
  segmentsOf,
} from './segments.ts';

/** Labels as text: `#` is anomalous. Without `alarms` these are the scores. */
function series(labels: string, scores: readonly number[], changes: Partial<Labelled> = {}): Labelled {
  const values = Float64Array.from(scores);
  const bits = Uint8Array.from(labels, (letter) => (letter === '#' ? 1 : 0));
  return { from: 0, labels: bits, scores: values, alarms: values, days: 1, ...changes };
}

describe('segments', () => {
  it('are runs of labelled rows', () => {
    expect(segmentsOf(series('##..#.#', []).labels, 0)).toEqual([
      { first: 0, last: 1 },
      { first: 4, last: 4 },
      { first: 6, last: 6 },
    ]);
  });

  it('are cut where scoring begins', () => {
    expect(segmentsOf(series('.####.', []).labels, 3)).toEqual([{ first: 3, last: 4 }]);
  });
});

describe('F1 with delay', () => {
  const labels = '..####....####';
  // Segment 1 is hit in its third row, segment 2 in its first; one row outside is hit.
  const scores = [0, 2, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0];

  it('counts a segment wholly when it is found in time', () => {
    expect(delayedF1At([series(labels, scores)], 2, 1)).toEqual({
      threshold: 1,
      precision: 8 / 9,
      recall: 1,
      f1: 16 / 17,
    });
  });

  it('counts it wholly as missed, and its late row not at all, when it is found too late', () => {
    expect(delayedF1At([series(labels, scores)], 1, 1)).toEqual({
      threshold: 1,
      precision: 4 / 5,
      recall: 1 / 2,
      f1: 8 / 13,
    });
  });

  it('looks at no row behind a short segment', () => {
    expect(delayedF1At([series('.#..', [0, 0, 2, 0])], 7, 1).recall).toBe(0);
  });

  it('leaves out rows that were only learned', () => {
    expect(delayedF1At([series('#..#', [0, 5, 0, 5], { from: 2 })], 7, 1)).toMatchObject({ precision: 1, recall: 1 });
  });

  it('at the best threshold is the best of all thresholds, over all series', () => {
    const all = [series(labels, scores), series('........', Array(8).fill(2))];
    expect(delayedF1Best(all, 2)).toEqual({ threshold: 3, precision: 1, recall: 1 / 2, f1: 8 / 12 });
    expect(delayedF1At(all, 2, 2).f1).toBeCloseTo(16 / (8 + 9 + 8), 14);
  });
});

describe('events', () => {
  it('count a segment once, a run of alarming rows once, and the rows until it is found', () => {
    const one = series('..####.....', [0, 0, 0, 2, 0, 2, 0, 2, 2, 0, 2], { days: 4 });
    expect(eventF1At([one], 1)).toEqual({
      threshold: 1,
      precision: 1 / 3,
      recall: 1,
      f1: 0.5,
      found: 1,
      segments: 1,
      falseAlarms: 2,
      falseAlarmsPerDay: 0.5,
      delayMedian: 1,
    });
  });

  it('go by alarms, not by what is held', () => {
    const held = series('.##.', [2, 2, 2, 2], { alarms: Float64Array.from([2, 0, 0, 0]) });
    expect(eventF1At([held], 1)).toMatchObject({ found: 0, falseAlarms: 1 });
  });

  it('find nothing in silence', () => {
    expect(eventF1At([series('.#.', [0, 0, 0])], 1)).toMatchObject({ f1: 0, found: 0, delayMedian: Number.NaN });
  });

  it('are best at a threshold that keeps the segments and drops the rest', () => {
    const all = [series('.#....#.', [1, 3, 0, 1, 0, 1, 4, 0])];
    expect(eventF1Best(all)).toMatchObject({ f1: 1, falseAlarms: 0 });
  });
});

describe('average precision', () => {
  it('is 1 when every labelled row is above every other', () => {
    expect(averagePrecision(series('.##.', [0, 2, 3, 1]))).toBe(1);
  });

  it('is the mean of the precision at each labelled row', () => {
    expect(averagePrecision(series('#.#.', [4, 3, 2, 1]))).toBeCloseTo((1 + 2 / 3) / 2, 14);
  });

  it('of one score for all is the share of labelled rows', () => {
    expect(averagePrecision(series('#...', [1, 1, 1, 1]))).toBe(0.25);
  });
});

import { describe, expect, it } from 'vitest';
import {
  averagePrecision,
  countEvents,
  endRun,
  median,
  newPoints,
  observePoint,
  precisionRecallF1,
} from '../../src/backtest/figures.ts';

/** `1` = labelled or alarmed, `.` = not. */
function pointsOf(labels: string, alarms: string): readonly [tp: number, fp: number, fn: number] {
  const points = newPoints();
  for (const [i, label] of [...labels].entries()) observePoint(points, label === '1', alarms[i] === '1');
  endRun(points);
  return [points.truePositives, points.falsePositives, points.falseNegatives];
}

describe('points with a delay of 7 rows', () => {
  it.each([
    ['a segment that is hit at once counts wholly', '.1111.', '.1....', [4, 0, 0]],
    ['an alarm 7 rows behind the start is in time', '1111111111', '.......1..', [10, 0, 0]],
    ['an alarm 8 rows behind the start is not', '1111111111', '........11', [0, 0, 10]],
    ['rows without a label count one by one', '......11', '.1.11...', [0, 3, 2]],
    ['each segment has its own start', '11.11.11', '1......1', [4, 0, 2]],
    ['an alarm from before reaches into the segment', '..11..', '.111..', [2, 1, 0]],
    ['nothing is nothing', '....', '....', [0, 0, 0]],
  ])('%s', (_, labels, alarms, counts) => {
    expect(pointsOf(labels, alarms)).toEqual(counts);
  });

  it('give precision, recall and F1', () => {
    expect(precisionRecallF1(6, 2, 4)).toEqual({ precision: 0.75, recall: 0.6, f1: 12 / 18 });
    expect(precisionRecallF1(0, 0, 0)).toEqual({ precision: NaN, recall: NaN, f1: NaN });
  });
});

describe('events', () => {
  const segment = (startMs: number, endMs: number) => ({ startMs, endMs, rows: 1 });
  const alarm = (openedMs: number, lastMs: number) => ({ openedMs, lastMs });

  it('count segments that an alarm touches, alarms that touch a segment, and the delay between', () => {
    const segments = [segment(100, 200), segment(300, 300), segment(500, 600)];
    const alarms = [alarm(40, 50), alarm(160, 170), alarm(180, 310), alarm(700, 710)];
    expect(countEvents(segments, alarms)).toEqual({
      segments: 3,
      found: 2,
      alarms: 4,
      trueAlarms: 2,
      delaysMs: [60, 0],
    });
  });

  it('do not count an alarm that ends where the segment begins, or begins behind its last row', () => {
    expect(countEvents([segment(100, 200)], [alarm(50, 100)]).found).toBe(0);
    expect(countEvents([segment(100, 200)], [alarm(201, 300)]).found).toBe(0);
    expect(countEvents([segment(100, 200)], [alarm(200, 300)]).found).toBe(1);
  });

  it('count a window without length at the very start', () => {
    expect(countEvents([segment(100, 100)], [alarm(100, 100)])).toMatchObject({ found: 1, delaysMs: [0] });
  });
});

describe('average precision', () => {
  const of = (positives: readonly number[], negatives: readonly number[]): number =>
    averagePrecision(Float32Array.from(positives), Float32Array.from(negatives));

  it.each([
    ['1 when all labelled rows come first', [3, 4], [1, 2], 1],
    ['a sum of steps', [4, 2], [3, 1], 0.5 * 1 + 0.5 * (2 / 3)],
    ['one step for ties', [2, 2], [2, 2], 0.5],
    ['one step for ties that are partly labelled', [3, 2], [2, 1], 0.5 * 1 + 0.5 * (2 / 3)],
    ['small when they come last', [1], [2, 3, 4], 0.25],
    ['that of a perfect order, with neighbours close by', [0.4, 0.8], [0.1, 0.35], 1],
    ['that of scikit-learn for its example', [0.35, 0.8], [0.1, 0.4], 0.5 + 0.5 * (2 / 3)],
  ])('is %s', (_, positives, negatives, area) => {
    expect(of(positives, negatives)).toBeCloseTo(area, 12);
  });

  it('is not known without labels', () => {
    expect(of([], [1, 2])).toBeNaN();
  });
});

describe('the median', () => {
  it.each([
    [[], NaN],
    [[5], 5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toEqual(middle);
  });
});

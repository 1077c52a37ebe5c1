import { describe, expect, it } from 'vitest';
import {
  bestPoints,
  countsAt,
  NAB_PROFILES,
  type NabScored,
  normalised,
  OUTSIDE,
  PROBATION,
  placesOf,
  pointsAt,
  probationRows,
  scaledSigmoid,
} from './nabScore.ts';

const { standard, reward_low_FP: lowFalse, reward_low_FN: lowMissed } = NAB_PROFILES;
/** Values of NAB's own tests: a detection at the left edge of a window of two rows, and at its right one. */
const LEFT = 0.9866142981514305;
const RIGHT = 0.8482836399575131;

/** A file with a row a minute; 6 rows have no probation. `windows` are rows, from and to. */
function file(scores: readonly number[], windows: readonly (readonly [number, number])[]): NabScored {
  const times = scores.map((_, row) => row * 60_000);
  const labelled = windows.map(([from, to]) => [from * 60_000, to * 60_000] as const);
  return { places: placesOf(times, labelled), scores: Float64Array.from(scores) };
}

describe('the scaled sigmoid', () => {
  it.each([
    [-1, LEFT],
    [-0.5, RIGHT],
    [0, 0],
    [0.5, -RIGHT],
    [1, -LEFT],
    [2.999, 2 / (1 + Math.exp(14.995)) - 1],
    [3, -1],
    [70, -1],
  ])('is at %d window widths %d', (position, value) => {
    expect(scaledSigmoid(position)).toBeCloseTo(value, 14);
  });
});

describe('the probation', () => {
  it.each([
    [6, 0],
    [7, 1],
    [1127, 169],
    [4999, 749],
    [5000, 750],
    [22_695, 750],
  ])('of %d rows is %d', (rows, probation) => {
    expect(probationRows(rows)).toBe(probation);
  });

  it('takes rows away, of a window too, whose remaining rows keep their worth', () => {
    const { places } = file([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [[0, 3]]);
    expect([...places.window]).toEqual([PROBATION, PROBATION, 0, 0, ...Array(10).fill(OUTSIDE)]);
    expect(places.worth[2]).toBeCloseTo(scaledSigmoid(-2 / 4), 14);
  });

  it('hides a window that lies in it as a whole: it can be neither found nor missed', () => {
    const all = file([9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [[0, 1]]);
    expect(pointsAt([all], standard, 1)).toBe(0);
  });
});

describe('rows', () => {
  it('of a window are worth more the earlier, and its right edge is still worth something', () => {
    const { worth, window } = file([0, 0, 0, 0, 0, 0], [[1, 4]]).places;
    expect([...window]).toEqual([OUTSIDE, 0, 0, 0, 0, OUTSIDE]);
    for (const [i, position] of [-1, -0.75, -0.5, -0.25].entries()) {
      expect(worth[1 + i]).toBeCloseTo(scaledSigmoid(position), 14);
    }
  });

  it('before the first window cost all, behind one the more the further', () => {
    const { worth } = file([0, 0, 0, 0, 0, 0], [[1, 3]]).places;
    expect(worth[0]).toBe(-1);
    expect(worth[4]).toBeCloseTo(scaledSigmoid(1 / 2), 14);
    expect(worth[5]).toBeCloseTo(scaledSigmoid(2 / 2), 14);
  });

  it('with a repeated time count their position from the first of them', () => {
    const places = placesOf([0, 1, 1, 2, 3, 3], [[1, 3]]);
    expect([...places.window]).toEqual([OUTSIDE, 0, 0, 0, 0, OUTSIDE]);
    expect(places.worth[1]).toBeCloseTo(scaledSigmoid(-4 / 4), 14);
    expect(places.worth[5]).toBeCloseTo(scaledSigmoid(1 / 3), 14);
  });
});

describe('points', () => {
  it('are lost for each missed window', () => {
    const silent = file(
      [0, 0, 0, 0, 0, 0],
      [
        [1, 2],
        [4, 5],
      ],
    );
    expect(pointsAt([silent], standard, 1)).toBe(-2);
    expect(pointsAt([silent], lowMissed, 1)).toBe(-4);
  });

  it('are lost for each false row', () => {
    const noisy = file([0, 1, 0, 1, 0, 0], []);
    expect(pointsAt([noisy], standard, 1)).toBeCloseTo(-0.22, 14);
    expect(pointsAt([noisy], lowFalse, 1)).toBeCloseTo(-0.44, 14);
  });

  it('are earned once a window, by its earliest detection', () => {
    const late = file(
      [0, 0, 1, 0, 0, 0],
      [
        [1, 2],
        [4, 5],
      ],
    );
    expect(pointsAt([late], standard, 1)).toBeCloseTo(RIGHT / LEFT - 1, 14);
    const twice = file(
      [0, 1, 1, 0, 1, 1],
      [
        [1, 2],
        [4, 5],
      ],
    );
    expect(pointsAt([twice], standard, 1)).toBeCloseTo(2, 14);
  });

  it('at the best threshold are those at that threshold', () => {
    const files = [
      file([0.1, 0.7, 0.9, 0.2, 0.3, 0.3], [[2, 3]]),
      file([0.8, 0.1, 0.1, 0.6, 0.6, 0.1], [[3, 4]]),
      file([0.65, 0, 0, 0, 0, 0], []),
    ];
    const best = bestPoints(files, standard);
    expect(best.threshold).toBe(0.6);
    expect(best.points).toBeCloseTo(2 - 3 * 0.11, 14);
    for (const threshold of [0, 0.1, 0.3, 0.6, 0.65, 0.7, 0.8, 0.9, 1]) {
      expect(pointsAt(files, standard, threshold)).toBeLessThanOrEqual(best.points);
    }
    expect(pointsAt(files, standard, best.threshold)).toBeCloseTo(best.points, 14);
    expect(countsAt(files, best.threshold)).toEqual({ found: 2, falseRows: 3 });
  });

  it('are best without any detection where every row is false', () => {
    expect(bestPoints([file([1, 2, 3, 4, 5, 6], [])], standard)).toEqual({ threshold: Infinity, points: 0 });
  });

  it('are normalised between silence and perfection', () => {
    expect(normalised(-116, 116, standard)).toBe(0);
    expect(normalised(116, 116, standard)).toBe(100);
    expect(normalised(-2 * 116, 116, lowMissed)).toBe(0);
    expect(normalised(0, 116, lowMissed)).toBeCloseTo(200 / 3, 12);
  });
});

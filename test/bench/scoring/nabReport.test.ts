import { describe, expect, it } from 'vitest';
import { type NamedScores, nabReport, summaries } from './nabReport.ts';
import { placesOf } from './nabScore.ts';

const ROWS = 200;
const times = Array.from({ length: ROWS }, (_, row) => 1000 * row);

/** One window, rows 100 to 119; `detected` rows score 2, all others 0. */
function file(name: string, detected: readonly number[], windows = 1): NamedScores {
  const places = placesOf(times, windows === 0 ? [] : [[100_000, 119_000]]);
  const scores = new Float64Array(ROWS);
  for (const row of detected) scores[row] = 2;
  return { name, places, scores };
}

const RUN = { seed: 1, seconds: 3, rows: { all: ROWS, windows: ROWS, dropped: 0 } };
const files = [
  file('a/one.csv', [100]),
  file('b/two.csv', [50]),
  file('b/three.csv', [100, 60]),
  file('c/none.csv', [70], 0),
];

describe('a report on NAB', () => {
  const report = nabReport({ ...RUN, detector: 'one', threshold: 1 }, files);

  it('has all three profiles, as a whole and for each folder', () => {
    expect(report.shippedFolders?.['a']).toMatchObject({ windows: 1, found: 1, falseRows: 0 });
    const of = (folder: string) => report.shippedFolders?.[folder]?.scores;
    expect(of('a')?.standard).toBeCloseTo(100, 1);
    // Two false rows before any window cost 0.11 each, or 0.22, against a window found and a window missed.
    expect(of('b')?.standard).toBeCloseTo((100 * (1 - 1 - 0.22 + 2)) / 4, 1);
    expect(of('b')?.reward_low_FP).toBeCloseTo((100 * (1 - 1 - 0.44 + 2)) / 4, 1);
    expect(of('b')?.reward_low_FN).toBeCloseTo((100 * (1 - 2 - 0.22 + 4)) / 6, 1);
    expect(of('c')?.standard).toBeNaN();
    expect(report.shipped?.reward_low_FP).toBeLessThan(report.shipped?.standard ?? 0);
  });

  it('has the same at the threshold that is best, also of a detector that ships none', () => {
    const { shipped, shippedFolders, bestFolders, bestThreshold } = nabReport(
      { ...RUN, detector: 'other', threshold: undefined },
      files,
    );
    expect([shipped, shippedFolders, bestThreshold.standard]).toEqual([undefined, undefined, 2]);
    expect(bestFolders).toEqual(report.shippedFolders);
  });

  it('becomes rows: means over seeds, with their spread for all files', () => {
    const silent = nabReport({ ...RUN, detector: 'one', threshold: 3 }, files);
    const { shipped, best, shippedFolders, bestFolders } = summaries([report, silent]);
    expect(shipped['one']).toMatchObject({ found: '1/3', 'false rows': 2 });
    expect(shipped['one']?.['standard']).toMatch(/^\d+\.\d\d ± \d+\.\d\d$/);
    expect(best['one']).toMatchObject({ found: '2/3', 'false rows': 3, seconds: 3 });
    expect(shippedFolders['one']).toMatchObject({ a: '50.0 / 50.0 / 50.0, 0', c: '–, 1' });
    expect(bestFolders['one']).toMatchObject({ a: '100.0 / 100.0 / 100.0, 0' });
  });
});

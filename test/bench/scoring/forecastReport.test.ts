import { describe, expect, it } from 'vitest';
import { type ForecastReport, forecastRow, overall, type Relative, relativeTo, spanScores } from './forecastReport.ts';

const ROWS = 1200;

/** Always 0 expected, `half` to both sides; of values that are `early` before row 1000 and `late` from there on. */
function scoresOf(early: number, late: number, half: number) {
  const values = new Float64Array(ROWS).map((_, row) => (row < 1000 ? early : late));
  const filled = (value: number): Float64Array => new Float64Array(ROWS).fill(value);
  return spanScores(values, { expected: filled(0), lower: filled(-half), upper: filled(half) });
}

const relative = (error: number, coverage: number): Relative => ({
  error,
  earlyError: error,
  pinball: error,
  width: error,
  coverage,
  coverageMin: coverage,
});

describe('a forecaster against the last value', () => {
  it('has errors, losses and widths as geometric means over the series, coverage as mean and as the least', () => {
    const base = [scoresOf(1, 2, 5), scoresOf(1, 2, 5)];
    const found = relativeTo(base, [scoresOf(2, 4, 5), scoresOf(2, 16, 20)]);
    expect(found.earlyError).toBeCloseTo(2, 12);
    expect(found.error).toBeCloseTo(4, 12);
    expect(found.width).toBeCloseTo(2, 12);
    expect(found.pinball).toBeCloseTo(2, 12);
    expect([found.coverage, found.coverageMin]).toEqual([1, 1]);
    const narrow = relativeTo(base, [scoresOf(1, 2, 5), scoresOf(1, 2, 1)]);
    expect([narrow.coverage, narrow.coverageMin]).toEqual([0.5, 0]);
  });

  it('scores as long as the series lives: what it was like at first changes nothing', () => {
    expect(scoresOf(9, 2, 5).life).toEqual(scoresOf(1, 2, 5).life);
    expect(() =>
      spanScores(new Float64Array(ROWS), {
        expected: new Float64Array(3),
        lower: new Float64Array(3),
        upper: new Float64Array(3),
      }),
    ).toThrow('no forecast of row 50');
  });
});

describe('reports', () => {
  const report = (dataSet: string, seeds: readonly Relative[]): ForecastReport => {
    return { dataSet, forecaster: 'one', seeds, seconds: 2 };
  };

  it('come together over data sets seed by seed', () => {
    const all = overall([
      report('a', [relative(1, 0.9), relative(4, 1)]),
      report('b', [relative(4, 1), relative(9, 0.8)]),
    ]);
    expect(all).toEqual([
      { dataSet: 'all', forecaster: 'one', seeds: [expect.anything(), expect.anything()], seconds: 4 },
    ]);
    expect(all[0]?.seeds.map(({ error }) => error.toFixed(9))).toEqual(['2.000000000', '6.000000000']);
    expect(all[0]?.seeds.map(({ coverage, coverageMin }) => [coverage, coverageMin])).toEqual([
      [0.95, 0.9],
      [0.9, 0.8],
    ]);
  });

  it('are rows with the spread of their seeds', () => {
    expect(forecastRow(report('a', [relative(1, 0.99), relative(2, 0.99)]))).toMatchObject({
      MAE: '1.500 ± 0.707',
      coverage: '0.9900',
    });
    expect(forecastRow(report('a', [relative(1, 0.99)]))).toMatchObject({ MAE: '1.000' });
  });
});

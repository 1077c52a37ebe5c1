import { describe, expect, it } from 'vitest';
import { learnSeasonBreak, SEASON, type Season } from '../../src/detect/season.ts';
import { AT } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';

const EVERY = 300_000;
const PER_DAY = 288;
const HOUR = 12;

/** 100, up and down by `swing` in a day, with noise of 2; usual distances are those of the noise. */
function watched(swing: number, seed = 1) {
  const f64 = new Float64Array(AT.scalars);
  f64[AT.mean] = 100;
  f64[AT.seasonSquare] = 4;
  const random = newRandom(seed);
  let n = 0;
  const usualOf = (k: number): number => 100 + swing * Math.sin((2 * Math.PI * k) / PER_DAY);
  /** So many windows whose season is `shift` windows late, at another level; what each was. */
  const live = (windows: number, { late = 0, above = 0, counts = true, raised = 0 } = {}): Season[] =>
    Array.from({ length: windows }, () => {
      const value = usualOf(n - late) + above + 2 * gaussian(random);
      const context = { learned: n, everyMs: EVERY, raised, startMs: n * EVERY, usual: usualOf(n), counts };
      n++;
      return learnSeasonBreak(f64, 0, value, context);
    });
  return { f64, live };
}

const begins = (all: readonly Season[]): number => all.indexOf(SEASON.begins);

describe('the usual day beside none', () => {
  it('is worse when the day is turned upside down, within hours, and once', () => {
    const series = watched(20);
    expect(begins(series.live(14 * PER_DAY))).toBe(-1);
    const all = series.live(PER_DAY / 2, { late: PER_DAY / 2 });
    expect(begins(all)).toBeGreaterThanOrEqual(0);
    expect(begins(all)).toBeLessThan(4 * HOUR);
    expect(all.filter((one) => one === SEASON.begins)).toHaveLength(1);
    expect(all[begins(all) + 1]).toBe(SEASON.lasts);
    expect(series.live(PER_DAY).at(-1)).toBe(SEASON.no);
  });

  it('is the same where there is no season, whatever the values do', () => {
    const series = watched(0);
    series.live(14 * PER_DAY);
    expect(begins(series.live(PER_DAY, { above: 50 }))).toBe(-1);
    expect(series.f64[AT.brokenMean]).toBe(0);
  });

  it('is not worse when the level moves as a whole and is followed', () => {
    const series = watched(20);
    series.live(14 * PER_DAY);
    series.f64[AT.seasonLevel] = 30;
    expect(begins(series.live(2 * PER_DAY, { above: 30 }))).toBe(-1);
  });

  it('needs half as much again as every day before: of late Saturdays the first ones are told', () => {
    const series = watched(20);
    series.live(8 * PER_DAY);
    const saturdays = Array.from({ length: 8 }, () => {
      series.live(6 * PER_DAY);
      return begins(series.live(PER_DAY, { late: 5 * HOUR })) >= 0;
    });
    expect(saturdays.indexOf(false)).toBeGreaterThanOrEqual(1);
    expect(saturdays.indexOf(false)).toBeLessThanOrEqual(3);
    expect(saturdays.lastIndexOf(true)).toBeLessThan(saturdays.indexOf(false));
  });

  it('has seen the weekend of the first week, if there was one', () => {
    const series = watched(20);
    series.live(4 * PER_DAY);
    series.live(PER_DAY, { late: 5 * HOUR });
    series.live(6 * PER_DAY);
    expect(begins(series.live(PER_DAY, { late: 5 * HOUR }))).toBe(-1);
  });

  it('tells nothing in the first week, nor what the policies do not count, nor below what a budget asks for', () => {
    const upside = { late: PER_DAY / 2 };
    const young = watched(20);
    young.live(6 * PER_DAY);
    expect(begins(young.live(PER_DAY - 1, upside))).toBe(-1);
    const silent = watched(20);
    silent.live(14 * PER_DAY);
    expect(begins(silent.live(PER_DAY / 2, { ...upside, counts: false }))).toBe(-1);
    const dear = watched(20);
    dear.live(14 * PER_DAY);
    expect(begins(dear.live(PER_DAY / 2, { ...upside, raised: 10 }))).toBe(-1);
  });

  it('waits for a usual day', () => {
    const f64 = new Float64Array(AT.scalars);
    const context = { learned: 5000, everyMs: EVERY, raised: 0, startMs: 0, usual: Number.NaN, counts: true };
    expect(learnSeasonBreak(f64, 0, 1, context)).toBe(SEASON.no);
    f64[AT.seasonSquare] = 1;
    expect(learnSeasonBreak(f64, 0, 1, context)).toBe(SEASON.no);
    expect(f64.some((value) => Number.isNaN(value) || value > 1)).toBe(false);
  });
});

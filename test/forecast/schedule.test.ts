import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDue, isTaken, learnLoss, rateFactor, restartSchedule, type Schedule } from '../../src/forecast/schedule.ts';
import { AT, STRIDE } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';

const LOOKBACK = 32;

interface Pass {
  /** Windows learned. */
  readonly window: number;
  /** Length of the log. */
  readonly rows: number;
  readonly factor: number;
}

/** The passes of a series whose log fills and shrinks as the forecaster's does. */
function passes(
  schedule: Schedule,
  windows: number,
  lossAt: (window: number) => number = () => 1,
  f64 = new Float64Array(AT.scalars),
  every = 1,
): readonly Pass[] {
  const found: Pass[] = [];
  for (let n = 0; n < windows; n++) {
    if (isDue(f64, 0, schedule) && isTaken(f64, 0, schedule, every)) {
      const window = f64[AT.learned]!;
      found.push({ window, rows: f64[AT.logCount]!, factor: rateFactor(f64, 0, schedule, every) });
      learnLoss(f64, 0, lossAt(window));
    }
    const rows = f64[AT.logCount]!;
    f64[AT.logCount] = (rows === LOOKBACK ? rows - STRIDE : rows) + 1;
    f64[AT.learned]! += 1;
  }
  return found;
}

/** Windows from each pass to the one before, of those in [from, until). */
function gaps(all: readonly Pass[], from: number, until: number): readonly number[] {
  const gap = ({ window }: Pass, i: number): number => window - (all[i - 1]?.window ?? 0);
  return all
    .map((pass, i) => ({ window: pass.window, gap: gap(pass, i) }))
    .filter(({ window }) => window >= from && window < until)
    .map((one) => one.gap);
}

/** Ordinary losses with a step at `at`. */
function noisy(at = Number.POSITIVE_INFINITY, step = 0): (window: number) => number {
  const random = newRandom(3);
  return (window) => 0.2 * gaussian(random) + (window >= at ? step : 0);
}

describe('a fixed schedule', () => {
  it.each([
    { schedule: 1, rows: [32, 25, 26, 27, 28, 29, 30, 31], factor: 1 / 8 },
    { schedule: 4, rows: [32, 28], factor: 1 / 2 },
    { schedule: 8, rows: [32], factor: 1 },
    { schedule: 16, rows: [32], factor: 2 },
    { schedule: 32, rows: [32], factor: 4 },
  ])('trains every $schedule windows on the longest log there is then, with its rate times $factor', (one) => {
    const all = passes(one.schedule, 200);
    const full = all.filter(({ window }) => window >= LOOKBACK);
    expect(gaps(all, 0, 200).every((gap) => gap === one.schedule)).toBe(true);
    expect(full.map(({ rows }) => rows).slice(0, one.rows.length)).toEqual(one.rows);
    expect(new Set(full.map(({ rows }) => rows))).toEqual(new Set(one.rows));
    expect(all.every(({ factor }) => factor === one.factor)).toBe(true);
  });

  it('begins as soon as there are so many rows', () => {
    expect(passes(8, 40).map(({ rows }) => rows)).toEqual([8, 16, 24, 32]);
    expect(passes(16, 40).map(({ rows }) => rows)).toEqual([16, 32]);
  });

  it('does not heed the loss', () => {
    expect(passes(8, 4000, noisy(2000, 5))).toEqual(passes(8, 4000));
  });
});

describe('the schedule auto', () => {
  it('trains every 4 windows at first, then every 8, then every 16', () => {
    const all = passes('auto', 3000, noisy());
    expect(new Set(gaps(all, 0, 384))).toEqual(new Set([4]));
    expect(new Set(gaps(all, 400, 1024))).toEqual(new Set([8]));
    expect(new Set(gaps(all, 1056, 3000))).toEqual(new Set([16]));
  });

  it('trains densely again when the loss rises, and sparsely again when the new loss is usual', () => {
    const all = passes('auto', 6000, noisy(2000, 2));
    expect(new Set(gaps(all, 2020, 2380))).toEqual(new Set([4]));
    expect(new Set(gaps(all, 4500, 6000))).toEqual(new Set([16]));
  });

  it('stays calm when the loss falls', () => {
    expect(new Set(gaps(passes('auto', 4000, noisy(2000, -2)), 1056, 4000))).toEqual(new Set([16]));
  });

  it('learns as much a window as every 8 windows do, twice as much when dense', () => {
    const factors = new Map(passes('auto', 3000, noisy()).map((pass, i, all) => [gaps(all, 0, 3000)[i], pass.factor]));
    expect([factors.get(4), factors.get(8), factors.get(16)]).toEqual([1, 1, 2]);
  });

  it('does not depend on the unit of the loss', () => {
    const loss = noisy(2000, 2);
    const losses = Array.from({ length: 4001 }, (_, window) => loss(window));
    const plain = passes('auto', 4000, (window) => losses[window]!);
    for (const unit of [2 ** -20, 2 ** 20]) {
      expect(passes('auto', 4000, (window) => unit * losses[window]!)).toEqual(plain);
    }
  });

  it('waits 4 to 16 windows and keeps no number that is not finite, whatever the loss', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), { minLength: 1 }), (losses) => {
        const f64 = new Float64Array(AT.scalars);
        const all = passes('auto', 2500, (window) => losses[window % losses.length]!, f64);
        expect(Math.max(...gaps(all, 0, 2500))).toBeLessThanOrEqual(16);
        expect(Math.min(...gaps(all, 0, 2500))).toBeGreaterThanOrEqual(4);
        expect(f64.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('trains a network that began anew as one of a new series', () => {
    const f64 = new Float64Array(AT.scalars);
    passes('auto', 3000, noisy(), f64);
    f64[AT.logCount] = 0;
    restartSchedule(f64, 0);
    const all = passes('auto', 300, noisy(), f64);
    expect(all[0]).toEqual({ window: 3004, rows: 4, factor: 1 });
    expect(new Set(gaps(all.slice(1), 3012, 3300))).toEqual(new Set([4]));
  });
});

it('takes every n-th of the passes that are due, with a step in proportion up to four times as large, or none', () => {
  const taken = (every: number): readonly Pass[] => passes(8, 400, undefined, undefined, every);
  const windows = (every: number): readonly number[] => taken(every).map(({ window }) => window);
  expect(windows(1).slice(0, 3)).toEqual([8, 16, 24]);
  for (const every of [2, 4, 8]) {
    expect(windows(every)).toEqual(windows(1).filter((_, i) => (i + 1) % every === 0));
    expect(new Set(taken(every).map(({ factor }) => factor))).toEqual(new Set([Math.min(every, 4)]));
  }
  expect(windows(0)).toEqual([]);
});

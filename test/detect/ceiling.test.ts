// The ceiling of a series' residuals, on one whose usual residuals are known.

import { describe, expect, it } from 'vitest';
import { beyondCeiling, isCeilingKnown } from '../../src/detect/ceiling.ts';
import { detectWave } from '../../src/detect/detector.ts';
import { type EpisodeChange, newCounters } from '../../src/domain.ts';
import { AT } from '../../src/kernel/layout.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import { DETECT } from '../support/detection.ts';
import { oneSeries, windowOf } from '../support/slabs.ts';

const BLOCK = 720;
const KNOWN = 14;

interface Watched {
  readonly next: (residual: number, counts?: boolean, less?: number) => number;
  readonly known: () => boolean;
  readonly median: () => number;
}

function watched(everyMs = 300_000): Watched {
  const one = oneSeries('last', everyMs);
  let n = 0;
  return {
    next: (residual, counts = true, less = 0) => {
      const wave = windowOf(one, n++, 100 + residual);
      wave.expected[0] = 100;
      return beyondCeiling(one.bank, wave, 0, counts, less);
    },
    known: () => isCeilingKnown(one.bank.lane.f64, one.at),
    median: () => one.bank.lane.f64[one.at + AT.maximaMedian]!,
  };
}

/** About normal, by the sum of twelve uniform numbers. */
function noise(seed: number): () => number {
  const random = newRandom(seed);
  return () => Array.from({ length: 12 }, () => uniform(random)).reduce((sum, x) => sum + x, -6);
}

function learn(series: Watched, blocks: number, next: (i: number) => number): number {
  let beyond = 0;
  for (let i = 0; i < blocks * BLOCK; i++) if (series.next(next(i)) >= 0) beyond++;
  return beyond;
}

describe('the ceiling of a series', () => {
  it('is known after fourteen blocks of 720 windows; before, nothing is beyond it', () => {
    const series = watched();
    const random = noise(1);
    learn(series, KNOWN - 1, random);
    expect([series.known(), series.next(20)]).toEqual([false, Number.NEGATIVE_INFINITY]);
    learn(series, 1, random);
    expect([series.known(), series.next(50) > 0]).toEqual([true, true]);
  });

  it('of a series of seconds is known after fourteen half days, not after three hours', () => {
    const series = watched(60_000);
    const faster = watched(20_000);
    for (const one of [series, faster]) learn(one, KNOWN, noise(8));
    expect([series.known(), faster.known()]).toEqual([true, false]);
    learn(faster, 2 * KNOWN, noise(9));
    expect(faster.known()).toBe(true);
  });

  it('lies above all that noise does in months, and below a clear step', () => {
    const series = watched();
    const random = noise(2);
    learn(series, KNOWN, random);
    expect(learn(series, 60, random)).toBeLessThanOrEqual(1);
    expect(series.next(4)).toBeLessThan(0);
    expect(series.next(6)).toBeGreaterThan(0);
    expect(series.next(-6)).toBeGreaterThan(0);
    expect(series.next(20)).toBeGreaterThan(series.next(10));
  });

  it('does not rise with faults that come every day or two, however many there were', () => {
    const series = watched();
    const random = noise(3);
    const faulty = (i: number): number => (i % (3 * BLOCK) === 100 ? 15 : random());
    learn(series, 40, faulty);
    const found = learn(series, 30, faulty);
    expect(found).toBeGreaterThanOrEqual(10);
    expect(found).toBeLessThanOrEqual(12);
  });

  it('rises where every block has such a window: that is how the series is', () => {
    const series = watched();
    const random = noise(4);
    learn(series, 20, (i) => (i % BLOCK === 100 ? 15 : random()));
    expect(series.next(15)).toBeLessThan(0);
  });

  it('follows a series that has become louder', () => {
    const series = watched();
    const random = noise(5);
    learn(series, 20, random);
    expect(series.next(12)).toBeGreaterThan(0);
    learn(series, 10, () => 3 * random());
    expect(series.next(12)).toBeLessThan(0);
  });

  it('leaves out what the policies do not count, and what is not known', () => {
    const series = watched();
    const random = noise(6);
    learn(series, KNOWN, random);
    const before = series.median();
    for (let i = 0; i < 30 * BLOCK; i++) series.next(i % BLOCK === 9 ? 40 : random(), i % BLOCK !== 9);
    expect(series.median()).toBeCloseTo(before, 1);
    expect(series.next(Number.NaN)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is one decade of rarity higher where the threshold is', () => {
    const [one, other] = [watched(), watched()];
    for (const series of [one, other]) learn(series, KNOWN, noise(7));
    expect(one.next(8) - other.next(8, true, 1)).toBeCloseTo(1, 12);
  });

  it('of a series that hardly ever moves is that of its moves', () => {
    const series = watched();
    learn(series, 100, (i) => (i % (6 * BLOCK) === 0 ? 1 : 0));
    expect(series.next(1)).toBeLessThan(0);
  });
});

/** Residuals of a series that is used to ± 1, with blocks that reach 3, through the detector; no rank is high. */
function episodes(residuals: readonly number[]): string[] {
  const one = oneSeries('last');
  const { f64 } = one.bank.lane;
  f64[one.at + AT.slow] = Number.NaN;
  f64[one.at + AT.residuals] = 1e5;
  f64[one.at + AT.residualSquare] = 1;
  f64[one.at + AT.maximaCount] = KNOWN;
  f64[one.at + AT.maximaMedian] = Math.log10(3000);
  const told: string[] = [];
  for (const [n, residual] of residuals.entries()) {
    const wave = windowOf(one, n, 100 + residual);
    wave.learned[0] = 1e5 + n;
    wave.expected[0] = 100;
    wave.usual[0] = Number.NaN;
    wave.pooled[0] = 1;
    wave.point[0] = 1;
    const changes: EpisodeChange[] = [];
    const counters = newCounters();
    detectWave(
      { bank: one.bank, settings: DETECT, warmupWindows: 64, counters, mutedUntilMs: () => Number.NEGATIVE_INFINITY },
      wave,
      changes,
    );
    told.push(...changes.map(({ event, evidence }) => `${n} ${event} by ${evidence[0]?.kind}`));
  }
  return told;
}

describe('an episode by the ceiling', () => {
  it('opens at a residual beyond it, which is its evidence, and ends when none is', () => {
    expect(episodes([1, 4, 1, 5, 6, 1])).toEqual(['3 opened by residual', '5 closed by level']);
  });

  it('is the same incident within five windows of the last one', () => {
    const after = (windows: number): string[] => episodes([5, ...new Array<number>(windows).fill(1), 5, 1]);
    const opened = (windows: number): number => after(windows).filter((line) => line.includes('opened')).length;
    expect([1, 4, 5, 30].map(opened)).toEqual([1, 1, 2, 2]);
    // Unless it is clearly stronger.
    expect(episodes([5, 1, 500, 1]).filter((line) => line.includes('opened'))).toHaveLength(2);
  });
});

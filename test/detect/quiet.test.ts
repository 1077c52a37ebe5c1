import { expect, it } from 'vitest';
import { detectWave } from '../../src/detect/detector.ts';
import { watchQuiet } from '../../src/detect/quiet.ts';
import { type EpisodeChange, newCounters } from '../../src/domain.ts';
import { AT } from '../../src/kernel/layout.ts';
import { DETECT } from '../support/detection.ts';
import { EVERY_MS, oneSeries, windowOf } from '../support/slabs.ts';

const PER_DAY = 288;

/** A series of two weeks with a season of ± 20 around 100 and distances of 2, then `harm`; what was told first. */
function told(harm: (usual: number, n: number) => number, budget = DETECT.threshold) {
  const one = oneSeries('last');
  const { f64 } = one.bank.lane;
  f64[one.at + AT.mean] = 100;
  f64[one.at + AT.seasonSquare] = 4;
  const counters = { watchedSeconds: 0, episodesAllowed: 0 };
  const state = { bank: one.bank, settings: { ...DETECT, threshold: budget }, counters };
  for (let n = 0; n < 15 * PER_DAY; n++) {
    const usual = 100 + 20 * Math.sin((2 * Math.PI * n) / PER_DAY);
    const wave = windowOf(one, n, n < 14 * PER_DAY ? usual + (n % 3) - 1 : harm(usual, n), EVERY_MS);
    wave.usual[0] = usual;
    wave.learned[0] = n;
    wave.live[0] = 1;
    wave.expected[0] = Number.NaN;
    const quiet = watchQuiet(state, wave, 0);
    if (quiet !== undefined) return { ...quiet, after: n - 14 * PER_DAY };
  }
  return undefined;
}

it('tells nothing of a day like any other', () => {
  expect(told((usual, n) => usual + (n % 3) - 1)).toBeUndefined();
});

it('tells a value that hangs', () => {
  expect(told(() => 100)).toEqual({ kind: 'stuck', begins: true, after: 11 });
});

it('tells a day that is turned upside down', () => {
  expect(told((usual, n) => 200 - usual + (n % 3) - 1)).toMatchObject({ kind: 'season', begins: true });
});

it('tells it later, or never, where a budget asks for more', () => {
  const upside = (usual: number, n: number): number => 200 - usual + (n % 3) - 1;
  const scarce = { kind: 'budget', perDay: 0.001, per: 'series' } as const;
  expect(told(upside, scarce)?.after ?? Number.POSITIVE_INFINITY).toBeGreaterThan(told(upside)?.after ?? 0);
});

it('lasts as one episode while the time of the day is wrong, although the value is where it was before', () => {
  const one = oneSeries('last');
  const { f64 } = one.bank.lane;
  f64[one.at + AT.everyMs] = EVERY_MS;
  f64[one.at + AT.mean] = 100;
  f64[one.at + AT.slow] = 100;
  f64[one.at + AT.slowSquare] = 400;
  f64[one.at + AT.seasonSquare] = 4;
  const mutedUntilMs = (): number => Number.NEGATIVE_INFINITY;
  const counters = newCounters();
  const told: string[] = [];
  for (let n = 0; n < 400; n++) {
    // A usual value of 140 is missed for a day, then the day is no other than the mean.
    const wave = windowOf(one, n, 100 + (n % 3) - 1);
    wave.usual[0] = n < 200 ? 140 : 100;
    wave.learned[0] = 14 * PER_DAY + n;
    wave.expected[0] = 100;
    wave.pooled[0] = 1;
    wave.point[0] = 1;
    const changes: EpisodeChange[] = [];
    detectWave({ bank: one.bank, settings: DETECT, warmupWindows: 64, counters, mutedUntilMs }, wave, changes);
    for (const { event, evidence } of changes) {
      if (event !== 'continuing') told.push(`${event} ${evidence[0]?.kind} ${n < 200 ? 'by day' : 'after'}`);
    }
  }
  expect(told).toHaveLength(2);
  expect(told[0]).toBe('opened season by day');
  expect(told[1]).toMatch(/^closed .* after$/);
});

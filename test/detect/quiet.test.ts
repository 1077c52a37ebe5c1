import { expect, it } from 'vitest';
import { watchQuiet } from '../../src/detect/quiet.ts';
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

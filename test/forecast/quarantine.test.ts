import { describe, expect, it } from 'vitest';
import { type Counters, newCounters } from '../../src/domain.ts';
import { holdBack, looksBackOnHeld } from '../../src/forecast/quarantine.ts';
import { AT } from '../../src/kernel/layout.ts';
import { EVERY_MS, oneSeries, windowOf } from '../support/slabs.ts';

const LOOKBACK = 16;

/** Windows n of one series, each with or without an open episode that began at the window before. */
function watched(releaseMs: number | undefined, cell: 'gru' | 'last' = 'gru') {
  const one = oneSeries(cell);
  const { quarantine }: Pick<Counters, 'quarantine'> = newCounters();
  const { f64 } = one.bank.lane;
  let n = 0;
  const next = (open: boolean): { held: boolean; passes: boolean } => {
    if (open && f64[one.at + AT.open] === 0) f64[one.at + AT.startedAtMs] = (n - 1) * EVERY_MS;
    f64[one.at + AT.open] = open ? 1 : 0;
    const wave = windowOf(one, n, 1);
    wave.learned[0] = n;
    holdBack({ bank: one.bank, releaseMs, counters: { quarantine } }, wave);
    const told = { held: f64[one.at + AT.heldAt] === n + 1, passes: !looksBackOnHeld(f64, one.at) };
    n++;
    return told;
  };
  const run = (count: number, open: boolean) => Array.from({ length: count }, () => next(open));
  return { run, quarantine };
}

describe('windows of an open episode', () => {
  it('are all learned where nothing else is asked for', () => {
    const { run, quarantine } = watched(undefined);
    expect([...run(5, false), ...run(5, true)].every(({ held, passes }) => !held && passes)).toBe(true);
    expect(quarantine).toEqual({ held: 0, released: 0, discarded: 0 });
  });

  it('are held back, and left out when it ends: no pass looks back on them', () => {
    const { run, quarantine } = watched(10 * EVERY_MS);
    run(3, false);
    expect(run(4, true)).toEqual(new Array(4).fill({ held: true, passes: false }));
    const after = run(LOOKBACK + 3, false);
    expect(after.every(({ held }) => !held)).toBe(true);
    // A pass ends with the window that is being learned: the newest one that was held back must have left its lookback.
    expect(after.findIndex(({ passes }) => passes)).toBe(LOOKBACK);
    expect(quarantine).toEqual({ held: 4, released: 0, discarded: 1 });
  });

  it('are learned after all when it lasts', () => {
    const { run, quarantine } = watched(5 * EVERY_MS);
    run(3, false);
    const during = run(20, true);
    expect(during.filter(({ held }) => held)).toHaveLength(4);
    expect(during.slice(4).every(({ held, passes }) => !held && passes)).toBe(true);
    expect(run(5, false).every(({ passes }) => passes)).toBe(true);
    expect(quarantine).toEqual({ held: 4, released: 1, discarded: 0 });
  });

  it('keep passes away until the last of several episodes has left the log', () => {
    const { run, quarantine } = watched(10 * EVERY_MS);
    for (const open of [false, true, false, true]) run(3, open);
    expect(run(LOOKBACK + 1, false).findIndex(({ passes }) => passes)).toBe(LOOKBACK);
    expect(quarantine).toEqual({ held: 6, released: 0, discarded: 2 });
  });

  it('of a baseline keep nothing away behind them', () => {
    const { run } = watched(10 * EVERY_MS, 'last');
    run(3, false);
    run(2, true);
    expect(run(2, false)[0]?.passes).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { endRun, learnRun, STUCK, type Stuck } from '../../src/detect/stuck.ts';
import { AT } from '../../src/kernel/layout.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WEEK_WINDOWS = 7 * 288;

interface Watched {
  readonly f64: Float64Array;
  readonly next: (value: number, raised?: number) => Stuck;
  /** Windows of each run of one value until it is stuck; 0 = it never is. */
  readonly hang: (windows: number, raised?: number) => number;
  /** Moves in so many of the next windows, on average; how often it was stuck meanwhile. */
  readonly live: (windows: number, share?: number) => number;
}

/** A series at 5 minutes that has moved in every window of its first week. */
function watched(seed = 1, age = WEEK_WINDOWS): Watched {
  const f64 = new Float64Array(AT.scalars);
  const random = newRandom(seed);
  let learned = 0;
  let last = 0;
  const next = (value: number, raised = 0): Stuck => {
    last = value;
    return learnRun(f64, 0, value, { learned: learned++, everyMs: 5 * MINUTE, raised });
  };
  const live = (windows: number, share = 1): number => {
    let begun = 0;
    for (let i = 0; i < windows; i++) if (next(uniform(random) < share ? last + 1 : last) === STUCK.begins) begun++;
    return begun;
  };
  const hang = (windows: number, raised = 0): number => {
    next(last + 1);
    for (let i = 2; i <= windows; i++) if (next(last, raised) === STUCK.begins) return i;
    return 0;
  };
  live(age);
  return { f64, next, hang, live };
}

describe('a value that stays exactly the same', () => {
  it('is stuck from the twelfth window on where values always change, until it changes', () => {
    const series = watched();
    expect(series.hang(20)).toBe(12);
    const value = series.f64[AT.runValue]!;
    expect([series.next(value), series.next(value), series.next(-1)]).toEqual([STUCK.lasts, STUCK.lasts, STUCK.no]);
    expect(series.next(-1)).toBe(STUCK.no);
  });

  it('is the less surprising, the less often it moved before: decades of that, not windows, count', () => {
    const half = watched();
    half.live(3000, 0.5);
    const [often, seldom] = [watched().hang(200), half.hang(200)];
    expect(often).toBe(12);
    // Eight decades at 0.3 a window.
    expect(seldom).toBeGreaterThan(24);
    expect(seldom).toBeLessThan(80);
  });

  it('rests where it moves in fewer than every fifth window, however long', () => {
    const series = watched();
    series.live(5000, 0.1);
    expect(series.hang(5000)).toBe(0);
  });

  it('is hardly ever stuck by chance', () => {
    for (const share of [0.9, 0.5, 0.25]) expect(watched(3).live(200_000, share)).toBe(0);
  });

  it('needs twice the decades of the longest rest so far, a night by day for instance', () => {
    const series = watched();
    // 15 windows each night: 30 decades, which no chance brings.
    for (let day = 0; day < 20; day++) {
      series.hang(15);
      series.live(273);
    }
    expect(series.hang(15)).toBe(0);
    series.live(273);
    const begins = series.hang(60);
    expect(begins).toBeGreaterThan(24);
    expect(begins).toBeLessThanOrEqual(31);
  });

  it('forgets a long rest, half in a month; one that was told counts for what that took', () => {
    const [soon, late] = [watched(), watched()];
    for (const series of [soon, late]) expect(series.hang(5000)).toBe(12);
    soon.live(288);
    late.live(288 * 60);
    // Of two decades a window: 8 were enough, then 16, then 32.
    expect(soon.hang(100)).toBe(12);
    soon.live(288);
    // The share of windows in which it moves has suffered a little.
    expect(soon.hang(100)).toBe(18);
    expect(late.hang(100)).toBe(12);
  });

  it('needs as much again for each decade by which a budget raises thresholds', () => {
    const [none, one] = [watched(), watched()];
    for (const series of [none, one]) series.live(3000, 0.5);
    const [usual, raised] = [none.hang(500), one.hang(500, 1)];
    expect(raised - 1).toBeGreaterThanOrEqual(2 * (usual - 1) - 1);
    expect(raised - 1).toBeLessThanOrEqual(2 * (usual - 1));
  });

  it('is no news in a series that never moved, nor in its first week', () => {
    const f64 = new Float64Array(AT.scalars);
    const all = Array.from({ length: 5000 }, (_, learned) =>
      learnRun(f64, 0, 42, { learned, everyMs: 5 * MINUTE, raised: 0 }),
    );
    expect(new Set(all)).toEqual(new Set([STUCK.no]));
    expect(watched(1, WEEK_WINDOWS - 101).hang(100)).toBe(0);
  });

  it('is usual when it was declared so, until it moves', () => {
    const series = watched();
    expect(series.hang(20)).toBe(12);
    endRun(series.f64, 0);
    const value = series.f64[AT.runValue]!;
    for (let i = 0; i < (100 * DAY) / (5 * MINUTE); i++) expect(series.next(value)).toBe(STUCK.no);
  });
});

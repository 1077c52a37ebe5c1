import { describe, expect, it } from 'vitest';
import { baseThreshold, raisedAlone, raisedBy, takeThreshold } from '../../src/detect/threshold.ts';
import { AT } from '../../src/kernel/layout.ts';
import type { DetectSettings } from '../../src/settings.ts';
import { manyFields, stepOf } from '../support/fields.ts';
import { oneSeries, windowOf } from '../support/slabs.ts';
import { DAY, HOUR, MINUTE } from '../support/streams.ts';

type Threshold = DetectSettings['threshold'];

const FIXED: Threshold = { kind: 'fixed', decades: 3.5 };
const perSeries = (perDay: number): Threshold => ({ kind: 'budget', perDay, per: 'series' });
const perStream = (perDay: number): Threshold => ({ kind: 'budget', perDay, per: 'stream' });

/** A series of one field, window by window; `opens` pays for an opening. */
function watch(threshold: Threshold, everyMs = 5 * MINUTE, live = 1) {
  const one = oneSeries('last', everyMs);
  const counters = { watchedSeconds: 0, episodesAllowed: 0 };
  const state = { bank: one.bank, settings: { threshold }, counters };
  const at = (n: number) => {
    // Event time begins somewhere behind 0, which stands for "never".
    const wave = windowOf(one, n + 1, 1, everyMs);
    wave.live[0] = live;
    return wave;
  };
  return {
    counters,
    base: () => baseThreshold(state, at(0), 0),
    take: (n: number, warming = false) => takeThreshold(state, at(n), 0, warming),
    opens: () => {
      one.bank.lane.f64[one.at + AT.tokens]! += 1;
    },
  };
}

describe('the threshold', () => {
  it('is what is set where no budget is', () => {
    expect(watch(FIXED).take(0)).toEqual({ decades: 3.5, less: 0 });
    expect(watch({ kind: 'fixed', decades: 4.5 }).take(0)).toEqual({ decades: 4.5, less: 1 });
    expect(watch({ kind: 'fixed', decades: 2.5 }).take(0)).toEqual({ decades: 2.5, less: -1 });
  });

  it.each([
    [0.08, 5 * MINUTE, 3.5],
    [0.8, 5 * MINUTE, 3.5 - 1.6],
    [0.008, 5 * MINUTE, 3.5 + 1.6],
    [1 / 7, MINUTE, 3.5 + 1.6 * Math.log10(0.08 * 5 ** 0.55 * 7)],
    [1 / 30, HOUR, 3.5 + 1.6 * Math.log10(0.08 * (1 / 12) ** 0.55 * 30)],
  ])('follows from a budget of %d a day and the interval, between 2.5 and 4.7', (perDay, everyMs, decades) => {
    const bounded = Math.max(2.5, Math.min(4.7, decades));
    expect(watch(perSeries(perDay), everyMs).base()).toBeCloseTo(bounded, 12);
    expect(watch(perStream(4 * perDay), everyMs, 4).base()).toBeCloseTo(bounded, 12);
  });

  it('takes windows without an interval for windows of five minutes', () => {
    expect(watch(perSeries(0.08), 0).base()).toBeCloseTo(3.5, 12);
  });

  it('of a stream is that of one series while there is none', () => {
    expect(watch(perStream(0.1), MINUTE, 0).base()).toBe(watch(perSeries(0.1), MINUTE).base());
  });
});

describe('openings', () => {
  it.each([
    { name: 'without a budget', threshold: FIXED, free: 5, dearer: 0 },
    { name: 'a day', threshold: perSeries(1), free: 5, dearer: 0.3 },
    { name: 'a week', threshold: perSeries(1 / 7), free: 5, dearer: 0.3 },
    { name: 'less than a week', threshold: perSeries(1 / 8), free: 2, dearer: 0.3 },
  ])('are free for a start, $name: $free; then each raises the threshold', ({ threshold, free, dearer }) => {
    const series = watch(threshold);
    const first = series.take(0);
    for (let i = 0; i < free; i++) {
      expect(series.take(0).decades).toBeCloseTo(first.decades, 12);
      series.opens();
    }
    expect(series.take(0).decades).toBeCloseTo(first.decades, 12);
    series.opens();
    expect(series.take(0).decades).toBeCloseTo(first.decades + 0.3, 12);
    expect(series.take(0).less - first.less, 'what a run counts less').toBeCloseTo(dearer, 12);
  });

  it.each([
    [FIXED, 1],
    [perSeries(0.25), 4],
  ])('are forgiven with event time, %j one in %d days', (threshold, days) => {
    const series = watch(threshold, HOUR);
    const { decades } = series.take(0);
    for (let i = 0; i < 7; i++) series.opens();
    expect(series.take(0).decades).toBeCloseTo(decades + 0.6, 12);
    expect(series.take((days * DAY) / HOUR).decades).toBeCloseTo(decades + 0.3, 12);
    expect(series.take((2 * days * DAY) / HOUR).decades).toBeCloseTo(decades, 12);
    expect(series.take(0).decades, 'event time that goes back').toBeCloseTo(decades, 12);
  });
});

describe('the time that a series is watched', () => {
  it('is counted with what was promised for it, but not while it warms up', () => {
    const { take, counters } = watch(perSeries(0.5), HOUR);
    for (let n = 0; n <= 24; n++) take(n, true);
    expect(counters).toEqual({ watchedSeconds: 0, episodesAllowed: 0 });
    for (let n = 25; n <= 72; n++) take(n);
    expect(counters.watchedSeconds).toBeCloseTo(2 * 86_400, 6);
    expect(counters.episodesAllowed).toBeCloseTo(1, 9);
  });

  it('is counted once for several fields, which share the budget', () => {
    const many = manyFields(2, { cell: 'last' });
    const { f64 } = many.bank.lane;
    const counters = { watchedSeconds: 0, episodesAllowed: 0 };
    const state = { bank: many.bank, settings: { threshold: perSeries(0.16) }, counters };
    for (let field = 0; field < 2; field++) f64[many.atOf(field) + AT.everyMs] = 5 * MINUTE;
    for (let n = 1; n <= 289; n++) {
      const wave = stepOf(many, n, [1, 1]);
      wave.slot[2] = many.first + 2;
      for (let row = 0; row < 3; row++) wave.startMs[row] = n * 5 * MINUTE;
      for (let row = 0; row < 3; row++) expect(takeThreshold(state, wave, row, false).decades).toBeCloseTo(3.5, 12);
    }
    expect(counters.watchedSeconds).toBeCloseTo(86_400, 6);
    expect(counters.episodesAllowed).toBeCloseTo(0.16, 9);
  });
});

describe('several fields', () => {
  it.each([
    [2, 0.5 * Math.log10(2), 1.3 * Math.log10(2)],
    [5, 0.5 * Math.log10(5), 1.3 * Math.log10(5)],
    [20, 0.5 * Math.log10(20), 1.4],
  ])('raise the threshold of each, and of one that stands alone by more: %d', (fields, supported, alone) => {
    const many = manyFields(fields, { cell: 'last' });
    const of = (threshold: Threshold, isAlone: boolean): number => {
      const state = { bank: many.bank, settings: { threshold }, counters: { watchedSeconds: 0, episodesAllowed: 0 } };
      return takeThreshold(state, stepOf(many, 1, new Array(fields).fill(1)), 0, false, isAlone).decades;
    };
    expect(of(FIXED, false)).toBeCloseTo(3.5 + supported, 12);
    expect(of(FIXED, true)).toBeCloseTo(3.5 + alone, 12);
    expect(of(perSeries(0.3), true), 'a budget is shared in its place').toBe(of(perSeries(0.3), false));
  });

  it('need more to agree where a budget or openings raise the threshold', () => {
    const many = manyFields(2, { cell: 'last' });
    const of = (threshold: Threshold): number => {
      const state = { bank: many.bank, settings: { threshold }, counters: { watchedSeconds: 0, episodesAllowed: 0 } };
      return raisedBy(state, stepOf(many, 1, [1, 1]), 0);
    };
    expect(of(FIXED)).toBe(0);
    expect(of({ kind: 'fixed', decades: 4.5 })).toBe(1);
    expect(of(perSeries(0.016))).toBeCloseTo(1.2, 12);
    many.bank.lane.f64[many.atOf(0) + AT.tokens] = 2;
    expect(of(FIXED)).toBe(0);
    expect(of(perSeries(0.016))).toBeCloseTo(1.2 + 0.6, 12);
  });

  it('ask for as much of one that hangs, twice as if it stood alone', () => {
    const many = manyFields(20, { cell: 'last' });
    const step = stepOf(many, 1, new Array(20).fill(1));
    const of = (threshold: Threshold): number[] => {
      const state = { bank: many.bank, settings: { threshold }, counters: { watchedSeconds: 0, episodesAllowed: 0 } };
      return [raisedBy(state, step, 0), raisedAlone(state, step, 0)];
    };
    expect(of(FIXED)).toEqual([0, 2.8]);
    const [raised, alone] = of(perSeries(0.3));
    expect(alone, 'a budget is shared in its place').toBe(raised);
  });
});

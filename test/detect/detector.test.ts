import { describe, expect, it } from 'vitest';
import { detectWave } from '../../src/detect/detector.ts';
import { mutedUntilMs as mutedUntil } from '../../src/detect/mute.ts';
import { type EpisodeChange, newCounters } from '../../src/domain.ts';
import { AT } from '../../src/kernel/layout.ts';
import { DETECT, detect, LOUD, OPENS, QUIET, type Window } from '../support/detection.ts';
import { EVERY_MS, oneSeries, windowOf } from '../support/slabs.ts';

describe('detector', () => {
  it('opens an episode at a surprise above the threshold, with a score above 1, and closes it after', () => {
    const { kinds, scores, told } = detect([QUIET, QUIET, LOUD, QUIET]);
    expect(kinds).toEqual(['2 opened spike', '3 closed spike']);
    expect(scores[1]).toBeLessThan(1);
    expect(scores[2]).toBeCloseTo(10 ** 0.25, 9);
    expect(told[0]?.startedAtMs).toBe(2 * EVERY_MS);
    expect(told[0]?.evidence.slice(0, 2)).toEqual([
      { kind: 'residual', surprise: expect.closeTo(3, 9) },
      { kind: 'level', surprise: expect.closeTo(2, 9) },
    ]);
  });

  it('says nothing, and has no score, while the series warms up', () => {
    const { kinds, scores, counters } = detect([LOUD, LOUD, QUIET], {}, 60);
    expect(kinds).toEqual([]);
    expect(scores.every(Number.isNaN)).toBe(true);
    expect(counters.windowsWarming).toBe(3);
  });

  it('caps the score at 1 where a policy says no', () => {
    for (const settings of [
      { direction: 'below' },
      { deviation: { absolute: 60, relative: 0 } },
      { band: { below: 1, above: 6 } },
    ] as const) {
      const { kinds, scores } = detect([QUIET, LOUD, QUIET], settings);
      expect(kinds).toEqual([]);
      expect(scores[1]).toBe(1);
    }
  });

  it('takes k of n windows to open, from the first evident one, and others to close', () => {
    const windows = [QUIET, LOUD, QUIET, { pooled: OPENS + 1.2, value: 150 }, QUIET, QUIET, QUIET];
    const { kinds, told } = detect(windows, { sustain: { hits: 2, of: 3 }, recover: { hits: 3, of: 3 } });
    expect(kinds).toEqual(['3 opened spike', '6 closed spike']);
    expect(told[0]?.startedAtMs).toBe(1 * EVERY_MS);
  });

  it('tells how many windows after the first evident one it opened, to the end', () => {
    const windows = [QUIET, LOUD, QUIET, { pooled: OPENS + 1.2, value: 150 }, QUIET, LOUD, QUIET, QUIET, QUIET];
    const { told } = detect(windows, { sustain: { hits: 2, of: 3 }, recover: { hits: 3, of: 3 } });
    expect(told.map(({ event, latencyWindows }) => [event, latencyWindows])).toEqual([
      ['opened', 2],
      ['closed', 2],
    ]);
    expect(detect([QUIET, LOUD, QUIET]).told[0]?.latencyWindows).toBe(0);
    const run = [QUIET, ...[4, 4, 4, 4, 4].map((point) => ({ point, pooled: 3 }))];
    expect(detect(run, {}, 3000).told[0]?.latencyWindows).toBe(4);
  });

  it('exports at least 1.01 while the episode is open', () => {
    const { scores } = detect([LOUD, QUIET, QUIET, QUIET], { recover: { hits: 3, of: 3 } });
    expect(scores.slice(1, 3)).toEqual([1.01, 1.01]);
    expect(scores[3]).toBeLessThan(1);
  });

  it('calls what lasts a shift, and repeats itself every sixty windows', () => {
    // The first window is news; the others are abnormal still.
    const { kinds } = detect([...new Array<Window>(70).fill(LOUD), QUIET], {}, 4000);
    expect(kinds).toEqual(['0 opened spike', '60 continuing shift', '70 closed shift']);
  });

  it('does not last by what averages remember of it once the value is back', () => {
    // Abnormal by its point score until the end; back within a spread of the level from the fourth window on.
    const echo = [150, 130, 110, 100.5, 99.5].map((value) => ({ value, pooled: 3, point: 4.5 }));
    const { kinds } = detect([{ ...LOUD, value: 160 }, ...echo], {}, 4000, 100);
    expect(kinds).toEqual(['0 opened spike', '4 closed shift']);
    // Until then it lasts, although it is no longer away.
    const near = [150, 130, 110, 105, 105].map((value) => ({ value, pooled: 3, point: 4.5 }));
    expect(detect([{ ...LOUD, value: 160 }, ...near], {}, 4000, 100).kinds).toEqual(['0 opened spike']);
  });

  it('escalates when it becomes clearly worse', () => {
    const worse = { pooled: OPENS + 1.6, value: 300 };
    const { kinds, told } = detect([LOUD, { pooled: OPENS + 1.2, value: 160 }, worse, QUIET]);
    expect(kinds).toEqual(['0 opened spike', '2 escalated spike', '3 closed spike']);
    expect(told.map(({ severity }) => severity)).toEqual(['warning', 'critical', 'critical']);
  });

  it('is not told the same again within its reach: only what is clearly stronger opens another episode', () => {
    const again = { pooled: OPENS + 1.1, value: 150 };
    const more = { pooled: OPENS + 1.4, value: 150 };
    const { kinds, scores } = detect([LOUD, QUIET, again, QUIET, more, QUIET]);
    expect(kinds).toEqual(['0 opened spike', '1 closed spike', '4 opened spike', '5 closed spike']);
    expect(scores[2]).toBe(1);
  });

  it('lasts while the value stays away from where it was, though it is no surprise any more', () => {
    const away = { pooled: 1, value: 145 };
    const windows = [...new Array<Window>(40).fill(QUIET), LOUD, away, away, away, QUIET];
    const { kinds, told } = detect(windows, {}, 1000, 100);
    expect(kinds).toEqual(['40 opened spike', '44 closed shift']);
    expect(told.map(({ closedBy }) => closedBy)).toEqual([undefined, 'recovered']);
  });

  it('ends in a new regime after a share of the age of the series', () => {
    const away = { pooled: 1, value: 150 };
    const windows = [...new Array<Window>(40).fill(QUIET), LOUD, ...new Array<Window>(20).fill(away)];
    const { kinds, told } = detect(windows, {}, 160, 100);
    expect(kinds).toEqual(['40 opened spike', '51 closed shift']);
    expect(told[1]?.closedBy).toBe('new_regime');
  });

  it('takes a value outside the range as anomalous whatever the model says, also while warming', () => {
    const { kinds, scores } = detect([{ value: -1 }, QUIET], { range: { min: 0, max: 1e9 } }, 60);
    expect(kinds).toEqual(['0 opened range', '1 closed range']);
    expect(scores[0]).toBe(1.01);
  });

  it('takes a surprise behind a gap for news, though it is no stronger than the gap was', () => {
    const weak = { pooled: OPENS + 0.1, value: 150 };
    const { kinds } = detect([QUIET, { missing: true }, QUIET, weak, QUIET]);
    expect(kinds).toEqual(['1 opened gap', '2 closed gap', '3 opened spike', '4 closed spike']);
  });

  it('ends a value out of range as soon as it is within, however far from it', () => {
    const { kinds } = detect([QUIET, { value: -500 }, QUIET], { range: { min: 0, max: 1e9 } }, 1000, -500);
    expect(kinds).toEqual(['1 opened range', '2 closed range']);
  });

  it.each([
    { decades: 4.5, opens: false, severity: undefined },
    { decades: 3.5, opens: true, severity: 'warning' },
    { decades: 2.5, opens: true, severity: 'critical' },
  ] as const)('measures severity from the threshold that is set: $decades', ({ decades, opens, severity }) => {
    // A little less than LOUD, which would be exactly one decade above.
    const window: Window = { pooled: OPENS + 0.9, value: 150 };
    const { told } = detect([QUIET, window, QUIET], { threshold: { kind: 'fixed', decades } });
    expect(told.length > 0).toBe(opens);
    expect(told[0]?.severity).toBe(severity);
  });

  it('measures severity from what follows from a budget', () => {
    // Windows of five minutes: 0.08 a day is the usual threshold, and less is a higher one, by 1.6 decades at most 4.7.
    const severities = [0.08, 0.03].map((perDay) => {
      const { told, scores } = detect([QUIET, LOUD, QUIET], { threshold: { kind: 'budget', perDay, per: 'series' } });
      expect(scores[1]).toBeGreaterThan(1);
      return told[0]?.severity;
    });
    expect(severities).toEqual(['warning', 'info']);
  });

  it.each([
    { decades: 4.5, run: [4.7, 4.7, 4.7, 4.7, 4.7], opens: false },
    { decades: 4.5, run: [5.7, 5.7, 5.7, 5.7], opens: true },
    { decades: 2.5, run: [3.1, 3.1, 3.1, 3.1, 3.1], opens: true },
    { decades: 3.5, run: [3.1, 3.1, 3.1, 3.1, 3.1], opens: false },
  ])('counts points of a run less by as much as the threshold is higher: $decades, $run', ({ decades, run, opens }) => {
    const windows = [QUIET, ...run.map((point) => ({ point, pooled: 2 })), QUIET];
    expect(detect(windows, { threshold: { kind: 'fixed', decades } }, 3000).kinds.length > 0).toBe(opens);
  });

  describe('a muted series', () => {
    const until = (n: number, host = 'a') => ({
      mute: [{ series: [{ label: 'host', value: host }], untilMs: n * EVERY_MS, reason: undefined }],
    });

    it('opens nothing before its time, whatever the evidence, and is scored', () => {
      const windows: Window[] = [QUIET, LOUD, { value: -500 }, { missing: true }, QUIET];
      const { kinds, scores, counters } = detect(windows, { ...until(5), range: { min: 0, max: 1e9 } });
      expect(kinds).toEqual([]);
      expect(scores.every((score) => score <= 1)).toBe(true);
      expect(counters.windowsScored).toBe(4);
    });

    it('opens again from then on, by the time at which a window begins', () => {
      expect(detect([QUIET, LOUD, QUIET], until(1)).kinds).toEqual(['1 opened spike', '2 closed spike']);
      expect(detect([QUIET, LOUD, QUIET], until(1.001)).kinds).toEqual([]);
      expect(detect([QUIET, LOUD, QUIET], until(9, 'b')).kinds).toEqual(['1 opened spike', '2 closed spike']);
    });

    it('pays for nothing: what it would have opened makes nothing dearer', () => {
      const calm = new Array<Window>(120).fill(QUIET);
      // Far apart, and each louder than the one before.
      const loud = Array.from({ length: 8 }, (_, i): Window => ({ pooled: OPENS + 1 + i / 10, value: 150 }));
      const windows = loud.flatMap((one) => [...calm, one]);
      const last = windows.length;
      const after = [...windows, ...calm, { pooled: OPENS + 2, value: 150 }];
      const threshold = { kind: 'budget', perDay: 1 / 30, per: 'series' } as const;
      const { scores } = detect(after, { threshold, ...until(last) }, 3000);
      const { scores: heard } = detect(after, { threshold }, 3000);
      expect(scores.at(-1)).toBeGreaterThan(heard.at(-1) ?? Number.NaN);
    });

    it('closes the episode that was open when it was muted', () => {
      const one = oneSeries('last');
      const counters = newCounters();
      const bank = one.bank;
      one.bank.lane.f64[one.at + AT.slow] = 100;
      one.bank.lane.f64[one.at + AT.slowSquare] = 1;
      const told: string[] = [];
      for (let n = 0; n < 4; n++) {
        const settings = { ...DETECT, ...(n < 2 ? {} : until(9)) };
        const mutedUntilMs = (): number => mutedUntil(settings.mute, ['host'], ['a']);
        const wave = windowOf(one, n, 150);
        wave.learned[0] = 1000 + n;
        wave.expected[0] = 100;
        wave.pooled[0] = OPENS + 1;
        wave.point[0] = 9;
        const changes: EpisodeChange[] = [];
        detectWave({ bank, settings, warmupWindows: 64, counters, mutedUntilMs }, wave, changes);
        told.push(
          ...changes.map(({ event, closedBy = '' }) => `${n} ${event} ${closedBy}`),
          `${n} open ${wave.open[0]}`,
        );
      }
      expect(told).toEqual(['0 opened ', '0 open 1', '1 open 1', '2 closed muted', '2 open 0', '3 open 0']);
    });
  });

  it('takes a missing window as a gap, until data come again', () => {
    const { kinds, scores, told } = detect([QUIET, { missing: true }, { missing: true }, QUIET]);
    expect(kinds).toEqual(['1 opened gap', '3 closed gap']);
    expect(scores.slice(1, 3)).toEqual([1.01, 1.01]);
    expect(told[0]?.evidence[0]?.kind).toBe('gap');
  });

  it('counts every window once: scored or warming; gaps were counted when they closed', () => {
    const { counters } = detect([QUIET, LOUD, { missing: true }, QUIET], {}, 62);
    expect(counters.windowsWarming).toBe(2);
    expect(counters.windowsScored).toBe(1);
    expect(counters.episodes).toEqual({ 'opened/warning/gap': 1, 'closed/warning/gap': 1 });
  });
});

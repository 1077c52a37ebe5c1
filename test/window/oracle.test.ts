// The window stage against the oracle, over random samples: several series and fields, disorder, repeats, gaps, liars,
// values that are no numbers, series beyond the limit.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { evidenceAddress } from '../../src/kernel/bank.ts';
import { AT } from '../../src/kernel/layout.ts';
import type { Gaps, WindowSettings } from '../../src/settings.ts';
import { SECOND, WINDOW } from '../support/streams.ts';
import { type Expected, expectedOf, type MarkedSample } from './oracle.ts';
import { newStage, type TestWindow } from './stage.ts';

const START = Date.UTC(2026, 10, 23, 9, 0, 7);
/** All within one hour: nothing is forgotten. */
const END = Date.UTC(2026, 10, 23, 9, 59);
const LIE = Date.UTC(2099, 0);
const FIELDS = 2;
const SERIES_MAX = 4;

interface Trial {
  readonly settings: WindowSettings;
  readonly samples: readonly MarkedSample[];
  readonly waveRows: number;
  readonly batchRows: number;
}

/** Coarse, so that samples meet the borders of windows exactly. */
const halfSeconds = (max: number): fc.Arbitrary<number> => fc.nat(2 * max).map((halves) => (halves * SECOND) / 2);

const arbitraryStep = fc.record({
  series: fc.nat(5),
  field: fc.nat(FIELDS - 1),
  forwardMs: fc.oneof(
    { weight: 12, arbitrary: halfSeconds(8) },
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: halfSeconds(90) },
  ),
  backMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: halfSeconds(50) }),
  value: fc.oneof(
    { weight: 20, arbitrary: fc.nat(3) },
    { weight: 20, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, 3e38) },
  ),
  kind: fc.oneof(
    { weight: 15, arbitrary: fc.constant('honest' as const) },
    { weight: 2, arbitrary: fc.constant('repeat' as const) },
    { weight: 1, arbitrary: fc.constant('liar' as const) },
  ),
});

/** Begins with three honest series, so that time is supported and the usual step is known. */
function samplesOf(steps: readonly (typeof arbitraryStep extends fc.Arbitrary<infer T> ? T : never)[]): MarkedSample[] {
  const samples: MarkedSample[] = [0, 1, 2].map((series) => ({
    key: `s${series}`,
    field: 0,
    timeMs: START + series * SECOND,
    value: 5,
    liar: false,
  }));
  let clockMs = START + 2 * SECOND;
  for (const { series, field, forwardMs, backMs, value, kind } of steps) {
    const last = samples.at(-1);
    if (kind === 'repeat' && last !== undefined) {
      samples.push(last);
    } else if (kind === 'liar') {
      samples.push({ key: 'liar', field, timeMs: LIE, value: 1, liar: true });
    } else {
      // Others do not move event time, and honest series never leap.
      if (Number.isFinite(value)) clockMs = Math.min(clockMs + forwardMs, END);
      samples.push({ key: `s${series}`, field, timeMs: clockMs - backMs, value, liar: false });
    }
  }
  return samples;
}

const arbitraryGaps: fc.Arbitrary<Gaps> = fc.constantFrom<Gaps>(
  { kind: 'ignore' },
  { kind: 'previous' },
  { kind: 'anomaly' },
  { kind: 'fill', value: 0 },
);

function arbitraryTrial(every: WindowSettings['every'], samplesMin: number): fc.Arbitrary<Trial> {
  return fc
    .record({
      aggregate: fc.constantFrom('mean', 'sum', 'min', 'max', 'last', 'count', 'rate' as const),
      latenessMs: fc.constantFrom(0, 1, 4 * SECOND, 10 * SECOND, 35 * SECOND),
      gaps: arbitraryGaps,
      // At least a row for each field, and one for all of them.
      waveRows: fc.constantFrom(3, 4, 7, 256),
      batchRows: fc.constantFrom(1, 3, 20, 1000),
      steps: fc.array(arbitraryStep, { minLength: samplesMin, maxLength: samplesMin + 100 }),
    })
    .map(({ aggregate, latenessMs, gaps, waveRows, batchRows, steps }) => ({
      settings: { ...WINDOW, every, aggregate, latenessMs, gaps },
      samples: samplesOf(steps),
      waveRows,
      batchRows,
    }));
}

function actualOf({ settings, samples, waveRows, batchRows }: Trial): Expected {
  const stage = newStage({ ...settings, fields: FIELDS, seriesMax: SERIES_MAX, waveRows });
  const windows: TestWindow[] = [];
  for (let from = 0; from < samples.length; from += batchRows) {
    windows.push(...stage.take(samples.slice(from, from + batchRows)));
  }
  const { bank, bySlot } = stage.state.table;
  const { counters } = stage.state;
  const { samplesDropped, windowsSkipped } = counters;
  let waiting = 0;
  for (const slot of bySlot.keys()) waiting += bank.lane.f64[evidenceAddress(bank, slot) / 8 + AT.waiting] ?? 0;
  return {
    windows,
    counts: {
      windowed: counters.samplesWindowed,
      late: samplesDropped.late,
      duplicate: samplesDropped.duplicate,
      nonFinite: samplesDropped.non_finite,
      future: samplesDropped.future,
      keyLimit: samplesDropped.key_limit,
      waiting,
      closed: counters.windowsClosed,
      gap: windowsSkipped.gap,
      overflow: windowsSkipped.non_finite,
    },
  };
}

/** The oracle adds up a rate in another order, which may change its last digits; all else is exact. */
function rounded(windows: readonly TestWindow[], { aggregate }: WindowSettings): readonly TestWindow[] {
  if (aggregate !== 'rate') return windows;
  return windows.map((window) => ({ ...window, value: Number(window.value.toPrecision(10)) }));
}

function expectLedger({ counts }: Expected, samples: number): void {
  const { windowed, late, duplicate, nonFinite, future, keyLimit, waiting } = counts;
  expect(windowed + late + duplicate + nonFinite + future + keyLimit + waiting).toBe(samples);
}

it('closes the windows that the whole list of samples says, in order, and counts everything once', () => {
  const coverage = { closed: 0, late: 0, duplicate: 0, gap: 0 };
  fc.assert(
    fc.property(arbitraryTrial({ kind: 'fixed', ms: 10 * SECOND }, 60), (trial) => {
      const { settings, samples } = trial;
      const actual = actualOf(trial);
      const expected = expectedOf(samples, settings, FIELDS, SERIES_MAX);
      expect(actual.counts).toEqual(expected.counts);
      expect(rounded(actual.windows, settings)).toEqual(rounded(expected.windows, settings));
      expectLedger(actual, samples.length);
      for (const name of ['closed', 'late', 'duplicate', 'gap'] as const) coverage[name] += actual.counts[name];
    }),
    { numRuns: 200 },
  );
  expect(Math.min(...Object.values(coverage))).toBeGreaterThan(100);
}, 60_000);

it('does so, too, where it finds the interval itself; only series may take turns in another order', () => {
  const bySeries = (windows: readonly TestWindow[]): TestWindow[] =>
    windows.toSorted((a, b) => a.key.localeCompare(b.key) || a.field - b.field || a.startMs - b.startMs);
  let closed = 0;
  fc.assert(
    fc.property(arbitraryTrial({ kind: 'auto' }, 300), (trial) => {
      const { settings, samples } = trial;
      const [actual, expected] = [actualOf(trial), expectedOf(samples, settings, FIELDS, SERIES_MAX)];
      expect(actual.counts).toEqual(expected.counts);
      expect(bySeries(rounded(actual.windows, settings))).toEqual(bySeries(rounded(expected.windows, settings)));
      expectLedger(actual, samples.length);
      closed += actual.windows.length;
    }),
    { numRuns: 60 },
  );
  expect(closed).toBeGreaterThan(1000);
}, 60_000);

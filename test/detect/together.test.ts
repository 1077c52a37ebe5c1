import { describe, expect, it } from 'vitest';
import type { DetectState } from '../../src/detect/detector.ts';
import { THRESHOLD } from '../../src/detect/threshold.ts';
import { detectSteps } from '../../src/detect/together.ts';
import { type EpisodeChange, newCounters, SURPRISES } from '../../src/domain.ts';
import { pow10 } from '../../src/kernel/elementary.ts';
import { AT } from '../../src/kernel/layout.ts';
import { DETECT } from '../support/detection.ts';
import { manyFields, stepOf } from '../support/fields.ts';
import { EVERY_MS } from '../support/slabs.ts';

/** Pooled surprises of the fields, and of all together behind them; how far each is apart. */
interface Seen {
  readonly pooled: readonly number[];
  readonly apart?: readonly number[];
  /** Point score of all together; that of the pooled surprise if not said. */
  readonly point?: number;
  /** Point scores of the fields; likewise. */
  readonly points?: readonly number[];
}

const CALM: Seen = { pooled: [1, 1, 1] };
const LOUD = THRESHOLD + 1.5;

/** Steps of a series with two fields through the detector; every value is within its bounds. */
function detect(steps: readonly Seen[], mutedUntil = Number.NEGATIVE_INFINITY, age = 1000, slow = Number.NaN) {
  const many = manyFields(2, { cell: 'last' });
  const { f64 } = many.bank.lane;
  const counters = newCounters();
  const mute = [{ series: [], untilMs: mutedUntil, reason: undefined }];
  const settings = { ...DETECT, mute };
  const state: DetectState = { bank: many.bank, settings, warmupWindows: 64, counters, mutedUntilMs: () => mutedUntil };
  // Not known: no value is away from it, nor back.
  for (let field = 0; field < 3; field++) f64[many.atOf(field) + AT.slow] = slow;
  f64[many.atOf(2) + AT.everyMs] = EVERY_MS; // as the forecast stage does
  const told: (EpisodeChange & { readonly n: number })[] = [];
  const open: number[][] = [];
  const scores: number[][] = [];
  for (const [n, { pooled, apart = [1, 1], point, points = [] }] of steps.entries()) {
    const wave = stepOf(many, n, [100, 100]);
    wave.slot[2] = many.first + 2;
    wave.startMs[2] = wave.startMs[0] ?? 0;
    wave.value[2] = 1;
    wave.gap[2] = 0;
    wave.expected.set([100, 100, Number.NaN]);
    wave.lower.set([90, 90, Number.NaN]);
    wave.upper.set([110, 110, Number.NaN]);
    wave.learned.fill(age + n);
    wave.pooled.set(pooled);
    wave.point.set(pooled);
    wave.point.set(points);
    wave.point[2] = point ?? wave.point[2]!;
    wave.usual.fill(Number.NaN);
    wave.apart.set(apart);
    for (const [row, own] of pooled.entries()) wave.roots.fill(pow10(own / 4), row * SURPRISES, (row + 1) * SURPRISES);
    const changes: EpisodeChange[] = [];
    detectSteps(state, wave, changes);
    told.push(...changes.map((change) => ({ ...change, n })));
    open.push([...wave.open.subarray(0, 2)]);
    scores.push([...wave.score.subarray(0, 2)]);
  }
  return { told, open, scores, counters, lines: told.map(({ n, row, event }) => `${n} ${event} ${row}`) };
}

const WEEK = 2016;
/** Both abnormal at once, though neither is news. */
const AGREED: Seen = { pooled: [3, 3, 1], points: [4, 4.2], apart: [3, 1] };

describe('fields of a series', () => {
  it('that open in the same window are told once, by the strongest; both are open', () => {
    const { lines, open, counters } = detect([CALM, { pooled: [LOUD, LOUD + 0.2, 1] }, CALM, CALM]);
    expect(lines).toEqual(['1 opened 1', '2 closed 1']);
    expect(open[1]).toEqual([1, 1]);
    expect(Object.values(counters.episodes)).toEqual([1, 1]);
  });

  it('that follow soon are companions, unless clearly stronger', () => {
    const first: Seen = { pooled: [LOUD, 1, 1] };
    expect(detect([CALM, first, { pooled: [LOUD, LOUD, 1] }]).lines).toEqual(['1 opened 0']);
    expect(detect([CALM, first, { pooled: [LOUD, LOUD + 1, 1] }]).lines).toEqual(['1 opened 0', '2 opened 1']);
  });

  it('share the surprise, which adds up to 1', () => {
    const { told } = detect([CALM, { pooled: [LOUD, 2, 1] }]);
    const [a = 0, b = 0] = told[0]?.contributions ?? [];
    expect(a).toBeGreaterThan(b);
    expect(a + b).toBeCloseTo(1, 12);
  });

  it('open nothing while the series is muted: not one by one, and not by what all show together', () => {
    const steps: Seen[] = [CALM, { pooled: [LOUD, LOUD + 0.2, 1] }, { pooled: [1, 1, LOUD], apart: [1, 3] }, CALM];
    const { lines, open } = detect(steps, Number.POSITIVE_INFINITY);
    expect(lines).toEqual([]);
    expect(open.flat()).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('tell a long run of what all show together once', () => {
    const run = new Array<Seen>(12).fill({ pooled: [1, 1, 3], point: 4.5, apart: [1, 3] });
    expect(detect([CALM, ...run], undefined, 3000).lines).toEqual(['4 opened 1', '5 closed 1']);
    expect(detect([CALM, ...run, CALM, ...run], undefined, 3000).lines).toHaveLength(4);
  });

  it('open by what all show together, in the name of the one that is furthest apart', () => {
    const { told, lines } = detect([CALM, { pooled: [1, 1, LOUD], apart: [1, 3] }]);
    expect(lines).toEqual(['1 opened 1']);
    expect(told[0]?.contributions).toEqual([0.25, 0.75]);
    expect(told[0]?.evidence[0]?.kind).toBe('joint');
  });

  it('open by what they agree on, in the name of the strongest, from a week on', () => {
    const { told, lines, counters } = detect([CALM, AGREED, CALM], undefined, WEEK);
    expect(lines).toEqual(['1 opened 1', '2 closed 1']);
    expect(told[0]?.severity).toBe('warning');
    expect(told[0]?.evidence.map(({ kind }) => kind)).toContain('joint');
    expect(told[0]?.contributions?.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(Object.keys(counters.episodes)).toHaveLength(2);
    expect(detect([CALM, AGREED, CALM], undefined, WEEK - 2).lines).toEqual([]);
    expect(detect([CALM, AGREED, CALM], Number.POSITIVE_INFINITY, WEEK).lines).toEqual([]);
  });

  it('tell once what they agree on again and again, until they were calm for a while', () => {
    const again = [AGREED, CALM, CALM, CALM];
    expect(detect([CALM, ...again, ...again, ...again, ...again], undefined, WEEK).lines).toHaveLength(2);
    const calm = new Array<Seen>(11).fill(CALM);
    expect(detect([CALM, ...again, ...calm, ...again], undefined, WEEK).lines).toHaveLength(4);
  });

  it('have a score that shows how near they are to agreement', () => {
    const nearly = detect([CALM, { ...AGREED, points: [2.9, 4.2] }], undefined, WEEK).scores[1] ?? [];
    const far = detect([CALM, { ...AGREED, points: [1, 4.2] }], undefined, WEEK).scores[1] ?? [];
    expect(nearly[1]).toBeCloseTo(10 ** (-0.1 / 4), 12);
    expect(far[1]).toBeLessThan(nearly[1] ?? 0);
  });

  it('need more to open alone than with support', () => {
    const loud = THRESHOLD + 0.65;
    expect(detect([CALM, { pooled: [loud, 1, 1] }]).lines).toEqual([]);
    expect(detect([CALM, { pooled: [loud, 1, 1], points: [loud, 2.6] }]).lines).toEqual(['1 opened 0']);
    expect(detect([CALM, { pooled: [loud + 0.3, 1, 1] }]).lines).toEqual(['1 opened 0']);
  });

  it('that stay away are usual after a while when no other one supports them', () => {
    const closed = (after: Seen) => {
      const { told } = detect(
        [CALM, { pooled: [LOUD, 1, 1] }, ...new Array<Seen>(200).fill(after)],
        undefined,
        3000,
        1,
      );
      return told.filter(({ event }) => event === 'closed').map(({ n, closedBy }) => [n, closedBy]);
    };
    expect(closed(CALM)).toEqual([[60, 'new_regime']]);
    expect(closed({ pooled: [1, 1, 1], points: [2.6, 3] })).toEqual([[158, 'new_regime']]);
    expect(closed({ pooled: [1, 1, 1], points: [4, 1] }), 'abnormal by itself').toEqual([[158, 'new_regime']]);
  });
});

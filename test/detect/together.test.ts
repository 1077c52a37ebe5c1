import { describe, expect, it } from 'vitest';
import type { DetectState } from '../../src/detect/detector.ts';
import { THRESHOLD } from '../../src/detect/threshold.ts';
import { detectSteps } from '../../src/detect/together.ts';
import { type EpisodeChange, newCounters, SURPRISES } from '../../src/domain.ts';
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
}

const CALM: Seen = { pooled: [1, 1, 1] };
const LOUD = THRESHOLD + 1.5;

/** Steps of a series with two fields through the detector; every value is within its bounds. */
function detect(steps: readonly Seen[], mutedUntil = Number.NEGATIVE_INFINITY, age = 1000) {
  const many = manyFields(2, { cell: 'last' });
  const { f64 } = many.bank.lane;
  const counters = newCounters();
  const mute = [{ series: [], untilMs: mutedUntil, reason: undefined }];
  const settings = { ...DETECT, mute };
  const state: DetectState = { bank: many.bank, settings, warmupWindows: 64, counters, mutedUntilMs: () => mutedUntil };
  // Not known: no value is away from it, nor back.
  for (let field = 0; field < 3; field++) f64[many.atOf(field) + AT.slow] = Number.NaN;
  f64[many.atOf(2) + AT.everyMs] = EVERY_MS; // as the forecast stage does
  const told: (EpisodeChange & { readonly n: number })[] = [];
  const open: number[][] = [];
  for (const [n, { pooled, apart = [1, 1], point }] of steps.entries()) {
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
    wave.point[2] = point ?? wave.point[2]!;
    wave.usual.fill(Number.NaN);
    wave.apart.set(apart);
    for (const [row, own] of pooled.entries()) wave.surprises.fill(own / 2, row * SURPRISES, (row + 1) * SURPRISES);
    const changes: EpisodeChange[] = [];
    detectSteps(state, wave, changes);
    told.push(...changes.map((change) => ({ ...change, n })));
    open.push([...wave.open.subarray(0, 2)]);
  }
  return { told, open, counters, lines: told.map(({ n, row, event }) => `${n} ${event} ${row}`) };
}

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
});

import { describe, expect, it } from 'vitest';
import { newStage, samplesAt, type TestSample } from './stage.ts';

/** Start in seconds and value. */
const brief = (windows: readonly { startMs: number; value: number }[]): (readonly [number, number])[] =>
  windows.map(({ startMs, value }) => [startMs / 1000, value] as const);

describe('a window', () => {
  it('is aligned to multiples of the interval and holds [start, end)', () => {
    const stage = newStage({ aggregate: 'count' });
    const closed = stage.take(samplesAt(13, 19.999, 20, 29, 30));
    expect(closed.map(({ startMs, endMs, value }) => [startMs, endMs, value])).toEqual([
      [10_000, 20_000, 2],
      [20_000, 30_000, 2],
    ]);
  });

  it('closes when event time reaches its end plus lateness, not before', () => {
    const stage = newStage({ latenessMs: 5000 });
    expect(stage.take(samplesAt(1, 10, 14.999))).toEqual([]);
    expect(brief(stage.take(samplesAt(15)))).toEqual([[0, 1]]);
  });

  it('is closed by the samples of any series', () => {
    const stage = newStage();
    stage.take([{ key: 'a', timeMs: 1000 }]);
    const closed = stage.take([{ key: 'b', timeMs: 10_000 }]);
    expect(closed).toMatchObject([{ key: 'a', startMs: 0, offset: 0 }]);
  });

  it('takes samples in any order within lateness', () => {
    const stage = newStage({ latenessMs: 10_000, aggregate: 'last' });
    const closed = stage.take(samplesAt(9, 19, 12, 3, 8, 35));
    expect(brief(closed)).toEqual([
      [0, 1],
      [10, 2],
    ]);
    expect(stage.state.counters.samplesDropped.late).toBe(0);
  });

  it('may begin before the first sample of its series came', () => {
    const stage = newStage({ latenessMs: 10_000 });
    expect(brief(stage.take(samplesAt(15, 5, 40)))).toEqual([
      [0, 2],
      [10, 1],
    ]);
  });

  it('drops a sample as late exactly when its window is due', () => {
    const stage = newStage({ latenessMs: 5000, aggregate: 'count' });
    const { counters } = stage.state;
    stage.take(samplesAt(5, 14.999, 9.999));
    expect(counters.samplesDropped.late).toBe(0);
    stage.take(samplesAt(15, 9.999));
    expect(counters.samplesDropped.late).toBe(1);
    expect(counters.samplesWindowed).toBe(4);
  });

  it('knows a late series, too: event time is of the whole partition', () => {
    const stage = newStage();
    stage.take([
      { key: 'a', timeMs: 100_000 },
      { key: 'b', timeMs: 50_000 },
    ]);
    expect(stage.state.counters.samplesDropped.late).toBe(1);
  });

  it('drops the same time and value again as duplicate, another value at that time not', () => {
    const stage = newStage({ aggregate: 'mean' });
    const one = { timeMs: 1000, value: 5 };
    const closed = stage.take([one, one, { ...one, value: 7 }, ...samplesAt(10)]);
    expect(brief(closed)).toEqual([[0, 6]]);
    expect(stage.state.counters.samplesDropped.duplicate).toBe(1);
  });

  it.each(['count', 'sum'] as const)('takes equal samples as two of them for a %s', (aggregate) => {
    const stage = newStage({ aggregate });
    const one = { timeMs: 1000, value: 1 };
    expect(brief(stage.take([one, one, ...samplesAt(10)]))).toEqual([[0, 2]]);
  });

  it('is skipped, not told, when a counter has its first reading in it', () => {
    const stage = newStage({ aggregate: 'rate' });
    const readings = [100, 200, 50].map((value, i) => ({ timeMs: 1000 + i * 10_000, value }));
    expect(brief(stage.take([...readings, { timeMs: 31_000, value: 60 }]))).toEqual([
      [10, 10],
      [20, 5],
    ]);
    expect(stage.state.counters).toMatchObject({ windowsClosed: 3, windowsSkipped: { gap: 1 } });
  });

  it('is skipped as not finite when a sum leaves the range of float32', () => {
    const stage = newStage({ aggregate: 'sum' });
    const huge = { timeMs: 1000, value: 3e38 };
    expect(stage.take([huge, huge, { timeMs: 10_000, value: 1 }])).toEqual([]);
    expect(stage.state.counters).toMatchObject({ windowsClosed: 1, windowsSkipped: { non_finite: 1 } });
  });
});

describe('samples that are no numbers', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -3.4e38])('are dropped (%d), and move no time', (value) => {
    const stage = newStage();
    stage.take([...samplesAt(1), { timeMs: 60_000, value }]);
    expect(stage.state.watermark.ms).toBe(1000);
    expect(stage.state.counters.samplesDropped.non_finite).toBe(1);
    expect(stage.state.table.byKey.size).toBe(1);
  });
});

describe('closing order', () => {
  const series = ['c', 'a', 'b'];
  const rounds = (count: number): TestSample[] =>
    Array.from({ length: count }, (_, round) => series.map((key) => ({ key, timeMs: round * 10_000 }))).flat();

  it('is by due time, then by admission, however late event time leaps', () => {
    const stage = newStage({ latenessMs: 30_000 });
    const closed = stage.take([...rounds(4), { key: 'z', timeMs: 500_000 }]);
    expect(closed.map(({ key, startMs }) => `${key}${startMs / 10_000}`).join(' ')).toBe(
      'c0 a0 b0 c1 a1 b1 c2 a2 b2 c3 a3 b3',
    );
  });

  it.each([1, 2, 3, 7])('is the same with waves of %i rows', (waveRows) => {
    const samples = [...rounds(5), { key: 'z', timeMs: 500_000 }];
    const [narrow, wide] = [newStage({ latenessMs: 30_000, waveRows }), newStage({ latenessMs: 30_000 })];
    expect(narrow.take(samples)).toEqual(wide.take(samples));
  });
});

describe('the end of the input', () => {
  it('closes every window that has a sample, and the gaps before it, in closing order', () => {
    const stage = newStage({ latenessMs: 30_000, gaps: { kind: 'fill', value: 0 } });
    stage.take([
      { key: 'a', timeMs: 1000 },
      { key: 'b', timeMs: 2000 },
      { key: 'a', timeMs: 21_000 },
    ]);
    expect(stage.rest().map(({ key, startMs }) => `${key}${startMs / 10_000}`)).toEqual(['a0', 'b0', 'a1', 'a2']);
    expect(stage.rest()).toEqual([]);
  });

  it('lets go on what comes all the same', () => {
    const stage = newStage({ gaps: { kind: 'fill', value: 0 } });
    stage.take(samplesAt(1));
    expect(brief(stage.rest())).toEqual([[0, 1]]);
    expect(brief(stage.take(samplesAt(31)))).toEqual([
      [10, 0],
      [20, 0],
    ]);
  });

  it('has waves of any size', () => {
    const samples = Array.from({ length: 50 }, (_, i) => ({ key: `${i % 7}`, timeMs: i * 1000, value: i }));
    const [narrow, wide] = [newStage({ latenessMs: 60_000, waveRows: 3 }), newStage({ latenessMs: 60_000 })];
    expect([narrow.take(samples), narrow.rest()]).toEqual([wide.take(samples), wide.rest()]);
  });
});

describe('`every: record`', () => {
  it('makes every sample a window of its own, at once', () => {
    const stage = newStage({ every: { kind: 'record' } });
    const closed = stage.take(samplesAt(1, 4, 5));
    expect(closed.map(({ startMs, endMs, value, offset }) => [startMs, endMs, value, offset])).toEqual([
      [1000, 1000, 1, 0],
      [4000, 4000, 2, 1],
      [5000, 5000, 3, 2],
    ]);
  });

  it('drops an equal time as duplicate and an older one as late, by series', () => {
    const stage = newStage({ every: { kind: 'record' } });
    stage.take([...samplesAt(5, 5, 4), { key: 'other', timeMs: 3000 }]);
    expect(stage.state.counters).toMatchObject({
      samplesWindowed: 2,
      samplesDropped: { duplicate: 1, late: 1 },
      windowsClosed: 2,
    });
  });

  it('gives a counter a rate between two records', () => {
    const stage = newStage({ every: { kind: 'record' }, aggregate: 'rate' });
    const readings = [100, 110, 5].map((value, i) => ({ timeMs: i * 2000, value }));
    expect(brief(stage.take(readings))).toEqual([
      [2, 5],
      [4, 2.5],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { GAP } from '../../src/domain.ts';
import { newStage, samplesAt } from './stage.ts';

/** Start in seconds and value. */
const brief = (windows: readonly { startMs: number; value: number }[]): (readonly [number, number])[] =>
  windows.map(({ startMs, value }) => [startMs / 1000, value] as const);

describe('a gap', () => {
  it('is skipped and counted with `ignore`', () => {
    const stage = newStage();
    expect(brief(stage.take(samplesAt(1, 41, 51)))).toEqual([
      [0, 1],
      [40, 2],
    ]);
    expect(stage.state.counters).toMatchObject({ windowsClosed: 5, windowsSkipped: { gap: 3 } });
  });

  it('takes the given value with `fill`', () => {
    const stage = newStage({ gaps: { kind: 'fill', value: 0 } });
    const closed = stage.take(samplesAt(1, 31));
    expect(brief(closed)).toEqual([
      [0, 1],
      [10, 0],
      [20, 0],
    ]);
    expect(closed.map(({ gap }) => gap)).toEqual([GAP.none, GAP.filled, GAP.filled]);
    expect(stage.state.counters).toMatchObject({ windowsClosed: 3, windowsSkipped: { gap: 0 } });
  });

  it('takes the value of the window before with `previous`', () => {
    const stage = newStage({ gaps: { kind: 'previous' } });
    expect(brief(stage.take(samplesAt(1, 31, 41)))).toEqual([
      [0, 1],
      [10, 1],
      [20, 1],
      [30, 2],
    ]);
  });

  it('has nothing to repeat with `previous` before a counter has a rate', () => {
    const stage = newStage({ gaps: { kind: 'previous' }, aggregate: 'rate' });
    expect(stage.take(samplesAt(1, 31))).toEqual([]);
    expect(stage.state.counters).toMatchObject({ windowsClosed: 3, windowsSkipped: { gap: 3 } });
  });

  it('is a row without a value with `anomaly`, from the record that closed it', () => {
    const stage = newStage({ gaps: { kind: 'anomaly' } });
    const closed = stage.take(samplesAt(1, 5, 31));
    expect(closed.slice(1)).toMatchObject([
      { startMs: 10_000, value: Number.NaN, gap: GAP.missing, offset: 2 },
      { startMs: 20_000, value: Number.NaN, gap: GAP.missing, offset: 2 },
    ]);
    expect(stage.state.counters).toMatchObject({ windowsClosed: 3, windowsSkipped: { gap: 2 } });
  });

  it('comes from the record that closed it, even if that was of a series beyond the limit', () => {
    const stage = newStage({ gaps: { kind: 'anomaly' }, seriesMax: 1 });
    const closed = stage.take([
      { key: 'a', timeMs: 0 },
      { key: 'b', timeMs: 5000 },
      { key: 'b', timeMs: 25_000 },
    ]);
    expect(closed.map(({ startMs, offset }) => [startMs, offset])).toEqual([
      [0, 0],
      [10_000, 2],
    ]);
  });

  it('ends after a thousand windows; the rest of a silence is skipped in one go, and counted', () => {
    const stage = newStage({ gaps: { kind: 'fill', value: 0 } });
    const clock = Array.from({ length: 1500 }, (_, i) => ({ key: 'clock', timeMs: i * 10_000 }));
    const closed = stage.take([{ key: 'a', timeMs: 0, value: 7 }, ...clock]);
    expect(closed.filter(({ key }) => key === 'a')).toHaveLength(1001);
    const [back] = stage.take([
      { key: 'a', timeMs: 14_990_000, value: 8 },
      { key: 'clock', timeMs: 15_000_000 },
    ]);
    expect(back).toMatchObject({ key: 'a', startMs: 14_990_000, value: 8 });
    const { windowsClosed, windowsSkipped } = stage.state.counters;
    expect([windowsClosed, windowsSkipped.gap]).toEqual([3000, 1499 - 1001]);
  });
});

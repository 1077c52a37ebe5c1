import { describe, expect, it } from 'vitest';
import { evidenceAddress } from '../../src/kernel/bank.ts';
import { AT, WAIT } from '../../src/kernel/layout.ts';
import { MINUTE } from '../support/streams.ts';
import { newStage, type Stage, type TestSample } from './stage.ts';

const AUTO = { every: { kind: 'auto' } } as const;

function scalar({ state }: Stage, at: number): number | undefined {
  const { bank } = state.table;
  return bank.lane.f64[evidenceAddress(bank, 0) / 8 + at];
}

const everyMinute = (from: number, to: number): TestSample[] =>
  Array.from({ length: to - from }, (_, i) => ({ timeMs: (from + i) * MINUTE, value: from + i }));

describe('a series whose interval is not known', () => {
  it('waits with its first samples, and they count as waiting', () => {
    const stage = newStage(AUTO);
    expect(stage.take(everyMinute(0, WAIT.count - 1))).toEqual([]);
    expect(scalar(stage, AT.waiting)).toBe(32);
    expect(stage.state.counters.samplesWindowed).toBe(0);
  });

  it('replays them into windows with the 33rd', () => {
    const stage = newStage(AUTO);
    const closed = stage.take(everyMinute(0, WAIT.count));
    expect(closed.map(({ startMs, value }) => [startMs / MINUTE, value])).toEqual(
      Array.from({ length: 32 }, (_, i) => [i, i]),
    );
    expect(scalar(stage, AT.everyMs)).toBe(MINUTE);
    expect(scalar(stage, AT.waiting)).toBe(0);
    expect(stage.state.counters.samplesWindowed).toBe(33);
  });

  it('replays in order of time, whatever the order of arrival', () => {
    const [sorted, shuffled] = [newStage(AUTO), newStage(AUTO)];
    const samples = Array.from({ length: WAIT.count }, (_, i) => ({ timeMs: i * 10_000, value: i }));
    const values = (stage: Stage, order: TestSample[]): number[] => stage.take(order).map(({ value }) => value);
    const order = samples.toSorted((a, b) => (a.value % 7) - (b.value % 7));
    expect(values(shuffled, order)).toEqual(values(sorted, samples));
    expect(order).not.toEqual(samples);
  });

  it('lets no duplicate take a place, and counts it', () => {
    const stage = newStage(AUTO);
    stage.take(everyMinute(0, 20).flatMap((sample) => [sample, sample]));
    expect(scalar(stage, AT.waiting)).toBe(20);
    expect(stage.state.counters.samplesDropped.duplicate).toBe(20);
  });

  it('compares with the latest sample, not with the one that arrived last', () => {
    const stage = newStage(AUTO);
    const latest = { timeMs: 5 * MINUTE, value: 1 };
    stage.take([{ timeMs: 0 }, latest, { timeMs: MINUTE, value: 2 }, latest, { ...latest, value: 2 }]);
    expect(stage.state.counters.samplesDropped.duplicate).toBe(1);
    expect(scalar(stage, AT.waiting)).toBe(4);
  });

  it('adds equal samples up for a sum', () => {
    const stage = newStage({ ...AUTO, aggregate: 'sum' });
    const closed = stage.take(everyMinute(0, 40).flatMap((sample) => [sample, sample]));
    expect(closed.map(({ value }) => value)).toEqual(Array.from({ length: closed.length }, (_, i) => 2 * i));
    expect(closed).toHaveLength(39);
  });

  it('fills a gap among them by the policy', () => {
    const stage = newStage({ ...AUTO, gaps: { kind: 'previous' } });
    const samples = everyMinute(0, 36).filter(({ timeMs }) => timeMs !== 7 * MINUTE && timeMs !== 8 * MINUTE);
    const closed = stage.take(samples);
    expect(closed.slice(5, 10).map(({ value }) => value)).toEqual([5, 6, 6, 6, 9]);
  });

  it('does not hold up others, nor learn of their interval', () => {
    const stage = newStage(AUTO);
    const fast = Array.from({ length: 60 }, (_, i) => ({ key: 'fast', timeMs: i * 10_000 }));
    const closed = stage.take([{ key: 'slow', timeMs: 0 }, ...fast]);
    expect(closed).toHaveLength(59);
    expect(closed.every(({ key }) => key === 'fast')).toBe(true);
  });

  it('counts its samples as late when it is forgotten', () => {
    const stage = newStage({ ...AUTO, forgetMs: 30 * MINUTE });
    const clock = Array.from({ length: 80 }, (_, i) => ({ key: 'clock', timeMs: i * MINUTE }));
    stage.take([{ key: 'gone', timeMs: 0 }, { key: 'gone', timeMs: 1 }, ...clock]);
    expect(stage.state.counters).toMatchObject({ seriesEvicted: 1, samplesDropped: { late: 2 }, samplesWindowed: 80 });
  });

  it.each([1, 2, 5])('gives the same windows in waves of %i rows', (waveRows) => {
    const samples = everyMinute(0, 50).flatMap(({ timeMs }) => [
      { key: 'a', timeMs },
      { key: 'b', timeMs: timeMs + 1000 },
    ]);
    expect(newStage({ ...AUTO, waveRows }).take(samples)).toEqual(newStage(AUTO).take(samples));
  });
});

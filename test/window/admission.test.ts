// Which series and which times the window stage lets in, and what is left of those that it should not have.

import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../support/streams.ts';
import { newStage } from './stage.ts';

describe('series', () => {
  it('are refused beyond the limit, by name, and the others stay', () => {
    const stage = newStage({ seriesMax: 2 });
    const closed = stage.take([
      ...['a', 'b', 'c', 'c', 'a'].map((key, i) => ({ key, timeMs: i * 1000 })),
      { key: 'b', timeMs: 10_000 },
    ]);
    expect(closed.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(stage.state.counters).toMatchObject({
      seriesCreated: 2,
      seriesRefused: 2,
      samplesDropped: { key_limit: 2 },
    });
  });

  it('are forgotten after so much event time without a sample, and start anew', () => {
    const stage = newStage({ forgetMs: 2 * HOUR, gaps: { kind: 'previous' } });
    const ticks = Array.from({ length: 200 }, (_, i) => ({ key: 'clock', timeMs: i * MINUTE }));
    stage.take([{ key: 'gone', timeMs: 0, value: 9 }, ...ticks]);
    expect([...stage.state.table.byKey.keys()]).toEqual(['clock']);
    expect(stage.state.forgotten.map(({ key }) => key)).toEqual(['gone']);
    expect(stage.state.counters.seriesEvicted).toBe(1);
    const closed = stage.take([
      { key: 'gone', timeMs: 200 * MINUTE, value: 1 },
      { key: 'clock', timeMs: 201 * MINUTE },
    ]);
    expect(closed.find(({ key }) => key === 'gone')).toMatchObject({ startMs: 200 * MINUTE, value: 1 });
    expect(stage.state.counters.seriesCreated).toBe(3);
  });

  it('close in order of admission also in a slot that a forgotten series left while a gap of it was due', () => {
    const stage = newStage({ forgetMs: 30 * MINUTE, gaps: { kind: 'fill', value: 0 } });
    const ticks = Array.from({ length: 61 }, (_, i) => ({ key: 'clock', timeMs: i * MINUTE }));
    stage.take([{ key: 'early', timeMs: 0 }, ...ticks]);
    stage.take([
      { key: 'second', timeMs: HOUR + 1000 },
      { key: 'third', timeMs: HOUR + 2000 },
    ]);
    expect(stage.state.forgotten.map(({ key }) => key)).toEqual(['early']);
    const closed = stage.take([{ key: 'clock', timeMs: HOUR + 10_000 }]);
    expect(closed.map(({ key }) => key)).toEqual(['clock', 'second', 'third']);
  });
});

describe('a liar', () => {
  const lieMs = Date.UTC(2099, 0);
  const from = Date.UTC(2026, 10, 23);

  it('moves nothing', () => {
    const samples = Array.from({ length: 100 }, (_, i) => ({ key: `${i % 4}`, timeMs: from + i * 3000, value: i }));
    const lied = samples.flatMap((sample, i) =>
      i % 3 === 0 && i > 5 ? [{ key: 'liar', timeMs: lieMs + i }, sample] : [sample],
    );
    const bare = (windows: ReturnType<ReturnType<typeof newStage>['take']>) =>
      windows.map(({ offset: _, ...rest }) => rest);
    const [stage, honest] = [newStage(), newStage()];
    expect(bare(stage.take(lied))).toEqual(bare(honest.take(samples)));
    expect(stage.state.counters.samplesDropped.future).toBe(lied.length - samples.length);
  });

  it.each(['fixed', 'auto', 'record'] as const)('that came first is void, with every: %s', (kind) => {
    const stage = newStage({ every: kind === 'fixed' ? { kind, ms: 10_000 } : { kind }, aggregate: 'last' });
    stage.take([
      { key: 'a', timeMs: lieMs, value: 99 },
      { key: 'a', timeMs: lieMs + HOUR, value: 99 },
    ]);
    const closed = stage.take(
      Array.from({ length: 60 }, (_, i) => ({ key: 'a', timeMs: from + i * 10_000, value: i })),
    );
    expect(closed.map(({ value }) => value)).toEqual(Array.from({ length: kind === 'record' ? 60 : 59 }, (_, i) => i));
    expect(stage.state.watermark.ms).toBe(from + 590_000);
    expect(stage.state.counters.samplesDropped.late).toBe(0);
  });

  it('that came first is forgotten without harm to the wave that tells it', () => {
    const stage = newStage({ every: { kind: 'record' } });
    const samples = [
      { key: 'liar', timeMs: lieMs },
      { key: 'a', timeMs: from },
      { key: 'b', timeMs: from + 1000 },
      { key: 'c', timeMs: from + 2000 },
    ];
    expect(stage.take(samples).map(({ key }) => key)).toEqual(['liar', 'a', 'b', 'c']);
    expect([...stage.state.table.byKey.keys()]).toEqual(['a', 'b', 'c']);
  });
});

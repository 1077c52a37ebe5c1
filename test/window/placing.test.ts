import { describe, expect, it } from 'vitest';
import { evidenceAddress } from '../../src/kernel/bank.ts';
import { AT } from '../../src/kernel/layout.ts';
import { nextDueMs } from '../../src/window/due.ts';
import { isRepeat, noteLatest, placeInWindow, placeRecord } from '../../src/window/placing.ts';
import { newStage, type Stage, samplesAt } from './stage.ts';

/** A stage with one series, slot 0, that has one sample. */
function withOneSeries(options: Parameters<typeof newStage>[0] = {}): Stage & { readonly slab: number } {
  const stage = newStage(options);
  stage.take(samplesAt(15));
  return { ...stage, slab: evidenceAddress(stage.state.table.bank, 0) / 8 };
}

describe('placing a sample', () => {
  it('counts it as windowed and remembers the latest', () => {
    const { state, slab } = withOneSeries({ latenessMs: 10_000 });
    placeInWindow(state, 0, 18_000, 7, 1, true);
    placeInWindow(state, 0, 16_000, 8, 2, true);
    const { f64 } = state.table.bank.lane;
    expect(state.counters.samplesWindowed).toBe(3);
    expect([f64[slab + AT.lastTimeMs], f64[slab + AT.lastSample]]).toEqual([18_000, 7]);
  });

  it('drops it as late where its window is due, unless it had to wait', () => {
    const { state } = withOneSeries();
    placeInWindow(state, 0, 5000, 1, 1, true);
    expect(state.counters.samplesDropped.late).toBe(1);
    placeInWindow(state, 0, 5000, 1, 1, false);
    expect(state.counters.samplesDropped.late).toBe(1);
  });

  it('drops an older reading of a counter as late, though its window is open', () => {
    const { state } = withOneSeries({ aggregate: 'rate' });
    placeInWindow(state, 0, 14_000, 1, 1, true);
    expect(state.counters.samplesDropped.late).toBe(1);
    expect(state.counters.samplesWindowed).toBe(1);
  });

  it('makes it due at once where every sample is a window', () => {
    const { state, slab } = withOneSeries({ every: { kind: 'record' } });
    placeRecord(state, 0, slab, 18_500, 1, 1);
    expect(nextDueMs(state.due)).toBe(18_500);
  });
});

describe('a repeat', () => {
  it('is the very sample that was the latest so far', () => {
    const { state, slab } = withOneSeries();
    noteLatest(state.table.bank.lane.f64, slab, 20_000, 3);
    noteLatest(state.table.bank.lane.f64, slab, 19_000, 4);
    expect(isRepeat(state, slab, 20_000, 3)).toBe(true);
    expect(isRepeat(state, slab, 20_000, 4)).toBe(false);
    expect(isRepeat(state, slab, 19_000, 4)).toBe(false);
  });

  it.each(['sum', 'count'] as const)('is not known to a %s', (aggregate) => {
    const { state, slab } = withOneSeries({ aggregate });
    noteLatest(state.table.bank.lane.f64, slab, 20_000, 3);
    expect(isRepeat(state, slab, 20_000, 3)).toBe(false);
  });
});

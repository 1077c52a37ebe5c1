import { describe, expect, it } from 'vitest';
import { evidenceAddress } from '../../src/kernel/bank.ts';
import { AT } from '../../src/kernel/layout.ts';
import { dueMsOf, hasOpenSample, openRing } from '../../src/window/closing.ts';
import { nextDueMs } from '../../src/window/due.ts';
import { placeRecord } from '../../src/window/placing.ts';
import { newStage, samplesAt } from './stage.ts';

describe('the due time of a window', () => {
  it('is its end plus lateness', () => {
    const { state } = newStage({ latenessMs: 5000 });
    expect(dueMsOf(state, 10_000, 20_000)).toBe(35_000);
  });

  it('is its start when every sample is a window', () => {
    const { state } = newStage({ every: { kind: 'record' }, latenessMs: 5000 });
    expect(dueMsOf(state, 10_000, 20_000)).toBe(20_000);
  });

  it('is bounded by the room for open windows when the interval is found', () => {
    const { state } = newStage({ every: { kind: 'auto' }, latenessMs: 30_000, openWindows: 4 });
    expect(dueMsOf(state, 1000, 0)).toBe(1000 + 2000);
    expect(dueMsOf(state, 60_000, 0)).toBe(60_000 + 30_000);
  });
});

describe('the interval of a series', () => {
  it('is the step to the closing window, and not to a sample behind it, where every sample is a window', () => {
    const { state, take } = newStage({ every: { kind: 'record' } });
    const everyMs = (): number | undefined => {
      const { bank } = state.table;
      return bank.lane.f64[evidenceAddress(bank, 0) / 8 + AT.everyMs];
    };
    take(samplesAt(15));
    expect(everyMs()).toBe(0);
    take(samplesAt(18.5));
    expect(everyMs()).toBe(3500);
    placeRecord(state, 0, evidenceAddress(state.table.bank, 0) / 8, 60_000, 1, 2);
    expect(everyMs()).toBe(3500);
  });
});

describe('open windows', () => {
  it('have a place each, as many as there is room for', () => {
    const { state, take } = newStage({ openWindows: 3, latenessMs: 10_000 });
    take(samplesAt(1));
    const places = [0, 10, 20, 30].map((second) => openRing(state, 0, second * 1000));
    expect(new Set(places).size).toBe(3);
    expect(places[3]).toBe(places[0]);
  });

  it('share one place when every sample is a window', () => {
    const { state, take } = newStage({ every: { kind: 'record' } });
    take(samplesAt(1));
    expect(openRing(state, 0, 1000)).toBe(openRing(state, 0, 2345));
  });

  it('are known by their samples', () => {
    const stage = newStage({ latenessMs: 10_000 });
    stage.take(samplesAt(1));
    expect(hasOpenSample(stage.state, 0)).toBe(true);
    stage.rest();
    expect(hasOpenSample(stage.state, 0)).toBe(false);
  });

  it('are due from the oldest on, also when it is opened last', () => {
    const stage = newStage({ latenessMs: 20_000 });
    stage.take(samplesAt(25));
    expect(nextDueMs(stage.state.due)).toBe(50_000);
    stage.take(samplesAt(5));
    expect(nextDueMs(stage.state.due)).toBe(30_000);
  });
});

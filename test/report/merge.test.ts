import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Counters, newCounters } from '../../src/domain.ts';
import type { LaneReport } from '../../src/report/laneReport.ts';
import { accept, laneEnded, newMerge } from '../../src/report/merge.ts';
import { laneViews, shareViews, streamViews } from '../../src/report/views.ts';
import { laneReport, share, streamReport } from './synthetic.ts';

function counted(received: number): Counters {
  const counters = { ...newCounters(), recordsReceived: received };
  counters.episodes['opened/warning/spike'] = received;
  counters.samplesDropped.late = received;
  return counters;
}

function received(merge: ReturnType<typeof newMerge>): number {
  return streamViews(merge)[0]?.totals.counters.recordsReceived ?? Number.NaN;
}

/** One lane with one share of stream `s` in which everything was counted `n` times. */
function lane(number: number, n: number, partition = 0): LaneReport {
  return laneReport(number, {
    rebalances: n,
    backpressureSeconds: n,
    recreations: n,
    leaderMoves: n,
    shares: [share('s', { partition, counters: counted(n), offsetGap: n, position: n })],
    streams: [streamReport('s', { scores: { counts: [n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], sum: n / 2 } })],
  });
}

describe('merge', () => {
  it('knows every configured stream and lane before the first report', () => {
    const merge = newMerge(['s', 't'], 2);
    expect(streamViews(merge).map(({ stream, totals }) => [stream, totals.counters])).toEqual([
      ['s', newCounters()],
      ['t', newCounters()],
    ]);
    expect(laneViews(merge, new Map()).map(({ lane: number, restarts }) => [number, restarts])).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('adds up lanes and keeps only the latest report of each', () => {
    const merge = newMerge(['s'], 2);
    accept(merge, lane(0, 5));
    accept(merge, lane(1, 7, 1));
    accept(merge, lane(0, 6));
    expect(received(merge)).toBe(13);
    expect(streamViews(merge)[0]?.totals.scores).toEqual({ counts: [13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], sum: 6.5 });
  });

  it('keeps what a lane counted when it is started anew', () => {
    const merge = newMerge(['s'], 1);
    accept(merge, lane(0, 5));
    laneEnded(merge, 0);
    expect(received(merge)).toBe(5);
    accept(merge, lane(0, 2));
    const [view] = laneViews(merge, new Map());
    expect(received(merge)).toBe(7);
    expect(view).toMatchObject({ restarts: 1, totals: { rebalances: 7, backpressureSeconds: 7 } });
    expect(shareViews(merge)[0]).toMatchObject({ offsetGap: 7, share: { offsetGap: 2 } });
    expect(streamViews(merge)[0]?.totals.counters.episodes).toEqual({ 'opened/warning/spike': 7 });
  });

  it('counts a restart of a lane that ended before it could report', () => {
    const merge = newMerge(['s'], 1);
    laneEnded(merge, 0);
    laneEnded(merge, 0);
    accept(merge, lane(0, 1));
    expect(laneViews(merge, new Map())[0]?.restarts).toBe(2);
  });

  it('keeps what was counted in a partition that was given away and taken back', () => {
    const merge = newMerge(['s'], 1);
    accept(merge, lane(0, 5));
    accept(merge, laneReport(0));
    expect(received(merge)).toBe(5);
    accept(merge, lane(0, 2));
    accept(merge, lane(0, 1));
    expect(received(merge)).toBe(8);
  });

  it('tells of a share once, as its newest owner does', () => {
    const merge = newMerge(['s'], 2);
    accept(merge, lane(1, 5));
    accept(merge, lane(0, 9));
    expect(shareViews(merge).map(({ share: { position } }) => position)).toEqual([9]);
  });

  it('weighs means by the series that they speak for', () => {
    const merge = newMerge(['s'], 1);
    const series = (ready: number) => ({
      ready,
      warming: 0,
      silent: 0,
      anomalous: 0,
      muted: 0,
      onBaseline: 0,
      scoredOnBaseline: 0,
    });
    const shares = [
      share('s', { series: series(3), skill: 0.5, firstScoreSeconds: 9 }),
      share('s', { partition: 1, series: series(1), skill: -0.5, firstScoreSeconds: 4 }),
      share('s', { partition: 2 }),
    ];
    accept(merge, laneReport(0, { shares }));
    expect(streamViews(merge)[0]).toMatchObject({ skill: 0.25, coverage: undefined, ready: 4, firstScoreSeconds: 4 });
  });

  it('never lets a counter fall, whatever lanes and partitions do', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('count' as const), lane: fc.nat(2), by: fc.nat(5) }),
      fc.record({ kind: fc.constant('end' as const), lane: fc.nat(2), by: fc.constant(0) }),
      fc.record({ kind: fc.constant('give away' as const), lane: fc.nat(2), by: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const merge = newMerge(['s'], 3);
        const counts = [0, 0, 0];
        let total = 0;
        for (const { kind, lane: number, by } of steps) {
          if (kind === 'end') laneEnded(merge, number);
          if (kind === 'give away') accept(merge, laneReport(number));
          if (kind === 'count') {
            counts[number] = (counts[number] ?? 0) + by;
            accept(merge, lane(number, counts[number], number));
            total += by;
          } else counts[number] = 0;
          expect(received(merge)).toBe(total);
        }
      }),
    );
  });
});

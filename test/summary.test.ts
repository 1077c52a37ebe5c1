import { describe, expect, it } from 'vitest';
import { newWave, type SeriesKey } from '../src/domain.ts';
import type { Work } from '../src/pipeline.ts';
import { ROW_SIZE } from '../src/report/laneReport.ts';
import type { Share } from '../src/share.ts';
import { newSummary } from '../src/summary.ts';
import { admit, forget } from '../src/window/series.ts';
import { deliver, emptyShare } from './support/shares.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from './support/streams.ts';

const START = Date.UTC(2026, 10, 23);

const clock = { now: () => 1000, monotonic: () => 1000 };

function workOf(share: Share, slot: number, score: number): Work {
  const wave = newWave(1);
  wave.count = 1;
  wave.slot[0] = slot;
  wave.value[0] = 5;
  wave.expected[0] = 4;
  wave.lower[0] = 3;
  wave.upper[0] = 6;
  wave.score[0] = score;
  const batch = { topic: 't', partition: 0, records: [], endOffset: 7 };
  return { share, batch, wave, changes: [], reject: () => {}, flush: false, decoded: true, done: true };
}

function newShare(): Share {
  return emptyShare(streamSettings({ model: SMALL_MODEL }));
}

function host(share: Share, name: string) {
  const series = admit(share.series, `host="${name}"` as SeriesKey, [name]);
  if (series === undefined) throw new Error('not admitted');
  return { series, slot: series.slots[0] ?? -1 };
}

describe('summary', () => {
  it('introduces a series once, and then tells its last window', () => {
    const share = newShare();
    const summary = newSummary([share.stream.name], clock);
    summary.add(share);
    const { slot } = host(share, 'a');
    summary.collect(workOf(share, slot, 0.2));
    summary.collect(workOf(share, slot, 0.4));
    const first = summary.take();
    expect(first.admitted).toMatchObject([{ key: 'host="a"', labels: { host: 'a' }, field: 'value' }]);
    expect([...first.rows]).toEqual([first.admitted[0]?.row, 0.4, 5, 4, 3, 6, 0]);
    expect(summary.take().rows).toHaveLength(0);
    summary.collect(workOf(share, slot, 0.1));
    expect(summary.take()).toMatchObject({ admitted: [], removed: [] });
  });

  it('tells the value of a warming series, but neither score nor band', () => {
    const share = newShare();
    const summary = newSummary([share.stream.name], clock);
    summary.add(share);
    summary.collect(workOf(share, host(share, 'a').slot, Number.NaN));
    expect([...summary.take().rows].slice(1)).toEqual([Number.NaN, 5, Number.NaN, Number.NaN, Number.NaN, 0]);
  });

  it('gives a new series a row of its own when it takes the slot of a forgotten one in the same batch', () => {
    const share = newShare();
    const summary = newSummary([share.stream.name], clock);
    summary.add(share);
    const old = host(share, 'old');
    summary.collect(workOf(share, old.slot, 0.2));
    const [before] = summary.take().admitted;
    share.window.forgotten.push(...forget(share.series, Number.POSITIVE_INFINITY));
    const next = host(share, 'next');
    expect(next.slot).toBe(old.slot);
    summary.collect(workOf(share, next.slot, 0.3));
    summary.batchEnded(workOf(share, next.slot, 0.3));
    const after = summary.take();
    expect(after.removed).toEqual([before?.row]);
    expect(after.admitted.map(({ key }) => key)).toEqual(['host="next"']);
    expect(after.rows).toHaveLength(ROW_SIZE);
    expect(after.rows[0]).toBe(after.admitted[0]?.row);
  });

  it('removes all rows of a share that is given away', () => {
    const share = newShare();
    const summary = newSummary([share.stream.name], clock);
    summary.add(share);
    summary.collect(workOf(share, host(share, 'a').slot, 0.2));
    const [admitted] = summary.take().admitted;
    summary.remove(share);
    const after = summary.take();
    expect(after.removed).toEqual([admitted?.row]);
    expect(after.shares).toEqual([]);
  });

  it('tells what warming series wait for, and how long one waited for its first score', async () => {
    const share = emptyShare(streamSettings({ model: SMALL_MODEL, window: { latenessMs: 0 } }));
    const summary = newSummary([share.stream.name], clock);
    summary.add(share);
    const minute = (h: string, n: number) => {
      const value = new TextEncoder().encode(JSON.stringify({ h, t: START + n * MINUTE, v: Math.sin(n) }));
      return { offset: n, timestampMs: undefined, key: null, value };
    };
    const records = Array.from({ length: 120 }, (_, n) => [
      minute('ready', n),
      ...(n < 40 ? [minute('stopped', n)] : []),
      ...(n >= 80 ? [minute('learns', n)] : []),
      ...(n >= 110 ? [minute('no interval', n)] : []),
    ]);
    await deliver(share, [records.flat()], { collect: (work) => summary.collect(work) });
    const { shares, streams } = summary.take();
    expect(shares).toMatchObject([
      { series: { ready: 1, warming: 3 }, warmingFor: { interval: 1, windows: 1, samples: 1 } },
    ]);
    // The first 50 windows are learned, the one after is scored: 51 minutes.
    const { counts = [], sum } = streams[0]?.firstScore ?? {};
    expect([counts.reduce((all, count) => all + count, 0), sum]).toEqual([1, 51 * 60]);
  });
});

it('tells a silent partition from one that is read from behind, and from one that nobody reads', () => {
  let now = 0;
  const flow = { endOffset: 7, isReading: true };
  const share = newShare();
  const summary = newSummary([share.stream.name], { now: () => now, monotonic: () => now }, () => flow);
  summary.add(share);
  const told = (ms: number, position: number) => {
    now = ms;
    share.position = position;
    const [{ isSilent, behindSeconds } = { isSilent: undefined, behindSeconds: undefined }] = summary.take().shares;
    return [isSilent, behindSeconds];
  };
  const { quietMs } = share.stream.limits;
  share.window.watermark.ms = 0;
  expect(told(quietMs, 7)).toEqual([false, 0]);
  expect(told(quietMs + 1, 7)).toEqual([true, 0]);
  flow.isReading = false;
  expect(told(quietMs + 1, 7)).toEqual([false, 0]);
  flow.isReading = true;
  // More is there, but nothing of it was read for long: a record of a transaction, or a batch that cannot be read.
  expect(told(quietMs + 1, 6)).toEqual([false, 0]);
  const record = { offset: 5, timestampMs: undefined, key: null, value: null };
  const work = workOf(share, 0, 0);
  summary.batchEnded({ ...work, batch: { ...work.batch, records: [record] } });
  expect(told(quietMs + 2, 6)).toEqual([false, (quietMs + 2) / 1000]);
});

import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../src/decode/rows.ts';
import { newWave, type SourceRecord } from '../src/domain.ts';
import { copiedSlabs } from '../src/kernel/bank.ts';
import { newLaneMemory } from '../src/kernel/memory.ts';
import type { ShareSnapshot } from '../src/ports.ts';
import { dissolveShare, endFreeze, fits, freezeShare, thawShare } from '../src/share.ts';
import { closeWindows } from '../src/window/tumbling.ts';
import { trialOf } from './scenario/trials.ts';
import { batchOf, deliver, emptyShare, kept, minutes, newOutcome, restarted, START, small } from './support/shares.ts';
import { HOUR, MINUTE, SMALL_MODEL } from './support/streams.ts';

describe('a share', () => {
  it('skips records below its position', async () => {
    const share = emptyShare(small());
    const records = minutes(0, 10, ['a']);
    await deliver(share, [records.slice(0, 6)]);
    expect(share.position).toBe(51);
    await deliver(share, [records]);
    expect(share.counters.recordsReceived).toBe(10);
    expect(share.position).toBe(91);
  });

  it('gives each series weights of its own, and the same ones in every share', async () => {
    const slabs = async (hosts: readonly string[]): Promise<Map<string, string>> => {
      const share = emptyShare(small());
      await deliver(share, [minutes(0, 5, hosts, () => 1)]);
      return new Map(freezeShare(share).series.map(({ key, slab }) => [key, Buffer.from(slab).toString('hex')]));
    };
    const [one, other] = [await slabs(['a', 'b']), await slabs(['b'])];
    const beginning = (hex: string | undefined): string | undefined => hex?.slice(0, 256);
    expect(beginning(one.get('["value","b"]'))).toBe(beginning(other.get('["value","b"]')));
    expect(beginning(one.get('["value","a"]'))).not.toBe(beginning(one.get('["value","b"]')));
  });

  it('changes nobody else by forgetting a series', async () => {
    const forgetful = small({ limits: { forgetMs: 30 * MINUTE } });
    const [alone, together] = [newOutcome(), newOutcome()];
    const clock = minutes(0, 300, ['clock']);
    const guests = [...minutes(0, 20, ['x', 'guest']), ...minutes(150, 170, ['x', 'later'])].filter(
      (_, i) => i % 2 === 1,
    );
    const mixed = [...clock, ...guests].sort((a, b) => a.offset - b.offset);
    await deliver(emptyShare(forgetful), [clock], { outcome: alone });
    const share = emptyShare(forgetful);
    await deliver(share, [mixed], { outcome: together });
    expect(share.counters.seriesEvicted).toBe(2);
    expect(together.windows.filter(({ key }) => key === 'host="clock"')).toEqual(alone.windows);
  });

  it('scores a series that came back like one that was never there', async () => {
    const forgetful = small({ limits: { forgetMs: 30 * MINUTE } });
    const late = [...minutes(0, 600, ['clock']), ...minutes(400, 600, ['x', 'a']).filter((_, i) => i % 2 === 1)];
    const early = minutes(0, 90, ['x', 'a']).filter((_, i) => i % 2 === 1);
    const run = async (records: SourceRecord[]) => {
      const share = emptyShare(forgetful);
      const { windows } = await deliver(share, [records.sort((one, other) => one.offset - other.offset)]);
      return {
        share,
        windows: windows.filter(({ key, startMs }) => key === 'host="a"' && startMs >= START + 400 * MINUTE),
      };
    };
    const [back, fresh] = [await run([...late, ...early]), await run(late)];
    expect(back.share.counters.seriesCreated).toBe(3);
    expect(back.windows).toHaveLength(199);
    expect(back.windows.some(({ score }) => score > 0)).toBe(true);
    expect(back.windows).toEqual(fresh.windows);
  });

  it('gives its memory back', async () => {
    const memory = newLaneMemory();
    const once = async (): Promise<number> => {
      const share = emptyShare(small(), memory);
      await deliver(share, [minutes(0, 3, Array.from({ length: 100 }, (_, i) => `h${i}`).slice(0, 9))]);
      dissolveShare(share);
      return memory.top;
    };
    const top = await once();
    expect(top).toBeGreaterThan(0);
    expect([await once(), await once()]).toEqual([top, top]);
  });
});

describe('a frozen share', () => {
  it('is a copy: what comes later does not change it', async () => {
    const share = emptyShare(small());
    await deliver(share, [minutes(0, 50, ['a', 'b'])]);
    const snapshot = freezeShare(share);
    const before = kept(snapshot);
    await deliver(share, [minutes(50, 100, ['a', 'b'])]);
    expect(kept(snapshot)).toEqual(before);
    expect(kept(freezeShare(share))).not.toEqual(before);
  });

  it('tells every slab that changed since the sealed one, whatever came: none is missed', {
    timeout: 60_000,
  }, async () => {
    const memory = newLaneMemory();
    const seen = { changed: 0, unchanged: 0 };
    for (let seed = 0; seed < 48; seed++) {
      const { stream, records } = trialOf(seed);
      const share = emptyShare(stream, memory);
      let sealed = new Map<string, Uint8Array>();
      for (let from = 0; from < records.length; from += 17) {
        await deliver(share, [records.slice(from, from + 17)]);
        const { series } = kept(freezeShare(share));
        for (const { key, slab, changed } of series) {
          const same = Buffer.compare(slab, sealed.get(key) ?? new Uint8Array()) === 0;
          if (!same) expect(changed, `seed ${seed}, record ${from}, ${key}`).toBe(true);
          seen[changed === false ? 'unchanged' : 'changed']++;
        }
        const outcome = from % 3 === 0 ? 'failed' : 'sealed';
        endFreeze(share, outcome);
        if (outcome === 'sealed') sealed = new Map(series.map(({ key, slab }) => [key, slab]));
      }
      dissolveShare(share);
    }
    expect(Math.min(seen.changed, seen.unchanged)).toBeGreaterThan(300);
  });

  it('copies few slabs at a time, however many change in one batch', async () => {
    const hosts = Array.from({ length: 700 }, (_, i) => `host-${i}`);
    const share = emptyShare(small({ model: { ...SMALL_MODEL, cell: 'last' }, limits: { series: 1_000 } }));
    const at = (ms: number, offset: number): SourceRecord[] =>
      hosts.map((h, i) => {
        const value = new TextEncoder().encode(JSON.stringify({ h, t: START + ms, v: i % 5 }));
        return { offset: offset + i, timestampMs: undefined, key: null, value };
      });
    await deliver(share, [at(0, 0)]);
    freezeShare(share);
    // Half a minute later: no window closes, so nothing but the copies ends a wave.
    decodeBatch(share.decode, batchOf(at(30_000, 1_000)), share.position, () => {});
    const [wave, copies] = [newWave(256), [] as number[]];
    for (let done = false; !done; ) {
      done = closeWindows(share.window, share.decode.rows, wave);
      copies.push(copiedSlabs(share.bank));
    }
    expect(copies).toEqual([256, 512, 700]);
  });

  it('thaws in the order of admission, in whatever order a store gives the series', async () => {
    const share = emptyShare(small());
    await deliver(share, [minutes(0, 20, ['c', 'a', 'b'])]);
    const snapshot = kept(freezeShare(share));
    const again = emptyShare(small());
    thawShare(again, { ...snapshot, series: snapshot.series.toReversed() });
    expect([...again.series.byKey.keys()]).toEqual([...share.series.byKey.keys()]);
  });

  it('thaws into a share that freezes to the same bytes', async () => {
    const share = emptyShare(small({ window: { gaps: { kind: 'previous' } } }));
    await deliver(share, [minutes(0, 100, ['a', 'b', 'c'])]);
    const before = kept(freezeShare(share));
    // And what a new series starts from.
    expect(before.series.map(({ key }) => key)).toEqual([...'abc'].map((host) => `["value","${host}"]`).concat('[]'));
    const after = kept(freezeShare(restarted(share)));
    const unchanged = before.series.map((one) => ({ ...one, changed: false }));
    expect(after).toEqual({ ...before, series: unchanged });
  });

  it('names series whose labels need quoting', async () => {
    const hosts = ['a"b', 'c,d="e', 'f\\g', '["value","x"]'];
    const share = emptyShare(small());
    await deliver(share, [minutes(0, 10, hosts)]);
    const keys = [...share.series.byKey.keys()];
    expect([...restarted(share).series.byKey.keys()]).toEqual(keys);
    expect(keys).toHaveLength(4);
  });

  it('keeps what is due: a gap that was due before is told after', async () => {
    const stream = small({ window: { gaps: { kind: 'anomaly' } } });
    const records = [...minutes(0, 30, ['a', 'b']), ...minutes(30, 60, ['a'])];
    const straight = await deliver(emptyShare(stream), [records]);
    const share = emptyShare(stream);
    const outcome = newOutcome();
    await deliver(share, [records.slice(0, 65)], { outcome });
    await deliver(restarted(share), [records.slice(65)], { outcome });
    expect(outcome.windows).toEqual(straight.windows);
    expect(outcome.windows.filter(({ gap }) => gap > 0)).toHaveLength(29);
  });

  it('fits the same configuration and slab only', async () => {
    const share = emptyShare(small());
    await deliver(share, [minutes(0, 3, ['a'])]);
    const snapshot = freezeShare(share);
    const other = { ...small(), configHash: 'ba9876543210' };
    const larger = small({ model: { ...SMALL_MODEL, lookback: 16 } });
    expect([small(), other, larger].map((stream) => fits(emptyShare(stream), snapshot))).toEqual([true, false, false]);
  });

  const slabs = (snapshot: ShareSnapshot): unknown => kept(snapshot).series.map(({ key, slab }) => [key, slab]);

  it('keeps its models, whatever becomes of detection', async () => {
    const share = emptyShare(small());
    await deliver(share, [minutes(0, 200, ['a', 'b'])]);
    const snapshot = kept(freezeShare(share));
    const changed = small({
      detect: {
        threshold: { kind: 'budget', perDay: 3, per: 'stream' },
        mute: [{ series: [{ label: 'host', value: 'a' }], untilMs: START + 300 * MINUTE, reason: 'known' }],
        direction: 'above',
        deviation: { absolute: 1, relative: 0.1 },
        range: { min: 0, max: 100 },
      },
    });
    const again = emptyShare(changed);
    expect(fits(again, snapshot)).toBe(true);
    expect(thawShare(again, snapshot)).toBe(0);
    expect(slabs(freezeShare(again))).toEqual(slabs(snapshot));
    const straight = await deliver(share, [minutes(200, 260, ['a', 'b'])]);
    const { windows } = await deliver(again, [minutes(200, 260, ['a', 'b'])]);
    const expected = (all: typeof windows): number[] => all.map((one) => one.expected);
    expect(expected(windows)).toEqual(expected(straight.windows));
    expect(windows.every(({ score }) => !Number.isNaN(score))).toBe(true);
  });

  it('refuses a field that the stream does not have', async () => {
    const share = emptyShare(small());
    await deliver(share, [minutes(0, 3, ['a'])]);
    const renamed = small({ decode: { fields: [{ field: 'renamed', path: ['v'] }] } });
    expect(() => thawShare(emptyShare(renamed), freezeShare(share))).toThrow('unknown fields value');
  });

  it('of nothing is possible, too', async () => {
    const share = restarted(emptyShare(small()));
    expect(share.position).toBe(0);
    const { windows } = await deliver(share, [minutes(0, 5, ['a'])]);
    expect(windows).toHaveLength(4);
  });
});

it('keeps event time, doubts and the hour of forgetting over a restart', async () => {
  const share = emptyShare(small());
  await deliver(share, [minutes(0, 90, ['a', 'b', 'c']), minutes(9000, 9001, ['a', 'b'])]);
  const { watermark, forgetHour, pending } = restarted(share).window;
  expect(watermark.ms).toBe(START + 89 * MINUTE);
  expect(watermark.witnesses).toEqual(['host="a"', 'host="b"']);
  expect(forgetHour).toBe(Math.floor((START + 89 * MINUTE) / HOUR));
  expect(pending.offset).toBe(90_001);
});

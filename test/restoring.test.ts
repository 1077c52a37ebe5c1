import { expect, it } from 'vitest';
import type { SourceRecord } from '../src/domain.ts';
import { newLaneMemory } from '../src/kernel/memory.ts';
import type { Snapshot } from '../src/ports.ts';
import { restore } from '../src/restoring.ts';
import { freezeShare, type Share } from '../src/share.ts';
import { deliver, emptyShare, kept } from './support/shares.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from './support/streams.ts';

const STREAM = streamSettings({
  window: { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0 },
  model: SMALL_MODEL,
});
const ID = { topic: 'topic', partition: 0 };
/** Room for the models of 64 series, besides what the kernel takes. */
const { lane, layout } = emptyShare(STREAM).bank;
const PAGES = Math.ceil((lane.top + 2 * 32 * layout.slabBytes) / 65_536);

/** One record of each host a minute. */
function minutes(from: number, to: number, hosts: number): SourceRecord[] {
  return Array.from({ length: (to - from) * hosts }, (_, i) => {
    const minute = from + Math.floor(i / hosts);
    const value = JSON.stringify({ h: `host-${i % hosts}`, t: minute * MINUTE, v: i % 7 });
    return { offset: from * hosts + i, timestampMs: undefined, key: null, value: new TextEncoder().encode(value) };
  });
}

function restoring(share: Share, snapshot: Snapshot | undefined, committed?: number) {
  const logged: string[] = [];
  const start = restore(
    {
      store: {
        open: () => Promise.resolve({ snapshot, epoch: 1 }),
        save: () => Promise.reject(new Error('not asked for')),
        close: () => {},
      },
      clock: { now: () => 0, monotonic: () => 0 },
      log: (level, code) => logged.push(`${level} ${code}`),
    },
    ID,
    [share],
    committed,
  );
  return { start, logged };
}

it('refuses series for which the lane has no memory, counts them, and goes on with the others', async () => {
  const share = emptyShare(STREAM, newLaneMemory(PAGES));
  const { windows } = await deliver(share, [minutes(0, 3, 70), minutes(3, 6, 70)]);
  expect(share.series.byKey.size).toBe(64);
  expect(new Set(windows.map(({ key }) => key)).size).toBe(64);
  expect(share.counters).toMatchObject({ seriesCreated: 64, seriesRefused: 36, samplesDropped: { key_limit: 36 } });
  expect(share.position).toBe(6 * 70);
});

it('restores as many models as the memory holds, and says how it went', async () => {
  const full = emptyShare(STREAM);
  await deliver(full, [minutes(0, 3, 70)]);
  const share = emptyShare(STREAM, newLaneMemory(PAGES));
  const { start, logged } = restoring(share, { shares: [kept(freezeShare(full))] });
  expect(await start).toEqual({ kind: 'offset', offset: 210 });
  expect(share.series.byKey.size).toBe(64);
  expect(logged).toEqual(['error memory_limit']);
  const { windows } = await deliver(share, [minutes(3, 6, 70)]);
  expect(new Set(windows.map(({ key }) => key)).size).toBe(64);
});

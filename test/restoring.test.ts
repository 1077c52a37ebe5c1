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

function restoring(
  share: Share,
  snapshot: Snapshot | undefined,
  committed?: number,
  reaches?: (offset: number) => Promise<boolean>,
) {
  const logged: string[] = [];
  const restored = restore(
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
    { committed, reaches },
  );
  return { restored, start: restored.then(({ start }) => start), logged };
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

it('starts cold at the beginning of a partition that was created again, and says so', async () => {
  const full = emptyShare(STREAM);
  await deliver(full, [minutes(0, 3, 70)]);
  const snapshot = { shares: [kept(freezeShare(full))] };
  const endsAt =
    (end: number) =>
    (offset: number): Promise<boolean> =>
      Promise.resolve(offset <= end);
  const cases = [
    { snapshot, committed: 210, end: 210, start: { kind: 'offset', offset: 210 }, recreated: false },
    { snapshot, committed: 210, end: 209, start: { kind: 'earliest' }, recreated: true },
    { snapshot: undefined, committed: 210, end: 209, start: { kind: 'earliest' }, recreated: true },
    // What an earlier incarnation left at the group is no position of this one.
    { snapshot, committed: 500, end: 400, start: { kind: 'offset', offset: 210 }, recreated: false },
    { snapshot: undefined, committed: undefined, end: 0, start: { kind: 'earliest' }, recreated: false },
  ] as const;
  for (const { snapshot: kept, committed, end, start, recreated } of cases) {
    const share = emptyShare(STREAM);
    const { restored, logged } = restoring(share, kept, committed, endsAt(end));
    expect(await restored).toEqual({ start, isRecreated: recreated });
    expect(logged).toEqual(recreated ? ['error topic_recreated'] : []);
    expect(share.series.byKey.size > 0).toBe(start.kind === 'offset');
  }
});

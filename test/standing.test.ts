// What a share tells of its series as a whole: who is muted, and what their budget promises.

import { expect, it } from 'vitest';
import type { SourceRecord } from '../src/domain.ts';
import type { DetectSettings } from '../src/settings.ts';
import { standingOf } from '../src/standing.ts';
import { deliver, emptyShare } from './support/shares.ts';
import { DAY, MINUTE, SMALL_MODEL, streamSettings } from './support/streams.ts';

const START = Date.UTC(2026, 10, 23);
const WINDOWS = 100;
const FIELDS = [
  { field: 'v', path: ['v'] },
  { field: 'w', path: ['w'] },
];

/** Three hosts with a sample a minute; `late` begins in the last ten, so that it still warms up. */
async function shareWith(detect: Partial<DetectSettings>, fields = FIELDS.slice(0, 1)) {
  const window = { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0 } as const;
  const share = emptyShare(streamSettings({ model: SMALL_MODEL, window, detect, decode: { fields } }));
  const records: SourceRecord[] = [];
  for (let i = 0; i < WINDOWS; i++) {
    for (const [n, h] of ['a', 'b', 'late'].entries()) {
      if (h === 'late' && i < WINDOWS - 10) continue;
      const text = JSON.stringify({ h, t: START + i * MINUTE, v: 10 + (i % 7), w: i % 5 });
      records.push({ offset: i * 3 + n, timestampMs: undefined, key: null, value: new TextEncoder().encode(text) });
    }
  }
  await deliver(share, [records]);
  return share;
}

it('promises what the budget gives its ready series; a stream shares it among all that there are', async () => {
  const promised = async (threshold: DetectSettings['threshold'], fields = FIELDS.slice(0, 1)) =>
    standingOf(await shareWith({ threshold }, fields)).budgetPerDay;
  expect(await promised({ kind: 'fixed', decades: 3.5 })).toBeUndefined();
  expect(await promised({ kind: 'budget', perDay: 0.5, per: 'series' })).toBe(1);
  expect(await promised({ kind: 'budget', perDay: 3, per: 'stream' })).toBeCloseTo(2, 12);
  expect(await promised({ kind: 'budget', perDay: 0.5, per: 'series' }, FIELDS), 'of several values').toBe(1);
});

it('counts as promised what the budget allowed for the time watched', async () => {
  const { counters } = await shareWith({ threshold: { kind: 'budget', perDay: 0.5, per: 'series' } });
  // Scored are the 51st to the 99th, of each of the two; time is counted from one to the next.
  expect(counters.watchedSeconds).toBeCloseTo(2 * 48 * 60, 6);
  expect(counters.episodesAllowed).toBeCloseTo((0.5 * 2 * 48 * MINUTE) / DAY, 9);
});

it('counts the series that are muted at the event time reached', async () => {
  const now = START + (WINDOWS - 1) * MINUTE;
  const muted = async (host: string | undefined, untilMs: number) => {
    const series = host === undefined ? [] : [{ label: 'host', value: host }];
    return standingOf(await shareWith({ mute: [{ series, untilMs, reason: undefined }] })).series.muted;
  };
  expect(await muted('a', now + 1)).toBe(1);
  expect(await muted('a', now)).toBe(0);
  expect(await muted(undefined, now + 1)).toBe(3);
  expect(await muted('nobody', now + 1)).toBe(0);
});

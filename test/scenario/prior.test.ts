// Series that begin when others have taught the stream's prior: what they start from is the same, whatever the borders
// of batches, the size of waves, and the restarts in between; and it stays when those that taught it are forgotten.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/domain.ts';
import { lessonsOf } from '../../src/forecast/prior.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import { freezeShare, type Share } from '../../src/share.ts';
import { deliver, emptyShare, newOutcome, type Outcome, restarted } from '../support/shares.ts';
import { MINUTE, SMALL_MODEL, type StreamChanges, streamSettings } from '../support/streams.ts';
import { cut } from './trials.ts';

const START = Date.UTC(2026, 10, 23);
const OLD = ['a', 'b', 'c', 'd', 'e', 'f'];
/** The old hosts, which begin one after the other, have their lessons every 64 minutes; then hosts begin, too. */
const YOUNG_FROM = 10 * 64;
const YOUNG = 10;
const MINUTES = 700;
/** Where all of the old but one end: before the hour at which they are forgotten. */
const OLD_UNTIL = 590;

function recordsOf(oldUntil = MINUTES): SourceRecord[] {
  const random = newRandom(20);
  const records: SourceRecord[] = [];
  for (let n = 0; n < MINUTES; n++) {
    const young = Math.max(0, Math.min(YOUNG, n - YOUNG_FROM));
    const old = OLD.slice(0, n < oldUntil ? n + 1 : 1);
    const hosts = [...old, ...Array.from({ length: young }, (_, i) => `young-${i}`)];
    // In another order each minute.
    hosts.sort(() => uniform(random) - 0.5);
    for (const [i, h] of hosts.entries()) {
      const p = 10 * h.length * (3 + Math.sin((2 * Math.PI * n) / 24) + uniform(random));
      const text = JSON.stringify({ h, t: START + n * MINUTE + 100 * i, p, q: p * p + uniform(random) });
      records.push({ offset: 100 * n + i, timestampMs: undefined, key: null, value: new TextEncoder().encode(text) });
    }
  }
  return records;
}

const FIELDS = ['p', 'q'].map((field) => ({ field, path: [field] }));
const ONE_FIELD: StreamChanges = { decode: { fields: FIELDS.slice(0, 1) }, model: SMALL_MODEL };
const NO_PRIOR: StreamChanges = { ...ONE_FIELD, model: { ...SMALL_MODEL, prior: 'none' } };
const KINDS: Readonly<Record<string, StreamChanges>> = {
  'of one field': ONE_FIELD,
  'with a network for each field': { decode: { fields: FIELDS }, model: SMALL_MODEL },
  'with one network for all fields': { decode: { fields: FIELDS }, model: { ...SMALL_MODEL, fields: 'joint' } },
  'without a prior': NO_PRIOR,
};

function shareOf(changes: StreamChanges, forgetMs?: number): Share {
  const window = { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0 } as const;
  return emptyShare(
    streamSettings({ ...changes, window, ...(forgetMs === undefined ? {} : { limits: { forgetMs } }) }),
  );
}

async function run(changes: StreamChanges, way: { batches: number; waveRows: number; restarts: boolean }) {
  const outcome = newOutcome();
  let share = shareOf(changes);
  for (const batch of cut(newRandom(way.batches), recordsOf(), way.batches)) {
    await deliver(share, [batch], { waveRows: way.waveRows, outcome });
    if (way.restarts) share = restarted(share);
  }
  return { share, outcome, state: stateOf(share) };
}

function stateOf(share: Share): ReadonlyMap<string, string> {
  const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return new Map(freezeShare(share).series.map(({ key, slab }) => [key, sum(slab)]));
}

/** Of the windows of the young. */
const expectedOf = ({ windows }: Outcome): readonly number[] =>
  windows.filter(({ key }) => key.includes('young')).map(({ expected }) => expected);

describe.each(Object.entries(KINDS))('a stream %s', (_, changes) => {
  it('starts series alike, however records and waves are cut', { timeout: 120_000 }, async () => {
    const whole = await run(changes, { batches: 1, waveRows: 256, restarts: false });
    expect(whole.state.has('[]')).toBe(changes.model?.prior !== 'none');
    expect(lessonsOf(whole.share.forecast) >= 50).toBe(changes.model?.prior !== 'none');
    for (const way of [
      { batches: 60, waveRows: 256, restarts: false },
      { batches: 4, waveRows: 3, restarts: false },
      { batches: 4, waveRows: 7, restarts: false },
      { batches: 25, waveRows: 256, restarts: true },
    ]) {
      const other = await run(changes, way);
      expect(other.outcome.windows.length).toBe(whole.outcome.windows.length);
      expect(expectedOf(other.outcome)).toEqual(expectedOf(whole.outcome));
      expect(other.state).toEqual(whole.state);
    }
  });
});

it('starts series from what is forgotten otherwise', { timeout: 60_000 }, async () => {
  const share = shareOf(ONE_FIELD, 5 * MINUTE);
  const outcome = newOutcome();
  await deliver(share, [recordsOf(OLD_UNTIL)], { outcome });
  expect(share.counters.seriesEvicted).toBe(OLD.length - 1);
  expect(lessonsOf(share.forecast)).toBeGreaterThanOrEqual(50);

  const alone = shareOf(NO_PRIOR, 5 * MINUTE);
  const other = newOutcome();
  await deliver(alone, [recordsOf(OLD_UNTIL)], { outcome: other });
  const last = (of: Outcome): readonly number[] => expectedOf(of).slice(-20);
  expect(last(outcome)).not.toEqual(last(other));
});

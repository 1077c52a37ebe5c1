// `model.learn` through the real pipeline: what a fault and a new level leave behind in a model.

import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/domain.ts';
import { evidenceAddress } from '../../src/kernel/bank.ts';
import { AT } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import type { Share } from '../../src/share.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { streamSettings } from '../support/streams.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 5, 1);
const DAYS = 3;
/** Windows of five minutes before something happens. */
const ONSET = 600;

/** A steady series whose value is `away` from window ONSET on, for so many windows. */
function records(away: number, lasts: number): SourceRecord[] {
  const random = newRandom(3);
  return Array.from({ length: (DAYS * 1440) / 5 }, (_, n) => {
    const harm = n >= ONSET && n < ONSET + lasts ? away : 0;
    const value = JSON.stringify({ h: 'a', t: START + n * 5 * MINUTE, v: 50 + gaussian(random) + harm });
    return { offset: n, timestampMs: undefined, key: null, value: Buffer.from(value) };
  });
}

async function after(lasts: number, releaseMs: number | undefined): Promise<Share> {
  const share = emptyShare(streamSettings({ model: { releaseMs } }));
  await deliver(share, [records(20, lasts)], { flush: true });
  return share;
}

const trainings = ({ bank }: Share): number => bank.lane.f64[evidenceAddress(bank, 0) / 8 + AT.trainings] ?? 0;

describe('model.learn', () => {
  it('learns everything by default', async () => {
    const { counters } = await after(12, undefined);
    expect(counters.quarantine).toEqual({ held: 0, released: 0, discarded: 0 });
  });

  it('leaves an hour of fault out, and the passes that would look back on it', async () => {
    const [all, without] = [await after(12, undefined), await after(12, 4 * 60 * MINUTE)];
    const { held, released, discarded } = without.counters.quarantine;
    expect(held).toBeGreaterThanOrEqual(12);
    expect(released).toBe(0);
    expect(discarded).toBeGreaterThanOrEqual(1);
    // 32 windows of lookback and the episode, a pass every 8.
    expect(trainings(all) - trainings(without)).toBeGreaterThanOrEqual(5);
    expect(without.counters.windowsLearned).toBe(all.counters.windowsLearned);
  });

  it('learns a new level after all', async () => {
    const { counters } = await after(200, 30 * MINUTE);
    expect(counters.quarantine.released).toBeGreaterThanOrEqual(1);
    expect(counters.quarantine.held).toBeLessThan(40);
  });
});

import { describe, expect, it } from 'vitest';
import type { Counters } from '../src/domain.ts';
import { evidenceAddress } from '../src/kernel/bank.ts';
import { AT } from '../src/kernel/layout.ts';
import { newLaneMemory } from '../src/kernel/memory.ts';
import { dissolveShare, type Share } from '../src/share.ts';
import { trialOf } from './scenario/trials.ts';
import { deliver, emptyShare, minutes, small } from './support/shares.ts';

function waitingIn({ series, bank }: Share): number {
  let waiting = 0;
  for (const [slot, owner] of series.bySlot.entries()) {
    if (owner !== undefined) waiting += bank.lane.f64[evidenceAddress(bank, slot) / 8 + AT.waiting] ?? 0;
  }
  return waiting;
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

function expectLedgers(counters: Counters, waiting: number): void {
  const { recordsReceived, recordsDecoded, recordsRejected } = counters;
  expect(recordsReceived).toBe(recordsDecoded + total(recordsRejected));
  const { samplesDecoded, samplesWindowed, samplesDropped } = counters;
  expect(samplesDecoded).toBe(samplesWindowed + total(samplesDropped) + waiting);
  const { windowsClosed, windowsScored, windowsWarming, windowsSkipped } = counters;
  expect(windowsClosed).toBe(windowsScored + windowsWarming + total(windowsSkipped));
}

describe('the ledgers of a share', () => {
  it('add up, whatever comes', async () => {
    const seen = { rejected: 0, dropped: 0, skipped: 0, scored: 0, waiting: 0 };
    const memory = newLaneMemory();
    for (let seed = 0; seed < 30; seed++) {
      const { stream, records } = trialOf(seed);
      const share = emptyShare(stream, memory);
      await deliver(share, [records.slice(0, 50)]);
      seen.waiting += waitingIn(share);
      expectLedgers(share.counters, waitingIn(share));
      await deliver(share, [records.slice(50)], { flush: seed % 2 === 0 });
      const { counters } = share;
      expectLedgers(counters, waitingIn(share));
      seen.rejected += total(counters.recordsRejected);
      seen.dropped += total(counters.samplesDropped);
      seen.skipped += total(counters.windowsSkipped);
      seen.scored += counters.windowsScored;
      dissolveShare(share);
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(30);
  }, 30_000);

  it('count waiting samples neither as windowed nor as dropped until the interval is known', async () => {
    const share = emptyShare(small({ window: { every: { kind: 'auto' } } }));
    const records = minutes(0, 40, ['a']);
    await deliver(share, [records.slice(0, 32)]);
    expect([waitingIn(share), share.counters.samplesWindowed, share.counters.windowsClosed]).toEqual([32, 0, 0]);
    await deliver(share, [records.slice(32)]);
    expect([waitingIn(share), share.counters.samplesWindowed]).toEqual([0, 40]);
  });
});

// A flood of keys takes no model from anybody who goes on sending.

import { expect, it } from 'vitest';
import { flood } from './flood.ts';

it('keeps the models of 500 steady series while 200,000 keys come once', { timeout: 180_000 }, async () => {
  const rounds = 60;
  const [steady, latecomers] = [500, 50];
  const result = await flood({ steady, latecomers, limit: 600, keys: 200_000, rounds });
  // Each has learned every window but its first: none was ever cut off.
  expect(result.learned).toHaveLength(steady - latecomers);
  expect(result.learned[0]).toBeGreaterThanOrEqual(rounds - 1);
  // Those that began when the share was full have taken the places of keys that came once.
  expect(result.latecomersIn).toBe(latecomers);
  expect(result.share.series.byKey.size).toBe(600);
  const { counters } = result.share;
  expect(counters.seriesRefused).toBe(counters.samplesDropped.key_limit);
  expect(counters.seriesRefused).toBeGreaterThan(190_000);
  expect(result.bankBytes[1]).toBe(result.bankBytes[0]);
});

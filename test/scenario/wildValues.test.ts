// Values that no network likes: nothing may stay in a slab that is no number, and scores must stay numbers.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SourceRecord } from '../../src/domain.ts';
import { evidenceAddress, hotAddress, optimiserAddress } from '../../src/kernel/bank.ts';
import { OPEN } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { dissolveShare, type Share } from '../../src/share.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from '../support/streams.ts';

const STREAM = streamSettings({
  window: { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0, openWindows: 2 },
  model: SMALL_MODEL,
});

const wild = fc.oneof(
  fc.double({ noNaN: true, min: -3.3e38, max: 3.3e38 }),
  fc.constantFrom(0, -0, 5e-324, -5e-324, 1e-300, 1, 1 + Number.EPSILON, 3.3e38, -3.3e38, 1e30, -1e-30),
  fc.integer({ min: -3, max: 3 }),
);

function recordOf(minute: number, value: number): SourceRecord {
  const text = JSON.stringify({ t: 1e12 + minute * MINUTE, h: 'a', v: value });
  return { offset: minute, timestampMs: undefined, key: null, value: Buffer.from(text) };
}

/** Numbers of the only slab that are NaN, by part; infinities count as well. */
function unsound({ bank }: Share): string[] {
  const { f64, f32 } = bank.lane;
  const { layout } = bank;
  const evidence = evidenceAddress(bank, 0);
  const doubles = f64.subarray(evidence / 8, (evidence + layout.openAt) / 8 + 2 * OPEN.size);
  const singles = f32.subarray((evidence + layout.halfHourAt) / 4, (evidence + layout.tablesAt) / 4);
  const hot = f32.subarray(hotAddress(bank, 0) / 4, (hotAddress(bank, 0) + layout.hotBytes) / 4);
  const at = optimiserAddress(bank, 0);
  const moments = f32.subarray(at / 4, (at + layout.optimiserBytes) / 4);
  const parts = { doubles, singles, hot, moments };
  return Object.entries(parts).flatMap(([name, numbers]) =>
    [...numbers].flatMap((x, i) => (Number.isFinite(x) ? [] : [`${name}[${i}] = ${x}`])),
  );
}

it('leaves every slab finite and every score a number, whatever the values', { timeout: 60_000 }, async () => {
  const memory = newLaneMemory();
  await fc.assert(
    fc.asyncProperty(fc.array(wild, { minLength: 120, maxLength: 200 }), async (values) => {
      const share = emptyShare(STREAM, memory);
      const { windows } = await deliver(share, [values.map((value, minute) => recordOf(minute, value))], {
        flush: true,
      });
      expect(unsound(share)).toEqual([]);
      const scored = windows.filter(({ score }) => !Number.isNaN(score));
      expect(scored.length).toBe(windows.length - 50);
      expect(scored.every(({ score }) => score >= 0 && score < Number.POSITIVE_INFINITY)).toBe(true);
      dissolveShare(share);
    }),
    { numRuns: 60 },
  );
});

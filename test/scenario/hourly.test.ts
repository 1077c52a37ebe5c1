// A month of hours, 700 windows: warm-up takes 100 of them, the season is learned, and a spike is found.

import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/domain.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { HOUR, streamSettings } from '../support/streams.ts';

const START = Date.UTC(2026, 10, 2);
const WINDOWS = 700;
const SPIKE = 450;
const WARMUP = 100;

function usual(n: number): number {
  return 100 + 30 * Math.sin((2 * Math.PI * n) / 24);
}

function recordsOf(seed: number): SourceRecord[] {
  const random = newRandom(seed);
  return Array.from({ length: WINDOWS }, (_, n) => {
    const v = usual(n) + 2 * gaussian(random) + (n === SPIKE ? 120 : 0);
    const text = JSON.stringify({ h: 'a', t: START + n * HOUR, v });
    return { offset: n, timestampMs: undefined, key: null, value: new TextEncoder().encode(text) };
  });
}

describe.each([1, 2, 3])('700 hours, seed %i', (seed) => {
  it('are scored after 100 windows; the spike is found, little else, and the season is forecast', async () => {
    const share = emptyShare(streamSettings({ window: { every: { kind: 'auto' } } }));
    const { events, windows } = await deliver(share, [recordsOf(seed)], { flush: true });
    expect(windows).toHaveLength(WINDOWS);
    expect(windows.findIndex(({ score }) => !Number.isNaN(score))).toBe(WARMUP);

    const opened = events.filter(({ event }) => event === 'opened').map(({ window }) => Date.parse(window.start));
    expect(opened).toContain(START + SPIKE * HOUR);
    expect(opened.length).toBeLessThanOrEqual(3);

    const last = windows.slice(-168);
    const error = last.reduce((sum, { value, expected }) => sum + Math.abs(value - expected), 0);
    const naive = last.reduce((sum, { value }, i) => sum + Math.abs(value - (last[i - 1]?.value ?? value)), 0);
    expect(error).toBeLessThan(0.8 * naive);
  });
});

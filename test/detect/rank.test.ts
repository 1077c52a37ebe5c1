import { describe, expect, it } from 'vitest';
import { isCandidate, learnRank, rankedSurprise, reachOf } from '../../src/detect/rank.ts';
import { AT } from '../../src/kernel/layout.ts';
import { oneSeries } from '../support/slabs.ts';

const REACH = 100;

/** With windows of no time at all: what is there after so long is asked for apart. */
function newRank(everyMs = 0) {
  const { bank, at, evidence } = oneSeries('last');
  const { f64, f32 } = bank.lane;
  f64[at + AT.everyMs] = everyMs;
  const peaks = (evidence + bank.layout.peaksAt) / 4;
  return {
    /** True when the window is a candidate; then it is learned. */
    see(pooled: number): boolean {
      const candidate = isCandidate(f64, at, pooled);
      learnRank(f64, f32, at, peaks, pooled, candidate, REACH);
      return candidate;
    },
    ranked: (pooled: number) => rankedSurprise(f64, f32, at, peaks, pooled),
  };
}

describe('rank', () => {
  it('reaches about eight hours, within 24 and 100 windows', () => {
    expect(reachOf(300_000)).toBe(96);
    expect(reachOf(3_600_000)).toBe(24);
    expect(reachOf(1000)).toBe(100);
    expect(reachOf(0)).toBe(100);
  });

  it('takes a window as news only when it beats all within its reach', () => {
    const rank = newRank();
    expect(rank.see(3)).toBe(true);
    expect(rank.see(3)).toBe(false);
    expect(rank.see(2.9)).toBe(false);
    expect(rank.see(3.1)).toBe(true);
    for (let n = 0; n < REACH + 10; n++) rank.see(1);
    expect(rank.see(2)).toBe(true);
  });

  it('takes away a decade for eight earlier peaks of the size, and nothing for smaller ones but that of one', () => {
    const rank = newRank();
    for (let episode = 0; episode < 9; episode++) {
      rank.see(4);
      for (let n = 0; n < REACH + 10; n++) rank.see(1);
    }
    // The ninth peak is not finished yet, and quiet windows between two episodes are small peaks of their own.
    expect(rank.ranked(4)).toBeCloseTo(4 - Math.log10(10), 6);
    expect(rank.ranked(5)).toBeCloseTo(5 - Math.log10(2), 6);
  });

  it('keeps the largest 64 peaks', () => {
    const rank = newRank();
    for (let episode = 0; episode < 80; episode++) {
      rank.see(3 + episode / 100);
      for (let n = 0; n < REACH + 10; n++) rank.see(0.5);
    }
    expect(rank.ranked(3.5)).toBeLessThan(3.5 - 1.4);
    expect(rank.ranked(3.78)).toBeGreaterThan(3.78 - 0.5);
  });

  it('takes nothing away for as many peaks of the size as there were months', () => {
    const day = 86_400_000;
    const rank = newRank(day / REACH);
    const live = (days: number): void => {
      for (let n = 0; n < days * REACH; n++) rank.see(1);
    };
    for (let month = 0; month < 6; month++) {
      rank.see(4);
      live(30);
    }
    // Five are finished, in six months; the sixth is not.
    expect(rank.ranked(4)).toBeCloseTo(4 - Math.log10(2), 6);
    const often = newRank(day / REACH);
    for (let week = 0; week < 24; week++) {
      often.see(4);
      for (let n = 0; n < 7 * REACH; n++) often.see(1);
    }
    const months = (24 * (7 * REACH + 1)) / REACH / 30;
    expect(often.ranked(4)).toBeCloseTo(4 - Math.log10(2) - Math.log10((23 + 2) / (months + 2)), 6);
  });
});

import { expect, it } from 'vitest';
import type { ClosedWindow } from '../../src/backtest/detection.ts';
import { follow, newEpisodes } from '../../src/backtest/episodes.ts';
import type { EpisodeChange } from '../../src/domain.ts';

function windowOf(at: number, open: boolean, score: number, change?: Partial<EpisodeChange>): ClosedWindow {
  const what = { row: 0, event: 'opened', kind: 'spike', severity: 'info', evidence: [] } as const;
  const full = { ...what, startedAtMs: at, latencyWindows: 0, closedBy: undefined };
  const times = { startMs: at, endMs: at + 10 };
  const numbers = { value: at, expected: 0, lower: -1, upper: 1, score };
  return { field: 0, ...times, ...numbers, open, line: at, change: change && { ...full, ...change } };
}

it('numbers episodes from their opening to their closing', () => {
  const episodes = newEpisodes();
  const numbers = [
    windowOf(0, false, 0.2),
    windowOf(10, true, 1.2, { startedAtMs: 5, latencyWindows: 1 }),
    windowOf(20, true, 1.9, { event: 'escalated', severity: 'critical' }),
    windowOf(30, true, 1.1),
    windowOf(40, false, 0.1, { event: 'closed', kind: 'shift', severity: 'critical', closedBy: 'recovered' }),
    windowOf(50, false, 0.1),
    windowOf(60, true, 1.3, {}),
  ].map((window) => follow(episodes, window));
  expect(numbers).toEqual([undefined, 1, 1, 1, undefined, undefined, 2]);
  const [first, second] = episodes.all;
  expect(first).toMatchObject({ startMs: 5, openedMs: 10, lastMs: 40, endMs: 40, kind: 'shift', severity: 'critical' });
  expect(first).toMatchObject({ latencyWindows: 1, closedBy: 'recovered' });
  expect(first?.peak).toMatchObject({ startMs: 20, score: 1.9 });
  expect(second).toMatchObject({ number: 2, endMs: undefined, lastMs: 70, latencyWindows: 0, closedBy: undefined });
});

it('keeps fields apart, and counts over all of them', () => {
  const episodes = newEpisodes();
  const other = { ...windowOf(10, true, 1.5, {}), field: 1 };
  expect([windowOf(10, true, 1.2, {}), other, windowOf(20, true, 1.2)].map((one) => follow(episodes, one))).toEqual([
    1, 2, 1,
  ]);
});

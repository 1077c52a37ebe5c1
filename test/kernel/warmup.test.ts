import { expect, it } from 'vitest';
import { warmupWindowsOf } from '../../src/kernel/warmup.ts';

it('takes about two days, within 150 and 600 windows, unless the stream says a number', () => {
  expect(warmupWindowsOf('auto', 300_000)).toBe(576);
  expect(warmupWindowsOf('auto', 60_000)).toBe(600);
  expect(warmupWindowsOf('auto', 3_600_000)).toBe(150);
  expect(warmupWindowsOf('auto', 0)).toBe(600);
  expect(warmupWindowsOf(64, 300_000)).toBe(64);
});

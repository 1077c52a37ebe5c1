import { expect, it } from 'vitest';
import { warmupWindowsOf } from '../../src/kernel/warmup.ts';

it('takes about a day, within 100 and 300 windows, unless the stream says a number', () => {
  expect(warmupWindowsOf('auto', 300_000)).toBe(288);
  expect(warmupWindowsOf('auto', 60_000)).toBe(300);
  expect(warmupWindowsOf('auto', 3_600_000)).toBe(100);
  expect(warmupWindowsOf('auto', 0)).toBe(300);
  expect(warmupWindowsOf(64, 300_000)).toBe(64);
});

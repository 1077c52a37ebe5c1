import { expect, it } from 'vitest';
import { newCounters } from '../../src/domain.ts';
import { addCounters, beganAnew } from '../../src/report/totals.ts';

const ones = JSON.parse(
  JSON.stringify({ ...newCounters(), episodes: { 'opened/info/gap': 0 } }).replaceAll(':0', ':1'),
) as ReturnType<typeof newCounters>;

it('adds every counter there is', () => {
  const total = newCounters();
  addCounters(total, ones);
  expect(total).toEqual(ones);
});

it('sees a new beginning in any counter that fell', () => {
  expect(beganAnew(ones, ones)).toBe(false);
  expect(beganAnew(newCounters(), ones)).toBe(false);
  expect(beganAnew(ones, { ...ones, windowsScored: 0 })).toBe(true);
});

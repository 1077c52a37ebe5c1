import { expect, it } from 'vitest';
import { isUnbroken, readableOffset } from '../../src/source/kafkaHeld.ts';
import type { MemberEvents } from '../../src/source/kafkaState.ts';
import { keepingLog } from '../support/kafkaTools.ts';

it.each([
  { before: ['m', 3], now: ['m', 4], unbroken: true, why: 'the next generation' },
  { before: ['m', 3], now: ['m', 3], unbroken: true, why: 'the same generation again' },
  { before: ['m', 3], now: ['m', 5], unbroken: false, why: 'a generation in between was missed' },
  { before: ['m', 3], now: ['n', 4], unbroken: false, why: 'the group threw the member out' },
  { before: [null, null], now: ['m', 1], unbroken: false, why: 'the first join' },
  { before: ['m', null], now: ['m', null], unbroken: false, why: 'generations are unknown' },
] as const)('keeps what is held: $unbroken, $why', ({ before, now, unbroken }) => {
  const membership = ([memberId, generationId]: readonly [string | null, number | null]): object =>
    ({ memberId, generationId }) as const;
  expect(isUnbroken(membership(before) as never, membership(now) as never)).toBe(unbroken);
});

it('reads inside what the partition holds, and tells what is gone', () => {
  const gaps: number[] = [];
  const { log, lines } = keepingLog();
  const told = {
    events: { gap: (_at: unknown, records: number) => gaps.push(records) } as unknown as MemberEvents,
    log,
  };
  const read = (offset: number): number =>
    readableOffset({ topic: 't', partition: 1 }, offset, { low: 10, high: 20 }, told);
  expect([10, 15, 20].map(read)).toEqual([10, 15, 20]);
  expect(gaps).toEqual([]);
  expect(read(4)).toBe(10);
  expect(gaps).toEqual([6]);
  expect(lines).toEqual([]);
  expect(read(21)).toBe(20);
  expect(lines).toEqual(['warn offset_beyond_end t/1 ends at 20, but was read up to 21: was it created again?']);
});

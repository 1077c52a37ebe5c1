import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { beatWhile, newTurns, nextSliceRecords, settledWithin, toRecord } from '../../src/source/kafkaSlices.ts';

it('finds slices of about 20 ms, whatever a record costs', () => {
  for (const recordMs of [0.01, 0.1, 1, 5]) {
    let size = 64;
    for (let n = 0; n < 20; n++) size = nextSliceRecords(size, size, size * recordMs);
    expect(size * recordMs).toBeGreaterThan(10);
    expect(size * recordMs).toBeLessThanOrEqual(20);
  }
});

it('shrinks at once when records become dear, and keeps one record at least', () => {
  expect(nextSliceRecords(1_000, 1_000, 2_000)).toBe(10);
  expect(nextSliceRecords(1, 1, 5_000)).toBe(1);
});

it('learns nothing from a short slice but that it was too long', () => {
  expect(nextSliceRecords(500, 3, 1)).toBe(500);
  expect(nextSliceRecords(500, 40, 40)).toBe(20);
});

it('stays between one record and ten thousand', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (size, share, elapsedMs) => {
        const next = nextSliceRecords(size, Math.max(1, Math.floor(size * share)), elapsedMs);
        expect(Number.isInteger(next) && next >= 1 && next <= 10_000).toBe(true);
      },
    ),
  );
});

it('turns messages into records, with -1 as no timestamp', () => {
  const message = { attributes: 0, offset: '9007199254740991', key: null, value: Buffer.from('v'), headers: {} };
  expect(toRecord({ ...message, timestamp: '-1' })).toEqual({
    offset: Number.MAX_SAFE_INTEGER,
    timestampMs: undefined,
    key: null,
    value: Buffer.from('v'),
    headers: {},
  });
  expect(toRecord({ ...message, timestamp: '1795771860000' }).timestampMs).toBe(1_795_771_860_000);
});

it('takes turns in order, and a failed one does not hold up the next', async () => {
  const turn = newTurns();
  const steps: string[] = [];
  const step = async (name: string): Promise<void> => {
    steps.push(`${name} begins`);
    await Promise.resolve();
    steps.push(`${name} ends`);
    if (name === 'a') throw new Error('no luck');
  };
  const a = turn(() => step('a'));
  const b = turn(() => step('b'));
  await expect(a).rejects.toThrow('no luck');
  await b;
  expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('beats while work lasts, gives its result, and lets a failed beat end the waiting', async () => {
  vi.useFakeTimers();
  try {
    let beats = 0;
    const beat = async (): Promise<void> => {
      beats++;
      if (beats === 5) throw new Error('rebalancing');
    };
    const long = new Promise<string>((resolve) => setTimeout(resolve, 350, 'done'));
    const first = beatWhile(long, beat, 100);
    await vi.advanceTimersByTimeAsync(350);
    expect(await first).toBe('done');
    expect(beats).toBe(3);
    const second = expect(beatWhile(new Promise(() => {}), beat, 100)).rejects.toThrow('rebalancing');
    await vi.advanceTimersByTimeAsync(200);
    await second;
    await expect(beatWhile(Promise.reject(new Error('broken')), beat, 100)).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('tells whether something settled in time, also by failing', async () => {
  expect(await settledWithin(Promise.reject(new Error('x')), 10_000)).toBe(true);
  expect(await settledWithin(new Promise(() => {}), 1)).toBe(false);
});

import { expect, it } from 'vitest';
import { inSlices } from '../src/slices.ts';

/** Steps of 7 ms each by their own clock. */
function work(steps: number) {
  let now = 0;
  let done = 0;
  function* all(): Generator<void, string> {
    for (; done < steps; done++) {
      now += 7;
      yield;
    }
    return 'ended';
  }
  return { all, monotonic: () => now, done: () => done };
}

it('gives others a turn after every 20 ms, and answers what the work returns', async () => {
  const { all, monotonic, done } = work(10);
  const turns: number[] = [];
  let over = false;
  const others = (async () => {
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      turns.push(done());
    }
  })();
  expect(await inSlices(all(), monotonic)).toBe('ended');
  over = true;
  await others;
  // The third step of a slice is the one that ends it; it counts when it is asked for the next one.
  expect([...new Set(turns)].slice(0, 3)).toEqual([2, 5, 8]);
});

it('takes short work at once, and hands on what it throws', async () => {
  const short = work(2);
  const result = inSlices(short.all(), short.monotonic);
  expect(short.done()).toBe(2);
  expect(await result).toBe('ended');
  function* failing(): Generator<void, void> {
    yield;
    throw new Error('damaged');
  }
  await expect(inSlices(failing(), () => 0)).rejects.toThrow('damaged');
});

import { describe, expect, it } from 'vitest';
import { newFeed } from '../src/feed.ts';
import type { Work } from '../src/pipeline.ts';

/** Works that are done after so many turns; the feed looks at nothing else. */
function works(...turns: readonly number[]): {
  readonly works: Work[];
  readonly log: string[];
  step(work: Work): void;
} {
  const left = new Map<Work, number>();
  const log: string[] = [];
  const all = turns.map((count) => {
    const work = { done: false } as Work;
    left.set(work, count);
    return work;
  });
  return {
    works: all,
    log,
    step(work) {
      const rest = (left.get(work) ?? 0) - 1;
      left.set(work, rest);
      work.done = rest === 0;
      log.push(`${all.indexOf(work)}${work.done ? ' done' : ''}`);
    },
  };
}

function feedOf(clock: { ms: number }, slices: number[] = []) {
  return newFeed(
    () => clock.ms,
    (ms) => slices.push(ms),
  );
}

async function pullAll(feed: ReturnType<typeof newFeed>, step: (work: Work) => void): Promise<void> {
  for await (const work of feed.works) step(work);
}

describe('the feed', () => {
  it('hands each work over until it is done, one after the other, and only then answers', async () => {
    const feed = feedOf({ ms: 0 });
    const { works: pushed, log, step } = works(3, 1, 2);
    const pulled = pullAll(feed, step);
    await feed.push(pushed).then(() => log.push('answered'));
    expect(log).toEqual(['0', '0', '0 done', '1 done', '2', '2 done', 'answered']);
    feed.end();
    await pulled;
  });

  it('takes the next batch when the last one was answered', async () => {
    const feed = feedOf({ ms: 0 });
    const [one, other] = [works(2), works(1)];
    const pulled = pullAll(feed, (work) => (one.works.includes(work) ? one : other).step(work));
    await feed.push(one.works);
    await feed.push(other.works);
    expect([one.log, other.log]).toEqual([['0', '0 done'], ['0 done']]);
    feed.end();
    await pulled;
  });

  it('refuses a second batch while one is in hand', async () => {
    const feed = feedOf({ ms: 0 });
    const { works: pushed, step } = works(1);
    const first = feed.push(pushed);
    await expect(feed.push(works(1).works)).rejects.toThrow('one batch at a time');
    const pulled = pullAll(feed, step);
    await first;
    feed.end();
    await pulled;
  });

  it('passes by works that are done already', async () => {
    const feed = feedOf({ ms: 0 });
    const { works: pushed, log, step } = works(1, 1);
    for (const work of pushed.slice(0, 1)) work.done = true;
    const pulled = pullAll(feed, step);
    await feed.push(pushed);
    expect(log).toEqual(['1 done']);
    feed.end();
    await pulled;
  });

  it('ends after what is in hand, and takes nothing more', async () => {
    const feed = feedOf({ ms: 0 });
    const { works: pushed, log, step } = works(3);
    const pulled = pullAll(feed, step);
    const answered = feed.push(pushed);
    feed.end();
    await pulled;
    await answered;
    expect(log).toEqual(['0', '0', '0 done']);
    await expect(feed.push(works(1).works)).rejects.toThrow('stopping');
  });

  it('ends while it waits', async () => {
    const feed = feedOf({ ms: 0 });
    const pulled = pullAll(feed, () => {});
    await new Promise((resolve) => setImmediate(resolve));
    feed.end();
    await expect(pulled).resolves.toBeUndefined();
  });

  it('refuses what is in hand when whoever pulls fails', async () => {
    const feed = feedOf({ ms: 0 });
    const pulled = pullAll(feed, () => {
      throw new Error('broken');
    });
    await expect(feed.push(works(1).works)).rejects.toThrow('stopping');
    await expect(pulled).rejects.toThrow('broken');
    await expect(feed.push(works(1).works)).rejects.toThrow('stopping');
  });

  it('gives timers and sockets a turn during a long work, and tells how long each stretch was', async () => {
    const clock = { ms: 0 };
    const slices: number[] = [];
    const feed = feedOf(clock, slices);
    const { works: pushed, log, step } = works(5);
    const pulled = pullAll(feed, (work) => {
      clock.ms += 10;
      step(work);
    });
    const answered = feed.push(pushed);
    setImmediate(function turn() {
      log.push('turn');
      if (!pushed.every(({ done }) => done)) setImmediate(turn);
    });
    await answered;
    expect(log.indexOf('turn')).toBeGreaterThan(0);
    expect(log.indexOf('turn')).toBeLessThan(log.indexOf('0 done'));
    expect(slices).toEqual([20, 20, 10]);
    feed.end();
    await pulled;
  });
});

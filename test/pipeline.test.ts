import { describe, expect, it } from 'vitest';
import { newWave, type SourceRecord } from '../src/domain.ts';
import { newFeed } from '../src/feed.ts';
import { pipeline, type Rim, type Work } from '../src/pipeline.ts';
import type { Share } from '../src/share.ts';
import { batchOf, deliver, emptyShare } from './support/shares.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from './support/streams.ts';

const START = Date.UTC(2026, 10, 23);
const STREAM = streamSettings({
  window: { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0 },
  model: SMALL_MODEL,
  detect: { range: { min: 0, max: 50 } },
});

/** One record a minute. */
function values(...list: readonly number[]): SourceRecord[] {
  return list.map((v, i) => ({
    offset: i,
    timestampMs: undefined,
    key: null,
    value: new TextEncoder().encode(JSON.stringify({ h: 'a', t: START + i * MINUTE, v })),
  }));
}

function workOf(share: Share, records: readonly SourceRecord[], waveRows: number): Work {
  const batch = batchOf(records);
  const wave = newWave(waveRows);
  return { share, batch, wave, changes: [], flush: false, decoded: false, done: false, reject: () => {} };
}

/** Runs one work through the pipeline. */
async function run(work: Work, rim: Rim): Promise<void> {
  const feed = newFeed(
    () => 0,
    () => {},
  );
  const done = new Promise<void>((resolve, reject) => {
    pipeline(feed.works, rim).subscribe({ error: reject, complete: resolve });
  });
  await Promise.race([feed.push([work]), done]);
  feed.end();
  await done;
}

describe('the pipeline', () => {
  it('passes each wave through its stages in order, and scores before it learns', async () => {
    const stages: string[] = [];
    const learned: number[] = [];
    const share = emptyShare(STREAM);
    const work = workOf(share, values(1, 2, 3), 1);
    await run(work, {
      timed: (stage, step) => (one) => {
        stages.push(stage);
        if (stage === 'score' || stage === 'learn') learned.push(share.counters.windowsLearned);
        return step(one);
      },
      report: (one) => {
        stages.push('report');
        return one;
      },
    });
    const turn = ['decode', 'window', 'forecast', 'score', 'learn', 'detect', 'report'];
    expect(stages).toEqual([...turn, ...turn]);
    expect(learned).toEqual([0, 0, 1, 1]);
  });

  it('acknowledges a batch only when its last wave was reported', async () => {
    const share = emptyShare(STREAM);
    const positions: number[] = [];
    const report = (one: Work): Work => {
      positions.push(share.position);
      return one;
    };
    await run(workOf(share, values(1, 2, 3, 4, 5), 1), { timed: (_stage, step) => step, report });
    expect(positions).toEqual([0, 0, 0, 0]);
    expect(share.position).toBe(5);
  });

  it('forgets the changes of the wave before', async () => {
    const reported: (readonly string[])[] = [];
    const report = (one: Work): Work => {
      reported.push(one.changes.map(({ event }) => event));
      return one;
    };
    const work = workOf(emptyShare(STREAM), values(1, 99, 2, 3, 4), 1);
    await run(work, { timed: (_stage, step) => step, report });
    expect(reported).toEqual([[], ['opened'], ['closed'], []]);
  });

  it('fails as a whole when a step fails, and leaves the position', async () => {
    const share = emptyShare(STREAM);
    const report = (): Work => {
      throw new Error('nobody listens');
    };
    const failing = run(workOf(share, values(1, 2, 3), 1), { timed: (_stage, step) => step, report });
    await expect(failing).rejects.toThrow('nobody listens');
    expect(share.position).toBe(0);
  });

  it('tells a window as the model knew it before: a spike does not move its own forecast', async () => {
    const usual = Array.from({ length: 120 }, (_, i) => 10 + (i % 5));
    const [calm, spiked] = await Promise.all(
      [12, 45].map(
        async (last) => (await deliver(emptyShare(STREAM), [values(...usual, last)], { flush: true })).windows,
      ),
    );
    expect(spiked?.at(-1)?.expected).toBe(calm?.at(-1)?.expected);
    expect(spiked?.at(-1)?.score).toBeGreaterThan(calm?.at(-1)?.score ?? Number.NaN);
  });

  it('closes what is left at the end of the input, and does not move the position', async () => {
    const share = emptyShare(STREAM);
    const { windows } = await deliver(share, [values(1, 2, 3)], { flush: true });
    expect(windows.map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(share.position).toBe(3);
  });
});

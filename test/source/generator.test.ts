import { describe, expect, it, vi } from 'vitest';
import type { RecordBatch } from '../../src/domain.ts';
import type { Clock, StartPosition } from '../../src/ports.ts';
import { type GeneratorOptions, newGenerator } from '../../src/source/generator.ts';
import { anomalyPlan, STEP_MS } from '../../src/source/generatorPlan.ts';
import { newRecordingOwner, type RecordingOwner, sourceContract } from '../contract/source.ts';

const START_MS = Date.UTC(2026, 10, 23, 17);
const DAY_MS = 86_400_000;
const TOPICS = ['demo.traffic', 'demo.latency', 'demo.bytes', 'demo.queue', 'demo.host'];

/** A clock that stands still but for sleeping, which takes no time. */
function newFakeTime() {
  let nowMs = 0;
  const clock: Clock = { now: () => START_MS + nowMs, monotonic: () => nowMs };
  const sleep = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  return { clock, sleep, passed: () => nowMs };
}

function newSource(changes: Partial<GeneratorOptions> = {}) {
  const { clock, sleep } = newFakeTime();
  return newGenerator({
    seed: 1,
    startMs: START_MS,
    historyMs: 2 * DAY_MS,
    speed: 3600,
    clock,
    sleep,
    log: () => {},
    ...changes,
  });
}

/** Runs until `isEnough`, and gives what was delivered up to then. */
async function generate(
  isEnough: (batches: readonly RecordBatch[]) => boolean,
  changes: Partial<GeneratorOptions> = {},
  start: StartPosition = { kind: 'earliest' },
): Promise<RecordingOwner> {
  const source = newSource(changes);
  const owner: RecordingOwner = newRecordingOwner({
    start: () => start,
    onDeliver: () => {
      if (isEnough(owner.batches)) void source.stop();
    },
  });
  await source.run(owner);
  return owner;
}

const reaches = (timeMs: number) => (batches: readonly RecordBatch[]) =>
  (batches.at(-1)?.records.at(-1)?.timestampMs ?? 0) >= timeMs;
const texts = (batches: readonly RecordBatch[], topic: string): string[] =>
  batches
    .filter((batch) => batch.topic === topic)
    .flatMap(({ records }) => records.map(({ offset, value }) => `${offset} ${Buffer.from(value ?? []).toString()}`));

sourceContract('the generator', () => newSource());

describe('newGenerator', () => {
  it('takes partition 0 of every demo topic', async () => {
    const { taken } = await generate(() => true);
    expect(taken).toEqual(TOPICS.map((topic) => `${topic}/0`));
  });

  it('gives the same bytes for the same seed, whatever its pace', async () => {
    const slow = await generate(reaches(START_MS + DAY_MS / 4));
    const fast = await generate(reaches(START_MS + DAY_MS / 4), { speed: 1e6 });
    const other = await generate(reaches(START_MS), { seed: 2 });
    for (const topic of TOPICS) {
      const [a, b, c] = [slow, fast, other].map(({ batches }) => texts(batches, topic));
      const common = Math.min(a?.length ?? 0, b?.length ?? 0);
      expect(common).toBeGreaterThan(2 * 2 * 288);
      expect(a?.slice(0, common)).toEqual(b?.slice(0, common));
      expect(c?.slice(0, 10)).not.toEqual(a?.slice(0, 10));
    }
  });

  it('delivers the history at once: all series, every 5 minutes, and nothing missing', async () => {
    const { clock, sleep, passed } = newFakeTime();
    const { batches } = await generate(reaches(START_MS - STEP_MS), { clock, sleep, historyMs: 14 * DAY_MS });
    expect(passed()).toBe(0);
    const times = batches
      .filter(({ topic }) => topic === 'demo.traffic')
      .flatMap(({ records }) => records.map(({ timestampMs = 0 }) => timestampMs));
    expect(times).toEqual(
      Array.from({ length: 14 * 288 * 2 }, (_, i) => START_MS - 14 * DAY_MS + Math.floor(i / 2) * STEP_MS),
    );
    expect(batches.every(({ endOffset }) => endOffset === 14 * 288 * 2)).toBe(true);
  });

  it('has the time of the record in its body, and its series as its key', async () => {
    const { batches } = await generate(() => true);
    const [first] = batches[0]?.records ?? [];
    expect(JSON.parse(Buffer.from(first?.value ?? []).toString())).toMatchObject({
      ts: first?.timestampMs,
      site: 'shop',
    });
    expect(Buffer.from(first?.key ?? []).toString()).toBe('shop');
  });

  it('keeps to the clock in the live part: one step is due every 5 minutes / speed', async () => {
    const { clock, sleep, passed } = newFakeTime();
    const { batches } = await generate(reaches(START_MS + 12 * STEP_MS), { clock, sleep, speed: 3000, historyMs: 0 });
    const traffic = batches.filter(({ topic }) => topic === 'demo.traffic');
    expect(traffic.map(({ records }) => records[0]?.timestampMs)).toEqual(
      Array.from({ length: 13 }, (_, i) => START_MS + i * STEP_MS),
    );
    expect(traffic.map(({ endOffset }) => endOffset)).toEqual(Array.from({ length: 13 }, (_, i) => 2 * (i + 1)));
    expect(passed()).toBe(1300);
  });

  it('catches up in one batch when the pipeline was slow, and says how much is due', async () => {
    let nowMs = 0;
    const clock: Clock = { now: () => 0, monotonic: () => nowMs };
    const sleep = async (ms: number): Promise<void> => {
      nowMs += ms === 0 ? 0 : 10_000;
    };
    const { batches } = await generate(() => true, { clock, sleep, historyMs: 0 });
    expect(batches[0]).toMatchObject({ endOffset: 240 });
    expect(batches[0]?.records).toHaveLength(240);
  });

  it('plants in the live part what the plan says, and nothing in the history', async () => {
    const [spike] = anomalyPlan(1, START_MS, START_MS + DAY_MS);
    const { batches } = await generate(reaches(START_MS + DAY_MS / 4), { historyMs: 14 * DAY_MS });
    const values = new Map<number, number>();
    for (const text of texts(batches, spike?.topic ?? '')) {
      const { ts, site, value } = JSON.parse(text.slice(text.indexOf(' ')));
      if (site === spike?.series) values.set(ts, value);
    }
    const largest = Math.max(...[...values].filter(([ts]) => ts < START_MS).map(([, value]) => value));
    const at = spike?.startMs ?? 0;
    const around = ((values.get(at - STEP_MS) ?? 0) + (values.get(at + 2 * STEP_MS) ?? 0)) / 2;
    expect(largest).toBeLessThan(2500);
    expect(values.get(at)).toBeGreaterThan(2 * around);
    expect(values.get(at + STEP_MS)).toBeGreaterThan(2 * around);
  });

  it('leaves a gap in the offsets of a queue that is silent', async () => {
    const plan = anomalyPlan(1, START_MS, START_MS + DAY_MS);
    const silence = plan.find(({ kind }) => kind === 'missing');
    const { batches } = await generate(reaches((silence?.endMs ?? 0) + STEP_MS), { historyMs: 0, speed: 1e5 });
    const offsets = batches
      .filter(({ topic }) => topic === 'demo.queue')
      .flatMap(({ records }) => records.map(({ offset }) => offset));
    expect((offsets.at(-1) ?? 0) + 1 - offsets.length).toBe(24);
  });

  it.each([
    [{ kind: 'latest' }, 2 * 288 * 2],
    [{ kind: 'timestamp', ms: START_MS - DAY_MS }, 288 * 2],
    [{ kind: 'timestamp', ms: START_MS - DAY_MS - 1 }, 288 * 2],
    [{ kind: 'timestamp', ms: 0 }, 0],
    [{ kind: 'offset', offset: 301 }, 301],
  ] as const)('starts at %j', async (start, offset) => {
    const { batches } = await generate(() => true, {}, start);
    expect(batches[0]?.records[0]?.offset).toBe(offset);
  });

  it('stops at once while it waits for the next step, with real timers', async () => {
    const source = newGenerator({
      seed: 1,
      startMs: START_MS,
      historyMs: 0,
      speed: 1e-6,
      clock: { now: () => 0, monotonic: () => 0 },
      log: () => {},
    });
    const owner = newRecordingOwner();
    const running = source.run(owner);
    await vi.waitFor(() => expect(owner.taken).toHaveLength(TOPICS.length));
    await source.stop();
    await running;
    expect(owner.calls.at(-1)).toBe('settle');
  });

  it('only warns when the checkpoint of the stop fails', async () => {
    const told: string[] = [];
    const source = newSource({ log: (level, code) => told.push(`${level} ${code}`) });
    const owner = newRecordingOwner({ onDeliver: () => void source.stop() });
    await source.run({ ...owner, settle: () => Promise.reject(new Error('disk full')) });
    expect(told).toEqual(['warn checkpoint_failed']);
  });
});

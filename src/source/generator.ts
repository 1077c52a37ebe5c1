// A source that makes its records itself, from a seed: two weeks of ordinary history at once, then an accelerated
// present with planted anomalies.

import { setTimeout } from 'node:timers/promises';
import type { SourceRecord } from '../domain.ts';
import { unreachable } from '../errors.ts';
import type { Clock, Log, PartitionOwner, RecordSource, StartPosition } from '../ports.ts';
import { anomalyPlan, type PlantedAnomaly, STEP_MS } from './generatorPlan.ts';
import { type GeneratedTopic, newTopics } from './generatorStreams.ts';

export interface GeneratorOptions {
  readonly seed: number;
  /** Event time at which the live part and its anomalies begin. */
  readonly startMs: number;
  /** Event time before that, delivered as fast as it is taken. */
  readonly historyMs: number;
  /** Event milliseconds per millisecond. */
  readonly speed: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves after `ms`, or at the abort. Default: a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Generated {
  readonly topic: GeneratedTopic;
  /** Offset of the first record to deliver. */
  readonly from: number;
}

const HOUR_MS = 3_600_000;
const DAY_STEPS = (24 * HOUR_MS) / STEP_MS;
/** The plan is endless, so it is made for a month at a time. */
const PLAN_MS = 30 * 24 * HOUR_MS;
const SETTLE_MS = 10_000;

/**
 * Partition 0 of each demo topic. A record's offset is step · series + place of the series: it depends on neither clock
 * nor batches, and a silent series leaves gaps. The bytes depend on seed, start and history only. Runs until `stop`.
 */
export function newGenerator(options: GeneratorOptions): RecordSource {
  const { seed, startMs, speed, clock, log } = options;
  const sleep = options.sleep ?? pause;
  const historySteps = Math.floor(options.historyMs / STEP_MS);
  const originMs = startMs - historySteps * STEP_MS;
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | undefined;
  let planned: readonly PlantedAnomaly[] = [];
  let plannedUntilMs = -Infinity;

  const plannedFrom = (fromMs: number, untilMs: number): readonly PlantedAnomaly[] => {
    if (untilMs > plannedUntilMs) {
      plannedUntilMs = untilMs + PLAN_MS;
      planned = anomalyPlan(seed, startMs, plannedUntilMs).filter(({ endMs }) => endMs > fromMs);
    }
    return planned;
  };

  const generate = async (owner: PartitionOwner): Promise<void> => {
    const topics: Generated[] = [];
    for (const topic of newTopics(seed)) {
      if (signal.aborted) return;
      const start = await owner.take({ topic: topic.topic, partition: 0 }, undefined);
      topics.push({ topic, from: startOffset(start, topic.seriesCount, originMs, historySteps) });
    }
    let step = 0;
    const advance = async (until: number, dueSteps: number): Promise<void> => {
      const anomalies = plannedFrom(originMs + step * STEP_MS, originMs + until * STEP_MS);
      for (const { topic, from } of topics) {
        const records = recordsOf(topic, step, until, originMs, anomalies).filter(({ offset }) => offset >= from);
        if (records.length === 0 || signal.aborted) continue;
        await owner.deliver({ topic: topic.topic, partition: 0, records, endOffset: dueSteps * topic.seriesCount });
      }
      step = until;
      // A turn for timers and messages, `stop` among them: deliveries alone may never leave one.
      await sleep(0, signal);
    };

    while (step < historySteps && !signal.aborted) {
      await advance(Math.min(historySteps, step + DAY_STEPS), historySteps);
    }
    const liveSinceMs = clock.monotonic();
    while (!signal.aborted) {
      const elapsedMs = clock.monotonic() - liveSinceMs;
      const dueSteps = historySteps + Math.floor((elapsedMs * speed) / STEP_MS);
      if (step < dueSteps) await advance(Math.min(dueSteps, step + DAY_STEPS), dueSteps);
      else await sleep(waitMs(((step + 1 - historySteps) * STEP_MS) / speed - elapsedMs), signal);
    }
  };

  return {
    run(owner) {
      running = (async () => {
        if (signal.aborted) return;
        await generate(owner);
        await settle(owner, log);
      })();
      return running;
    },
    commit: async () => {},
    async stop() {
      stopping.abort();
      // What went wrong is told by `run`.
      await running?.catch(() => {});
    },
  };
}

/** At least a turn, because clocks are coarser than floats; at most a minute, because longer timers overflow. */
function waitMs(ms: number): number {
  return Math.min(60_000, Math.max(1, ms));
}

function recordsOf(
  topic: GeneratedTopic,
  step: number,
  until: number,
  originMs: number,
  anomalies: readonly PlantedAnomaly[],
): SourceRecord[] {
  const records: SourceRecord[] = [];
  for (let i = step; i < until; i++) {
    const timestampMs = originMs + i * STEP_MS;
    for (const { index, series, text } of topic.step(timestampMs, anomalies)) {
      const offset = i * topic.seriesCount + index;
      records.push({ offset, timestampMs, key: Buffer.from(series), value: Buffer.from(text) });
    }
  }
  return records;
}

function startOffset(start: StartPosition, seriesCount: number, originMs: number, historySteps: number): number {
  switch (start.kind) {
    case 'offset':
      return start.offset;
    case 'earliest':
      return 0;
    case 'latest':
      return historySteps * seriesCount;
    case 'timestamp':
      return Math.ceil((start.ms - originMs) / STEP_MS) * seriesCount;
    default:
      return unreachable(start);
  }
}

async function settle(owner: PartitionOwner, log: Log): Promise<void> {
  try {
    await owner.settle(SETTLE_MS);
  } catch (error) {
    log('warn', 'checkpoint_failed', 'no checkpoint at the stop', { cause: String(error) });
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

// The memory limit, checked once more when the partitions of the topics are known: before that, one is assumed.

import { performance } from 'node:perf_hooks';
import { memoryNeeded } from '../config/memory.ts';
import { GruardError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { newKafkaClient } from '../source/kafkaClient.ts';
import { topicPartitions } from '../source/kafkaTopics.ts';

const ANSWER_MS_MAX = 5_000;
/** What the addresses of one lane reach. */
const LANE_BYTES_MAX = 4 * 1024 ** 3;

/** How many partitions a topic, or all topics of a prefix with `*`, has. */
export type PartitionsOf = (topic: string) => number;

/** Throws `memory_limit` when all series that the limits allow would not fit. */
export function refuseTooManySlabs(settings: Settings, partitionsOf: PartitionsOf): void {
  const { bytes, perStream } = memoryNeeded(settings, partitionsOf);
  const limit = Math.min(settings.memoryBytes, settings.lanes * LANE_BYTES_MAX);
  if (bytes <= limit) return;
  const largest = Math.max(...perStream.map((stream) => stream.bytes));
  const stream = perStream.find((one) => one.bytes === largest);
  throw new GruardError(
    'memory_limit',
    `limits.series in every partition of every topic would take ${mebibytes(bytes)}; limits.memory with ` +
      `${settings.lanes === 1 ? '1 lane' : `${settings.lanes} lanes`} gives ${mebibytes(limit)}. Most takes ` +
      `streams.${stream?.stream}: ${stream?.partitions} × ${stream?.slabs} models, ${mebibytes(largest)}.`,
  );
}

/**
 * Asks the cluster. Undefined when it does not answer soon, which is no reason to wait: the lanes look for it
 * themselves.
 */
export async function askForPartitions(settings: Settings, log: Log): Promise<PartitionsOf | undefined> {
  const partitions = await partitionCounts(settings, log);
  return partitions === undefined ? undefined : (topic) => countOf(partitions, topic);
}

/** Of a topic, or of all that a prefix stands for; at least one, because it may be created yet. */
function countOf(partitions: ReadonlyMap<string, number>, name: string): number {
  const prefix = name.endsWith('*') ? name.slice(0, -1) : undefined;
  let count = 0;
  for (const [topic, own] of partitions) {
    if (prefix === undefined ? topic === name : topic.startsWith(prefix)) count += own;
  }
  return Math.max(1, count);
}

async function partitionCounts(settings: Settings, log: Log): Promise<ReadonlyMap<string, number> | undefined> {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const topics = [...new Set(settings.streams.flatMap((stream) => stream.topics))];
  const kafka = newKafkaClient(
    settings.kafka,
    (level, ...rest) => log(level === 'debug' ? level : 'debug', ...rest),
    clock,
  );
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, ANSWER_MS_MAX, undefined).unref());
  return await Promise.race([topicPartitions(kafka, topics).catch(() => undefined), late]);
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

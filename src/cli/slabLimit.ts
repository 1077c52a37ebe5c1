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

/**
 * Throws `memory_limit` when all series that the limits allow would not fit. A cluster that does not answer soon is no
 * reason to wait: the lanes look for it themselves.
 */
export async function refuseTooManySlabs(settings: Settings, log: Log): Promise<void> {
  const partitions = await partitionsOf(settings, log);
  if (partitions === undefined) return;
  const { bytes, perStream } = memoryNeeded(settings, (topic) => countOf(partitions, topic));
  const limit = Math.min(settings.memoryBytes, settings.lanes * LANE_BYTES_MAX);
  if (bytes <= limit) return;
  const largest = Math.max(...perStream.map((stream) => stream.bytes));
  const stream = perStream.find((one) => one.bytes === largest);
  throw new GruardError(
    'memory_limit',
    `all series that the limits allow would take ${mebibytes(bytes)}, limits.memory and ${settings.lanes} lanes give ` +
      `${mebibytes(limit)}; stream ${stream?.stream} alone takes ${mebibytes(largest)}.`,
  );
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

async function partitionsOf(settings: Settings, log: Log): Promise<ReadonlyMap<string, number> | undefined> {
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

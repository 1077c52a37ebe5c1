// Which topics and offsets the words of the configuration mean on a cluster: names, prefixes, start positions.

import type { Admin, Kafka } from 'kafkajs';
import type { PartitionId } from '../domain.ts';
import type { StartPosition } from '../ports.ts';
import { withAdmin } from './kafkaClient.ts';

/** What a list of names and prefixes (`metrics.*`) stands for. */
export interface ResolvedTopics {
  /** Existing topics, sorted, each once. */
  readonly found: readonly string[];
  /** Names that do not exist and prefixes that match nothing, as configured. */
  readonly missing: readonly string[];
}

/** Offsets of one partition: that of its oldest record, and that behind its newest. */
export interface OffsetRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Resolves names and prefixes against the topics of a cluster. A prefix never stands for Kafka's internal topics, nor
 * for a topic of `exclude`, i.e. one that gruard writes itself.
 */
export function matchTopics(
  wanted: readonly string[],
  existing: readonly string[],
  exclude: readonly string[] = [],
): ResolvedTopics {
  const found = new Set<string>();
  const missing: string[] = [];
  for (const word of new Set(wanted)) {
    const prefix = word.endsWith('*') ? word.slice(0, -1) : undefined;
    const matches =
      prefix === undefined
        ? existing.filter((topic) => topic === word)
        : existing.filter((topic) => topic.startsWith(prefix) && !topic.startsWith('__') && !exclude.includes(topic));
    if (matches.length === 0) missing.push(word);
    for (const topic of matches) found.add(topic);
  }
  return { found: [...found].sort(), missing };
}

/** The topics that exist now. Rejects while no broker answers. */
export async function resolveTopics(
  kafka: Kafka,
  wanted: readonly string[],
  exclude: readonly string[] = [],
): Promise<ResolvedTopics> {
  const existing = await withAdmin(kafka, (admin) => admin.listTopics());
  return matchTopics(wanted, existing, exclude);
}

/** Number of partitions of every existing topic that the names and prefixes stand for. */
export async function topicPartitions(
  kafka: Kafka,
  wanted: readonly string[],
  exclude: readonly string[] = [],
): Promise<Map<string, number>> {
  return withAdmin(kafka, async (admin) => {
    const { found } = matchTopics(wanted, await admin.listTopics(), exclude);
    if (found.length === 0) return new Map();
    const { topics } = await admin.fetchTopicMetadata({ topics: [...found] });
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  });
}

/** The group's committed offsets in `topics`, by `partitionText`; a partition without one is absent. */
export async function committedOffsets(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const committed = new Map<string, number>();
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] })) {
    for (const { partition, offset } of partitions) {
      if (Number(offset) >= 0) committed.set(partitionText({ topic, partition }), Number(offset));
    }
  }
  return committed;
}

/** The offset ranges of all partitions of `topics`, by `partitionText`. */
export async function offsetRanges(admin: Admin, topics: readonly string[]): Promise<Map<string, OffsetRange>> {
  const ranges = new Map<string, OffsetRange>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      ranges.set(partitionText({ topic, partition }), { low: Number(low), high: Number(high) });
    }
  }
  return ranges;
}

/** The offset at which reading begins; `range` is what the partition holds now. */
export async function startOffset(
  admin: Admin,
  at: PartitionId,
  start: StartPosition,
  range: OffsetRange,
): Promise<number> {
  switch (start.kind) {
    case 'offset':
      return start.offset;
    case 'earliest':
      return range.low;
    case 'latest':
      return range.high;
    case 'timestamp': {
      // kafkajs answers the end of the partition where nothing is that young.
      const offsets = await admin.fetchTopicOffsetsByTimestamp(at.topic, start.ms);
      const offset = Number(offsets.find(({ partition }) => partition === at.partition)?.offset ?? -1);
      return offset < 0 ? range.high : offset;
    }
  }
}

/** Which partitions came into being while this source watched: nothing in them is older than that. */
export interface AddedPartitions {
  /** The topics that exist now. */
  lookAtTopics(found: readonly string[]): void;
  /** All partitions of some topics, by `partitionText`, which exist now. */
  look(partitions: Iterable<string>): void;
  has(partition: string): boolean;
}

export function newAddedPartitions(): AddedPartitions {
  let before: ReadonlySet<string> | undefined;
  const looked = new Set<string>();
  const old = new Set<string>();
  const topicOf = (partition: string): string => partition.slice(0, partition.lastIndexOf('/'));
  return {
    lookAtTopics(found) {
      before ??= new Set(found);
    },
    look(partitions) {
      const now = [...partitions];
      const unknown = new Set(now.map(topicOf).filter((topic) => !looked.has(topic)));
      for (const topic of unknown) looked.add(topic);
      for (const name of now) {
        const topic = topicOf(name);
        if (unknown.has(topic) && (before === undefined || before.has(topic))) old.add(name);
      }
    },
    has: (partition) => !old.has(partition),
  };
}

/** `topic/3`: unique, because a topic's name has no slash. */
export function partitionText({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}

/** An assignment as kafkajs tells it, as a list. */
export function partitionsOf(assignment: Readonly<Record<string, readonly number[]>>): PartitionId[] {
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

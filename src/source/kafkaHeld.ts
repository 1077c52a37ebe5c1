// The partitions that a member holds: the position in each, and whether it can be trusted after a join.

import type { Admin, Kafka, TopicOffsets } from 'kafkajs';
import type { PartitionId, SourceRecord } from '../domain.ts';
import type { Clock, Log } from '../ports.ts';
import type { MemberClaim } from './kafkaAssigner.ts';
import { kafkaErrorText, withAdmin } from './kafkaClient.ts';
import type { GroupMembership } from './kafkaPatches.ts';
import type { MemberEvents, MemberOptions } from './kafkaState.ts';
import { type OffsetRange, offsetRanges, partitionText } from './kafkaTopics.ts';
import type { BatchFault } from './recordSet.ts';

/** A partition whose state the owner has. */
export interface Held extends PartitionId {
  /** Offset of the next record to hand over. */
  next: number;
  /** It waits at a record batch that cannot be read. */
  blocked: boolean;
  /** When retention was last found innocent of a hole in the offsets. */
  holeCheckedMs: number;
}

/** What a member says of itself. Where others had its partitions meanwhile, they say so for a later generation. */
export function claimOf(held: Iterable<Held>, heldIn: GroupMembership, self: MemberOptions['self']): MemberClaim {
  const { instance, lane } = self;
  const generation = heldIn.generationId ?? -1;
  return { instance, lane, capacity: 1, generation, owned: [...held], cached: self.cached() };
}

/** What is handed over in the place of a batch that cannot be read, and that ends at `next`. */
export function unreadableRecord({ reason, detail, bytes }: BatchFault, next: number): SourceRecord {
  return { offset: next - 1, timestampMs: undefined, key: null, value: bytes, unreadable: { reason, detail } };
}

export function topicPartitions({ topic, partition }: PartitionId): { topic: string; partitions: number[] } {
  return { topic, partitions: [partition] };
}

export function committing({ topic, partition, offset }: PartitionId & { readonly offset: number }): TopicOffsets {
  return { topic, partitions: [{ partition, offset: String(offset) }] };
}

/** Compacted and transactional topics have holes everywhere: their cause is asked for only so often. */
const holeCheckEveryMs = 60_000;

export function newHeld({ topic, partition }: PartitionId): Held {
  return { topic, partition, next: 0, blocked: false, holeCheckedMs: Number.NEGATIVE_INFINITY };
}

/**
 * Whether nobody else can have owned a partition between two joins: the same member in the next generation. A member
 * that was thrown out comes back under another id, one that missed a generation in a later one.
 */
export function isUnbroken(before: GroupMembership, now: GroupMembership): boolean {
  if (before.generationId === null || now.generationId === null) return false;
  return before.memberId === now.memberId && now.generationId - before.generationId <= 1;
}

/** Where to read, inside what the partition holds: outside of it kafkajs would commit an offset of its own choice. */
export function readableOffset(
  at: PartitionId,
  offset: number,
  range: OffsetRange,
  told: { readonly events: MemberEvents; readonly log: Log },
): number {
  if (offset < range.low) told.events.gap(at, range.low - offset);
  if (offset > range.high) {
    const text = `${partitionText(at)} ends at ${range.high}, but was read up to ${offset}: was it created again?`;
    told.log('warn', 'offset_beyond_end', text);
  }
  return Math.max(range.low, Math.min(range.high, offset));
}

/** Answers whether a partition has ever held everything below an offset, with a newer look where the last says no. */
export function reaching(admin: Admin, at: PartitionId, range: OffsetRange): (offset: number) => Promise<boolean> {
  return async (offset) => {
    if (offset <= range.high) return true;
    const now = await offsetRanges(admin, [at.topic]);
    return offset <= (now.get(partitionText(at))?.high ?? 0);
  };
}

/** Counts what retention removed between the position and `first`; compaction and transactions leave holes, too. */
export async function explainHole(
  held: Held,
  first: number,
  told: { readonly kafka: Kafka; readonly clock: Clock; readonly events: MemberEvents; readonly log: Log },
): Promise<void> {
  if (told.clock.monotonic() - held.holeCheckedMs < holeCheckEveryMs) return;
  try {
    const ranges = await withAdmin(told.kafka, (admin) => offsetRanges(admin, [held.topic]));
    const low = ranges.get(partitionText(held))?.low ?? 0;
    if (low > held.next) told.events.gap(held, Math.min(low, first) - held.next);
    else held.holeCheckedMs = told.clock.monotonic();
  } catch (error) {
    told.log('debug', 'hole_unexplained', kafkaErrorText(error));
  }
}

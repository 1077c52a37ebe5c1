// The partitions that a member holds: the position in each, and whether it can be trusted after a join.

import type { Kafka } from 'kafkajs';
import type { PartitionId } from '../domain.ts';
import type { Clock, Log } from '../ports.ts';
import { kafkaErrorText, withAdmin } from './kafkaClient.ts';
import type { GroupMembership } from './kafkaPatches.ts';
import type { MemberEvents } from './kafkaState.ts';
import { type OffsetRange, offsetRanges, partitionText } from './kafkaTopics.ts';

/** A partition whose state the owner has. */
export interface Held extends PartitionId {
  /** Offset of the next record to hand over. */
  next: number;
  /** When retention was last found innocent of a hole in the offsets. */
  holeCheckedMs: number;
}

/** Compacted and transactional topics have holes everywhere: their cause is asked for only so often. */
const holeCheckEveryMs = 60_000;

export function newHeld({ topic, partition }: PartitionId): Held {
  return { topic, partition, next: 0, holeCheckedMs: Number.NEGATIVE_INFINITY };
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

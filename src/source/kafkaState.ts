// What a Kafka source and its memberships are told, and what they tell.

import type { Kafka } from 'kafkajs';
import type { PartitionId } from '../domain.ts';
import type { Clock, Log, PartitionOwner } from '../ports.ts';
import type { KafkaSettings } from '../settings.ts';
import type { MemberClaim } from './kafkaAssigner.ts';
import type { Right } from './kafkaRights.ts';
import type { AddedPartitions } from './kafkaTopics.ts';
import type { BatchFault } from './recordSet.ts';

/** All times of a source, in milliseconds. */
export interface KafkaTiming {
  /** Without a heartbeat for so long the group throws a member out. */
  readonly sessionMs: number;
  /** How long the group waits for its members during a rebalance. */
  readonly rebalanceMs: number;
  /** How long a fetch waits for records. */
  readonly fetchWaitMs: number;
  /** Without a fetch for so long a consumer is rebuilt. */
  readonly stallMs: number;
  /** For checkpoints before a join, and before the source stops. */
  readonly settleBeforeJoinMs: number;
  readonly settleBeforeStopMs: number;
  readonly disconnectMs: number;
  /** Between two looks at a record batch that cannot be read. */
  readonly blockedEveryMs: number;
  /** Between two looks at the cluster's topics, without and with missing ones. */
  readonly topicsEveryMs: number;
  readonly missingEveryMs: number;
}

/**
 * The times of production. GRUARD_KAFKA_SESSION_MS shortens the session where a killed process must go quickly,
 * GRUARD_KAFKA_STALL_MS the wait for a fetch where tests cannot wait half a minute.
 */
export function kafkaTiming(changes: Partial<KafkaTiming> = {}): KafkaTiming {
  const fetchWaitMs = changes.fetchWaitMs ?? 250;
  return {
    sessionMs: Number(process.env['GRUARD_KAFKA_SESSION_MS']) || 30_000,
    rebalanceMs: 60_000,
    fetchWaitMs,
    stallMs: Number(process.env['GRUARD_KAFKA_STALL_MS']) || 3 * fetchWaitMs + 30_000,
    settleBeforeJoinMs: 5_000,
    settleBeforeStopMs: 15_000,
    disconnectMs: 10_000,
    blockedEveryMs: 60_000,
    topicsEveryMs: 60_000,
    missingEveryMs: 3_000,
    ...changes,
  };
}

/** kafkajs wants several heartbeats in a session; a rebalance is noticed by the next one. */
export function heartbeatMs({ sessionMs }: KafkaTiming): number {
  return Math.min(3_000, sessionMs / 5);
}

export interface KafkaSourceOptions {
  readonly settings: KafkaSettings;
  /** Names, and prefixes that end in `*`, of all streams. */
  readonly topics: readonly string[];
  /** Topics that no prefix stands for: those that gruard writes. */
  readonly exclude?: readonly string[];
  readonly lane: number;
  readonly log: Log;
  readonly clock: Clock;
  /** Called after each change, with a new object; several times a second. */
  readonly onState: (state: KafkaState) => void;
  /** Retention removed that many records of the partition before they were read. */
  readonly onGap?: (partition: PartitionId, records: number) => void;
  /** What it needs to be allowed, of a cluster with these topics: asked for when the brokers refuse something. */
  readonly rights?: (existing: readonly string[]) => readonly Right[];
  readonly timing?: Partial<KafkaTiming>;
}

/** Where a source stands. Each one told is a new object, but for `endOffsets`. */
export interface KafkaState {
  readonly connected: boolean;
  /** A member of its group, with or without partitions. */
  readonly joined: boolean;
  /** Partitions whose state the owner has. */
  readonly partitions: readonly PartitionId[];
  /** What is missing before everything that was asked for is read; undefined when nothing. */
  readonly waitingFor: string | undefined;
  /** Joins after the first one. */
  readonly rebalances: number;
  /** Unix milliseconds of the last answer of a broker to a fetch, with records or without. */
  readonly lastFetchMs: number | undefined;
  /** Partitions that wait at a record batch which cannot be read, as `topic/partition`. */
  readonly blocked: readonly string[];
  /** Rights that the brokers refuse, as far as is known; `waitingFor` names them. */
  readonly rightsMissing: number;
  /** Offset behind the last record, by `topic/partition`; kept up to date in place. */
  readonly endOffsets: ReadonlyMap<string, number>;
}

/** Why a membership ended. */
export type Ending =
  | { readonly kind: 'stopped' | 'topics' }
  | { readonly kind: 'failed'; readonly by: 'kafka' | 'owner' | 'stall'; readonly error: unknown };

/** What a membership tells. */
export interface MemberEvents {
  connected(): void;
  /** Before each join: nothing is read now. */
  joining(): void;
  joined(assigned: readonly PartitionId[]): void;
  /** The owner has the state of these partitions now. */
  restored(partitions: readonly PartitionId[]): void;
  fetched(): void;
  endOffset(at: PartitionId, offset: number): void;
  /** Retention removed `records` records before they were read. */
  gap(at: PartitionId, records: number): void;
  /** The partition waits at a record batch that cannot be read. */
  blocked(at: PartitionId, fault: BatchFault): void;
  /** The owner has no state of the partition any more; it was read up to `position`. */
  gaveUp(at: PartitionId, position: number): void;
  /** It waits no more. */
  passed(at: PartitionId): void;
  /** The group assigned topics that this member did not know. */
  unknownTopics(): void;
}

/** What a membership is given. */
export interface MemberOptions {
  readonly kafka: Kafka;
  /** The same brokers, for questions, which must not wait long for an answer. */
  readonly asking: Kafka;
  readonly added: AddedPartitions;
  readonly group: string;
  readonly topics: readonly string[];
  readonly timing: KafkaTiming;
  readonly onBadBatch: 'pause' | 'skip';
  /** What it says of itself when it joins, beside the partitions that it holds. */
  readonly self: Pick<MemberClaim, 'instance' | 'lane'> & { cached(): MemberClaim['cached'] };
  readonly owner: PartitionOwner;
  readonly log: Log;
  readonly clock: Clock;
  readonly events: MemberEvents;
}

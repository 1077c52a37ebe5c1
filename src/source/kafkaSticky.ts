// The assigner in kafkajs's words: what members say of themselves travels as JSON in the bytes that the protocol leaves
// to its users.

import kafkajs, { type PartitionAssigner } from 'kafkajs';
import type { PartitionId } from '../domain.ts';
import { assignPartitions, type MemberClaim } from './kafkaAssigner.ts';

/** Members with assigners of different names cannot be in one group: another rule needs another name. */
const NAME = 'GruardSticky';
const VERSION = 1;
/** The broker sends the data of all members to the leader. */
const USER_DATA_BYTES_MAX = 8_192;
const CAPACITY_MAX = 1_000;
/** Of what another member says, before any of it is believed. */
const PARTITIONS_MAX = 10_000;

/** An assigner for a consumer whose state `claim` tells, each time that it joins. */
export function stickyAssigner(claim: () => MemberClaim): PartitionAssigner {
  const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: encodeClaim(claim()) }),
    }),
    assign: async ({ members, topics }) => {
      const partitions = topics.flatMap((topic) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      const joining = members.map(({ memberId, memberMetadata }) => {
        const metadata = MemberMetadata.decode(memberMetadata);
        const userData = metadata?.userData ?? Buffer.alloc(0);
        return { id: memberId, topics: metadata?.topics ?? [], claim: decodeClaim(userData) };
      });
      return [...assignPartitions(joining, partitions)].map(([memberId, given]) => {
        const assignment = byTopic(given, ({ partition }) => partition);
        const memberAssignment = MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) });
        return { memberId, memberAssignment };
      });
    },
  });
}

/** At most 8 kB: what is not owned goes first, then what is. */
export function encodeClaim(claim: MemberClaim): Buffer {
  let { owned, cached } = claim;
  for (;;) {
    const text = JSON.stringify({
      v: VERSION,
      instance: claim.instance,
      lane: claim.lane,
      capacity: claim.capacity,
      generation: claim.generation,
      owned: byTopic(owned, ({ partition }) => partition),
      cached: byTopic(cached, ({ partition, position }) => [partition, position]),
    });
    const bytes = Buffer.from(text);
    if (bytes.length <= USER_DATA_BYTES_MAX || owned.length + cached.length === 0) return bytes;
    if (cached.length > 0) cached = cached.slice(0, cached.length >> 1);
    else owned = owned.slice(0, owned.length >> 1);
  }
}

/** Undefined for everything that `encodeClaim` has not written: other versions, and what a stranger says. */
export function decodeClaim(bytes: Buffer): MemberClaim | undefined {
  if (bytes.length > 2 * USER_DATA_BYTES_MAX) return undefined;
  try {
    const told = JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>;
    const { v, instance, lane, capacity, generation, owned, cached } = told;
    if (v !== VERSION || typeof instance !== 'string' || !isWhole(lane, 0) || !isWhole(generation, -1))
      return undefined;
    if (!isWhole(capacity, 1) || capacity > CAPACITY_MAX) return undefined;
    const state = entries(cached).map(([topic, pair]) => {
      if (!Array.isArray(pair)) throw new TypeError('no pair');
      const [partition, position] = pair as unknown[];
      return { topic, partition: whole(partition), position: whole(position) };
    });
    const memory = entries(owned).map(([topic, partition]) => ({ topic, partition: whole(partition) }));
    return { instance, lane, capacity, generation, owned: memory, cached: state };
  } catch {
    return undefined;
  }
}

/** Lists by topic, in an object without a prototype: a topic may be named like anything. */
function byTopic<P extends PartitionId, T>(partitions: readonly P[], of: (partition: P) => T): Record<string, T[]> {
  const topics: Record<string, T[]> = Object.create(null);
  for (const partition of partitions) {
    const list = topics[partition.topic] ?? [];
    topics[partition.topic] = list;
    list.push(of(partition));
  }
  return topics;
}

function entries(told: unknown): readonly (readonly [topic: string, entry: unknown])[] {
  if (typeof told !== 'object' || told === null) throw new TypeError('no lists');
  const all = Object.entries(told).flatMap(([topic, list]) => {
    if (!Array.isArray(list)) throw new TypeError('no list');
    return (list as unknown[]).map((entry) => [topic, entry] as const);
  });
  if (all.length > PARTITIONS_MAX) throw new TypeError('too long');
  return all;
}

function whole(value: unknown): number {
  if (!isWhole(value, 0)) throw new TypeError('no whole number');
  return value;
}

function isWhole(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

// Who reads which partition: everybody keeps what they have, as far as shares stay fair. Pure: the leader of the group
// computes it for all, and every leader would come to the same.

import type { PartitionId } from '../domain.ts';
import { partitionText } from './kafkaTopics.ts';

/** What a member says of itself when it joins. */
export interface MemberClaim {
  /** One process: its lanes share a disk. */
  readonly instance: string;
  readonly lane: number;
  /** Its share, in proportion to the others'. */
  readonly capacity: number;
  /** In which generation of the group it owned what it says; the newer one is right. */
  readonly generation: number;
  /** State that is in memory. */
  readonly owned: readonly PartitionId[];
  /** State that is within reach, and the position it had. */
  readonly cached: readonly (PartitionId & { readonly position: number })[];
}

export interface JoiningMember {
  readonly id: string;
  readonly topics: readonly string[];
  /** Undefined where it said nothing that could be read: it owns nothing then. */
  readonly claim: MemberClaim | undefined;
}

interface Seat {
  readonly id: string;
  readonly topics: ReadonlySet<string>;
  readonly instance: string;
  readonly capacity: number;
  readonly owned: readonly PartitionId[];
  quota: number;
  readonly given: PartitionId[];
}

/** Owned a moment ago: fresher than every position. */
const IN_MEMORY = Number.POSITIVE_INFINITY;

/**
 * Partitions by member. Each partition goes to exactly one member that reads its topic. (1) A member keeps what it
 * owned, up to its quota: its share of all partitions by capacity, rounded up first for those who own more. (2) What is
 * left goes to members below their quota: where the state is freshest, first its process, then its lane; (3) then to
 * the emptiest. Ties go by id.
 */
export function assignPartitions(
  members: readonly JoiningMember[],
  partitions: readonly PartitionId[],
): ReadonlyMap<string, readonly PartitionId[]> {
  const all = [...partitions].sort(byName);
  const seats = seatsOf(members, all);
  setQuotas(seats, all.length);
  const taken = new Set<string>();
  for (const seat of seats) {
    for (const kept of seat.owned.slice(0, seat.quota)) {
      seat.given.push(kept);
      taken.add(partitionText(kept));
    }
  }
  const freshness = freshnessOf(members, seats);
  for (const partition of all) {
    if (!taken.has(partitionText(partition))) bestSeat(seats, partition, freshness)?.given.push(partition);
  }
  return new Map(seats.map(({ id, given }) => [id, given.sort(byName)]));
}

function seatsOf(members: readonly JoiningMember[], all: readonly PartitionId[]): readonly Seat[] {
  const ownerOf = ownersOf(members);
  const sorted = [...members].sort((a, b) => compare(a.id, b.id));
  return sorted.map(({ id, topics, claim }) => {
    const read = new Set(topics);
    return {
      id,
      topics: read,
      // Nobody shares a disk with somebody unknown.
      instance: claim?.instance ?? id,
      capacity: claim?.capacity ?? 1,
      owned: all.filter((partition) => read.has(partition.topic) && ownerOf.get(partitionText(partition)) === id),
      quota: 0,
      given: [],
    };
  });
}

/** The member that owned each partition; nobody, where two say so for the same generation. */
function ownersOf(members: readonly JoiningMember[]): ReadonlyMap<string, string | undefined> {
  const newest = new Map<string, { readonly id: string | undefined; readonly generation: number }>();
  for (const { id, claim } of members) {
    if (claim === undefined) continue;
    const { generation } = claim;
    for (const name of new Set(claim.owned.map(partitionText))) {
      const other = newest.get(name);
      if (other === undefined || other.generation < generation) newest.set(name, { id, generation });
      else if (other.generation === generation) newest.set(name, { id: undefined, generation });
    }
  }
  return new Map([...newest].map(([name, { id }]) => [name, id]));
}

/** What remains of rounding down goes to those who would have to give something up, then to the first ones by id. */
function setQuotas(seats: readonly Seat[], count: number): void {
  const capacity = seats.reduce((sum, seat) => sum + seat.capacity, 0);
  for (const seat of seats) seat.quota = Math.floor((count * seat.capacity) / capacity);
  let left = count - seats.reduce((sum, { quota }) => sum + quota, 0);
  const own = seats.filter(({ owned, quota }) => owned.length > quota);
  const others = seats.filter(({ owned, quota }) => owned.length <= quota);
  for (const seat of [...own, ...others]) {
    if (left-- <= 0) break;
    seat.quota++;
  }
}

interface Freshness {
  readonly byLane: ReadonlyMap<string, number>;
  readonly byInstance: ReadonlyMap<string, number>;
}

/** The best position of each partition that a member, or its process, has state of. */
function freshnessOf(members: readonly JoiningMember[], seats: readonly Seat[]): Freshness {
  const byLane = new Map<string, number>();
  const byInstance = new Map<string, number>();
  const note = (id: string, instance: string, partition: PartitionId, position: number): void => {
    for (const [map, who] of [[byLane, id] as const, [byInstance, instance] as const]) {
      const name = placeText(who, partition);
      map.set(name, Math.max(position, map.get(name) ?? position));
    }
  };
  for (const { id, claim } of members) {
    for (const cached of claim?.cached ?? []) note(id, claim?.instance ?? id, cached, cached.position);
  }
  for (const { id, instance, owned } of seats) for (const partition of owned) note(id, instance, partition, IN_MEMORY);
  return { byLane, byInstance };
}

/** Undefined only where nobody reads the topic. Beyond the quotas only where all who read it have theirs. */
function bestSeat(seats: readonly Seat[], partition: PartitionId, { byLane, byInstance }: Freshness): Seat | undefined {
  const readers = seats.filter(({ topics }) => topics.has(partition.topic));
  const withRoom = readers.filter(({ given, quota }) => given.length < quota);
  const rank = ({ id, instance, quota, given }: Seat): readonly number[] => [
    byInstance.get(placeText(instance, partition)) ?? -1,
    byLane.get(placeText(id, partition)) ?? -1,
    quota - given.length,
  ];
  let best: Seat | undefined;
  for (const seat of withRoom.length > 0 ? withRoom : readers) {
    if (best === undefined || isHigher(rank(seat), rank(best))) best = seat;
  }
  return best;
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? 0;
    if (value !== other) return value > other;
  }
  return false;
}

function placeText(who: string, partition: PartitionId): string {
  return `${partitionText(partition)} ${who}`;
}

function byName(a: PartitionId, b: PartitionId): number {
  return compare(a.topic, b.topic) || a.partition - b.partition;
}

/** By code units: the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PartitionId } from '../../src/domain.ts';
import { assignPartitions, type JoiningMember, type MemberClaim } from '../../src/source/kafkaAssigner.ts';
import { partitionText } from '../../src/source/kafkaTopics.ts';

const partitionsOf = (topic: string, count: number): PartitionId[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

function member(id: string, claim: Partial<MemberClaim> | undefined, topics = ['t']): JoiningMember {
  if (claim === undefined) return { id, topics, claim: undefined };
  const whole = { instance: id, lane: 0, capacity: 1, generation: 1, owned: [], cached: [], ...claim };
  return { id, topics, claim: whole };
}

const t = (...partitions: number[]): PartitionId[] => partitions.map((partition) => ({ topic: 't', partition }));

/** Numbers of the partitions of topic `t`, by member. */
function assigned(members: readonly JoiningMember[], count: number): Record<string, number[]> {
  const given = assignPartitions(members, partitionsOf('t', count));
  return Object.fromEntries([...given].map(([id, list]) => [id, list.map(({ partition }) => partition)]));
}

describe('the sticky assigner', () => {
  it('gives a newcomer what others own too much of, and leaves them the rest', () => {
    const members = [member('b', {}), member('a', { owned: t(0, 1, 2, 3, 4, 5, 6, 7) })];
    expect(assigned(members, 8)).toEqual({ a: [0, 1, 2, 3], b: [4, 5, 6, 7] });
  });

  it('rounds up for those who would have to give something up', () => {
    const members = [member('a', { owned: t(0, 1) }), member('b', { owned: t(2, 3, 4) })];
    expect(assigned(members, 5)).toEqual({ a: [0, 1], b: [2, 3, 4] });
    expect(assigned([member('a', {}), member('b', undefined)], 5)).toEqual({ a: [0, 1, 3], b: [2, 4] });
  });

  it('believes the newer of two claims, and none of two of the same age', () => {
    const zombie = member('a', { owned: t(0, 1), generation: 3 });
    expect(assigned([zombie, member('b', { owned: t(0, 1), generation: 4 })], 4)['b']).toEqual([0, 1]);
    const twin = member('b', { owned: t(1), generation: 3 });
    expect(assigned([zombie, twin], 2)).toEqual({ a: [0], b: [1] });
    expect(assigned([zombie, member('b', { owned: t(0), generation: 3 })], 2)).toEqual({ a: [1], b: [0] });
  });

  it('prefers the lane, then the process, whose state is freshest', () => {
    const cached = (position: number) => t(0).map((at) => ({ ...at, position }));
    const members = [member('a', { cached: cached(10) }), member('b', { cached: cached(11) }), member('c', {})];
    expect(assigned(members, 3)['b']).toContain(0);
    const lanes = [
      member('a', {}),
      member('b', { instance: 'i' }),
      member('c', { instance: 'i', owned: t(0, 1, 2, 3, 4, 5) }),
    ];
    // What lane c has too much of goes to the lane beside it first.
    expect(assigned(lanes, 6)).toEqual({ a: [4, 5], b: [2, 3], c: [0, 1] });
  });

  it('counts capacities, and only partitions of topics that a member reads', () => {
    const byCapacity = assigned([member('a', { capacity: 3 }), member('b', {})], 8);
    expect([byCapacity['a']?.length, byCapacity['b']?.length]).toEqual([6, 2]);
    const all = [...partitionsOf('t', 4), ...partitionsOf('u', 4)];
    const given = assignPartitions([member('a', {}, ['t', 'u']), member('b', { owned: t(0) }, ['u'])], all);
    expect(given.get('b')?.map(partitionText)).toEqual(['u/0', 'u/1', 'u/2', 'u/3']);
    expect(given.get('a')?.map(partitionText)).toEqual(['t/0', 't/1', 't/2', 't/3']);
    expect(assignPartitions([], all)).toEqual(new Map());
  });

  const topics = ['t', 'u'];
  const groups = fc
    .record({
      counts: fc.tuple(fc.nat(12), fc.nat(12)),
      members: fc.uniqueArray(
        fc.record({
          id: fc.string({ minLength: 1, maxLength: 4 }),
          instance: fc.constantFrom('i', 'j', 'k'),
          capacity: fc.integer({ min: 1, max: 4 }),
          generation: fc.nat(3),
          owned: fc.array(fc.record({ topic: fc.constantFrom('t', 'u', 'gone'), partition: fc.nat(14) }), {
            maxLength: 15,
          }),
          cached: fc.array(
            fc.record({ topic: fc.constantFrom('t', 'u'), partition: fc.nat(14), position: fc.nat(100) }),
            { maxLength: 10 },
          ),
          says: fc.boolean(),
        }),
        { selector: ({ id }) => id, minLength: 1, maxLength: 6 },
      ),
    })
    .map(({ counts, members }) => ({
      all: topics.flatMap((topic, i) => partitionsOf(topic, counts[i] ?? 0)),
      members: members.map(({ id, says, ...claim }) => member(id, says ? claim : undefined, topics)),
    }));

  it('gives each partition to exactly one member, within quotas, and moves as few as that allows', () => {
    fc.assert(
      fc.property(groups, ({ all, members }) => {
        const given = assignPartitions(members, all);
        const names = [...given.values()].flat().map(partitionText);
        expect(names.sort()).toEqual(all.map(partitionText).sort());
        const capacity = members.reduce((sum, { claim }) => sum + (claim?.capacity ?? 1), 0);
        let kept = 0;
        let keepable = 0;
        let wantMore = 0;
        let left = all.length;
        for (const { id, claim } of members) {
          const floor = Math.floor((all.length * (claim?.capacity ?? 1)) / capacity);
          const mine = new Set(given.get(id)?.map(partitionText));
          expect(mine.size === floor || mine.size === floor + 1).toBe(true);
          const owned = all.map(partitionText).filter((name) => ownerIn(members, name) === id);
          kept += owned.filter((name) => mine.has(name)).length;
          keepable += Math.min(owned.length, floor);
          if (owned.length > floor) wantMore++;
          left -= floor;
        }
        // Beyond its floor a member can keep one more, and only so many can.
        expect(kept).toBeGreaterThanOrEqual(keepable + Math.min(wantMore, left));
      }),
      { numRuns: 1_000 },
    );
  });

  it('depends on nothing but what members say: not on their order, and not on that of the partitions', () => {
    fc.assert(
      fc.property(groups, ({ all, members }) => {
        const there = assignPartitions(members, all);
        const back = assignPartitions([...members].reverse(), [...all].reverse());
        expect(new Map([...back].sort())).toEqual(new Map([...there].sort()));
      }),
    );
  });

  it('changes nothing when the same members join again', () => {
    fc.assert(
      fc.property(groups, ({ all, members }) => {
        const first = assignPartitions(members, all);
        const again = members.map(({ id, topics: read, claim }) =>
          member(id, { ...claim, generation: 9, owned: first.get(id) ?? [] }, [...read]),
        );
        const same = members.every(({ claim }) => claim !== undefined);
        if (same) expect(assignPartitions(again, all)).toEqual(first);
      }),
    );
  });
});

/** The one that says it with the newest generation, if it is alone in that. */
function ownerIn(members: readonly JoiningMember[], name: string): string | undefined {
  const claims = members.filter(({ claim }) => claim?.owned.some((at) => partitionText(at) === name));
  const newest = Math.max(...claims.map(({ claim }) => claim?.generation ?? 0));
  const owners = claims.filter(({ claim }) => claim?.generation === newest);
  return owners.length === 1 ? owners[0]?.id : undefined;
}

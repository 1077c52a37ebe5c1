import fc from 'fast-check';
import kafkajs, { type Cluster, type Logger } from 'kafkajs';
import { expect, it } from 'vitest';
import type { MemberClaim } from '../../src/source/kafkaAssigner.ts';
import { decodeClaim, encodeClaim, stickyAssigner } from '../../src/source/kafkaSticky.ts';

const { MemberAssignment } = kafkajs.AssignerProtocol;
const CLAIM: MemberClaim = {
  instance: 'host:1',
  lane: 2,
  capacity: 1,
  generation: 7,
  owned: [
    { topic: 'a', partition: 3 },
    { topic: '__proto__', partition: 0 },
  ],
  cached: [{ topic: 'b', partition: 1, position: 2 ** 40 }],
};

it('says of a member what another one reads', () => {
  expect(decodeClaim(encodeClaim(CLAIM))).toEqual(CLAIM);
  expect(decodeClaim(encodeClaim({ ...CLAIM, generation: -1, owned: [], cached: [] }))?.owned).toEqual([]);
});

it('fits into 8 kB, and leaves out what is not owned first', () => {
  const many = Array.from({ length: 500 }, (_, partition) => ({ topic: 'some.topic', partition }));
  const cached = Array.from({ length: 2_000 }, (_, partition) => ({ topic: 'c', partition, position: 1e12 }));
  const told = encodeClaim({ ...CLAIM, owned: many, cached });
  expect(told.length).toBeLessThanOrEqual(8_192);
  expect(decodeClaim(told)?.owned).toEqual(many);
  expect(encodeClaim({ ...CLAIM, owned: cached, cached: [] }).length).toBeLessThanOrEqual(8_192);
});

it('takes what nobody can read for nothing', () => {
  const whole = JSON.parse(encodeClaim(CLAIM).toString()) as Record<string, unknown>;
  const wrong: Record<string, unknown>[] = [
    { v: 2 },
    { instance: 5 },
    { lane: -1 },
    { capacity: 0 },
    { capacity: 1e9 },
    { generation: '7' },
    { owned: { a: 3 } },
    { owned: { a: ['3'] } },
    { owned: null },
    { cached: { b: [1] } },
    { cached: { b: [[1, -1]] } },
    { owned: { a: Array.from({ length: 10_001 }, () => 1) } },
  ];
  for (const change of wrong) expect(decodeClaim(Buffer.from(JSON.stringify({ ...whole, ...change })))).toBeUndefined();
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void expect(decodeClaim(Buffer.from(bytes))).toBeUndefined()));
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(decodeClaim(Buffer.from(text))).toBeUndefined();
    }),
  );
});

it('assigns in kafkajs’s words, whatever a member says', async () => {
  const metadata: Record<string, number> = { a: 3, b: 1 };
  const cluster = {
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: metadata[topic] ?? 0 }, (_, partitionId) => ({ partitionId })),
  } as unknown as Cluster;
  const assigner = stickyAssigner(() => CLAIM)({ cluster, groupId: 'g', logger: {} as Logger });
  const topics = ['a', 'b'];
  const { metadata: mine } = assigner.protocol({ topics });
  const stranger = kafkajs.AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.from('?') });
  const assignment = await assigner.assign({
    members: [
      { memberId: 'x', memberMetadata: stranger },
      { memberId: 'y', memberMetadata: mine },
    ],
    topics,
  });
  const told = assignment.map(({ memberId, memberAssignment }) => [
    memberId,
    MemberAssignment.decode(memberAssignment)?.assignment,
  ]);
  // b/1 does not exist; a/3 does not, either.
  expect(told).toEqual([
    ['x', { a: [0, 2] }],
    ['y', { a: [1], b: [0] }],
  ]);
});

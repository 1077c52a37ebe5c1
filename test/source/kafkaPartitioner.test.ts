import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyPartitioner, murmur2 } from '../../src/source/kafkaPartitioner.ts';

const stock = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2.js') as (
  key: Buffer,
) => number;

it('hashes every key as kafkajs does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(murmur2(Buffer.from(bytes))).toBe(stock(Buffer.from(bytes)));
    }),
  );
});

it('hashes as the Java client does', () => {
  // The vectors of Kafka's UtilsTest.testMurmur2.
  const vectors = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536 };
  for (const [key, hash] of Object.entries(vectors)) expect(murmur2(Buffer.from(key))).toBe(hash);
});

it('hashes a key of a megabyte before the time of a test is up', () => {
  expect(Number.isInteger(murmur2(Buffer.alloc(1 << 20, 'k')))).toBe(true);
});

it('spreads records without a key over all partitions that have a leader, and keeps those of one key together', () => {
  const partitionMetadata = Array.from({ length: 4 }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: partitionId === 2 ? -1 : 1,
    replicas: [1],
    isr: [1],
  }));
  const partitioner = keyPartitioner();
  const choose = (key: string | null): number =>
    partitioner({ topic: 't', partitionMetadata, message: { key, value: '' } });
  expect([null, null, null, null, null].map(choose)).toEqual([0, 1, 3, 0, 1]);
  expect(new Set(['a', 'a', 'a'].map(choose)).size).toBe(1);
});

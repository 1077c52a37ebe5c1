import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { crc32c } from '../../src/source/crc32c.ts';

const stock = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

it('gives the check value of its standard (RFC 3720)', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});

it('agrees with kafkajs for every length and place', () => {
  const bytes = randomBytes(100);
  for (let from = 0; from < 20; from++) {
    for (let end = from; end <= bytes.length; end++) {
      expect(crc32c(bytes, from, end)).toBe(stock(bytes.subarray(from, end)) >>> 0);
    }
  }
});

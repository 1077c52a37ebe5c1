import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import { CODECS, type Codec } from '../../src/source/codecs.ts';
import { applyKafkaPatches, requireVersion } from '../../src/source/kafkaPatches.ts';
import { manyRecords, recordBatch, recordBytes, type TestBatch } from '../support/recordBatches.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => Queue;

/** The records of a response, and what kafkajs decodes them with at the moment. */
function responseOf(records: Buffer) {
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
  const decode = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
    decoder: object,
  ) => Promise<unknown[]>;
  const size = Buffer.alloc(4);
  size.writeInt32BE(records.length);
  return { decoder: new Decoder(Buffer.concat([size, records])), decode };
}

function stockCodec(number: number): Codec {
  const { Codecs } = require('kafkajs/src/protocol/message/compression') as { Codecs: Record<number, () => Codec> };
  const codec = Codecs[number];
  if (codec === undefined) throw new Error(`no codec ${number}`);
  return codec();
}

/** Commits by a runner that is told to be running, and by `commit` does what happens meanwhile. */
function commitOf({
  running,
  commit = () => {},
}: {
  running: boolean;
  commit?: (runner: { running: boolean }) => void;
}) {
  const Runner = require('kafkajs/src/consumer/runner') as { prototype: { commitOffsets(): Promise<void> } };
  const retrier = (attempt: () => Promise<void>): Promise<void> => attempt();
  const runner = { running, retrier, logger: { debug: () => {} }, consumerGroup: { groupId: 'g', commitOffsets } };
  async function commitOffsets(): Promise<void> {
    commit(runner);
  }
  return Promise.resolve(Runner.prototype.commitOffsets.call(runner));
}

/** One message of format 1, from before record batches. */
function messageSet(offset: number, value: string): Buffer {
  const bytes = Buffer.alloc(34 + value.length);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(1, 16);
  bytes.writeInt32BE(-1, 26);
  bytes.writeInt32BE(value.length, 30);
  bytes.write(value, 34);
  return bytes;
}

function newQueue(): Queue {
  const logger = { debug: () => {} };
  return new RequestQueue({ maxInFlightRequests: 0, requestTimeout: 1, clientId: 'c', broker: 'b', logger });
}

it('refuses every version but the one that the patches were written for', () => {
  expect(() => requireVersion('2.2.4')).not.toThrow();
  for (const version of ['2.2.3', '2.2.5', '3.0.0']) expect(() => requireVersion(version)).toThrow(version);
});

it('is needed: stock kafkajs arms a timer although nothing waits', () => {
  vi.useFakeTimers();
  try {
    newQueue().checkPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

const decodeNow = async (batch: Partial<TestBatch>): Promise<unknown[]> => {
  const { decoder, decode } = responseOf(recordBatch({ baseOffset: 0, records: [], ...batch }));
  return decode(decoder);
};

it('is needed: stock kafkajs fails on many records in one batch', async () => {
  // 125,000 are enough on a main thread: it depends on the size of the stack.
  const count = 900_000;
  const one = recordBytes({ value: '' }, 0);
  const batch = { count, lastOffsetDelta: count - 1, body: Buffer.alloc(one.length * count, one) };
  await expect(decodeNow(batch)).rejects.toThrow(RangeError);
});

it('is needed: stock kafkajs unpacks as much gzip as there is, and nothing else', async () => {
  const bomb = gzipSync(Buffer.alloc(20 << 20));
  expect((await stockCodec(1).decompress(bomb)).length).toBe(20 << 20);
  for (const codec of [2, 3, 4]) expect(() => stockCodec(codec)).toThrow('not implemented');
});

it('is needed: stock kafkajs commits nothing once it stops, and says nothing', async () => {
  await expect(commitOf({ running: false })).resolves.toBeUndefined();
});

it('reads any number of records, with any codec, within limits', { timeout: 30_000 }, async () => {
  applyKafkaPatches(() => {});
  // None for kafkajs: ours are beside them.
  expect(await decodeNow({ records: manyRecords(125_000, () => '') })).toHaveLength(0);
  for (const codec of [1, 2, 3, 4]) expect(stockCodec(codec)).toBe(CODECS.get(codec));
  await expect(stockCodec(1).decompress(gzipSync(Buffer.alloc(20 << 20)))).rejects.toThrow('more than 16777216 bytes');
});

it('leaves record sets of older formats to kafkajs', async () => {
  applyKafkaPatches(() => {});
  const { decoder, decode } = responseOf(messageSet(7, 'old'));
  const messages = (await decode(decoder)) as { offset: string; value: Buffer }[];
  expect(messages.map(({ offset, value }) => [offset, value.toString()])).toEqual([['7', 'old']]);
});

it('throws where offsets were not committed', async () => {
  applyKafkaPatches(() => {});
  await expect(commitOf({ running: false })).rejects.toThrow('may not be committed');
  await expect(commitOf({ running: true })).resolves.toBeUndefined();
  const commit = (runner: { running: boolean }): void => {
    runner.running = false;
  };
  await expect(commitOf({ running: true, commit })).rejects.toThrow('may not be committed');
});

it('arms the timer only while requests wait or the broker throttles, and only once', () => {
  applyKafkaPatches(() => {});
  vi.useFakeTimers();
  try {
    const queue = newQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    const checks = vi.spyOn(queue, 'checkPendingRequests').mockImplementation(() => {});
    queue.throttledUntil = Date.now() + 500;
    queue.scheduleCheckPendingRequests();
    queue.scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(499);
    expect(checks).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(checks).toHaveBeenCalledTimes(1);
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.pending = ['a request'];
    queue.scheduleCheckPendingRequests();
    vi.advanceTimersByTime(10);
    expect(checks).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
  }
});

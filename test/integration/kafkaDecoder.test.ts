// What our decoder makes of a real broker's answers: the same as kafkajs makes of them, where that can.

import { spawnSync } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs, { type EachBatchPayload, Kafka } from 'kafkajs';
import { afterAll, describe, expect, inject, it, vi } from 'vitest';
import { FetchedBatch } from '../../src/source/kafkaFetch.ts';
import { jarFolder, leaveOut } from '../support/kafkaJars.ts';
import { recordingOwner } from '../support/kafkaOwner.ts';
import { numbers, range, sourceOpener } from '../support/kafkaSources.ts';
import {
  consumeAll,
  createTopic,
  eventually,
  freshName,
  kafkaToolsReady,
  produceBomb,
  produceLines,
} from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Of either kind. */
interface Message {
  readonly offset: number | string;
  readonly timestamp?: string;
  readonly timestampMs?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: object;
}

function newClient(): Kafka {
  return new Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
}

/** Reads every record of a topic with a bare consumer. Answers a digest, and the number of fetches with records. */
async function digest(topic: string, count: number): Promise<{ readonly text: string; readonly batches: unknown[] }> {
  const consumer = newClient().consumer({ groupId: freshName('group'), maxWaitTimeInMs: 250 });
  const hash = createHash('sha256');
  const batches: unknown[] = [];
  let seen = 0;
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachBatch: async ({ batch }: EachBatchPayload) => {
      batches.push(batch);
      for (const message of batch.messages as readonly Message[]) addTo(hash, message);
      seen += batch.messages.length;
    },
  });
  await eventually('everything was read', () => seen >= count);
  await consumer.disconnect();
  expect(seen).toBe(count);
  return { text: hash.digest('hex'), batches };
}

function addTo(hash: Hash, { offset, timestamp, timestampMs, key, value, headers = {} }: Message): void {
  hash.update(JSON.stringify([Number(offset), Number(timestamp ?? timestampMs), Object.entries(headers)]));
  for (const bytes of [key, value]) hash.update(bytes === null ? 'null' : `${bytes.length}:`).update(bytes ?? '');
}

/** The jars of our own broker have a client in them; brokers of others bring none. */
function javaClientReady(): boolean {
  if (existsSync(jarFolder())) return true;
  if (brokers !== '') leaveOut('there is no Java client; unset KAFKA_BROKERS, and a broker of our own brings one.');
  return false;
}

async function applyPatches(): Promise<void> {
  vi.resetModules();
  const { applyKafkaPatches } = await import('../../src/source/kafkaPatches.ts');
  applyKafkaPatches(() => {});
}

describe.runIf(kafkaToolsReady(brokers))('the decoder of record batches, on a broker', () => {
  const open = sourceOpener();
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  it('reads what kafkajs reads: all codecs, with headers, null keys and null values', {
    timeout: 180_000,
  }, async () => {
    const each = 20_000;
    const topics = new Map(codecs.map((codec) => [codec, freshName(codec)]));
    vi.stubEnv('GRUARD_KAFKA_PATCH', '-B');
    for (const [codec, topic] of topics) {
      await createTopic(brokers, topic, 1);
      const keyed = numbers(each / 2).map((n) => (Number(n) % 3 === 0 ? `k${n}\t` : `k${n}\t{"value":${n}}`));
      const headers = ['name=text', 'name=twice', 'other='];
      await produceLines(brokers, topic, keyed, { keyed: true, tombstones: true, headers, codec });
      await produceLines(brokers, topic, numbers(each / 2), { codec });
    }
    await applyPatches();
    const stock = new Map<string, string>();
    for (const topic of topics.values()) {
      const { text, batches } = await digest(topic, each);
      expect(batches.some((batch) => batch instanceof FetchedBatch || 'fault' in (batch as object))).toBe(false);
      stock.set(topic, text);
    }
    vi.unstubAllEnvs();
    await applyPatches();
    for (const [codec, topic] of topics) {
      const { text, batches } = await digest(topic, each);
      expect(batches.every((batch) => 'fault' in (batch as object))).toBe(true);
      expect([codec, text]).toEqual([codec, stock.get(topic)]);
    }
  });

  it.runIf(javaClientReady())(
    'reads what the Java producer writes, with every codec',
    { timeout: 180_000 },
    async () => {
      const prefix = freshName('java');
      const topics = codecs.map((codec) => `${prefix}.${codec}`);
      for (const topic of topics) await createTopic(brokers, topic, 1);
      const producer = join(import.meta.dirname, '../support/Produce.java');
      const args = ['-cp', join(jarFolder(), '*'), producer, brokers, prefix, ...codecs];
      const { status, stderr } = spawnSync('java', args, { encoding: 'utf8' });
      expect([status, stderr.includes('Exception')], stderr).toEqual([0, false]);
      const owner = recordingOwner();
      void open(brokers, topics, freshName('group')).source.run(owner);
      await eventually('all records', () => owner.count() >= topics.length * 5_000);
      for (const topic of topics) {
        const read = await consumeAll(brokers, topic);
        expect(owner.values.get(`${topic}/0`)).toEqual(read.map(({ payload }) => payload));
      }
    },
  );

  it('hands over no aborted record, and passes markers and records with the key 0', async () => {
    const topic = freshName('aborted');
    await createTopic(brokers, topic, 1);
    const client = newClient();
    const send = async (id: string, values: readonly string[], end: 'commit' | 'abort'): Promise<void> => {
      const producer = client.producer({ transactionalId: `${topic}.${id}`, maxInFlightRequests: 1 });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ key: Buffer.alloc(4), value })) });
      await transaction[end]();
      await producer.disconnect();
    };
    await send('a', ['a0', 'a1'], 'commit');
    await send('b', ['b0', 'b1', 'b2'], 'abort');
    await send('a', ['a2'], 'commit');
    await send('c', ['c0', 'c1'], 'abort');
    const owner = recordingOwner();
    const { source } = open(brokers, [topic], freshName('group'));
    void source.run(owner);
    await eventually('what is committed', () => owner.count() >= 3);
    await produceLines(brokers, topic, ['last']);
    await eventually('the last one', () => owner.values.get(`${topic}/0`)?.includes('last') === true);
    expect(owner.values.get(`${topic}/0`)).toEqual(['a0', 'a1', 'a2', 'last']);
    expect(owner.violations).toEqual([]);
  });
});

describe.runIf(kafkaToolsReady(brokers))('a batch that unpacks to too much', () => {
  const open = sourceOpener();

  async function bombed() {
    const topic = freshName('bomb');
    await createTopic(brokers, topic, 2);
    await produceLines(brokers, topic, numbers(10), { partition: 0 });
    await produceBomb(brokers, topic, 20_000_000);
    await produceLines(brokers, topic, numbers(10, 10), { partition: 0 });
    await produceLines(brokers, topic, numbers(10), { partition: 1 });
    return topic;
  }

  it('holds its partition up, says so, and holds up no other one', async () => {
    const topic = await bombed();
    const owner = recordingOwner();
    const { source, states, lines } = open(brokers, [topic], freshName('group'), { timing: { blockedEveryMs: 300 } });
    void source.run(owner);
    await eventually('partition 0 is blocked', () => states.at(-1)?.blocked.length === 1);
    await produceLines(brokers, topic, numbers(1_000, 10), { partition: 1 });
    await eventually('partition 1 goes on', () => owner.offsets.get(`${topic}/1`)?.length === 1_010);
    expect(owner.offsets.get(`${topic}/0`)).toEqual(range(0, 10));
    expect(states.at(-1)?.blocked).toEqual([`${topic}/0`]);
    const said = lines.filter((line) => line.startsWith('error batch_unreadable'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`${topic}/0 at offset 10 cannot be read (bomb): it holds more than 16777216 bytes`);
  });

  it('is handed over as one record that could not be read, where the configuration says so', async () => {
    const topic = await bombed();
    const unreadable: unknown[] = [];
    const owner = recordingOwner({
      onDeliver: ({ records }) => {
        for (const record of records) if (record.unreadable !== undefined) unreadable.push(record);
      },
    });
    const settings = { brokers: brokers.split(','), group: freshName('group'), tls: undefined, sasl: undefined };
    const { source, states } = open(brokers, [topic], settings.group, {
      settings: { ...settings, verifyCrc: true, onBadBatch: 'skip' },
    });
    void source.run(owner);
    await eventually('both partitions', () => owner.count() >= 31);
    expect(owner.offsets.get(`${topic}/0`)).toEqual(range(0, 21));
    expect(unreadable).toEqual([
      expect.objectContaining({ offset: 10, unreadable: { reason: 'bomb', detail: 'holds more than 16777216 bytes' } }),
    ]);
    expect(states.every(({ blocked }) => blocked.length === 0)).toBe(true);
    expect(owner.violations).toEqual([]);
  });
});

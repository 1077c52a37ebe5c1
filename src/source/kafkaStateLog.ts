// Logs of state as topics: one for each input topic, with the same partitions. Reading needs no group: kafkajs's
// consumer knows only groups, so the requests that it is made of are sent here directly. A member of a private group
// would wait 3 s for its first record (`group.initial.rebalance.delay.ms`), and need one more permission.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Message, Producer } from 'kafkajs';
import type { PartitionId } from '../domain.ts';
import { GruardError } from '../errors.ts';
import type { StateLog, StateMessage } from '../ports.ts';
import { authTypeIn, kafkaErrorCode, kafkaErrorText, runRetry } from './kafkaClient.ts';
import { fetchedBatch } from './kafkaDecoder.ts';
import { newRawCluster, type RawCluster, type RawFetched, type RawMessage } from './kafkaRaw.ts';

/** Below the brokers' default limit for a batch, 1,048,588 bytes. */
const BATCH_BYTES_MAX = 900_000;
const FETCH_BYTES = 8 << 20;
/** So many bytes of batches without a record: there is none until the end. */
const FETCH_BYTES_MAX = 64 << 20;
const TRIES = 5;
const RETRY_MS = 200;
const EPOCH_HEADER = 'epoch';
const NUMBER_HEADER = 'number';

export interface KafkaStateLogOptions {
  readonly kafka: Kafka;
  readonly topicOf: (inputTopic: string) => string;
}

export function newKafkaStateLog({ kafka, topicOf }: KafkaStateLogOptions): StateLog {
  let producer: Promise<Producer> | undefined;
  let cluster: RawCluster | undefined;
  const producing = async (): Promise<Producer> => {
    // One request in flight: what was sent first lies first.
    const fresh = kafka.producer({
      createPartitioner: () => (sent) => sent.message.partition ?? 0,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      retry: runRetry,
    });
    await fresh.connect();
    return fresh;
  };
  return {
    async append(partition, messages) {
      producer ??= producing();
      const sender = await producer.catch((error) => {
        producer = undefined;
        throw failed(error, 'WRITE', topicOf(partition.topic));
      });
      const topic = topicOf(partition.topic);
      let last = 0;
      for (const batch of batches(messages)) {
        const sent = batch.map((message) => toKafka(message, partition.partition));
        const [answer] = await sender.send({ topic, acks: -1, messages: sent }).catch((error) => {
          throw failed(error, 'WRITE', topic);
        });
        last = Number(answer?.baseOffset) + batch.length - 1;
      }
      return last;
    },

    async read(partition, from, onRecord) {
      cluster ??= newRawCluster(kafka);
      const connected = cluster;
      let position = from;
      let end: number | undefined;
      for (let bytes = FETCH_BYTES; end === undefined || position < end; ) {
        const at = { topic: topicOf(partition.topic), partition: partition.partition };
        const { highWatermark, messages } = await retried(connected, at.topic, () =>
          fetch(connected, at, position, bytes),
        );
        end ??= Number(highWatermark);
        const before = position;
        for (const message of messages) {
          const offset = Number(message.offset);
          if (offset < position || offset >= end) continue;
          position = offset + 1;
          if (message.key !== null) onRecord(toRecord(message, message.key, offset));
        }
        if (position > before) continue;
        // Compaction leaves holes, at the end, too: batches there have no record any more.
        if (bytes >= FETCH_BYTES_MAX) break;
        bytes *= 2;
      }
      return end ?? position;
    },

    async stop() {
      await Promise.allSettled([producer?.then((sender) => sender.disconnect()), cluster?.disconnect()]);
    },
  };
}

async function fetch(cluster: RawCluster, at: PartitionId, position: number, bytes: number): Promise<RawFetched> {
  const { topic, partition } = at;
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) throw new GruardError('topic_missing', `${topic} has no partition ${partition}`);
  const broker = await cluster.findBroker({ nodeId });
  const partitions = [{ partition, fetchOffset: String(position), maxBytes: bytes }];
  // At the end it answers at once: nobody waits for records here.
  const { responses } = await broker.fetch({
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: bytes,
    isolationLevel: 0,
    topics: [{ topic, partitions }],
  });
  const fetched = responses[0]?.partitions[0];
  if (fetched === undefined) throw new Error(`no answer about ${topic}/${partition}`);
  const from = { topic, partition, fetchedOffset: String(position), highWatermark: String(fetched.highWatermark) };
  const batch = fetchedBatch(fetched.messages, from);
  if (batch?.fault !== undefined) {
    const { offset, detail } = batch.fault;
    throw new GruardError('batch_unreadable', `${topic}/${partition}, offset ${offset}: ${detail}`);
  }
  return batch ?? fetched;
}

async function retried<T>(cluster: RawCluster, topic: string, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GruardError) throw error;
      if (tries === TRIES || authTypeIn(error) !== undefined) throw failed(error, 'READ', topic);
      await sleep(RETRY_MS * tries);
      // The leader may have moved.
      await cluster.refreshMetadata().catch(() => {});
    }
  }
}

/** With the code of what happened at the brokers: whoever asked must not take it for a fault of gruard. */
function failed(error: unknown, operation: 'READ' | 'WRITE', topic: string): GruardError {
  const lacks = authTypeIn(error) === 'TOPIC_AUTHORIZATION_FAILED' ? `this user lacks ${operation} on it: ` : '';
  const text = `state topic ${topic}: ${lacks}${kafkaErrorText(error)}`;
  return new GruardError(kafkaErrorCode(error), text, { cause: error });
}

function* batches(messages: readonly StateMessage[]): Generator<readonly StateMessage[], void> {
  let [from, bytes] = [0, 0];
  for (const [index, { key, value }] of messages.entries()) {
    const size = key.length + (value?.length ?? 0) + 100;
    if (index > from && bytes + size > BATCH_BYTES_MAX) {
      yield messages.slice(from, index);
      [from, bytes] = [index, 0];
    }
    bytes += size;
  }
  yield messages.slice(from);
}

function toKafka({ key, value, deletedBy }: StateMessage, partition: number): Message {
  const headers = {
    [EPOCH_HEADER]: String(deletedBy?.epoch),
    [NUMBER_HEADER]: String(deletedBy?.number),
  };
  const message = { key: asBuffer(key), value: value === null ? null : asBuffer(value), partition };
  return deletedBy === undefined ? message : { ...message, headers };
}

function toRecord(
  { value, headers }: RawMessage,
  key: Uint8Array,
  offset: number,
): StateMessage & { readonly offset: number } {
  if (value !== null) return { key, value, offset };
  const read = (name: string): number => Number(String(headers?.[name] ?? Number.NaN));
  const [epoch, number] = [read(EPOCH_HEADER), read(NUMBER_HEADER)];
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(number)) return { key, value, offset };
  return { key, value, offset, deletedBy: { epoch, number } };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

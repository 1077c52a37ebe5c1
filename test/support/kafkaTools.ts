// Topics, records in and records out, by a client that is not ours: kcat. So a fault of kafkajs cannot hide itself.

import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Clock, Log } from '../../src/ports.ts';
import type { KafkaSettings } from '../../src/settings.ts';
import { newKafkaClient, withAdmin } from '../../src/source/kafkaClient.ts';
import { leaveOut } from './kafkaJars.ts';

/** One record as kcat read it. */
export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly key: string | null;
  readonly payload: string | null;
  /** Name, value, name, value … */
  readonly headers?: readonly string[];
}

/** Fits 5 MB of value and what is around it. */
const messageBytesMax = 6_000_000;
const deadlineMs = 40_000;

/** True where tests can talk to these brokers with kcat; otherwise says once what to install. */
export function kafkaToolsReady(brokers: string): boolean {
  if (brokers === '') return false;
  if (spawnSync('kcat', ['-V'], { stdio: 'ignore' }).status === 0) return true;
  leaveOut('kcat was not found; install it (Debian and Ubuntu: apt-get install kcat).');
  return false;
}

/** A name that no other test uses. */
export function freshName(word: string): string {
  return `test.${word}.${randomUUID().slice(0, 8)}`;
}

export function kafkaSettings(brokers: string, group: string): KafkaSettings {
  const unset = { tls: undefined, sasl: undefined, verifyCrc: false } as const;
  return { brokers: brokers.split(','), group, ...unset, onBadBatch: 'pause' };
}

export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A log that keeps its lines, as `level code message`. */
export function keepingLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: (level, code, message) => void lines.push(`${level} ${code} ${message}`), lines };
}

/** Creates a topic and waits until every partition has a leader. */
export async function createTopic(
  brokers: string,
  topic: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const kafka = newKafkaClient(kafkaSettings(brokers, ''), () => {}, realClock);
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const topics = [{ topic, numPartitions: partitions, configEntries }];
  await withAdmin(kafka, async (admin) => {
    await admin.createTopics({ topics, waitForLeaders: false });
    // Not by `waitForLeaders`: it fails while a broker has not heard of the topic yet.
    await eventually(`${topic} has its leaders`, async () => {
      const known = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
      const leaders = known.topics[0]?.partitions.filter(({ leader }) => leader >= 0) ?? [];
      return leaders.length === partitions;
    });
  });
}

/** Removes the records of partition 0 below `offset`, as retention does. */
export async function deleteBelow(brokers: string, topic: string, offset: number): Promise<void> {
  const kafka = newKafkaClient(kafkaSettings(brokers, ''), () => {}, realClock);
  const partitions = [{ partition: 0, offset: String(offset) }];
  await withAdmin(kafka, async (admin) => {
    // Loads the metadata, which the other call takes for granted.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions });
  });
}

interface Produced {
  readonly partition?: number;
  /** Lines are `key\tvalue`. */
  readonly keyed?: boolean;
  /** `name=value`, the same for all. */
  readonly headers?: readonly string[];
  /** Empty values are null. */
  readonly tombstones?: boolean;
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
}

/** Writes one record a line, to one partition or to where its key belongs. */
export async function produceLines(
  brokers: string,
  topic: string,
  lines: readonly string[],
  { partition, keyed, headers = [], tombstones, codec = 'none' }: Produced = {},
): Promise<void> {
  const where = partition === undefined ? [] : ['-p', String(partition)];
  const form = [...(keyed ? ['-K', '\t'] : []), ...(tombstones ? ['-Z'] : []), ...headers.flatMap((h) => ['-H', h])];
  const limit = ['-X', `message.max.bytes=${messageBytesMax}`, '-z', codec];
  await kcat(['-P', '-b', brokers, '-t', topic, ...where, ...form, ...limit], `${lines.join('\n')}\n`);
}

/** One record of zeros to partition 0, packed to next to nothing. By kafkajs: kcat takes half a minute to read it. */
export async function produceBomb(brokers: string, topic: string, length: number): Promise<void> {
  const producer = newKafkaClient(kafkaSettings(brokers, ''), () => {}, realClock).producer();
  await producer.connect();
  const messages = [{ partition: 0, value: Buffer.alloc(length, '0') }];
  await producer.send({ topic, messages, compression: kafkajs.CompressionTypes.GZIP });
  await producer.disconnect();
}

/** Every record that the topic holds now, by partition and offset. */
export async function consumeAll(brokers: string, topic: string): Promise<ReadRecord[]> {
  const limit = `fetch.message.max.bytes=${messageBytesMax}`;
  const text = await kcat(['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J', '-X', limit]);
  const records = text.split('\n').filter((line) => line !== '');
  const parsed = records.map((line) => JSON.parse(line) as ReadRecord);
  return parsed.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Waits for a condition; the one deadline is far beyond what a slow machine needs. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen in ${deadlineMs / 1000} s: ${what}`);
    await sleep(20);
  }
}

function kcat(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('kcat', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`kcat ${args.join(' ')} ended with ${code}: ${errors}`));
    });
    child.stdin.end(input);
  });
}

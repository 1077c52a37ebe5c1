// The Kafka store on real topics: what every store promises, and what it asks of its topics.

import kafkajs from 'kafkajs';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { newKafkaStore } from '../../src/checkpoint/kafkaStore.ts';
import type { StateLog, StateMessage } from '../../src/ports.ts';
import { newKafkaClient, withAdmin } from '../../src/source/kafkaClient.ts';
import { newKafkaStateLog } from '../../src/source/kafkaStateLog.ts';
import { ensureStateTopic, stateTopicOf } from '../../src/source/kafkaStateTopic.ts';
import { checkpointStoreContract } from '../contract/checkpointStore.ts';
import {
  consumeAll,
  createTopic,
  freshName,
  kafkaSettings,
  kafkaToolsReady,
  realClock,
} from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const GROUP = 'group';
const SETTINGS = { topic: '{group}-{topic}-state', replication: 1 };

describe.runIf(kafkaToolsReady(brokers))('state in Kafka', () => {
  const kafka = newKafkaClient(kafkaSettings(brokers, GROUP), () => {}, realClock);
  const opened: StateLog[] = [];
  afterAll(() => Promise.all(opened.map((log) => log.stop())));
  const newLog = (topicOf: (input: string) => string): StateLog => {
    const log = newKafkaStateLog({ kafka, topicOf });
    opened.push(log);
    return log;
  };

  checkpointStoreContract('the Kafka store on a real broker', async () => {
    // The contract's topics have names that no broker takes: each storage has topics of its own for them.
    const topics = new Map<string, string>();
    const run = freshName('state');
    const topicOf = (input: string): string => topics.get(input) ?? `${run}.${[...topics.keys()].length}`;
    let failing = false;
    const log = newLog(topicOf);
    const state: StateLog = {
      ...log,
      append(partition, messages) {
        if (!failing) return log.append(partition, messages);
        failing = false;
        return Promise.reject(new Error('no answer'));
      },
    };
    const ready = async ({ topic }: { readonly topic: string }): Promise<void> => {
      if (topics.has(topic)) return;
      const name = topicOf(topic);
      topics.set(topic, name);
      await createTopic(brokers, name, 5, { 'cleanup.policy': 'compact' });
    };
    const options = { log: () => {}, state, ready };
    return {
      newStore: () => newKafkaStore(options),
      failNextSave: () => {
        failing = true;
      },
      blockBytesMax: 300_000,
    };
  });

  it('reads what was written, deletions and who deleted, beyond one fetch, over the holes of compaction', {
    timeout: 90_000,
  }, async () => {
    const topic = freshName('holes');
    // Of one segment, which nothing compacts as long as it is written to.
    await createTopic(brokers, topic, 2, { 'cleanup.policy': 'compact' });
    const log = newLog(() => topic);
    const at = { topic: 'in', partition: 1 };
    const messages: StateMessage[] = Array.from({ length: 60 }, (_, n) => {
      return { key: Buffer.from(`key-${n % 20}`), value: Buffer.alloc(400_000, n) };
    });
    expect(await log.append(at, messages)).toBe(59);
    const deleted = { key: Buffer.from('key-3'), value: null, deletedBy: { epoch: 7, number: 9 } };
    expect(await log.append(at, [deleted])).toBe(60);
    const read = async (): Promise<{ end: number; seen: (StateMessage & { offset: number })[] }> => {
      const seen: (StateMessage & { offset: number })[] = [];
      const end = await log.read(at, 0, ({ value, ...rest }) => {
        seen.push({ ...rest, value: value === null ? null : value.slice(0, 1) });
      });
      return { end, seen };
    };
    const whole = await read();
    expect(whole.end).toBe(61);
    expect(whole.seen.map(({ offset }) => offset)).toEqual(Array.from({ length: 61 }, (_, n) => n));
    expect(whole.seen.at(-1)).toMatchObject({ value: null, deletedBy: { epoch: 7, number: 9 } });
    // New segments let the cleaner at the old ones.
    const settings = {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.01',
      'segment.ms': '100',
      'max.compaction.lag.ms': '100',
    };
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await withAdmin(kafka, (admin) => admin.alterConfigs({ validateOnly: false, resources }));
    await expect
      .poll(
        async () => {
          await log.append(at, [{ key: Buffer.from('tick'), value: Buffer.alloc(1) }]);
          return (await read()).seen.length;
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBeLessThan(45);
    const { end, seen } = await read();
    const last = seen.filter(({ key }) => Buffer.from(key).toString() === 'key-5').at(-1);
    expect([last?.offset, last?.value?.[0], seen.at(-1)?.offset]).toEqual([45, 45, end - 1]);
    expect(await log.read(at, end, () => expect.fail('nothing is there'))).toBe(end);
  });

  it('makes the topic as it must be, once, and refuses one that would lose state', async () => {
    const input = freshName('input');
    await createTopic(brokers, input, 3);
    await Promise.all([1, 2].map(() => ensureStateTopic(kafka, SETTINGS, GROUP, input)));
    const topic = stateTopicOf(SETTINGS, GROUP, input);
    expect(topic).toBe(`${GROUP}-${input}-state`);
    const made = await withAdmin(kafka, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: topic }],
      });
      const of = (name: string): string | undefined =>
        resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue;
      return [topics[0]?.partitions.length, of('cleanup.policy'), of('min.compaction.lag.ms')];
    });
    expect(made).toEqual([3, 'compact', '1800000']);

    const [other, wrong, quick] = [freshName('input'), freshName('input'), freshName('input')];
    await createTopic(brokers, other, 2);
    await createTopic(brokers, stateTopicOf(SETTINGS, GROUP, other), 3, { 'cleanup.policy': 'compact' });
    await createTopic(brokers, wrong, 1);
    await createTopic(brokers, stateTopicOf(SETTINGS, GROUP, wrong), 1);
    await createTopic(brokers, quick, 1);
    await createTopic(brokers, stateTopicOf(SETTINGS, GROUP, quick), 1, { 'cleanup.policy': 'compact' });
    await expect(ensureStateTopic(kafka, SETTINGS, GROUP, quick)).rejects.toMatchObject({
      code: 'state_topic',
      message: expect.stringContaining('min.compaction.lag.ms=0'),
    });
    await expect(ensureStateTopic(kafka, SETTINGS, GROUP, other)).rejects.toMatchObject({
      code: 'state_topic',
      message: expect.stringContaining('has 3 partitions'),
    });
    await expect(ensureStateTopic(kafka, SETTINGS, GROUP, wrong)).rejects.toMatchObject({
      code: 'state_topic',
      message: expect.stringContaining('cleanup.policy=delete'),
    });
    const many = { ...SETTINGS, topic: 'many-{topic}', replication: 9 };
    await expect(ensureStateTopic(kafka, many, GROUP, input)).rejects.toMatchObject({
      code: 'state_topic',
      message: expect.stringContaining('state.kafka.replication'),
    });
    expect(await consumeAll(brokers, topic)).toEqual([]);
  });
});

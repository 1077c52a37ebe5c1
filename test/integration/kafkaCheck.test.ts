import { describe, expect, inject, it } from 'vitest';
import type { Settings, StreamSettings } from '../../src/settings.ts';
import { checkKafka } from '../../src/source/kafkaCheck.ts';
import { newKafkaClient } from '../../src/source/kafkaClient.ts';
import { topicPartitions } from '../../src/source/kafkaTopics.ts';
import { freePort } from '../support/broker.ts';
import { createTopic, freshName, kafkaSettings, kafkaToolsReady, realClock } from '../support/kafkaTools.ts';

const brokers = inject('brokers');

function settings(
  at: string,
  topics: readonly string[],
  sinks: Settings['sinks'],
  store: Settings['state']['store'] = 'file',
): Settings {
  const stream: Partial<StreamSettings> = { name: 'orders', topics };
  const state = { store, kafka: { topic: '{group}-{topic}-state', replication: 1 } };
  // Only what the check looks at.
  return { kafka: kafkaSettings(at, 'g'), streams: [stream], sinks, state } as unknown as Settings;
}

describe.runIf(kafkaToolsReady(brokers))('a look at the cluster before the start', () => {
  it('finds nothing where everything is there', async () => {
    const [topic, events] = [freshName('here'), freshName('events')];
    for (const name of [topic, events]) await createTopic(brokers, name, 1);
    const found = settings(brokers, [topic, `${topic.slice(0, -2)}*`], { events, rejects: undefined });
    expect(await checkKafka(found, () => {})).toEqual([]);
  });

  it('tells each missing topic, where it is configured, and what to do', async () => {
    const sinks = { events: 'no-events', rejects: 'no-rejects' };
    const problems = await checkKafka(settings(brokers, ['no-input', 'no.such.*'], sinks), () => {});
    const remedy = 'Create the topic, mend its name, or let this user see it; gruard keeps looking.';
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['topic_missing']));
    expect(problems.map(({ text }) => text)).toEqual([
      `streams.orders: topic no-input does not exist. ${remedy}`,
      `streams.orders: no topic matches no.such.*. ${remedy}`,
      `sinks.events: topic no-events does not exist. ${remedy}`,
      `sinks.rejects: topic no-rejects does not exist. ${remedy}`,
    ]);
  });

  it('tells which state topic would lose state; one that is missing will be made', async () => {
    const [topic, other] = [freshName('in'), freshName('in')];
    for (const name of [topic, other]) await createTopic(brokers, name, 2);
    const sinks = { events: undefined, rejects: undefined };
    expect(await checkKafka(settings(brokers, [topic, other], sinks, 'kafka'), () => {})).toEqual([]);
    await createTopic(brokers, `g-${topic}-state`, 2);
    await createTopic(brokers, `g-${other}-state`, 3, { 'cleanup.policy': 'compact' });
    const problems = (await checkKafka(settings(brokers, [topic, other], sinks, 'kafka'), () => {})).map(
      ({ text }) => text,
    );
    expect(problems).toHaveLength(2);
    expect(problems.join()).toContain(`topic g-${topic}-state has cleanup.policy=delete`);
    expect(problems.join()).toContain(`topic g-${other}-state has 3 partitions, ${other} has 2`);
  });

  it('tells that no broker answers', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`;
    const [problem] = await checkKafka(settings(nowhere, ['x'], { events: undefined, rejects: undefined }), () => {});
    expect(problem?.code).toBe('broker_unavailable');
    expect(problem?.text).toMatch(
      new RegExp(`^kafka.brokers: ${nowhere} cannot be used: .*ECONNREFUSED.*Check kafka.brokers`),
    );
  });

  it('counts the partitions of names and prefixes', async () => {
    const prefix = freshName('count');
    await createTopic(brokers, `${prefix}.a`, 3);
    await createTopic(brokers, `${prefix}.b`, 5);
    const kafka = newKafkaClient(kafkaSettings(brokers, 'g'), () => {}, realClock);
    const counts = await topicPartitions(kafka, [`${prefix}.*`, 'missing']);
    expect(counts).toEqual(
      new Map([
        [`${prefix}.a`, 3],
        [`${prefix}.b`, 5],
      ]),
    );
    expect(await topicPartitions(kafka, ['missing'])).toEqual(new Map());
  });
});

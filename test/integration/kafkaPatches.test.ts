import kafkajs, { Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { GroupMembership } from '../../src/source/kafkaPatches.ts';
import { createTopic, eventually, freshName, kafkaToolsReady } from '../support/kafkaTools.ts';

const brokers = inject('brokers');

describe.runIf(kafkaToolsReady(brokers))('the patches of kafkajs, on a broker', () => {
  const topic = freshName('patches');

  beforeAll(async () => {
    vi.stubEnv('GRUARD_KAFKA_PATCH', '-A,-B,-C,-D,-E,-F');
    await createTopic(brokers, topic, 1);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  /** Joins a group with a hook that takes a while; answers what happened, in order, and how often timers were set. */
  async function joinAndIdle(): Promise<{ readonly steps: string[]; readonly timers: number }> {
    const { withBeforeJoin } = await import('../../src/source/kafkaPatches.ts');
    const steps: string[] = [];
    const hook = async ({ memberId }: GroupMembership): Promise<void> => {
      steps.push(`hook begins as ${memberId ?? 'nobody'}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      steps.push('hook ends');
    };
    const kafka = new Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
    const partitionAssigners = [withBeforeJoin(kafkajs.PartitionAssigners.roundRobin, hook)];
    const consumer = kafka.consumer({ groupId: freshName('group'), partitionAssigners, maxWaitTimeInMs: 250 });
    consumer.on(consumer.events.GROUP_JOIN, () => void steps.push('joined'));
    let fetches = 0;
    consumer.on(consumer.events.FETCH, () => void fetches++);
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({ eachBatch: async () => {} });
    await eventually('the first fetch', () => fetches > 0);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const until = fetches + 6;
    await eventually('idle fetches', () => fetches >= until);
    const count = timers.mock.calls.length;
    timers.mockRestore();
    await consumer.disconnect();
    return { steps, timers: count };
  }

  it('are needed: without them nobody awaits the hook, and idle connections set timers all the time', async () => {
    const { steps, timers } = await joinAndIdle();
    expect(steps).toEqual(['joined']);
    // Six idle fetches of a quarter of a second: one timer each millisecond or two.
    expect(timers).toBeGreaterThan(300);
  });

  it('await the hook before the join, and leave idle connections alone', async () => {
    vi.unstubAllEnvs();
    vi.resetModules();
    const { applyKafkaPatches } = await import('../../src/source/kafkaPatches.ts');
    const lines: string[] = [];
    applyKafkaPatches((_level, _code, message) => lines.push(message));
    applyKafkaPatches((_level, _code, message) => lines.push(message));
    expect(lines).toEqual(['kafkajs 2.2.4, patches: A, B, C, D, E, F, G']);
    const { steps, timers } = await joinAndIdle();
    expect(steps).toEqual(['hook begins as nobody', 'hook ends', 'joined']);
    expect(timers).toBeLessThan(100);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { newKafkaClient, withAdmin } from '../../src/source/kafkaClient.ts';
import { recordingOwner } from '../support/kafkaOwner.ts';
import { numbers, range, sourceOpener } from '../support/kafkaSources.ts';
import {
  createTopic,
  deleteBelow,
  eventually,
  freshName,
  kafkaSettings,
  kafkaToolsReady,
  produceLines,
  realClock,
} from '../support/kafkaTools.ts';

const brokers = inject('brokers');

describe.runIf(kafkaToolsReady(brokers))('a group of Kafka sources', () => {
  const open = sourceOpener();

  it('hands over every record exactly once while members come and go in the middle of the work', async () => {
    const [topic, group] = [freshName('busy'), freshName('group')];
    const [partitions, count] = [6, 3_000];
    await createTopic(brokers, topic, partitions);
    // 3 MB a partition: several fetches, so that only the position tells where to read on.
    const lines = numbers(count).map((text) => text.padEnd(1_000));
    for (const partition of range(0, partitions)) await produceLines(brokers, topic, lines, { partition });
    const positions = new Map<string, number>();
    const seen = new Map<string, number[]>();
    const owners = range(0, 3).map(() =>
      recordingOwner({
        positions,
        onDeliver: async ({ topic: from, partition, records }) => {
          await sleep(Math.ceil(records.length * 0.4));
          const name = `${from}/${partition}`;
          seen.set(name, [...(seen.get(name) ?? []), ...records.map(({ offset }) => offset)]);
        },
      }),
    );
    const total = (): number => [...seen.values()].reduce((sum, offsets) => sum + offsets.length, 0);
    const members = owners.map((owner) => ({ owner, ...open(brokers, [topic], group) }));
    const [one, two, three] = members;
    void one?.source.run(one.owner);
    await eventually('work began', () => total() > 500);
    void two?.source.run(two.owner);
    await eventually('two work', () => (two?.owner.count() ?? 0) > 200);
    void three?.source.run(three.owner);
    await eventually('three work', () => (three?.owner.count() ?? 0) > 200);
    await one?.source.stop();
    await eventually('everything was read', () => total() >= partitions * count);
    for (const partition of range(0, partitions)) expect(seen.get(`${topic}/${partition}`)).toEqual(range(0, count));
    expect(owners.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('reads on in a partition while another one is restored', async () => {
    const [topic, group] = [freshName('beside'), freshName('group')];
    await createTopic(brokers, topic, 2);
    for (const partition of [0, 1]) await produceLines(brokers, topic, numbers(100), { partition });
    let restored = (): void => {};
    const restoring = new Promise<void>((resolve) => {
      restored = resolve;
    });
    let first: number | undefined;
    const owner = recordingOwner({
      onTake({ partition }) {
        if (first !== undefined) return restoring;
        first = partition;
        return undefined;
      },
    });
    const { source, states } = open(brokers, [topic], group);
    const run = source.run(owner);
    await eventually('100 records', () => owner.count() >= 100);
    await produceLines(brokers, topic, numbers(5, 100), { partition: first ?? 0 });
    await eventually('five more', () => owner.count() >= 105);
    expect(states.at(-1)?.waitingFor).toBe('state of 2 partitions');
    restored();
    await eventually('those of the other one', () => owner.count() >= 205);
    await eventually('it is ready', () => states.at(-1)?.waitingFor === undefined);
    await source.stop();
    await run;
    expect(owner.violations).toEqual([]);
  });

  it('moves no partition that can stay when a member comes, and brings all back when it goes', async () => {
    const [topic, group] = [freshName('sticky'), freshName('group')];
    await createTopic(brokers, topic, 8);
    const [one, two] = [recordingOwner(), recordingOwner()];
    const [first, second] = [open(brokers, [topic], group), open(brokers, [topic], group, { lane: 1 })];
    void first.source.run(one);
    await eventually('one has all', () => one.held.size === 8);
    void second.source.run(two);
    await eventually('two share', () => two.held.size === 4 && one.held.size === 4);
    const callsOf = (owner: typeof one, call: string): number =>
      owner.calls.filter((text) => text.startsWith(call)).length;
    expect([callsOf(one, 'take'), callsOf(one, 'drop')]).toEqual([8, 4]);
    await second.source.stop();
    await eventually('one has all again', () => one.held.size === 8);
    // Those that stayed were never let go.
    expect([callsOf(one, 'take'), callsOf(one, 'drop')]).toEqual([12, 4]);
    expect([...one.violations, ...two.violations]).toEqual([]);
  });

  it('takes everything anew after the group has thrown it out', async () => {
    const [topic, group] = [freshName('thrown'), freshName('group')];
    await createTopic(brokers, topic, 1);
    await produceLines(brokers, topic, numbers(10));
    let blockMs = 0;
    const owner = recordingOwner({
      onDeliver: () => {
        // Blocks the whole thread, heartbeats included, for longer than its session.
        const endMs = Date.now() + blockMs;
        while (Date.now() < endMs);
        blockMs = 0;
      },
    });
    const { source } = open(brokers, [topic], group);
    void source.run(owner);
    await eventually('10 records', () => owner.count() >= 10);
    blockMs = 3_000;
    await produceLines(brokers, topic, numbers(10));
    const name = `${topic}/0`;
    const takes = (): string[] => owner.calls.filter((call) => call === `take ${name}`);
    await eventually('taken again', () => takes().length === 2);
    await produceLines(brokers, topic, numbers(10));
    await eventually('the last record', () => owner.offsets.get(name)?.at(-1) === 29);
    expect(owner.calls).toContain(`drop ${name}`);
    expect(new Set(owner.offsets.get(name))).toEqual(new Set(range(0, 30)));
    expect(owner.violations).toEqual([]);
  });

  it('counts what retention removed before it was read', async () => {
    const [topic, group] = [freshName('gone'), freshName('group')];
    await createTopic(brokers, topic, 1);
    await produceLines(brokers, topic, numbers(10));
    await deleteBelow(brokers, topic, 7);
    const gaps: number[] = [];
    const owner = recordingOwner({ positions: new Map([[`${topic}/0`, 3]]) });
    const { source, lines } = open(brokers, [topic], group, { onGap: (_partition, records) => gaps.push(records) });
    void source.run(owner);
    await eventually('3 records', () => owner.count() >= 3);
    expect(owner.offsets.get(`${topic}/0`)).toEqual([7, 8, 9]);
    expect(gaps).toEqual([4]);
    expect(lines.filter((line) => line.startsWith('warn offset_gap'))).toHaveLength(1);
  });

  it('reads partitions that were added, and topics that came later, from their beginning', async () => {
    const [topic, later, group] = [freshName('grows'), freshName('later'), freshName('group')];
    await createTopic(brokers, topic, 1);
    await produceLines(brokers, topic, numbers(5));
    const owner = recordingOwner({ start: { kind: 'latest' } });
    const timing = { topicsEveryMs: 500, missingEveryMs: 500 };
    const { source, states } = open(brokers, [topic, later], group, { timing });
    void source.run(owner);
    await eventually('restored', () => states.at(-1)?.partitions.length === 1);
    const kafka = newKafkaClient(kafkaSettings(brokers, ''), () => {}, realClock);
    await withAdmin(kafka, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    await eventually('the new partition takes records', () =>
      produceLines(brokers, topic, numbers(7), { partition: 2 }).then(
        () => true,
        () => false,
      ),
    );
    await createTopic(brokers, later, 1);
    await produceLines(brokers, later, numbers(3));
    await eventually('all is read', () => owner.count() >= 10);
    expect(owner.offsets.get(`${topic}/2`)).toEqual(range(0, 7));
    expect(owner.offsets.get(`${later}/0`)).toEqual(range(0, 3));
    expect(owner.offsets.get(`${topic}/0`)).toBeUndefined();
    expect(owner.violations).toEqual([]);
  });

  it('says so when a topic holds less than was read of it, and reads what comes', async () => {
    const [topic, group] = [freshName('again'), freshName('group')];
    await createTopic(brokers, topic, 1);
    await produceLines(brokers, topic, numbers(5));
    const owner = recordingOwner({ positions: new Map([[`${topic}/0`, 1_000]]) });
    const { source, states, lines } = open(brokers, [topic], group);
    void source.run(owner);
    await eventually('restored', () => states.at(-1)?.partitions.length === 1);
    await produceLines(brokers, topic, numbers(1));
    await eventually('the new record', () => owner.count() >= 1);
    expect(owner.offsets.get(`${topic}/0`)).toEqual([5]);
    expect(lines.filter((line) => line.startsWith('warn offset_beyond_end'))).toHaveLength(1);
  });
});

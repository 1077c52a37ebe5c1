import { describe, expect, inject, it } from 'vitest';
import type { SourceRecord } from '../../src/domain.ts';
import { GruardError } from '../../src/errors.ts';
import type { RecordSource } from '../../src/ports.ts';
import type { KafkaSourceOptions } from '../../src/source/kafkaState.ts';
import { recordingOwner } from '../support/kafkaOwner.ts';
import { numbers, type OpenedSource, range, sourceOpener } from '../support/kafkaSources.ts';
import { createTopic, eventually, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

const brokers = inject('brokers');

describe.runIf(kafkaToolsReady(brokers))('a Kafka source', () => {
  const opened = sourceOpener();
  const open = (topics: readonly string[], group: string, more?: Partial<KafkaSourceOptions>): OpenedSource =>
    opened(brokers, topics, group, more);

  async function fill(topic: string, partitions: number, count: number): Promise<void> {
    await createTopic(brokers, topic, partitions);
    for (let partition = 0; partition < partitions; partition++) {
      await produceLines(brokers, topic, numbers(count), { partition });
    }
  }

  it('delivers every record of two topics with four partitions each, in order of offset', async () => {
    const [a, b, group] = [freshName('a'), freshName('b'), freshName('group')];
    await fill(a, 4, 500);
    await fill(b, 4, 500);
    const owner = recordingOwner();
    const { source, states } = open([a, b], group);
    const run = source.run(owner);
    await eventually('4000 records', () => owner.count() >= 4000);
    await source.stop();
    await run;
    for (const topic of [a, b]) {
      for (let partition = 0; partition < 4; partition++) {
        expect(owner.offsets.get(`${topic}/${partition}`)).toEqual(range(0, 500));
        expect(owner.values.get(`${topic}/${partition}`)).toEqual(numbers(500));
      }
    }
    expect(owner.violations).toEqual([]);
    expect(owner.calls.filter((call) => call.startsWith('take'))).toHaveLength(8);
    const ready = states.find(({ partitions }) => partitions.length === 8);
    expect(ready).toMatchObject({ connected: true, joined: true, waitingFor: undefined, rebalances: 0 });
    expect(ready?.endOffsets.get(`${a}/0`)).toBe(500);
    expect(states.at(-1)).toMatchObject({ connected: false, joined: false });
  });

  it('reads on at the position that the owner answers, whatever the group committed', async () => {
    const [topic, group] = [freshName('seek'), freshName('group')];
    await fill(topic, 2, 100);
    const owner = recordingOwner({
      positions: new Map([
        [`${topic}/0`, 42],
        [`${topic}/1`, 100],
      ]),
    });
    const { source } = open([topic], group);
    const run = source.run(owner);
    await eventually('58 records', () => owner.count() >= 58);
    await produceLines(brokers, topic, ['new'], { partition: 1 });
    await eventually('the new record', () => owner.count() >= 59);
    await source.stop();
    await run;
    expect(owner.offsets.get(`${topic}/0`)).toEqual(range(42, 100));
    expect(owner.offsets.get(`${topic}/1`)).toEqual([100]);
  });

  it('starts at the end, at the beginning, or at a time', async () => {
    const [topic] = [freshName('start')];
    await fill(topic, 1, 10);
    const afterMs = Date.now() + 1;
    await eventually('the clock moved on', () => Date.now() > afterMs);
    await produceLines(brokers, topic, numbers(5, 10));
    const starts = [
      { start: { kind: 'earliest' }, first: 0 },
      { start: { kind: 'timestamp', ms: afterMs }, first: 10 },
      { start: { kind: 'timestamp', ms: afterMs + 3_600_000 }, first: 15 },
      { start: { kind: 'latest' }, first: 15 },
    ] as const;
    const opened = starts.map(({ start }) => {
      const owner = recordingOwner({ start });
      const { source, states } = open([topic], freshName('group'));
      void source.run(owner);
      return { owner, states };
    });
    await eventually('all have begun', () => opened.every(({ states }) => states.at(-1)?.partitions.length === 1));
    await produceLines(brokers, topic, ['last']);
    const key = `${topic}/0`;
    await eventually('all at the end', () => opened.every(({ owner }) => owner.offsets.get(key)?.at(-1) === 15));
    expect(opened.map(({ owner }) => owner.offsets.get(key)?.[0])).toEqual(starts.map(({ first }) => first));
  });

  it('commits as information, and tells the next owner', async () => {
    const [topic, group] = [freshName('commit'), freshName('group')];
    await fill(topic, 2, 20);
    const first: { source?: RecordSource } = {};
    const owner = recordingOwner({ onSettle: (positions) => first.source?.commit(positions) });
    const { source } = open([topic], group);
    first.source = source;
    void source.run(owner);
    await eventually('40 records', () => owner.count() >= 40);
    await source.stop();
    const next = recordingOwner();
    const { source: second, states } = open([topic], group);
    void second.run(next);
    await eventually('taken', () => states.at(-1)?.partitions.length === 2);
    expect(next.committed).toEqual(
      new Map([
        [`${topic}/0`, 20],
        [`${topic}/1`, 20],
      ]),
    );
    expect(owner.committed.get(`${topic}/0`)).toBeUndefined();
  });

  it('shares the partitions with a second member, having settled before the join, and hands over on stop', async () => {
    const [topic, group] = [freshName('share'), freshName('group')];
    await fill(topic, 4, 200);
    const positions = new Map<string, number>();
    const one = recordingOwner({ positions });
    const { source: first, states } = open([topic], group);
    void first.run(one);
    await eventually('800 records', () => one.count() >= 800);
    const before = one.calls.length;
    const two = recordingOwner({ positions });
    const { source: second, states: secondStates } = open([topic], group);
    void second.run(two);
    await eventually('both have two', () => one.held.size === 2 && secondStates.at(-1)?.partitions.length === 2);
    const after = one.calls.slice(before);
    expect(after.indexOf('settle')).toBe(0);
    expect(after.filter((call) => call.startsWith('drop'))).toHaveLength(2);
    expect(after.filter((call) => call.startsWith('take'))).toEqual([]);
    expect([...one.held, ...two.held].sort()).toEqual([0, 1, 2, 3].map((partition) => `${topic}/${partition}`));
    expect(states.at(-1)?.rebalances).toBe(1);
    await produceLines(brokers, topic, ['x', 'x', 'x', 'x'], { partition: 0 });
    await produceLines(brokers, topic, ['x', 'x', 'x', 'x'], { partition: 3 });
    await eventually('8 more', () => one.count() + two.count() >= 808);
    await first.stop();
    await eventually('the second has all', () => two.held.size === 4);
    await produceLines(brokers, topic, ['y'], { partition: 0 });
    await produceLines(brokers, topic, ['y'], { partition: 3 });
    await eventually('2 more', () => one.count() + two.count() >= 810);
    for (const [partition, end] of [
      [0, 205],
      [1, 200],
      [2, 200],
      [3, 205],
    ] as const) {
      const name = `${topic}/${partition}`;
      const offsets = [...(one.offsets.get(name) ?? []), ...(two.offsets.get(name) ?? [])];
      expect(offsets).toEqual(range(0, end));
    }
    expect([...one.violations, ...two.violations]).toEqual([]);
  });

  it('waits for a topic that is created later, and reads what exists meanwhile', async () => {
    const [there, later, group] = [freshName('there'), freshName('later'), freshName('group')];
    await fill(there, 1, 5);
    const owner = recordingOwner();
    const { source, states, lines } = open([there, later], group);
    void source.run(owner);
    await eventually('5 records', () => owner.count() >= 5);
    expect(states.at(-1)?.waitingFor).toBe(`topic ${later}`);
    expect(lines.filter((line) => line.startsWith('warn topic_missing'))).toHaveLength(1);
    await fill(later, 1, 5);
    await eventually('10 records', () => owner.count() >= 10);
    expect(states.at(-1)?.waitingFor).toBeUndefined();
    expect(owner.offsets.get(`${there}/0`)).toEqual(range(0, 5));
    expect(owner.violations).toEqual([]);
  });

  it('finds the topics of a prefix, also one that is created later, but not those that gruard writes', async () => {
    const [prefix, group] = [freshName('prefix'), freshName('group')];
    await fill(`${prefix}.one`, 1, 3);
    await fill(`${prefix}.own`, 1, 3);
    const owner = recordingOwner();
    const more = { exclude: [`${prefix}.own`], timing: { topicsEveryMs: 200 } };
    const { source } = open([`${prefix}.*`], group, more);
    void source.run(owner);
    await eventually('3 records', () => owner.count() >= 3);
    await fill(`${prefix}.two`, 1, 3);
    await eventually('6 records', () => owner.count() >= 6);
    expect([...owner.offsets.keys()].sort()).toEqual([`${prefix}.one/0`, `${prefix}.two/0`]);
  });

  it('delivers a record of 5 MB', async () => {
    const [topic, group] = [freshName('large'), freshName('group')];
    await createTopic(brokers, topic, 1, { 'max.message.bytes': '6000000' });
    const large = 'x'.repeat(5_000_000);
    await produceLines(brokers, topic, ['small', large]);
    const owner = recordingOwner();
    const { source } = open([topic], group);
    void source.run(owner);
    await eventually('2 records', () => owner.count() >= 2);
    const [small, big] = owner.values.get(`${topic}/0`) ?? [];
    expect(small).toBe('small');
    expect(big === large).toBe(true);
  });

  it('delivers keys, headers, timestamps and tombstones as they are', async () => {
    const [topic, group] = [freshName('whole'), freshName('group')];
    await createTopic(brokers, topic, 1);
    const sinceMs = Date.now();
    await produceLines(brokers, topic, ['key\tvalue'], { keyed: true, headers: ['colour=blue'] });
    await produceLines(brokers, topic, ['key\t'], { keyed: true, tombstones: true });
    const records: SourceRecord[] = [];
    const owner = recordingOwner({
      onDeliver: (batch) => {
        // Copied, because key and value are views that are gone after the call.
        for (const { offset, timestampMs, headers, key, value } of batch.records) {
          const copied = { key: key && Buffer.from(key), value: value && Buffer.from(value) };
          records.push({ offset, timestampMs, headers, ...copied });
        }
      },
    });
    const { source } = open([topic], group);
    void source.run(owner);
    await eventually('2 records', () => owner.count() >= 2);
    const [first, second] = records;
    expect(first).toMatchObject({ offset: 0, key: Buffer.from('key'), value: Buffer.from('value') });
    expect(first?.headers).toEqual({ colour: Buffer.from('blue') });
    expect(first?.timestampMs).toBeGreaterThanOrEqual(sinceMs);
    expect(second).toMatchObject({ offset: 1, key: Buffer.from('key'), value: null });
  });

  it('begins again from the last position when the owner fails, and loses no record', async () => {
    const [topic, group] = [freshName('crash'), freshName('group')];
    await fill(topic, 2, 300);
    let failures = 1;
    const owner = recordingOwner({
      onDeliver: ({ records }) => {
        if (failures > 0 && records.some(({ offset }) => offset === 250)) {
          failures--;
          throw new Error('out of luck');
        }
      },
    });
    const { source, lines } = open([topic], group);
    void source.run(owner);
    const ends = (): unknown[] => [0, 1].map((n) => owner.offsets.get(`${topic}/${n}`)?.at(-1));
    await eventually('both at the end', () => ends().every((offset) => offset === 299));
    for (const partition of [0, 1]) {
      expect(new Set(owner.offsets.get(`${topic}/${partition}`))).toEqual(new Set(range(0, 300)));
    }
    expect(owner.calls.filter((call) => call.startsWith('take'))).toHaveLength(4);
    expect(owner.calls).not.toContain('settle');
    expect(owner.violations).toEqual([]);
    expect(lines.filter((line) => line.startsWith('error kafka_crash'))).toHaveLength(1);
  });

  it('gives up when the owner fails twice in ten minutes', async () => {
    const [topic, group] = [freshName('poison'), freshName('group')];
    await fill(topic, 1, 3);
    const owner = recordingOwner({ onDeliver: () => Promise.reject(new Error('never')) });
    const { source } = open([topic], group);
    await expect(source.run(owner)).rejects.toMatchObject({ code: 'lane_failed' });
    expect(owner.calls.filter((call) => call.startsWith('deliver'))).toHaveLength(2);
    expect(owner.held.size).toBe(0);
  });

  it('ends at once with what no retry can mend', async () => {
    const [topic, group] = [freshName('newer'), freshName('group')];
    await fill(topic, 1, 3);
    const owner = recordingOwner();
    const failing = { ...owner, take: () => Promise.reject(new GruardError('state_newer', 'written by 9.9')) };
    const { source } = open([topic], group);
    await expect(source.run(failing)).rejects.toMatchObject({ code: 'state_newer' });
    expect(owner.count()).toBe(0);
  });

  it('keeps its membership while the owner holds a batch for longer than a session', async () => {
    const [topic, group] = [freshName('slow'), freshName('group')];
    await fill(topic, 1, 3);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const owner = recordingOwner({ onDeliver: () => held });
    const { source, states } = open([topic], group);
    void source.run(owner);
    await eventually('a batch in hand', () => owner.calls.some((call) => call.startsWith('deliver')));
    const sinceMs = Date.now();
    await eventually('three sessions passed', () => Date.now() - sinceMs > 4_500);
    release();
    await eventually('3 records', () => owner.count() >= 3);
    // A member that was thrown out would learn it by now.
    await produceLines(brokers, topic, numbers(1));
    await eventually('the next record', () => owner.offsets.get(`${topic}/0`)?.at(-1) === 3);
    expect(states.at(-1)?.rebalances).toBe(0);
    expect(owner.offsets.get(`${topic}/0`)).toEqual([0, 1, 2, 3]);
  });

  it('stops at once when it never ran, and twice', async () => {
    const { source } = open(['nowhere'], freshName('group'));
    await source.stop();
    await source.stop();
    await source.run(recordingOwner());
  });
});

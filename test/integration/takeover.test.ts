// Two processes on one topic with their state in Kafka: one is killed, the other goes on with its models, exactly.

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { imageOf, newReading, take } from '../../src/checkpoint/stateImage.ts';
import type { ShareSnapshot } from '../../src/ports.ts';
import { newKafkaClient } from '../../src/source/kafkaClient.ts';
import { newKafkaStateLog } from '../../src/source/kafkaStateLog.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { history } from '../support/history.ts';
import {
  consumeAll,
  createTopic,
  freshName,
  kafkaSettings,
  kafkaToolsReady,
  produceLines,
  realClock,
} from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const env = { GRUARD_KAFKA_SESSION_MS: '2000' };
const PARTITIONS = 4;
const HOSTS = ['web-0', 'web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6', 'web-7'];

describe.runIf(kafkaToolsReady(brokers))('two processes with their state in Kafka', () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  const running: Daemon[] = [];
  beforeAll(async () => {
    folder = await workFolder();
  });
  afterEach(async () => {
    for (const daemon of running.splice(0)) await daemon.stop('SIGKILL');
  });
  afterAll(() => folder.remove());

  async function start(topic: string, group: string, events: string): Promise<Daemon> {
    const path = await folder.file(
      `${group}.yaml`,
      `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${group} }
lanes: 1
http: { listen: 127.0.0.1:0 }
state: { store: kafka, dir: ${folder.path}/none, every: 1s, kafka: { replication: 1 } }
sinks: { events: { topic: ${events} } }
streams:
  latency:
    topic: ${topic}
    series: { host: $.tags.host }
    time: { path: $.ts, unit: ms }
    value: $.fields.p99
    window: { every: 1m, lateness: 0s }
    model: { hidden: 8 }
`,
    );
    const daemon = startDaemon(['run', path], env);
    running.push(daemon);
    return daemon;
  }

  async function produce(topic: string, from: number, to: number): Promise<number> {
    const records = history(HOSTS, to, 700).filter(({ minute }) => minute >= from);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const mine = records.filter(({ host }) => HOSTS.indexOf(host) % PARTITIONS === partition);
      await produceLines(
        brokers,
        topic,
        mine.map(({ line }) => line),
        { partition },
      );
    }
    return records.length;
  }

  const scrape = async (daemon: Daemon): Promise<string> => (await fetch(`${await daemon.url()}/metrics`)).text();
  const sum = (text: string, metric: string): number =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  /** Whether a process has read more than it has sealed, by one and the same scrape. */
  const ahead = (text: string): boolean =>
    sum(text, 'gruard_position_offset') > sum(text, 'gruard_checkpointed_offset');
  const position = async (daemon: Daemon): Promise<number> => (await daemon.metric('gruard_position_offset')) ?? 0;
  const sealed = async (daemon: Daemon): Promise<number> => (await daemon.metric('gruard_checkpointed_offset')) ?? 0;

  /** What the state topic of a group holds of each partition. */
  async function stateOf(topic: string, group: string): Promise<(readonly ShareSnapshot[] | undefined)[]> {
    const kafka = newKafkaClient(kafkaSettings(brokers, group), () => {}, realClock);
    const log = newKafkaStateLog({ kafka, topicOf: (input) => `gruard-${group}-${input}-state` });
    const states: (readonly ShareSnapshot[] | undefined)[] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const reading = newReading();
      await log.read({ topic, partition }, 0, (record) => take(reading, record));
      const { snapshot, incomplete } = imageOf(reading);
      expect([incomplete, reading.damage]).toEqual([false, []]);
      states.push(
        snapshot?.shares.map((share) => ({
          ...share,
          series: share.series.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
        })),
      );
    }
    await log.stop();
    return states;
  }

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    '%s: the other takes over, and state and events end as those of an undisturbed run',
    {
      timeout: 120_000,
    },
    async (signal) => {
      const [topic, events, calmEvents] = [freshName('input'), freshName('events'), freshName('events')];
      const [group, calmGroup] = [freshName('pair'), freshName('calm')];
      await createTopic(brokers, topic, PARTITIONS);
      // Events have the times of their windows, which are long ago: retention would take them.
      for (const name of [events, calmEvents]) await createTopic(brokers, name, 1, { 'retention.ms': '-1' });
      const one = await start(topic, group, events);
      const two = await start(topic, group, events);
      const owned = async (daemon: Daemon): Promise<number> => {
        return (await scrape(daemon)).split('\n').filter((line) => line.startsWith('gruard_position_offset{')).length;
      };
      await until('both own some', async () => (await owned(one)) === 2 && (await owned(two)) === 2, two);
      const first = await produce(topic, 0, 600);
      await until('the first part is sealed', async () => (await sealed(one)) + (await sealed(two)) >= first, one);
      // Read, and not all of it sealed: what follows the last checkpoint is read again by the other. Little by little,
      // for a checkpoint may come just when everything that was sent has been read.
      let [minute, all] = [600, first];
      await until(
        'it has read what is not sealed',
        async () => {
          if (minute < 900) {
            const records = await produce(topic, minute, minute + 10);
            [minute, all] = [minute + 10, all + records];
          }
          return ahead(await scrape(one));
        },
        one,
      );
      one.child.kill(signal);
      const rest = await produce(topic, minute, 900);
      all += rest;
      await until('everything is read', async () => (await owned(two)) === 4 && (await position(two)) === all, two);
      expect(await two.metric('gruard_checkpoint_damaged_total')).toBe(0);
      if (signal === 'SIGSTOP') {
        // It still thinks that it owns what it had; what it does about that must not be seen by anybody.
        one.child.kill('SIGCONT');
        await until('they share again', async () => (await owned(one)) === 2 && (await owned(two)) === 2, one);
        await until('both have everything', async () => (await position(one)) + (await position(two)) === all, one);
        expect(await one.stop(), one.stderr()).toBe(0);
      }
      expect(await two.stop(), two.stderr()).toBe(0);

      const calm = await start(topic, calmGroup, calmEvents);
      await until('the calm run has read everything', async () => (await position(calm)) === all, calm);
      expect(await calm.stop()).toBe(0);

      const [ended, wanted] = [await stateOf(topic, group), await stateOf(topic, calmGroup)];
      const stored = wanted.flatMap((shares) => shares?.flatMap(({ series }) => series) ?? []);
      // Beside them each partition keeps what its series have learned together, below an empty key.
      expect(stored.filter(({ key }) => key !== '[]')).toHaveLength(HOSTS.length);
      expect(ended).toEqual(wanted);
      const told = async (name: string): Promise<string[]> => {
        const texts = (await consumeAll(brokers, name)).map(({ payload }) => payload ?? '');
        return [...new Set(texts)].sort();
      };
      const [pairTold, calmTold] = [await told(events), await told(calmEvents)];
      expect(calmTold.length).toBeGreaterThanOrEqual(HOSTS.length);
      expect(pairTold).toEqual(calmTold);
    },
  );
});

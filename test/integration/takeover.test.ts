// Two processes on one topic with their state in Kafka: one is killed, the other goes on with its models, exactly.

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Daemon, until, workFolder } from '../support/daemon.ts';
import { type Fleet, HOSTS, newFleet, PARTITIONS } from '../support/kafkaFleet.ts';
import { createTopic, freshName, kafkaToolsReady } from '../support/kafkaTools.ts';

const brokers = inject('brokers');

describe.runIf(kafkaToolsReady(brokers))('two processes with their state in Kafka', () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  let fleet: Fleet;
  beforeAll(async () => {
    folder = await workFolder();
    fleet = newFleet(brokers, folder);
  });
  afterEach(() => fleet.killAll());
  afterAll(() => folder.remove());

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
      const one = await fleet.start(topic, group, events);
      const two = await fleet.start(topic, group, events);
      const owned = async (daemon: Daemon): Promise<number> => {
        return (await scrape(daemon)).split('\n').filter((line) => line.startsWith('gruard_position_offset{')).length;
      };
      await until('both own some', async () => (await owned(one)) === 2 && (await owned(two)) === 2, two);
      const first = await fleet.produce(topic, 0, 600);
      await until('the first part is sealed', async () => (await sealed(one)) + (await sealed(two)) >= first, one);
      // Read, and not all of it sealed: what follows the last checkpoint is read again by the other. Little by little,
      // for a checkpoint may come just when everything that was sent has been read.
      let [minute, all] = [600, first];
      await until(
        'it has read what is not sealed',
        async () => {
          if (minute < 900) {
            const records = await fleet.produce(topic, minute, minute + 10);
            [minute, all] = [minute + 10, all + records];
          }
          return ahead(await scrape(one));
        },
        one,
      );
      one.child.kill(signal);
      const rest = await fleet.produce(topic, minute, 900);
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

      const calm = await fleet.start(topic, calmGroup, calmEvents);
      await until('the calm run has read everything', async () => (await position(calm)) === all, calm);
      expect(await calm.stop()).toBe(0);

      const [ended, wanted] = [await fleet.stateOf(topic, group), await fleet.stateOf(topic, calmGroup)];
      const stored = wanted.flatMap((shares) => shares?.flatMap(({ series }) => series) ?? []);
      // Beside them each partition keeps what its series have learned together, below an empty key.
      expect(stored.filter(({ key }) => key !== '[]')).toHaveLength(HOSTS.length);
      expect(ended).toEqual(wanted);
      const [pairTold, calmTold] = [await fleet.told(events), await fleet.told(calmEvents)];
      expect(calmTold.length).toBeGreaterThanOrEqual(HOSTS.length);
      expect(pairTold).toEqual(calmTold);
    },
  );
});

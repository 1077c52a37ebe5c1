// A storm of rebalances: processes come and go all the time, and one of those that stay stands still for a while, then
// goes on as if nothing had been. What they leave behind is held against a calm run of one process.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, until, workFolder } from './daemon.ts';
import { newFleet, PARTITIONS } from './kafkaFleet.ts';
import { createTopic, freshName } from './kafkaTools.ts';

interface StormPlan {
  readonly brokers: string;
  readonly seconds: number;
  /** Between two arrivals or departures. */
  readonly everyMs: number;
  /** How long one process stands still. */
  readonly zombieMs: number;
}

interface StormFacts {
  readonly records: number;
  /** Processes that came, joined the group and left. */
  readonly visitors: number;
  /** The longest time in which nothing was sealed while there was something to seal. */
  readonly stillSeconds: number;
  /** Exit codes of all processes that were asked to stop. */
  readonly exits: readonly (number | string)[];
  /** Of the group and of the calm run. */
  readonly states: readonly [unknown, unknown];
  readonly events: readonly [readonly string[], readonly string[]];
}

const FIRST_MINUTES = 600;
const MINUTES_A_SECOND = 15;
const PATIENCE_MS = 90_000;

export async function stormRun({ brokers, seconds, everyMs, zombieMs }: StormPlan): Promise<StormFacts> {
  const folder = await workFolder();
  const fleet = newFleet(brokers, folder);
  try {
    const [topic, events, calmEvents] = [freshName('input'), freshName('events'), freshName('events')];
    const [group, calmGroup] = [freshName('storm'), freshName('calm')];
    await createTopic(brokers, topic, PARTITIONS);
    for (const name of [events, calmEvents]) await createTopic(brokers, name, 1, { 'retention.ms': '-1' });
    let records = await fleet.produce(topic, 0, FIRST_MINUTES);
    const stayers = [await fleet.start(topic, group, events), await fleet.start(topic, group, events)] as const;
    const sealed = (by: string, daemon: Daemon): Promise<void> =>
      until(`${by} has sealed all`, async () => (await fleet.committed(topic, by)) === records, daemon, PATIENCE_MS);
    await sealed(group, stayers[0]);

    const exits: (number | string)[] = [];
    const over = performance.now() + seconds * 1000;
    const isOver = (): boolean => performance.now() > over;
    const feeding = async (): Promise<void> => {
      for (let minute = FIRST_MINUTES; !isOver(); minute += MINUTES_A_SECOND) {
        records += await fleet.produce(topic, minute, minute + MINUTES_A_SECOND);
        await sleep(1_000);
      }
    };
    let visitors = 0;
    const visiting = async (): Promise<void> => {
      while (!isOver()) {
        const visitor = await fleet.start(topic, group, events);
        await sleep(everyMs);
        exits.push(await visitor.stop());
        if (visitor.stderr().includes('"kafka_joined"')) visitors++;
        await sleep(everyMs);
      }
    };
    const standingStill = async (): Promise<void> => {
      await sleep((seconds * 1000 - zombieMs) / 3);
      stayers[1].child.kill('SIGSTOP');
      await sleep(zombieMs);
      stayers[1].child.kill('SIGCONT');
    };
    let stillSeconds = 0;
    const watching = async (): Promise<void> => {
      for (let last = 0, movedAt = performance.now(); !isOver(); await sleep(500)) {
        const now = await fleet.committed(topic, group).catch(() => last);
        if (now !== last) movedAt = performance.now();
        last = now;
        stillSeconds = Math.max(stillSeconds, (performance.now() - movedAt) / 1000);
      }
    };
    await Promise.all([feeding(), visiting(), standingStill(), watching()]);
    await sealed(group, stayers[0]);
    for (const stayer of stayers) exits.push(await stayer.stop());

    const calm = await fleet.start(topic, calmGroup, calmEvents);
    await sealed(calmGroup, calm);
    exits.push(await calm.stop());
    const states = [await fleet.stateOf(topic, group), await fleet.stateOf(topic, calmGroup)] as const;
    const told = [await fleet.told(events), await fleet.told(calmEvents)] as const;
    return { records, visitors, stillSeconds, exits, states, events: told };
  } finally {
    await fleet.killAll();
    await folder.remove();
  }
}

// Leaders move: one broker of two is killed, and comes back. It leads the input, the events, the state and the group.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cluster } from '../support/cluster.ts';
import { startCluster } from '../support/cluster.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { history } from '../support/history.ts';
import { missingTools } from '../support/kafkaJars.ts';
import { recordingOwner } from '../support/kafkaOwner.ts';
import { range, sourceOpener } from '../support/kafkaSources.ts';
import { consumeAll, eventually, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

const ready = kafkaToolsReady(inject('brokers')) && missingTools() === undefined;
const HOSTS = ['web-0', 'web-1', 'web-2', 'web-3'];
const PARTITIONS = 2;
const READY_MS_MAX = 15_000;

describe.runIf(ready)('leaders that move', { timeout: 240_000 }, () => {
  const open = sourceOpener();
  let cluster: Cluster;
  let folder: Awaited<ReturnType<typeof workFolder>>;
  const running: Daemon[] = [];
  beforeAll(async () => {
    folder = await workFolder();
    cluster = await startCluster();
  }, 120_000);
  afterAll(async () => {
    for (const daemon of running) await daemon.stop('SIGKILL');
    await cluster?.stop();
    await folder.remove();
  });

  async function start(topic: string, group: string, events: string): Promise<Daemon> {
    const path = await folder.file(
      `${group}.yaml`,
      `version: 1
kafka: { brokers: ${JSON.stringify(cluster.brokers.split(','))}, group: ${group} }
lanes: 1
http: { listen: 127.0.0.1:0 }
state: { store: kafka, dir: ${folder.path}/none, every: 1s, kafka: { replication: 2 } }
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
    const daemon = startDaemon(['run', path], { GRUARD_KAFKA_SESSION_MS: '2000' });
    running.push(daemon);
    return daemon;
  }

  async function produce(topic: string, from: number, to: number): Promise<number> {
    const records = history(HOSTS, to, 650).filter(({ minute }) => minute >= from);
    for (const partition of range(0, PARTITIONS)) {
      const mine = records.filter(({ host }) => HOSTS.indexOf(host) % PARTITIONS === partition);
      const lines = mine.map(({ line }) => line);
      await produceLines(cluster.brokers, topic, lines, { partition });
    }
    return records.length;
  }

  const sealed = (daemon: Daemon, all: number): Promise<void> =>
    until('all is sealed', async () => (await daemon.metric('gruard_checkpointed_offset')) === all, daemon, 90_000);
  /** Milliseconds until it is ready and has read everything. */
  async function backAfter(daemon: Daemon, all: number): Promise<number> {
    const from = performance.now();
    const isBack = async (): Promise<boolean> =>
      (await fetch(`${await daemon.url()}/readyz`)).status === 200 &&
      (await daemon.metric('gruard_position_offset')) === all;
    await until(`ready and at ${all}`, isBack, daemon, 90_000);
    return performance.now() - from;
  }

  it('reads, tells and seals on when a broker dies, and when the leaders go back to it', async () => {
    const [topic, events, group] = [freshName('input'), freshName('events'), freshName('group')];
    const state = `gruard-${group}-${topic}-state`;
    await cluster.create(topic, PARTITIONS, 2);
    await cluster.create(events, 1, 2, { 'retention.ms': '-1' });
    const owner = recordingOwner();
    const { source, lines } = open(cluster.brokers, [topic], freshName('reader'), {
      timing: { sessionMs: 2_000, stallMs: 8_000 },
    });
    // What it repeats is found at the end, in the offsets.
    const readerHas = (count: number): Promise<void> =>
      eventually('the reader has all', () => owner.count() >= count).catch((error) => {
        throw new Error(
          `${owner.count()} of ${count}: ${owner.calls.slice(-20).join()} ${lines.slice(-40).join('\n')}`,
          {
            cause: error,
          },
        );
      });
    let ended = false;
    void source.run(owner).finally(() => {
      ended = true;
    });
    const daemon = await start(topic, group, events);
    let all = await produce(topic, 0, 600);
    await sealed(daemon, all);
    // Now nearly everything is led by the first: a reassignment moves what Kafka placed itself.
    const placed = [
      ['__consumer_offsets', 4],
      [state, PARTITIONS],
    ] as const;
    for (const [name, partitions] of placed) await cluster.reassign(name, partitions, [2, 1]);
    const led = [topic, events, state, '__consumer_offsets'];
    await cluster.ledBy(2, led);
    all += await produce(topic, 600, 660);
    console.log(`after a reassignment: back after ${await backAfter(daemon, all)} ms`);
    await sealed(daemon, all);
    await readerHas(all);

    await cluster.second.down('SIGKILL');
    const electedMs = await cluster.ledBy(1, led);
    all += await produce(topic, 660, 690);
    const killedMs = await backAfter(daemon, all);
    console.log(`new leaders after ${electedMs} ms, back ${killedMs} ms later`);
    await readerHas(all);
    await sealed(daemon, all);

    await cluster.second.restart();
    await cluster.ledBy(2, led);
    all += await produce(topic, 690, 720);
    const electionMs = await backAfter(daemon, all);
    console.log(`after the election: back ${electionMs} ms`);
    await readerHas(all);
    await sealed(daemon, all);
    expect(Math.max(killedMs, electionMs)).toBeLessThan(READY_MS_MAX);

    for (const partition of range(0, PARTITIONS)) {
      expect(owner.offsets.get(`${topic}/${partition}`)).toEqual(range(0, all / PARTITIONS));
    }
    expect(owner.violations).toEqual([]);
    expect(ended).toBe(false);
    expect(await daemon.metric('gruard_lane_restarts_total')).toBe(0);
    const told = (code: string): string[] =>
      daemon
        .stderr()
        .split('\n')
        .filter((line) => line.includes(`"code":"${code}"`));
    // Each of them went to the first and came back.
    for (const name of [topic, events, state]) {
      const moves = told('leader_moved').filter((line) => line.includes(`partitions of ${name} `));
      expect(moves.filter((line) => line.includes('broker 1, not 2')).length, name).toBeGreaterThanOrEqual(1);
    }
    expect(await daemon.metric('gruard_kafka_leader_moves_total')).toBeGreaterThanOrEqual(2 * PARTITIONS + 1);
    expect(told('broker_unavailable').length).toBeLessThanOrEqual(2);
    expect(await daemon.stop()).toBe(0);
    const eventsOf = async (name: string): Promise<string[]> =>
      [...new Set((await consumeAll(cluster.brokers, name)).map(({ payload }) => payload ?? ''))].sort();
    const calmEvents = freshName('events');
    await cluster.create(calmEvents, 1, 1, { 'retention.ms': '-1' });
    const calm = await start(topic, freshName('calm'), calmEvents);
    await sealed(calm, all);
    expect(await calm.stop()).toBe(0);
    expect((await eventsOf(calmEvents)).length).toBeGreaterThanOrEqual(HOSTS.length);
    expect(await eventsOf(events)).toEqual(await eventsOf(calmEvents));
  });
});

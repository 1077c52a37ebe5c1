// The daemon as users run it, against a real broker; records are written and events read by kcat.

import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { AnomalyEvent } from '../../src/domain.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { history, MINUTE_MS, START_MS } from '../support/history.ts';
import { consumeAll, createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const env = { GRUARD_KAFKA_SESSION_MS: '6000' };
const PARTITIONS = 4;
const MINUTES = 900;

/** A partition for each host, as a topic keyed by host would have it. */
const HOSTS = ['web-0', 'web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6', 'web-7'];

async function produceHistory(topic: string, from: number, to: number, seed: number): Promise<number> {
  const records = history(HOSTS, to, 700, seed).filter(({ minute }) => minute >= from);
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

async function readEvents(topic: string): Promise<AnomalyEvent[]> {
  return (await consumeAll(brokers, topic)).map(({ payload }) => JSON.parse(payload ?? 'null') as AnomalyEvent);
}

async function isReady(daemon: Daemon): Promise<boolean> {
  return (await fetch(`${await daemon.url()}/readyz`)).status === 200;
}

describe.runIf(kafkaToolsReady(brokers))('gruard run with Kafka', () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  let running: Daemon[];
  beforeEach(async () => {
    folder = await workFolder();
    running = [];
  });
  afterEach(async () => {
    for (const daemon of running) await daemon.stop('SIGKILL');
    await folder.remove();
  });

  const start = (...args: readonly string[]): Daemon => {
    const daemon = startDaemon(args, env);
    running.push(daemon);
    return daemon;
  };

  async function config(
    topics: readonly string[],
    group: string,
    state: string,
    events: string,
    more = '',
  ): Promise<string> {
    return await folder.file(
      `${state}.yaml`,
      `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${group} }
lanes: 2
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/${state}, every: 1s }
sinks: { events: { topic: ${events} } ${more} }
streams:
  latency:
    topic: ${JSON.stringify(topics)}
    series: { host: $.tags.host }
    time: { path: $.ts, unit: ms }
    value: $.fields.p99
    window: { every: 1m, lateness: 0s }
    model: { hidden: 8 }
`,
    );
  }

  it('consumes 2 topics × 4 partitions, finds what was planted, and publishes events that deduplicate', {
    timeout: 120_000,
  }, async () => {
    const [a, b, events] = [freshName('a'), freshName('b'), freshName('events')];
    for (const topic of [a, b]) await createTopic(brokers, topic, PARTITIONS);
    await createTopic(brokers, events, 1);
    const daemon = start('run', await config([a, b], freshName('group'), 'one', events));
    // Both lanes have their partitions: what is read twice after a rebalance would count twice.
    await until('it is ready', () => isReady(daemon), daemon);
    const produced = (await produceHistory(a, 0, MINUTES, 1)) + (await produceHistory(b, 0, MINUTES, 2));
    await until(
      'all records are processed',
      async () => (await daemon.metric('gruard_position_offset')) === produced,
      daemon,
    );

    // The three ledgers.
    const sum = async (name: string): Promise<number> => (await daemon.metric(name)) ?? 0;
    expect(await sum('gruard_records_received_total')).toBe(produced);
    expect((await sum('gruard_records_decoded_total')) + (await sum('gruard_records_rejected_total'))).toBe(produced);
    const kept = (await sum('gruard_samples_windowed_total')) + (await sum('gruard_samples_dropped_total'));
    expect(kept).toBe(await sum('gruard_samples_decoded_total'));
    let windows = 0;
    for (const state of ['scored', 'warming', 'skipped']) windows += await sum(`gruard_windows_${state}_total`);
    expect(windows).toBe(await sum('gruard_windows_closed_total'));

    expect(await daemon.stop()).toBe(0);
    const told = await readEvents(events);
    const opened = told.filter(({ event }) => event === 'opened');
    for (const [i, host] of HOSTS.entries()) {
      const at = new Date(START_MS + (700 + 10 * i) * MINUTE_MS).toISOString();
      const found = opened.filter(({ series, window }) => series['host'] === host && window.start === at);
      expect(
        found.map(({ kind }) => kind),
        `${host} at ${at}, once a topic`,
      ).toEqual(['spike', 'spike']);
    }
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    expect(
      told.every(
        ({ schema, id, score, event }) =>
          schema === 1 && /^[0-9a-f]{32}$/.test(id) && (event === 'closed' || score > 1),
      ),
    ).toBe(true);
  });

  it('two processes share the partitions; SIGTERM hands over, and every record has had an owner', {
    timeout: 150_000,
  }, async () => {
    const [topic, events, group] = [freshName('shared'), freshName('events'), freshName('group')];
    await createTopic(brokers, topic, PARTITIONS);
    await createTopic(brokers, events, 1);
    const first = start('run', await config([topic], group, 'first', events));
    const second = start('run', await config([topic], group, 'second', events));
    const owned = async (daemon: Daemon): Promise<number> => {
      const text = await (await fetch(`${await daemon.url()}/metrics`)).text();
      return text.split('\n').filter((line) => line.startsWith('gruard_position_offset{')).length;
    };
    await until('both own some', async () => (await owned(first)) === 2 && (await owned(second)) === 2, first);

    const before = await produceHistory(topic, 0, 600, 1);
    const received = async (daemon: Daemon): Promise<number> =>
      (await daemon.metric('gruard_records_received_total')) ?? 0;
    await until(
      'the first part is read',
      async () => (await received(first)) + (await received(second)) >= before,
      first,
    );
    const firstRead = await received(first);
    expect(firstRead).toBeGreaterThan(0);
    expect(await first.stop()).toBe(0);

    await until('the second owns all', async () => (await owned(second)) === PARTITIONS, second);
    const after = await produceHistory(topic, 600, MINUTES, 1);
    await until('the rest is read', async () => (await received(second)) >= before + after - firstRead, second);
    expect(await received(second)).toBe(before + after - firstRead);
    expect(await second.stop()).toBe(0);
  });

  it('waits for a topic that is not there yet, says so, and reads it when it comes', { timeout: 90_000 }, async () => {
    const [topic, events] = [freshName('later'), freshName('events')];
    await createTopic(brokers, events, 1);
    const daemon = start('run', await config([topic], freshName('group'), 'later', events));
    await until('it says what is missing', () => daemon.stderr().includes('topic_missing'), daemon);
    expect((await fetch(`${await daemon.url()}/readyz`)).status).toBe(503);
    expect((await fetch(`${await daemon.url()}/healthz`)).status).toBe(200);
    await createTopic(brokers, topic, PARTITIONS);
    const produced = await produceHistory(topic, 0, 50, 1);
    await until('it is read', async () => (await daemon.metric('gruard_records_received_total')) === produced, daemon);
    await until('it is ready', () => isReady(daemon), daemon);
    expect(await daemon.stop()).toBe(0);
  });
});

// A user who may do nothing gets one right after the other: gruard names what is missing, and goes on when it gets it.

import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Right } from '../../src/source/kafkaRights.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { history } from '../support/history.ts';
import { leaveOut } from '../support/kafkaJars.ts';
import { consumeAll, createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';
import { change } from '../support/lockedListener.ts';

const [brokers, locked] = [inject('brokers'), inject('locked')];
const ready = kafkaToolsReady(brokers) && locked !== '';
if (!ready && brokers !== '') leaveOut('rights need a broker of our own, without KAFKA_BROKERS');

describe.runIf(ready)('a user without rights', { timeout: 120_000 }, () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  const running: Daemon[] = [];
  beforeAll(async () => {
    folder = await workFolder();
  });
  afterEach(async () => {
    for (const daemon of running.splice(0)) await daemon.stop('SIGKILL');
  });
  afterAll(() => folder.remove());

  const run = (args: readonly string[]): Daemon => {
    const daemon = startDaemon(args, { GRUARD_KAFKA_SESSION_MS: '2000', PASSWORD: 'secret' });
    running.push(daemon);
    return daemon;
  };
  const configure = (topic: string, group: string, rest: string): Promise<string> =>
    folder.file(
      `${group}.yaml`,
      `version: 1
kafka:
  brokers: [${locked}]
  group: ${group}
  sasl: { mechanism: plain, username: gruard, password: "\${env:PASSWORD}" }
lanes: 1
http: { listen: 127.0.0.1:0 }
${rest}
streams:
  latency:
    topic: ${topic}
    series: { host: $.tags.host }
    time: { path: $.ts, unit: ms }
    value: $.fields.p99
    window: { every: 1m, lateness: 0s }
    model: { hidden: 4 }
`,
    );
  const readiness = async (daemon: Daemon): Promise<string> => (await fetch(`${await daemon.url()}/readyz`)).text();
  /** Readiness and metrics are written one after the other. */
  const missing = (daemon: Daemon, rights: number): Promise<void> =>
    until(`${rights} missing`, async () => (await daemon.metric('gruard_kafka_rights_missing')) === rights, daemon);
  const on = (operation: Right['operation'], name: string): Right => ({ operation, on: 'topic', name });
  const produce = async (topic: string, from: number, to: number): Promise<void> => {
    const records = history(['web-0'], to, 650).filter(({ minute }) => minute >= from);
    await produceLines(
      brokers,
      topic,
      records.map(({ line }) => line),
    );
  };

  it('is told which right is missing, by validate, readiness, log and metric, and served when it gets it', async () => {
    const [topic, events, group] = [freshName('input'), freshName('events'), freshName('group')];
    const state = `gruard-${group}-${topic}-state`;
    await createTopic(brokers, topic, 1);
    await createTopic(brokers, events, 1, { 'retention.ms': '-1' });
    await produce(topic, 0, 600);
    const path = await configure(
      topic,
      group,
      `state: { store: kafka, dir: ${folder.path}/none, every: 1s, kafka: { replication: 1 } }
sinks: { events: { topic: ${events} } }`,
    );
    const ofGroup: Right = { operation: 'READ', on: 'group', name: group };
    const lacks = (...rights: string[]): string =>
      `lane 0: permission of the brokers: this user lacks ${rights.join(', ')}\n`;
    const daemon = run(['run', path]);
    const waitsFor = (text: string): Promise<void> =>
      until(text, async () => (await readiness(daemon)) === text, daemon);
    await waitsFor(lacks(`READ on topic ${topic}`));
    await missing(daemon, 1);
    const judged = run(['validate', path]);
    expect(await judged.exited).toBe(77);
    for (const right of [`READ on topic ${topic}`, `READ on group ${group}`, `WRITE on topic ${events}`]) {
      expect(judged.stderr() + judged.stdout()).toContain(`this user lacks ${right}. Check kafka.sasl`);
    }

    await change(brokers, 'grant', [on('READ', topic)]);
    const ofState = ['CREATE', 'READ', 'WRITE', 'DESCRIBE_CONFIGS'].map(
      (operation) => `${operation} on topic ${state}`,
    );
    await waitsFor(lacks(`READ on group ${group}`, `WRITE on topic ${events}`, ...ofState));
    await missing(daemon, 6);
    await change(brokers, 'grant', [ofGroup]);
    await waitsFor(lacks(`WRITE on topic ${events}`, ...ofState));
    await change(brokers, 'grant', [on('CREATE', state), on('READ', state), on('DESCRIBE_CONFIGS', state)]);
    await waitsFor(lacks(`WRITE on topic ${events}`, `WRITE on topic ${state}`));
    await change(brokers, 'grant', [on('WRITE', state)]);
    const sealed = (offset: number): Promise<void> =>
      until('sealed', async () => (await daemon.metric('gruard_checkpointed_offset')) === offset, daemon);
    await sealed(600);
    expect(await readiness(daemon)).toMatch(/^ready/);
    await missing(daemon, 0);

    // The first event: nobody has asked for the right to write before.
    await produce(topic, 600, 700);
    const refused = `lane 0: topic ${events} takes nothing: this user lacks WRITE on topic ${events}`;
    await until(refused, async () => (await readiness(daemon)).startsWith(refused), daemon);
    await missing(daemon, 1);
    await change(brokers, 'grant', [on('WRITE', events)]);
    await sealed(700);
    expect(await readiness(daemon)).toMatch(/^ready/);
    expect((await consumeAll(brokers, events)).length).toBeGreaterThanOrEqual(1);

    await change(brokers, 'revoke', [on('WRITE', state)]);
    await produce(topic, 700, 710);
    const degraded = `checkpoints in a row failed (state topic ${state}: this user lacks WRITE on it`;
    const isDegraded = async (): Promise<boolean> => {
      // Without anything new there would be nothing to write.
      await produce(topic, 710, 711);
      return (await readiness(daemon)).includes(degraded);
    };
    await until(degraded, isDegraded, daemon);
    await missing(daemon, 1);
    await change(brokers, 'grant', [on('WRITE', state)]);
    await until('ready again', async () => (await readiness(daemon)).startsWith('ready'), daemon);
    const valid = run(['validate', path]);
    expect(await valid.exited, valid.stderr()).toBe(0);

    await change(brokers, 'revoke', [on('READ', topic)]);
    await until('it noticed', async () => (await readiness(daemon)) === lacks(`READ on topic ${topic}`), daemon);
    expect((await fetch(`${await daemon.url()}/healthz`)).status).toBe(200);
    await change(brokers, 'grant', [on('READ', topic)]);
    await until('ready again', async () => (await readiness(daemon)).startsWith('ready'), daemon);
    for (const right of [`READ on topic ${topic}`, `READ on group ${group}`, `WRITE on topic ${events}`]) {
      expect(daemon.stderr()).toContain(right);
    }
    expect(daemon.stderr()).toContain('"code":"kafka_auth"');
    expect(await daemon.metric('gruard_lane_restarts_total')).toBe(0);
    expect(await daemon.stop(), daemon.stderr()).toBe(0);
  });
});

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settledWithin } from '../../src/source/kafkaSlices.ts';
import { freePort, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/brokerNode.ts';
import { proxied, startFaultProxy } from '../support/faultProxy.ts';
import { missingTools } from '../support/kafkaJars.ts';
import { recordingOwner } from '../support/kafkaOwner.ts';
import { numbers, range, sourceOpener } from '../support/kafkaSources.ts';
import { createTopic, eventually, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

// These tests stop and freeze their broker, so a given one is not enough.
const ready = kafkaToolsReady(inject('brokers')) && missingTools() === undefined;

describe.runIf(ready)('a Kafka source whose broker is not always there', { timeout: 120_000 }, () => {
  const open = sourceOpener();
  let [port, inner, outer] = [0, 0, 0];
  let broker: Broker | undefined;
  const brokers = (): string => `127.0.0.1:${port}`;
  const started = (): Broker => {
    if (broker === undefined) throw new Error('the first test starts the broker');
    return broker;
  };

  beforeAll(async () => {
    [port, inner, outer] = [await freePort(), await freePort(), await freePort()];
  });
  afterAll(async () => {
    await broker?.stop();
  });

  it('waits for a broker that is started later, saying so once', async () => {
    const [topic, group] = [freshName('early'), freshName('group')];
    const owner = recordingOwner();
    const { source, states, lines } = open(brokers(), [topic], group);
    void source.run(owner);
    await eventually('it was said', () => lines.some((line) => line.startsWith('warn broker_unavailable')));
    expect(states.at(-1)).toMatchObject({ connected: false, waitingFor: `brokers ${brokers()}` });
    broker = await startBroker({ port, extras: proxied(port, inner, outer) });
    await createTopic(brokers(), topic, 2);
    await produceLines(brokers(), topic, numbers(10), { partition: 1 });
    await eventually('10 records', () => owner.count() >= 10);
    expect(states.at(-1)?.waitingFor).toBeUndefined();
    expect(lines.filter((line) => line.startsWith('warn broker_unavailable'))).toHaveLength(1);
  });

  it('reads on after the broker was away, and loses and repeats nothing', async () => {
    const [topic, group] = [freshName('away'), freshName('group')];
    await createTopic(brokers(), topic, 2);
    for (const partition of [0, 1]) await produceLines(brokers(), topic, numbers(100), { partition });
    const owner = recordingOwner();
    const { source, states } = open(brokers(), [topic], group);
    let ended = false;
    void source.run(owner).finally(() => {
      ended = true;
    });
    await eventually('200 records', () => owner.count() >= 200);
    await started().down();
    await eventually('it noticed', () => states.at(-1)?.waitingFor === `brokers ${brokers()}`);
    await started().restart();
    for (const partition of [0, 1]) await produceLines(brokers(), topic, numbers(50), { partition });
    await eventually('300 records', () => owner.count() >= 300);
    for (const partition of [0, 1]) expect(owner.offsets.get(`${topic}/${partition}`)).toEqual(range(0, 150));
    expect(owner.violations).toEqual([]);
    expect(ended).toBe(false);
  });

  it('waits for a frozen broker as long as it takes, and can be stopped meanwhile', async () => {
    const [topic, group] = [freshName('frozen'), freshName('group')];
    await createTopic(brokers(), topic, 1);
    await produceLines(brokers(), topic, numbers(10));
    const owner = recordingOwner();
    const timing = { stallMs: 2_000, rebalanceMs: 5_000, disconnectMs: 500 };
    const { source, states, lines } = open(brokers(), [topic], group, { timing });
    void source.run(owner);
    await eventually('10 records', () => owner.count() >= 10);
    for (const records of [20, 30]) {
      process.kill(started().pid(), 'SIGSTOP');
      await eventually('it noticed', () => states.at(-1)?.waitingFor === `brokers ${brokers()}`);
      process.kill(started().pid(), 'SIGCONT');
      await produceLines(brokers(), topic, numbers(10));
      await eventually(`${records} records`, () => owner.count() >= records);
    }
    expect(owner.offsets.get(`${topic}/0`)).toEqual(range(0, 30));
    // One for each time, or two where the group still waits for the member that this one was before.
    expect([2, 3, 4]).toContain(states.at(-1)?.rebalances);
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
    process.kill(started().pid(), 'SIGSTOP');
    await eventually('it noticed', () => states.at(-1)?.waitingFor === `brokers ${brokers()}`);
    expect(await settledWithin(source.stop(), 5_000)).toBe(true);
    process.kill(started().pid(), 'SIGCONT');
  });

  it('is rebuilt when its connections go silent, and gives up the second time: the broker answers others', async () => {
    const [topic, group] = [freshName('silent'), freshName('group')];
    await createTopic(brokers(), topic, 1);
    await produceLines(brokers(), topic, numbers(10));
    const proxy = await startFaultProxy(outer, inner);
    const owner = recordingOwner();
    const timing = { stallMs: 2_000, rebalanceMs: 5_000, disconnectMs: 500 };
    const { source, lines } = open(proxy.address, [topic], group, { timing });
    const run = source.run(owner);
    const gaveUp = expect(run).rejects.toMatchObject({ code: 'lane_failed' });
    await eventually('10 records', () => owner.count() >= 10);
    proxy.forget();
    await eventually('the watchdog', () => lines.some((line) => /error kafka_crash .*no fetch/.test(line)));
    await produceLines(brokers(), topic, numbers(10));
    await eventually('20 records', () => owner.count() >= 20);
    expect(owner.offsets.get(`${topic}/0`)).toEqual(range(0, 20));
    proxy.forget();
    await gaveUp;
    expect(owner.held.size).toBe(0);
    await proxy.stop();
  });
});

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settledWithin } from '../../src/source/kafkaSlices.ts';
import { type Broker, freePort, missingTools, startBroker } from '../support/broker.ts';
import { recordingOwner } from '../support/kafkaOwner.ts';
import { numbers, range, sourceOpener } from '../support/kafkaSources.ts';
import { createTopic, eventually, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

// These tests stop and freeze their broker, so a given one is not enough.
const ready = kafkaToolsReady(inject('brokers')) && missingTools() === undefined;

describe.runIf(ready)('a Kafka source whose broker is not always there', { timeout: 120_000 }, () => {
  const open = sourceOpener();
  let port = 0;
  let broker: Broker | undefined;
  const brokers = (): string => `127.0.0.1:${port}`;
  const started = (): Broker => {
    if (broker === undefined) throw new Error('the first test starts the broker');
    return broker;
  };

  beforeAll(async () => {
    port = await freePort();
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
    broker = await startBroker({ port });
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

  it('is rebuilt when no fetch comes back, gives up the second time, and can be stopped all the same', async () => {
    const [topic, group] = [freshName('frozen'), freshName('group')];
    await createTopic(brokers(), topic, 1);
    await produceLines(brokers(), topic, numbers(10));
    const owner = recordingOwner();
    const timing = { stallMs: 2_000, rebalanceMs: 5_000, disconnectMs: 500 };
    const { source, states, lines } = open(brokers(), [topic], group, { timing });
    const run = source.run(owner);
    const gaveUp = expect(run).rejects.toMatchObject({ code: 'lane_failed' });
    await eventually('10 records', () => owner.count() >= 10);
    process.kill(started().pid(), 'SIGSTOP');
    await eventually('the watchdog', () => lines.some((line) => /error kafka_crash .*no fetch/.test(line)));
    process.kill(started().pid(), 'SIGCONT');
    await produceLines(brokers(), topic, numbers(10));
    await eventually('20 records', () => owner.count() >= 20);
    expect(owner.offsets.get(`${topic}/0`)).toEqual(range(0, 20));
    expect(states.at(-1)?.rebalances).toBe(1);
    process.kill(started().pid(), 'SIGSTOP');
    await gaveUp;
    const late = open(brokers(), [topic], freshName('group'));
    const running = late.source.run(recordingOwner());
    expect(await settledWithin(late.source.stop(), 5_000)).toBe(true);
    await running;
    process.kill(started().pid(), 'SIGCONT');
    expect(owner.held.size).toBe(0);
  });
});

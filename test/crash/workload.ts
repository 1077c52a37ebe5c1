// What the crash run feeds in: many series over some partitions, a record of each a minute of event time, with planted
// values that are beyond their bounds; written to the topic at an even pace while processes die.

import { setTimeout as sleep } from 'node:timers/promises';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { newKafkaClient } from '../../src/source/kafkaClient.ts';
import { kafkaSettings, realClock } from '../support/kafkaTools.ts';
import type { StoreKind } from './mortalBuild.ts';

export const PARTITIONS = 4;
const START_MS = Date.UTC(2026, 2, 2);
const MINUTE_MS = 60_000;
const TICK_MS = 100;
const BOUND = 150;

export interface Planned {
  readonly partition: number;
  readonly value: string;
}

/** `records` in order of time, of series that take turns. */
export function planRecords(records: number, series: number, seed: number): Planned[] {
  const random = newRandom(seed);
  const rounds = Math.ceil(records / series);
  return Array.from({ length: records }, (_, i) => {
    const [one, round] = [i % series, Math.floor(i / series)];
    const spiked = round === Math.floor(rounds / 3) + (one % Math.ceil(rounds / 2));
    const level = 100 + 10 * Math.sin((round + one) / 9) + gaussian(random);
    const record = { t: START_MS + round * MINUTE_MS + one, h: `h${one}`, v: spiked ? BOUND + level : level };
    return { partition: one % PARTITIONS, value: JSON.stringify(record) };
  });
}

/** Writes all of it within about `overMs`, evenly. */
export async function produce(
  brokers: string,
  topic: string,
  records: readonly Planned[],
  overMs: number,
): Promise<void> {
  const producer = newKafkaClient(kafkaSettings(brokers, ''), () => {}, realClock).producer();
  await producer.connect();
  const from = performance.now();
  for (let sent = 0; sent < records.length; ) {
    const share = Math.min(1, (performance.now() - from + TICK_MS) / overMs);
    const until = Math.min(Math.max(sent + 1, Math.ceil(share * records.length)), sent + 5_000, records.length);
    await producer.send({ topic, acks: -1, messages: records.slice(sent, until) });
    sent = until;
    await sleep(TICK_MS);
  }
  await producer.disconnect();
}

export interface ConfigOptions {
  readonly brokers: string;
  readonly group: string;
  readonly topic: string;
  readonly events: string;
  readonly store: StoreKind;
  readonly stateDir: string;
  readonly series: number;
}

export function configText({ brokers, group, topic, events, store, stateDir, series }: ConfigOptions): string {
  const kafka = store === 'kafka' ? 'store: kafka, kafka: { replication: 1 }, ' : '';
  return `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${group} }
lanes: 1
http: { listen: 127.0.0.1:0 }
metrics: { detail: none }
state: { ${kafka}dir: ${stateDir}, every: 1s }
sinks: { events: { topic: ${events} } }
streams:
  load:
    topic: ${topic}
    series: { host: $.h }
    time: { path: $.t, unit: ms }
    value: $.v
    window: { every: record }
    model: { hidden: 8 }
    detect: { range: { max: ${BOUND} } }
    limits: { series: ${series} }
`;
}

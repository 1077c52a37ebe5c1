// Several processes in one group, with their state in Kafka; and what they leave behind, to be compared.

import { imageOf, newReading, take } from '../../src/checkpoint/stateImage.ts';
import type { ShareSnapshot } from '../../src/ports.ts';
import { newKafkaClient, withAdmin } from '../../src/source/kafkaClient.ts';
import { newKafkaStateLog } from '../../src/source/kafkaStateLog.ts';
import { committedOffsets } from '../../src/source/kafkaTopics.ts';
import { type Daemon, startDaemon, type workFolder } from './daemon.ts';
import { history } from './history.ts';
import { consumeAll, kafkaSettings, produceLines, realClock } from './kafkaTools.ts';

export const PARTITIONS = 4;
export const HOSTS = ['web-0', 'web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-6', 'web-7'];
const SPIKE_AT = 700;

export interface Fleet {
  /** One more process. It is killed at the latest by `killAll`. */
  start(topic: string, group: string, events: string): Promise<Daemon>;
  /** Writes the minutes from `from` to below `to` of every host; answers how many records that is. */
  produce(topic: string, from: number, to: number): Promise<number>;
  /** What the state topic of a group holds of each partition, in order of series. */
  stateOf(topic: string, group: string): Promise<(readonly ShareSnapshot[] | undefined)[]>;
  /** Sum of the group's offsets: everything below is sealed. */
  committed(topic: string, group: string): Promise<number>;
  /** Different texts of a topic, sorted. */
  told(topic: string): Promise<string[]>;
  killAll(): Promise<void>;
}

export function newFleet(brokers: string, folder: Awaited<ReturnType<typeof workFolder>>): Fleet {
  const running: Daemon[] = [];
  const client = (group: string) => newKafkaClient(kafkaSettings(brokers, group), () => {}, realClock);
  return {
    async start(topic, group, events) {
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
      const daemon = startDaemon(['run', path], { GRUARD_KAFKA_SESSION_MS: '2000' });
      running.push(daemon);
      return daemon;
    },
    async produce(topic, from, to) {
      const records = history(HOSTS, to, SPIKE_AT).filter(({ minute }) => minute >= from);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const mine = records.filter(({ host }) => HOSTS.indexOf(host) % PARTITIONS === partition);
        const lines = mine.map(({ line }) => line);
        await produceLines(brokers, topic, lines, { partition });
      }
      return records.length;
    },
    async stateOf(topic, group) {
      const log = newKafkaStateLog({ kafka: client(group), topicOf: (input) => `gruard-${group}-${input}-state` });
      const states: (readonly ShareSnapshot[] | undefined)[] = [];
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const reading = newReading();
        await log.read({ topic, partition }, 0, (record) => take(reading, record));
        const { snapshot, incomplete } = imageOf(reading);
        if (incomplete || reading.damage.length > 0) throw new Error(`damaged: ${topic}/${partition}`);
        states.push(
          snapshot?.shares.map((share) => ({
            ...share,
            series: share.series.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
          })),
        );
      }
      await log.stop();
      return states;
    },
    async committed(topic, group) {
      const offsets = await withAdmin(client(group), (admin) => committedOffsets(admin, group, [topic]));
      return [...offsets.values()].reduce((sum, offset) => sum + offset, 0);
    },
    async told(topic) {
      const texts = (await consumeAll(brokers, topic)).map(({ payload }) => payload ?? '');
      return [...new Set(texts)].sort();
    },
    async killAll() {
      for (const daemon of running.splice(0)) await daemon.stop('SIGKILL');
    },
  };
}

// Two brokers that replicate each other. The first is the controller, too, and always there; the second leads what the
// tests say, so that it can be killed and its work moves to the first. When it is back, Kafka itself moves the leaders
// back (preferred election).

import { setTimeout as sleep } from 'node:timers/promises';
import { newKafkaClient, withAdmin } from '../../src/source/kafkaClient.ts';
import { freePort } from './broker.ts';
import { type Broker, newClusterId, newNode } from './brokerNode.ts';
import { kafkaSettings, realClock } from './kafkaTools.ts';

export interface Cluster {
  /** Both addresses. */
  readonly brokers: string;
  readonly first: Broker;
  readonly second: Broker;
  /** Makes a topic with two replicas that node `leader` leads. */
  create(topic: string, partitions: number, leader: 1 | 2, config?: Readonly<Record<string, string>>): Promise<void>;
  /** Puts all partitions of a topic on these nodes; the first of them is to lead. */
  reassign(topic: string, partitions: number, nodes: readonly number[]): Promise<void>;
  /** Waits until node `leader` leads all partitions, as `seenBy` tells it; answers the milliseconds that it took. */
  ledBy(leader: 1 | 2, topics: readonly string[], seenBy?: Broker): Promise<number>;
  stop(): Promise<void>;
}

/** A broker that was killed is missed after so long. */
const SESSION_MS = 2_000;
const DEADLINE_MS = 60_000;

export async function startCluster(): Promise<Cluster> {
  const properties = [
    `broker.session.timeout.ms=${SESSION_MS}`,
    'broker.heartbeat.interval.ms=500',
    'leader.imbalance.check.interval.seconds=1',
    'leader.imbalance.per.broker.percentage=0',
    'default.replication.factor=2',
    'min.insync.replicas=1',
    // A follower that is gone is missed after so long, too, not after the usual 30 s.
    'replica.lag.time.max.ms=3000',
  ];
  const extras = { listeners: {}, properties, format: [] };
  const cluster = { nodes: 2, clusterId: newClusterId(), controllerPort: await freePort(), heap: '256m', extras };
  const first = newNode({ ...cluster, id: 1, controls: true, port: await freePort() });
  const second = newNode({ ...cluster, id: 2, controls: false, port: await freePort() });
  const nodes = [first, second];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    await Promise.all(nodes.map((node) => node.restart()));
  } catch (error) {
    await stop();
    throw error;
  }
  const client = (node: Broker) => newKafkaClient(kafkaSettings(node.brokers, ''), () => {}, realClock);
  const [ofFirst, brokers] = [client(first), nodes.map((node) => node.brokers).join(',')];
  const ledBy: Cluster['ledBy'] = async (leader, topics, seenBy = first) => {
    const from = performance.now();
    const asked = client(seenBy);
    for (;;) {
      const known = await withAdmin(asked, (admin) => admin.fetchTopicMetadata({ topics: [...topics] })).catch(
        () => undefined,
      );
      const partitions = known?.topics.flatMap((topic) => topic.partitions) ?? [];
      if (partitions.length > 0 && partitions.every((one) => one.leader === leader)) return performance.now() - from;
      if (performance.now() - from > DEADLINE_MS) throw new Error(`${leader} does not lead ${JSON.stringify(known)}`);
      await sleep(100);
    }
  };
  return {
    brokers,
    first,
    second,
    async create(topic, partitions, leader, config = {}) {
      const replicas = leader === 1 ? [1, 2] : [2, 1];
      const replicaAssignment = Array.from({ length: partitions }, (_, partition) => ({ partition, replicas }));
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      const topics = [{ topic, replicaAssignment, configEntries }];
      await withAdmin(ofFirst, (admin) => admin.createTopics({ topics, waitForLeaders: false }));
      for (const node of nodes) await ledBy(leader, [topic], node);
    },
    async reassign(topic, partitions, replicas) {
      const all = Array.from({ length: partitions }, (_, partition) => ({ partition, replicas: [...replicas] }));
      await withAdmin(ofFirst, (admin) =>
        admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: all }] }),
      );
    },
    ledBy,
    stop,
  };
}

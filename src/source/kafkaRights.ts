// What gruard's user must be allowed to do at the brokers, and which of that they refuse. Brokers say "not authorized"
// and no more; so each right is asked for by a request that changes nothing, whatever the answer is.

import kafkajs, { type Kafka } from 'kafkajs';
import type { Settings } from '../settings.ts';
import { authTypeIn, withAdmin } from './kafkaClient.ts';
import { newRawCluster, type RawCluster } from './kafkaRaw.ts';
import { stateTopicOf } from './kafkaStateTopic.ts';
import { matchTopics } from './kafkaTopics.ts';

/** An operation of Kafka's ACLs on one topic or group. */
export interface Right {
  readonly operation: 'READ' | 'WRITE' | 'CREATE' | 'DESCRIBE_CONFIGS';
  readonly on: 'topic' | 'group';
  readonly name: string;
}

/** No topic has so many partitions: a request about it is refused, or finds nothing. */
const NO_PARTITION = 1_000_000;

/** `READ on topic orders`. */
function rightText({ operation, on, name }: Right): string {
  return `${operation} on ${on} ${name}`;
}

/** `this user lacks READ on topic a, WRITE on topic b`. */
export function lackText(rights: readonly Right[]): string {
  return `this user lacks ${rights.map(rightText).join(', ')}`;
}

/** For a log line: lines about other rights are no repetitions of it. */
export function rightsField(rights: readonly Right[]): { readonly rights?: readonly string[] } {
  return rights.length > 0 ? { rights: rights.map(rightText) } : {};
}

/** What is waited for, with the rights that are missing, as far as they are known. */
export function permission(rights: readonly Right[]): string {
  return `permission of the brokers${rights.length > 0 ? `: ${lackText(rights)}` : ''}`;
}

/** Everything that a configuration needs at a cluster with these topics. Names count that do not exist, or not yet. */
export function rightsFor(
  { kafka, streams, sinks, state }: Pick<Settings, 'kafka' | 'streams' | 'sinks' | 'state'>,
  existing: readonly string[],
): Right[] {
  const own = [sinks.events, sinks.rejects].filter((topic) => topic !== undefined);
  const wanted = streams.flatMap(({ topics }) => topics);
  const { found, missing } = matchTopics(wanted, existing, own);
  // A user sees no topic that it may not describe: only a name in full can be asked for.
  const inputs = [...found, ...missing.filter((word) => !word.endsWith('*'))];
  const rights: Right[] = inputs.map((name) => ({ operation: 'READ', on: 'topic', name }));
  rights.push({ operation: 'READ', on: 'group', name: kafka.group });
  for (const name of own) rights.push({ operation: 'WRITE', on: 'topic', name });
  if (state.store !== 'kafka') return rights;
  for (const input of found) {
    const name = stateTopicOf(state.kafka, kafka.group, input);
    const operations = existing.includes(name) ? (['READ', 'WRITE'] as const) : (['CREATE', 'READ', 'WRITE'] as const);
    for (const operation of [...operations, 'DESCRIBE_CONFIGS'] as const) rights.push({ operation, on: 'topic', name });
  }
  return rights;
}

/** Those of `rights` that the brokers refuse. Rejects when the brokers do not answer, or let nobody in. */
export async function refusedRights(kafka: Kafka, rights: readonly Right[]): Promise<Right[]> {
  if (rights.length === 0) return [];
  const cluster = newRawCluster(kafka);
  try {
    await cluster.connect();
    const refused: Right[] = [];
    for (const right of rights) if (await isRefused(kafka, cluster, right)) refused.push(right);
    return refused;
  } finally {
    await cluster.disconnect().catch(() => {});
  }
}

/**
 * Of topics that a user does not see, those that it may not see: nobody knows whether they exist. Prefixes count as
 * missing, because there is no name to ask for.
 */
export async function hiddenTopics(
  kafka: Kafka,
  unseen: readonly string[],
): Promise<{ readonly missing: readonly string[]; readonly hidden: readonly Right[] }> {
  const names = unseen.filter((word) => !word.endsWith('*'));
  const hidden = await refusedRights(
    kafka,
    names.map((name): Right => ({ operation: 'READ', on: 'topic', name })),
  );
  return { missing: unseen.filter((word) => hidden.every(({ name }) => name !== word)), hidden };
}

/** What is refused of all that a source needs; nothing where that cannot be found out, as without a login. */
export async function refusedNow(
  kafka: Kafka,
  rights: ((existing: readonly string[]) => readonly Right[]) | undefined,
): Promise<readonly Right[]> {
  if (rights === undefined) return [];
  try {
    return await refusedRights(kafka, rights(await withAdmin(kafka, (admin) => admin.listTopics())));
  } catch {
    return [];
  }
}

async function isRefused(kafka: Kafka, cluster: RawCluster, right: Right): Promise<boolean> {
  try {
    await ask(kafka, cluster, right);
    return false;
  } catch (error) {
    const type = authTypeIn(error);
    if (type !== undefined) return /TOPIC|GROUP|CLUSTER/.test(type);
    // Who is let in hears that there is no such partition, member or setting. Anything else is no answer.
    if (answersIn(error)) return false;
    throw error;
  }
}

async function ask(kafka: Kafka, cluster: RawCluster, { operation, on, name }: Right): Promise<unknown> {
  if (on === 'group') {
    const coordinator = await cluster.findGroupCoordinator({ groupId: name });
    return coordinator.heartbeat({ groupId: name, groupGenerationId: 0, memberId: 'gruard-asks' });
  }
  switch (operation) {
    case 'READ': {
      const broker = await cluster.brokerPool.findConnectedBroker();
      const partitions = [{ partition: NO_PARTITION, fetchOffset: '0', maxBytes: 1 }];
      const topics = [{ topic: name, partitions }];
      return broker.fetch({ maxWaitTime: 0, minBytes: 0, maxBytes: 1, isolationLevel: 0, topics });
    }
    case 'WRITE': {
      const broker = await cluster.brokerPool.findConnectedBroker();
      const messages = [{ key: null, value: null, timestamp: '0', headers: {} }];
      const topicData = [{ topic: name, partitions: [{ partition: NO_PARTITION, messages }] }];
      return broker.produce({ acks: -1, timeout: 1_000, topicData });
    }
    case 'CREATE': {
      const topics = [{ topic: name, numPartitions: 1, replicationFactor: 1 }];
      return withAdmin(kafka, (admin) => admin.createTopics({ topics, validateOnly: true, waitForLeaders: false }));
    }
    case 'DESCRIBE_CONFIGS': {
      const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }];
      return withAdmin(kafka, (admin) => admin.describeConfigs({ includeSynonyms: false, resources }));
    }
  }
}

/** Whether a broker answered: by a protocol error with a type of its own. */
function answersIn(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type, errors } = cause as { readonly type?: unknown; readonly errors?: unknown };
    if (typeof type === 'string' || Array.isArray(errors)) return true;
  }
  return false;
}

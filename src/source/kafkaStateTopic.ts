// The topics that hold state: their names, and the settings without which they would lose it.

import type { Admin, Kafka } from 'kafkajs';
import kafkajs from 'kafkajs';
import { GruardError } from '../errors.ts';
import type { KafkaStateSettings } from '../settings.ts';
import { authTypeIn, kafkaErrorText, withAdmin } from './kafkaClient.ts';

const NAME_MAX = 249;
/** Several checkpoints: by then an owner has written again what a late record hides. */
const LAG_MS_MIN = 300_000;

/** Name of the topic with the state of an input topic. */
export function stateTopicOf({ topic }: KafkaStateSettings, group: string, inputTopic: string): string {
  const name = topic.replaceAll('{group}', group).replaceAll('{topic}', inputTopic);
  if (name.length > NAME_MAX || !/^[A-Za-z0-9._-]+$/.test(name)) {
    throw new GruardError('state_topic', `${name} cannot be the name of a topic: see state.kafka.topic`);
  }
  return name;
}

/**
 * With what a state topic is made. The lag keeps what a late record hides until its owner has written it again. One
 * broker may be away: with as many replicas in sync as there are, that would hold all state up.
 */
function settingsOf({ replication }: KafkaStateSettings): readonly { readonly name: string; readonly value: string }[] {
  const settings = {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.2',
    'segment.bytes': String(64 << 20),
    'segment.ms': String(3_600_000),
    'min.compaction.lag.ms': String(1_800_000),
    'delete.retention.ms': String(86_400_000),
    'message.timestamp.type': 'CreateTime',
    'compression.type': 'producer',
    'min.insync.replicas': String(Math.max(1, Math.min(2, replication - 1))),
  };
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}

/** Makes the state topic of an input topic when it is missing. Rejects with `state_topic` where it would lose state. */
export async function ensureStateTopic(
  kafka: Kafka,
  settings: KafkaStateSettings,
  group: string,
  inputTopic: string,
): Promise<void> {
  const topic = stateTopicOf(settings, group, inputTopic);
  await withAdmin(kafka, async (admin) => {
    const existing = await admin.listTopics();
    if (!existing.includes(topic)) {
      const numPartitions = await partitionCount(admin, inputTopic);
      const configEntries = [...settingsOf(settings)];
      const wanted = { topic, numPartitions, replicationFactor: settings.replication, configEntries };
      try {
        await admin.createTopics({ topics: [wanted], waitForLeaders: false });
      } catch (error) {
        // Another lane may have been faster; whatever else it was, the check tells.
        if (!(await admin.listTopics()).includes(topic)) throw unmade(topic, settings, error);
      }
    }
    const problem = await problemOf(admin, topic, inputTopic);
    if (problem !== undefined) throw new GruardError('state_topic', problem);
  });
}

/** What is wrong with the state topic of an input topic, if it is there; undefined = nothing. */
export async function stateTopicProblem(
  admin: Admin,
  existing: readonly string[],
  topic: string,
  inputTopic: string,
): Promise<string | undefined> {
  return existing.includes(topic) ? await problemOf(admin, topic, inputTopic) : undefined;
}

async function problemOf(admin: Admin, topic: string, inputTopic: string): Promise<string | undefined> {
  const [mine, input] = [await partitionCount(admin, topic), await partitionCount(admin, inputTopic)];
  if (mine !== input) {
    const why = 'the state of a partition lies in the one of the same number';
    return `topic ${topic} has ${mine} partitions, ${inputTopic} has ${input}: ${why}`;
  }
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
  });
  const settingOf = (name: string): string =>
    resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue ?? '';
  const policy = settingOf('cleanup.policy');
  if (policy !== 'compact') {
    return `topic ${topic} has cleanup.policy=${policy}, which deletes state in time; set cleanup.policy=compact`;
  }
  const lagMs = Number(settingOf('min.compaction.lag.ms'));
  if (lagMs >= LAG_MS_MIN) return undefined;
  const what = `topic ${topic} has min.compaction.lag.ms=${lagMs}`;
  return `${what}; set at least ${LAG_MS_MIN}, or a late record loses a model`;
}

async function partitionCount(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
}

function unmade(topic: string, { replication }: KafkaStateSettings, error: unknown): unknown {
  if (authTypeIn(error) !== undefined) {
    const text = `this user lacks CREATE on topic ${topic}, which does not exist or may not be seen`;
    return new GruardError('kafka_auth', text, { cause: error });
  }
  const text = `${String(error)} ${reasonsIn(error)}`;
  if (!/REPLICATION_FACTOR|replication factor/i.test(text)) return error;
  const why = `${kafkaErrorText(error)}. Set state.kafka.replication to the number of your brokers, if that is less`;
  return new GruardError('state_topic', `topic ${topic} cannot be made with ${replication} replicas: ${why}`);
}

/** kafkajs keeps what the brokers said in a list beside the message. */
function reasonsIn(error: unknown): string {
  const { errors } = error as { readonly errors?: readonly { readonly message?: string; readonly type?: string }[] };
  return (errors ?? []).map(({ message, type }) => `${type} ${message}`).join(' ');
}

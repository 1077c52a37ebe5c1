// What stands between a configuration and its cluster, before anything runs.

import type { Kafka } from 'kafkajs';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { kafkaErrorCode, kafkaErrorText, newKafkaClient, withAdmin } from './kafkaClient.ts';
import { lackText, refusedRights, rightsFor } from './kafkaRights.ts';
import { stateTopicOf, stateTopicProblem } from './kafkaStateTopic.ts';
import { matchTopics } from './kafkaTopics.ts';

/** What stands in the way, as a sentence with its remedy. */
export interface ClusterProblem {
  readonly code: ErrorCode;
  readonly text: string;
}

/** Problems with brokers and topics; none = gruard can start. Never rejects. */
export async function checkKafka(settings: Settings, log: Log): Promise<ClusterProblem[]> {
  const { brokers } = settings.kafka;
  // kafkajs's own lines would say the same in other words.
  const quiet: Log = (level, code, message, fields) => log(level === 'debug' ? level : 'debug', code, message, fields);
  const kafka = newKafkaClient(settings.kafka, quiet, { now: Date.now, monotonic: () => performance.now() });
  try {
    const existing = await existingTopics(kafka);
    const refused = await refusedRights(kafka, rightsFor(settings, existing));
    const lacking = refused.map((right): ClusterProblem => {
      const text = `kafka.sasl: ${lackText([right])}. ${ERRORS.kafka_auth.remedy}`;
      return { code: 'kafka_auth', text };
    });
    const hidden = new Set(refused.filter(({ on }) => on === 'topic').map(({ name }) => name));
    const missing = missingTopics(settings, existing, hidden);
    return [...lacking, ...missing, ...(await stateProblems(kafka, settings, existing, hidden))];
  } catch (error) {
    const code = kafkaErrorCode(error);
    const text = `${brokers.join(', ')} cannot be used: ${kafkaErrorText(error)}. ${ERRORS[code].remedy}`;
    return [{ code, text: `kafka.brokers: ${text}` }];
  }
}

function existingTopics(kafka: Kafka): Promise<string[]> {
  return withAdmin(kafka, (admin) => admin.listTopics());
}

/** Of state topics that are there already; the others are made when they are needed. */
async function stateProblems(
  kafka: Kafka,
  settings: Settings,
  existing: readonly string[],
  hidden: ReadonlySet<string>,
): Promise<ClusterProblem[]> {
  const { state, streams, sinks, kafka: connection } = settings;
  if (state.store !== 'kafka') return [];
  const own = [sinks.events, sinks.rejects].filter((topic) => topic !== undefined);
  const inputs = matchTopics(
    streams.flatMap(({ topics }) => topics),
    existing,
    own,
  ).found;
  return withAdmin(kafka, async (admin) => {
    const problems: ClusterProblem[] = [];
    for (const input of inputs) {
      const topic = stateTopicOf(state.kafka, connection.group, input);
      if (hidden.has(topic) || hidden.has(input)) continue;
      const problem = await stateTopicProblem(admin, existing, topic, input);
      if (problem === undefined) continue;
      problems.push({ code: 'state_topic', text: `state.kafka.topic: ${problem}. ${ERRORS.state_topic.remedy}` });
    }
    return problems;
  });
}

/** Of a topic that this user may not see nobody knows whether it is there. */
function missingTopics(
  { streams, sinks }: Settings,
  existing: readonly string[],
  hidden: ReadonlySet<string>,
): ClusterProblem[] {
  const problems: ClusterProblem[] = [];
  const miss = (text: string): void => {
    problems.push({ code: 'topic_missing', text: `${text}. ${ERRORS.topic_missing.remedy}` });
  };
  const own = [sinks.events, sinks.rejects].filter((topic) => topic !== undefined);
  for (const { name, topics } of streams) {
    for (const word of matchTopics(topics, existing, own).missing) {
      if (hidden.has(word)) continue;
      const text = word.endsWith('*') ? `no topic matches ${word}` : `topic ${word} does not exist`;
      miss(`streams.${name}: ${text}`);
    }
  }
  for (const [key, topic] of Object.entries(sinks)) {
    if (topic === undefined || existing.includes(topic) || hidden.has(topic)) continue;
    miss(`sinks.${key}: topic ${topic} does not exist`);
  }
  return problems;
}

// What stands between a configuration and its cluster, before anything runs.

import type { Kafka } from 'kafkajs';
import { ERRORS } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { kafkaErrorCode, kafkaErrorText, newKafkaClient, withAdmin } from './kafkaClient.ts';
import { matchTopics } from './kafkaTopics.ts';

/** Problems with brokers and topics as sentences with their remedies; none = gruard can start. Never rejects. */
export async function checkKafka(settings: Settings, log: Log): Promise<string[]> {
  const { brokers } = settings.kafka;
  // kafkajs's own lines would say the same in other words.
  const quiet: Log = (level, code, message, fields) => log(level === 'debug' ? level : 'debug', code, message, fields);
  const kafka = newKafkaClient(settings.kafka, quiet, { now: Date.now, monotonic: () => performance.now() });
  try {
    return missingTopics(settings, await existingTopics(kafka));
  } catch (error) {
    const { remedy } = ERRORS[kafkaErrorCode(error)];
    return [`kafka.brokers: ${brokers.join(', ')} cannot be used: ${kafkaErrorText(error)}. ${remedy}`];
  }
}

function existingTopics(kafka: Kafka): Promise<string[]> {
  return withAdmin(kafka, (admin) => admin.listTopics());
}

function missingTopics({ streams, sinks }: Settings, existing: readonly string[]): string[] {
  const problems: string[] = [];
  const own = [sinks.events, sinks.rejects].filter((topic) => topic !== undefined);
  for (const { name, topics } of streams) {
    for (const word of matchTopics(topics, existing, own).missing) {
      const text = word.endsWith('*') ? `no topic matches ${word}` : `topic ${word} does not exist`;
      problems.push(`streams.${name}: ${text}. ${ERRORS.topic_missing.remedy}`);
    }
  }
  for (const [key, topic] of Object.entries(sinks)) {
    if (topic === undefined || existing.includes(topic)) continue;
    problems.push(`sinks.${key}: topic ${topic} does not exist. ${ERRORS.topic_missing.remedy}`);
  }
  return problems;
}

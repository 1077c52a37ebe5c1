// The connection to Kafka: settings in kafkajs's words, its log lines in ours, and what its errors mean.

import kafkajs, { type Admin, Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';
import { ERRORS, type ErrorCode, GruardError } from '../errors.ts';
import type { Clock, Log, LogLevel } from '../ports.ts';
import type { KafkaSettings } from '../settings.ts';
import { verifyChecksums } from './kafkaDecoder.ts';
import { kafkaLogin } from './kafkaLogin.ts';
import { applyKafkaPatches } from './kafkaPatches.ts';
import { newSocketFactory, sslOptions } from './kafkaSockets.ts';

/** How often the same line is logged again. */
const repeatMs = 60_000;

/** Different lines that are remembered at a time, to know a repetition. */
const linesMax = 200;

// Own numbers, because kafkajs has others where NODE_ENV is "test". Few attempts, because every caller here tries again
// for ever, and says so: what kafkajs tries again by itself nobody sees.
const retryTimes = { initialRetryTime: 300, maxRetryTime: 2_000, factor: 0.2, multiplier: 2 };

interface Patience {
  /** How long a broker may take for an answer. */
  readonly requestMs: number;
  readonly retries: number;
}

/** For connections and what runs on them: three retries take about 2 s. */
const RUNNING: Patience = { requestMs: 30_000, retries: 3 };

/** For questions to the cluster: a connection that was cut without a word answers nothing, and a new one would. */
export const ASKING: Patience = { requestMs: 5_000, retries: 1 };

/** For what a running consumer or producer does: about 6 s. */
export const runRetry = { ...retryTimes, retries: 5 };

const authTypes = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);
const topicTypes = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION']);
const brokerNames = /Connection|NoBrokerAvailable|BrokerNotFound|RequestTimeout|GroupCoordinatorNotFound|LockTimeout/;
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS/;
const rebalanceWords = /rebalanc|ILLEGAL_GENERATION|UNKNOWN_MEMBER_ID|NOT_COORDINATOR|not aware of this member/i;

/** A patched kafkajs client for one thread. It connects only when a consumer, producer or admin client of it does. */
export function newKafkaClient(settings: KafkaSettings, log: Log, clock: Clock, patience = RUNNING): Kafka {
  applyKafkaPatches(log);
  if (settings.verifyCrc) verifyChecksums();
  const config: KafkaConfig = {
    clientId: 'gruard',
    brokers: [...settings.brokers],
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    requestTimeout: patience.requestMs,
    retry: { ...retryTimes, retries: patience.retries },
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => newKafkaLog(log, clock),
  };
  if (settings.tls !== undefined) {
    config.ssl = { ...sslOptions(settings.tls), rejectUnauthorized: settings.tls.insecure !== true };
    config.socketFactory = newSocketFactory(settings.tls, log);
  }
  if (settings.sasl !== undefined) config.sasl = kafkaLogin(settings.sasl, clock);
  return new Kafka(config);
}

/** Runs `work` with an admin client that lives only as long: nothing idles between two questions to the cluster. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    // A connection that cannot be closed is one that is gone.
    await admin.disconnect().catch(() => {});
  }
}

/** Kafka's word for a refusal among the causes of an error, and in the lists that kafkajs keeps beside messages. */
export function authTypeIn(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type, errors } = cause as { readonly type?: unknown; readonly errors?: unknown };
    if (authTypes.has(String(type))) return String(type);
    const inside = Array.isArray(errors) ? errors.map(authTypeIn).find((found) => found !== undefined) : undefined;
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** What a failure of kafkajs means to a user. Looks through its wrappers at the cause. */
export function kafkaErrorCode(error: unknown): ErrorCode {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof GruardError) return cause.code;
    const { type, code, retriable } = cause as { readonly [property in 'type' | 'code' | 'retriable']?: unknown };
    const text = `${cause.name} ${typeof type === 'string' ? type : ''}`;
    if (text.includes('SASL') || authTypeIn(cause) !== undefined) return 'kafka_auth';
    if (certificateCodes.test(String(code))) return 'kafka_auth';
    if (topicTypes.has(String(type)) || text.includes('TopicMetadataNotLoaded')) return 'topic_missing';
    // A protocol error that the broker calls passing: no leader, coordinator loading, request timed out.
    // kafkajs's own word for a connection that broke between two requests has neither name nor type.
    if (brokerNames.test(cause.name) || cause.message === 'Broker not connected') return 'broker_unavailable';
    if (type !== undefined && retriable === true) return 'broker_unavailable';
  }
  return 'kafka_crash';
}

/** The innermost message of an error, for one line, with what it means where nobody could guess that. */
export function kafkaErrorText(error: unknown): string {
  let innermost = error;
  for (let cause = error; cause instanceof Error; cause = cause.cause) innermost = cause;
  if (!(innermost instanceof Error)) return String(innermost);
  const { code, type } = innermost as { readonly code?: unknown; readonly type?: unknown };
  const text = withoutPlaces(innermost.message);
  const told = `${innermost.name} ${String(type)} ${String(code)} ${text}`;
  const meaning = meanings.find(([pattern]) => pattern.test(told))?.[1];
  return meaning === undefined ? text : `${meaning} (${text})`;
}

/** By name, type, code and message of an error; the first that matches. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/NOT_ENOUGH_REPLICAS/, 'a broker is away: fewer replicas are in sync than min.insync.replicas of the topic wants'],
  [/CERT_HAS_EXPIRED/, "kafka.tls: the broker's certificate has expired"],
  [/CERT_NOT_YET_VALID/, "kafka.tls: the broker's certificate is not valid yet"],
  [/ERR_TLS_CERT_ALTNAME_INVALID/, "kafka.tls: the broker's certificate is for another name"],
  [/UNABLE_TO_|SELF_SIGNED/, "kafka.tls.ca: the broker's certificate is signed by nobody who is trusted here"],
  [/_ALERT_.*CERTIFICATE|_ALERT_UNKNOWN_CA/, 'kafka.tls.cert: the broker wants another certificate of this client'],
  [/ERR_SSL|ERR_TLS/, 'kafka.tls: the two cannot agree'],
  [/before secure TLS connection/, 'kafka.tls: this listener may speak no TLS'],
  [/ILLEGAL_SASL_STATE/, 'kafka.sasl: this listener takes no user'],
  [/SASL/, 'kafka.sasl: the broker refuses this user'],
  [/ConnectionClosed/, 'the broker hung up: its listener may want kafka.tls, or a user in kafka.sasl'],
];

/** OpenSSL begins with a thread and ends with a line of its source, each time. */
function withoutPlaces(message: string): string {
  return message.replace(/[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]*):.*\s*/s, '$1').trimEnd();
}

/** A delay that doubles from 0.5 s to 5 s, less up to a quarter, so that lanes do not return all at once. */
export function backOffMs(failures: number): number {
  return Math.min(5_000, 500 * 2 ** Math.min(failures, 10)) * (1 - Math.random() / 4);
}

/** Tells whether a line may be logged now: the first one, then one a minute. Answers how many were held back. */
export function newOnceAMinute(clock: Clock): (line: string) => { readonly held: number } | undefined {
  const lines = new Map<string, { saidMs: number; held: number }>();
  return (line) => {
    const nowMs = clock.monotonic();
    const said = lines.get(line);
    if (said !== undefined && nowMs - said.saidMs < repeatMs) {
      said.held++;
      return undefined;
    }
    const held = said?.held ?? 0;
    lines.delete(line);
    lines.set(line, { saidMs: nowMs, held: 0 });
    for (const oldest of lines.keys()) {
      if (lines.size <= linesMax) break;
      lines.delete(oldest);
    }
    return { held };
  };
}

/** Says what is wrong and its remedy, once a minute. Lines with the same `about` count as repetitions of each other. */
export function newComplaints(
  log: Log,
  clock: Clock,
  lane: number,
): (level: 'warn' | 'error', code: ErrorCode, text: string, about?: string, fields?: object) => void {
  const mayLog = newOnceAMinute(clock);
  return (level, code, text, about = text, fields = {}) => {
    const turn = mayLog(about);
    if (turn === undefined) return;
    log(level, code, `${text}. ${ERRORS[code].remedy}`, {
      ...fields,
      lane,
      ...(turn.held > 0 ? { repeated: turn.held } : {}),
    });
  };
}

/** kafkajs's log lines as ours: rebalances are no errors, its gossip is debug, repetitions are counted. */
export function newKafkaLog(log: Log, clock: Clock): (entry: LogEntry) => void {
  const mayLog = newOnceAMinute(clock);
  return ({ namespace, level, log: line }) => {
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = line;
    const told = `${message} ${typeof fields['error'] === 'string' ? fields['error'] : ''}`;
    const ours = levelOf(level, told);
    const text = `${namespace ? `[${namespace}] ` : ''}${withoutPlaces(message)}`;
    if (ours === 'debug') return log(ours, 'kafka_client', text, fields);
    const turn = mayLog(text);
    if (turn === undefined) return;
    log(ours, 'kafka_client', text, turn.held > 0 ? { ...fields, repeated: turn.held } : fields);
  };
}

function levelOf(level: number, told: string): LogLevel {
  if (level > kafkajs.logLevel.WARN) return 'debug';
  if (rebalanceWords.test(told)) return 'info';
  // Never error: kafkajs says so of each single attempt; whether something failed for good, the source says.
  return 'warn';
}

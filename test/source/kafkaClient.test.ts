import kafkajs, { type LogEntry } from 'kafkajs';
import { expect, it } from 'vitest';
import { GruardError } from '../../src/errors.ts';
import {
  backOffMs,
  kafkaErrorCode,
  kafkaErrorText,
  newKafkaLog,
  newOnceAMinute,
} from '../../src/source/kafkaClient.ts';
import { keepingLog } from '../support/kafkaTools.ts';

const { ERROR, WARN, INFO } = kafkajs.logLevel;

function clockAt(ms: number): { now: () => number; monotonic: () => number; ms: number } {
  const clock = { ms, now: () => clock.ms, monotonic: () => clock.ms };
  return clock;
}

function entry(level: number, message: string, more: Record<string, unknown> = {}): LogEntry {
  return { namespace: 'Runner', level, label: '', log: { timestamp: '', message, ...more } };
}

it('tells rebalances as news, attempts as warnings, gossip as debug', () => {
  const { log, lines } = keepingLog();
  const kafkaLog = newKafkaLog(log, clockAt(0));
  kafkaLog(entry(ERROR, 'Response Heartbeat', { error: 'The group is rebalancing, so a rejoin is needed' }));
  kafkaLog(entry(WARN, 'The group is rebalancing, re-joining'));
  kafkaLog(entry(ERROR, 'The coordinator is not aware of this member, re-joining the group'));
  kafkaLog(entry(ERROR, 'Connection error: connect ECONNREFUSED'));
  kafkaLog(entry(INFO, 'Consumer has joined the group'));
  expect(lines).toEqual([
    'info kafka_client [Runner] Response Heartbeat',
    'info kafka_client [Runner] The group is rebalancing, re-joining',
    'info kafka_client [Runner] The coordinator is not aware of this member, re-joining the group',
    'warn kafka_client [Runner] Connection error: connect ECONNREFUSED',
    'debug kafka_client [Runner] Consumer has joined the group',
  ]);
});

it('says a repeated line once a minute, with how often it was held back', () => {
  const clock = clockAt(0);
  const told: unknown[] = [];
  const kafkaLog = newKafkaLog((_level, _code, _message, fields) => told.push(fields?.['repeated'] ?? 0), clock);
  for (let n = 0; n < 5; n++) kafkaLog(entry(ERROR, 'Connection error'));
  clock.ms = 59_999;
  kafkaLog(entry(ERROR, 'Connection error'));
  clock.ms = 60_000;
  kafkaLog(entry(ERROR, 'Connection error'));
  expect(told).toEqual([0, 5]);
});

it('remembers a bounded number of lines', () => {
  const mayLog = newOnceAMinute(clockAt(0));
  expect(mayLog('first')).toEqual({ held: 0 });
  expect(mayLog('first')).toBeUndefined();
  for (let n = 0; n < 1_000; n++) mayLog(String(n));
  expect(mayLog('first')).toEqual({ held: 0 });
});

it('keeps stacks out of the log', () => {
  const fields: unknown[] = [];
  const kafkaLog = newKafkaLog((_level, _code, _message, more) => fields.push(more), clockAt(0));
  kafkaLog(entry(ERROR, 'Crash', { stack: 'at …', groupId: 'g' }));
  expect(fields).toEqual([{ groupId: 'g' }]);
});

it('knows from an error, or its causes, what a user can do about it', () => {
  const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs;
  const protocol = (type: string, retriable: boolean): Error =>
    new KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 1, retriable }));
  const refused = new KafkaJSConnectionError('connect ECONNREFUSED', { broker: 'b:1', code: 'ECONNREFUSED' });
  const wrapped = new KafkaJSNumberOfRetriesExceeded(refused, { retryCount: 5, retryTime: 300 });
  const cases = [
    [refused, 'broker_unavailable'],
    [wrapped, 'broker_unavailable'],
    [protocol('NOT_LEADER_FOR_PARTITION', true), 'broker_unavailable'],
    [protocol('TOPIC_AUTHORIZATION_FAILED', false), 'kafka_auth'],
    [Object.assign(new Error('wrong password'), { name: 'KafkaJSSASLAuthenticationError' }), 'kafka_auth'],
    [new KafkaJSConnectionError('self-signed', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'kafka_auth'],
    [protocol('UNKNOWN_TOPIC_OR_PARTITION', true), 'topic_missing'],
    [Object.assign(new Error('gone'), { name: 'KafkaJSTopicMetadataNotLoaded' }), 'topic_missing'],
    [new RangeError('Maximum call stack size exceeded'), 'kafka_crash'],
    ['not an error', 'kafka_crash'],
  ] as const;
  expect(cases.map(([error]) => kafkaErrorCode(error))).toEqual(cases.map(([, code]) => code));
  expect(kafkaErrorText(wrapped)).toBe('connect ECONNREFUSED');
});

it('says what an error means where nobody could guess that', () => {
  const places = ['404D27CCC47F0000:error:0A000412:SSL routines:ssl3_read_bytes', '../deps/rec.c:9:SSL alert 42\n'];
  const alert = (what: string): string => `Connection error: ${places[0]}:ssl/tls alert ${what}:${places[1]}`;
  const connection = (message: string, code: string): Error => new kafkajs.KafkaJSConnectionError(message, { code });
  const state = new kafkajs.KafkaJSProtocolError(
    Object.assign(new Error('not valid'), { type: 'ILLEGAL_SASL_STATE', code: 34, retriable: false }),
  );
  expect(kafkaErrorText(connection(alert('bad certificate'), 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE'))).toBe(
    'kafka.tls.cert: the broker wants another certificate of this client ' +
      '(Connection error: ssl/tls alert bad certificate)',
  );
  expect(kafkaErrorText(connection('self-signed', 'SELF_SIGNED_CERT_IN_CHAIN'))).toBe(
    "kafka.tls.ca: the broker's certificate is signed by nobody who is trusted here (self-signed)",
  );
  expect(kafkaErrorText(connection('expired', 'CERT_HAS_EXPIRED'))).toMatch(/^kafka\.tls: .* has expired /);
  expect(kafkaErrorText(state)).toBe('kafka.sasl: this listener takes no user (not valid)');
  expect(kafkaErrorText(new GruardError('kafka_auth', 'no token'))).toBe('no token');
  expect(kafkaErrorCode(new GruardError('kafka_auth', 'no token'))).toBe('kafka_auth');
  expect(kafkaErrorText('words')).toBe('words');
});

it('waits longer after each failure, but never more than five seconds', () => {
  for (let failures = 0; failures < 2_000; failures++) {
    const most = Math.min(5_000, 500 * 2 ** failures);
    expect(backOffMs(failures)).toBeLessThanOrEqual(most);
    expect(backOffMs(failures)).toBeGreaterThan(most * 0.7);
  }
});

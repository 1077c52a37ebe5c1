import { afterEach, describe, expect, inject, it } from 'vitest';
import type { AnomalyEvent, SourceRecord } from '../../src/domain.ts';
import { newKafkaEventSink, newKafkaRejectSink } from '../../src/report/kafkaSinks.ts';
import { newKafkaClient } from '../../src/source/kafkaClient.ts';
import {
  consumeAll,
  createTopic,
  eventually,
  freshName,
  kafkaSettings,
  kafkaToolsReady,
  keepingLog,
  realClock,
} from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const WINDOW_MS = 1_764_235_860_000;

function event(n: number): AnomalyEvent {
  const at = new Date(WINDOW_MS + n * 1000).toISOString();
  return {
    schema: 1,
    id: n.toString(16).padStart(32, '0'),
    event: 'opened',
    stream: 'orders',
    series: { host: `web-${n % 5}` },
    field: 'value',
    kind: 'spike',
    severity: 'warning',
    window: { start: at, end: at },
    started_at: at,
    latency_windows: 0,
    duration_seconds: 30,
    closed_by: null,
    value: n,
    expected: null,
    lower: null,
    upper: null,
    score: 1.5,
    evidence: [],
    contributions: { value: 1 },
    model: { cell: 'gru', hidden: 16, forecast: 'gru', trained_windows: 100, config: '9f2c41d07ab3' },
    origin: { topic: 'in', partition: 0, offset: n },
  };
}

function record(offset: number, value: Buffer | null, key: string | null = null): SourceRecord {
  return { offset, timestampMs: WINDOW_MS, key: key === null ? null : Buffer.from(key), value };
}

describe.runIf(kafkaToolsReady(brokers))('Kafka sinks', () => {
  const sinks: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.stop()));
  });

  function options(topic: string): Parameters<typeof newKafkaEventSink>[0] & { readonly lines: string[] } {
    const { log, lines } = keepingLog();
    const kafka = newKafkaClient(kafkaSettings(brokers, 'unused'), log, realClock);
    return { kafka, topic, log, lines, clock: realClock };
  }

  it('write events as JSON with key and window end, each series in order, and flush them', async () => {
    const topic = freshName('events');
    await createTopic(brokers, topic, 3);
    const sink = newKafkaEventSink(options(topic));
    sinks.push(sink);
    const events = Array.from({ length: 5_000 }, (_, n) => event(n));
    for (const one of events) sink.publish(one, `host="${one.series['host']}"`, Date.parse(one.window.end));
    expect(sink.pendingBytes).toBeGreaterThan(5_000 * 400);
    await sink.flush();
    expect(sink.pendingBytes).toBe(0);
    const read = await consumeAll(brokers, topic);
    expect(read).toHaveLength(5_000);
    const texts = new Map<string | null, string[]>();
    for (const { key, payload } of read) texts.set(key, [...(texts.get(key) ?? []), payload ?? '']);
    for (let host = 0; host < 5; host++) {
      const own = events.filter(({ series }) => series['host'] === `web-${host}`);
      expect(texts.get(`host="web-${host}"`)).toEqual(own.map((one) => JSON.stringify(one)));
    }
    const [first] = read;
    expect(new Date(first?.ts ?? 0).toISOString()).toBe((JSON.parse(first?.payload ?? '') as AnomalyEvent).window.end);
  });

  it('give an event the time of sending where the brokers refuse that of a window far ahead', async () => {
    const topic = freshName('ahead');
    await createTopic(brokers, topic, 1);
    const sink = newKafkaEventSink(options(topic));
    sinks.push(sink);
    const sentMs = Date.now();
    for (const n of [0, 1, 2]) sink.publish(event(n), 'a', n === 1 ? sentMs + 100 * 3_600_000 : WINDOW_MS);
    await sink.flush();
    const read = await consumeAll(brokers, topic);
    expect(read.map(({ payload }) => payload)).toEqual([0, 1, 2].map((n) => JSON.stringify(event(n))));
    expect(read.map(({ ts }) => ts === WINDOW_MS)).toEqual([true, false, true]);
    expect(read[1]?.ts).toBeGreaterThanOrEqual(sentMs);
  });

  it('wait for a topic that is created later, saying so once', async () => {
    const topic = freshName('late');
    const { lines, ...rest } = options(topic);
    const sink = newKafkaEventSink(rest);
    sinks.push(sink);
    sink.publish(event(1), 'a', 1);
    let flushed = false;
    const flushing = sink.flush().then(() => {
      flushed = true;
    });
    await eventually('it was said', () => lines.some((line) => line.startsWith('warn topic_missing')));
    expect(flushed).toBe(false);
    await createTopic(brokers, topic, 1);
    await flushing;
    expect((await consumeAll(brokers, topic)).map(({ payload }) => payload)).toEqual([JSON.stringify(event(1))]);
    expect(lines.filter((line) => line.startsWith('warn topic_missing'))).toHaveLength(1);
  });

  it('reject a flush that was waiting when they are stopped, and each later one', async () => {
    const sink = newKafkaEventSink(options(freshName('never')));
    sink.publish(event(1), 'a', 1);
    const waiting = expect(sink.flush()).rejects.toThrow('was stopped');
    await sink.stop();
    await waiting;
    await expect(sink.flush()).rejects.toThrow('was stopped');
    await sink.stop();
  });

  it('write dead letters whole, with headers that tell why', async () => {
    const topic = freshName('rejects');
    await createTopic(brokers, topic, 1);
    const sink = newKafkaRejectSink(options(topic));
    sinks.push(sink);
    const value = Buffer.from('{ broken');
    const headers = { trace: Buffer.from('abc'), many: [Buffer.from('1'), Buffer.from('2')] };
    sink.reject({ topic: 'in', partition: 3 }, { ...record(42, value, 'k'), headers }, 'parse', 'no closing brace');
    // The value is a view into a fetch, which is reused.
    value.fill(0);
    sink.reject({ topic: 'in', partition: 3 }, record(43, null), 'null', 'no value');
    await sink.flush();
    const [first, second] = await consumeAll(brokers, topic);
    expect(first).toMatchObject({ key: 'k', payload: '{ broken', ts: WINDOW_MS });
    const told = ['x-error-reason', 'parse', 'x-error-detail', 'no closing brace', 'x-topic', 'in', 'x-partition', '3'];
    const original = ['trace', 'abc', 'many', '1', 'many', '2'];
    expect(first?.headers).toEqual([...original, ...told, 'x-offset', '42']);
    expect(second).toMatchObject({ key: null, payload: null });
    expect(second?.headers).toContain('43');
  });

  it('write a dead letter that is too large without its value, and hold up no other', async () => {
    const topic = freshName('large');
    await createTopic(brokers, topic, 1, { 'max.message.bytes': '1000000' });
    const sink = newKafkaRejectSink(options(topic));
    sinks.push(sink);
    const from = { topic: 'in', partition: 0 };
    const records = [
      record(0, Buffer.from('small')),
      record(1, Buffer.alloc(5_000_000, 'x'), 'big'),
      { ...record(2, Buffer.alloc(1_500_000, 'x'), 'k'.repeat(1_500_000)), headers: { h: Buffer.from('v') } },
      record(3, Buffer.from('also small')),
    ];
    for (const one of records) sink.reject(from, one, 'too_large', 'more than 1 MiB');
    await sink.flush();
    const read = await consumeAll(brokers, topic);
    expect(read.map(({ key, payload }) => [key, payload])).toEqual([
      [null, 'small'],
      ['big', ''],
      [null, ''],
      [null, 'also small'],
    ]);
    const truncated = read.map(({ headers = [] }) => headers[headers.indexOf('x-truncated') + 1] === 'true');
    expect(truncated).toEqual([false, true, true, false]);
    expect(sink.pendingBytes).toBe(0);
  });

  it('keep at most 1000 dead letters a second and count the others', async () => {
    const topic = freshName('flood');
    await createTopic(brokers, topic, 1);
    let nowMs = 500;
    const clock = { now: Date.now, monotonic: () => nowMs };
    const sink = newKafkaRejectSink({ ...options(topic), clock });
    sinks.push(sink);
    const from = { topic: 'in', partition: 0 };
    for (let n = 0; n < 1_500; n++) sink.reject(from, record(n, Buffer.from('x')), 'parse', '');
    expect(sink.suppressed).toBe(500);
    nowMs = 1_500;
    for (let n = 0; n < 10; n++) sink.reject(from, record(n, Buffer.from('x')), 'parse', '');
    expect(sink.suppressed).toBe(500);
    await sink.flush();
    expect(await consumeAll(brokers, topic)).toHaveLength(1_010);
  });
});

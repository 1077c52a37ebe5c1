// The demo's metrics: the p99 latency of six hosts, as JSON to Kafka. First two weeks of history at once; then live
// samples, whose event time runs through the last eight hours in 200 seconds and goes with the wall clock from there on.
// Incidents come at fixed distances after the history, the first one a minute after it. All values follow from SEED and
// the event time alone.
//
// Environment: KAFKA_BROKERS, TOPIC, SEED, TICK_MS (wall time between live samples), HEARTBEAT_FILE (touched whenever
// the broker has acknowledged samples).

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const STEP_MS = 5 * MINUTE_MS;
export const HISTORY_MS = 14 * DAY_MS;
/**
 * How far behind the wall clock the history ends: event time that the live samples catch up, one step a tick. Not so far
 * that catching up takes five minutes, or the alert for stalled streams would fire.
 */
export const BEHIND_MS = 8 * HOUR_MS;

export const FIRST_INCIDENT_MS = 2.5 * HOUR_MS;
export const INCIDENT_EVERY_MS = 3.5 * HOUR_MS;
export const INCIDENT_MS = 45 * MINUTE_MS;

export const HOSTS = [
  { host: 'node-1', region: 'eu', usualMs: 180 },
  { host: 'node-2', region: 'eu', usualMs: 195 },
  { host: 'node-3', region: 'eu', usualMs: 170 },
  { host: 'node-4', region: 'us', usualMs: 240 },
  { host: 'node-5', region: 'us', usualMs: 225 },
  { host: 'node-6', region: 'us', usualMs: 260 },
];

/** The samples of all hosts at `timeMs`; incidents are counted from `liveMs`, the end of the history. */
export function samplesAt(seed, liveMs, timeMs) {
  const factors = incidentAt(timeMs - liveMs);
  return HOSTS.map(({ host, region, usualMs }) => {
    const p99 = usualMs * rhythm(timeMs, region) * noise(seed, host, timeMs) * (factors[host] ?? 1);
    return { timestamp: timeMs, tags: { host, region }, fields: { p99: Math.round(p99 * 100) / 100 } };
  });
}

/** One host at a time, in turn: every other incident is a slow host, the others one that answers far too fast. */
function incidentAt(sinceLiveMs) {
  const number = Math.floor((sinceLiveMs - FIRST_INCIDENT_MS) / INCIDENT_EVERY_MS);
  const sinceMs = sinceLiveMs - FIRST_INCIDENT_MS - number * INCIDENT_EVERY_MS;
  if (number < 0 || sinceMs >= INCIDENT_MS) return {};
  return { [HOSTS[number % HOSTS.length].host]: number % 2 === 0 ? 2.6 : 0.25 };
}

/** Busy in the afternoon of the region, calm at night and less busy at the weekend (UTC). */
function rhythm(timeMs, region) {
  const hour = (timeMs % DAY_MS) / HOUR_MS - (region === 'us' ? 20 : 14);
  const weekday = new Date(timeMs).getUTCDay();
  const weekend = weekday === 0 || weekday === 6 ? 0.85 : 1;
  return weekend * (1 + 0.35 * Math.cos((2 * Math.PI * hour) / 24));
}

/**
 * Around 1, ± 4 %. Nearly constant within a step, so that a window holds the same noise whether it has one sample (as in
 * the history) or many.
 */
function noise(seed, host, timeMs) {
  const slow = drawn(`${seed}/${host}/step/${Math.floor(timeMs / STEP_MS)}`);
  const fast = drawn(`${seed}/${host}/sample/${timeMs}`);
  return 1 + 0.04 * slow + 0.004 * fast;
}

/** Mean 0, deviation 1, nearly normal: the sum of twelve numbers of 16 bits that follow from the text. */
function drawn(text) {
  const bits = createHash('sha256').update(text).digest();
  let sum = -6;
  for (let at = 0; at < 24; at += 2) sum += bits.readUInt16LE(at) / 65_536;
  return sum;
}

/** The history in chunks of a day, oldest first. */
export function* history(seed, liveMs) {
  for (let dayMs = liveMs - HISTORY_MS; dayMs < liveMs; dayMs += DAY_MS) {
    const day = [];
    for (let timeMs = dayMs; timeMs < dayMs + DAY_MS; timeMs += STEP_MS) day.push(...samplesAt(seed, liveMs, timeMs));
    yield day;
  }
}

/** Event time of the next live sample: one step on while that lies in the past, else now. */
export function nextTime(timeMs, nowMs) {
  return Math.max(Math.min(timeMs + STEP_MS, nowMs), timeMs + 1);
}

async function main() {
  const topic = process.env.TOPIC ?? 'shop.metrics.v1';
  const seed = process.env.SEED ?? '1';
  const tickMs = Number(process.env.TICK_MS ?? 2000);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort());

  const kafka = new kafkajs.Kafka({
    clientId: 'shop',
    brokers: (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 2 },
  });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const send = async (samples) => {
    const messages = samples.map((sample) => ({
      key: sample.tags.host,
      value: JSON.stringify(sample),
      timestamp: String(sample.timestamp),
    }));
    await untilItWorks(stop.signal, () => producer.send({ topic, messages }));
    if (process.env.HEARTBEAT_FILE) writeFileSync(process.env.HEARTBEAT_FILE, '');
  };

  try {
    await untilItWorks(stop.signal, () => producer.connect());
    const liveMs = Math.floor((Date.now() - BEHIND_MS) / STEP_MS) * STEP_MS;
    // After a restart the history is there already, and samples of the past would only be late.
    let timeMs = Date.now();
    if (await untilItWorks(stop.signal, () => isEmpty(kafka, topic))) {
      for (const samples of history(seed, liveMs)) await send(samples);
      const end = new Date(liveMs).toISOString();
      console.log(`two weeks of history until ${end} written to ${topic}; live samples follow`);
      timeMs = liveMs - STEP_MS;
    }
    for (;;) {
      timeMs = nextTime(timeMs, Date.now());
      await send(samplesAt(seed, liveMs, timeMs));
      await sleep(tickMs, undefined, { signal: stop.signal });
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await producer.disconnect();
  }
}

async function isEmpty(kafka, topic) {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.every(({ high }) => high === '0');
  } finally {
    await admin.disconnect();
  }
}

/** Tries again every second, for ever: the broker may start later than we do, and may go away. */
async function untilItWorks(signal, work) {
  for (let told = ''; ; ) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (error.message !== told) console.error(`waiting for Kafka: ${error.message}`);
      told = error.message;
      await sleep(1000, undefined, { signal });
    }
  }
}

if (process.argv[1] === import.meta.filename) await main();

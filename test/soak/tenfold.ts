// Ten times more than it can take, in little memory: a real daemon in a control group of 512 MB, at a real broker, and
// a topic that is filled ten times faster than it can be processed. Bounded in `npm test`, longer in the soak.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { parseExposition, valuesOf } from '../support/exposition.ts';
import { createTopic, freshName, produceLines } from '../support/kafkaTools.ts';
import { newMemoryGroup } from '../support/memoryGroup.ts';
import { type Probing, startProbing } from '../support/probing.ts';

const GROUP_BYTES = 512 * 2 ** 20;
const HEAP_MB = 300;
const SERIES = 150;
const START_MS = Date.UTC(2026, 0, 1);
const FIRST_RECORDS = 30_000;
const LOOK_MS = 250;

export interface Tenfold {
  /** Records a second: what it can take, and what came while the topic was filled. */
  readonly capacity: number;
  readonly filling: number;
  readonly records: number;
  readonly seconds: number;
  /** Of the process, in MB: the means of three thirds of the time after the filling, and the most ever. */
  readonly rss: readonly [number, number, number];
  readonly rssMax: number;
  readonly lagMax: number;
  readonly lagEnd: number;
  readonly kills: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly answers: Awaited<ReturnType<Probing['end']>>;
}

/** Work for `seconds`, or why it cannot be tried here. */
export async function tenfold(brokers: string, seconds: number): Promise<Tenfold | string> {
  const group = newMemoryGroup(GROUP_BYTES);
  if (typeof group === 'string') return group;
  const folder = await workFolder();
  const topic = freshName('tenfold');
  await createTopic(brokers, topic, 1);
  const path = await folder.file('gruard.yaml', configText(brokers, topic, folder.path));
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };
  const daemon = startDaemon(['run', path], env, undefined, { procs: group.procs });
  try {
    return { ...(await fillAndDrain(daemon, brokers, topic, seconds)), kills: group.kills() };
  } finally {
    await daemon.stop('SIGKILL');
    group.remove();
    await folder.remove();
  }
}

/** Each record is a window, so what a second can take hangs on the network and not on decoding. */
function configText(brokers: string, topic: string, folder: string): string {
  return `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${topic}.group }
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder}/state }
streams:
  a:
    topic: ${topic}
    series: { host: $.h }
    time: $.t
    value: $.v
    window: { every: record }
    model: { hidden: 96, lookback: 64, warmup: { windows: 50 } }
    limits: { series: 200 }
`;
}

/** One sample of each host a second. */
function lines(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const second = Math.floor((from + i) / SERIES);
    return JSON.stringify({ h: (from + i) % SERIES, t: START_MS + 1000 * second, v: ((from + i) * 7919) % 1009 });
  });
}

async function fillAndDrain(daemon: Daemon, brokers: string, topic: string, seconds: number) {
  const position = async (): Promise<number> => (await daemon.metric('gruard_position_offset')) ?? 0;
  const reached = (offset: number, patienceMs: number): Promise<void> =>
    until(`${offset} records are processed`, async () => (await position()) >= offset, daemon, patienceMs);
  await produceLines(brokers, topic, lines(0, FIRST_RECORDS));
  await reached(FIRST_RECORDS / 3, 60_000);
  const [from, fromMs] = [await position(), performance.now()];
  await reached(FIRST_RECORDS, 60_000);
  const capacity = (FIRST_RECORDS - from) / ((performance.now() - fromMs) / 1000);

  const records = Math.round(capacity * seconds);
  const batches: string[][] = [];
  for (let at = 0; at < records; at += 50_000) batches.push(lines(FIRST_RECORDS + at, Math.min(50_000, records - at)));
  const probing = startProbing(daemon);
  const beganMs = performance.now();
  for (const batch of batches) await produceLines(brokers, topic, batch);
  const filling = records / ((performance.now() - beganMs) / 1000);
  const rss: number[] = [];
  let [lagMax, lag] = [0, Number.NaN];
  const deadlineMs = performance.now() + 4_000 * seconds + 60_000;
  do {
    if (daemon.child.exitCode !== null || daemon.child.signalCode !== null) break;
    if (performance.now() > deadlineMs) throw new Error(`${lag} records are left\n${daemon.stderr()}`);
    lag = (await daemon.metric('gruard_kafka_lag_records')) ?? Number.NaN;
    lagMax = Math.max(lagMax, Number.isNaN(lag) ? 0 : lag);
    rss.push(residentMegabytes(daemon));
    await sleep(LOOK_MS);
  } while (lag > 0 || (await position()) < FIRST_RECORDS + records);
  const answers = await probing.end();
  const counters = await countersOf(daemon);
  return {
    capacity: Math.round(capacity),
    filling: Math.round(filling),
    records: FIRST_RECORDS + records,
    seconds: Math.round((performance.now() - beganMs) / 1000),
    rss: thirds(rss),
    rssMax: Math.max(...rss),
    lagMax,
    lagEnd: lag,
    counters,
    answers,
  };
}

function residentMegabytes({ child }: Daemon): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

function thirds(all: readonly number[]): readonly [number, number, number] {
  const mean = (third: number): number => {
    const part = all.slice(Math.floor((third * all.length) / 3), Math.floor(((third + 1) * all.length) / 3));
    return Math.round(part.reduce((a, b) => a + b, 0) / part.length);
  };
  return [mean(0), mean(1), mean(2)];
}

/** What the three ledgers are made of, each summed over its reasons. */
async function countersOf(daemon: Daemon): Promise<Readonly<Record<string, number>>> {
  const parsed = parseExposition(await (await fetch(`${await daemon.url()}/metrics`)).text());
  const sum = (name: string): number =>
    valuesOf(parsed, `gruard_${name}_total`, {}).reduce((total, value) => total + value, 0);
  const names = ['records_received', 'records_decoded', 'records_rejected', 'samples_decoded', 'samples_windowed'];
  const more = ['samples_dropped', 'windows_closed', 'windows_scored', 'windows_warming', 'windows_skipped'];
  return Object.fromEntries([...names, ...more, 'training_passes_shed'].map((name) => [name, sum(name)]));
}

const MAX_RSS_MB = 450;

/** What a run breaks of the promise; `answerMs` is for 99 of 100 answers. */
export function broken(told: Tenfold, answerMs: number): string[] {
  const { counters, rss, lagMax, lagEnd, records } = told;
  const of = (name: string): number => counters[name] ?? Number.NaN;
  const closed = of('windows_scored') + of('windows_warming') + of('windows_skipped');
  const checks: readonly (readonly [string, boolean])[] = [
    ['it was filled ten times faster than it was processed', told.filling >= 10 * told.capacity],
    ['no process was killed for its memory', told.kills === 0],
    [`it stays below ${MAX_RSS_MB} MB`, told.rssMax < MAX_RSS_MB],
    ['its memory is flat', rss[2] <= 1.1 * rss[1] + 10],
    ['the lag grows', lagMax > (records - FIRST_RECORDS) / 4],
    ['and drains', lagEnd === 0],
    ['every record was read', of('records_received') === records && of('records_decoded') === records],
    ['every sample is in a window', of('samples_windowed') === records && of('samples_dropped') === 0],
    ['every window was scored, or counted as warming', of('windows_closed') === closed],
    ['nothing was shed', of('training_passes_shed') === 0],
    ...(['/metrics', '/healthz'] as const).map(
      (path) => [`${path} answers within ${answerMs} ms`, told.answers[path].p99 < answerMs] as const,
    ),
  ];
  return checks.filter(([, holds]) => !holds).map(([what]) => what);
}

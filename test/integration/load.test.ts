// The daemon under load, and without any: stopping in the middle, falling behind, and what silence is told apart from.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { parseExposition, valuesOf } from '../support/exposition.ts';
import { faultyBuild, plant } from '../support/faultyBuild.ts';
import { consumeAll, createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const SECOND_MS = 1_000;
const START_MS = Date.UTC(2026, 0, 1);

/** One sample of each host a second. */
function samples(from: number, seconds: number, hosts: readonly string[] = ['a']): string[] {
  return Array.from({ length: seconds * hosts.length }, (_, i) => {
    const second = from + Math.floor(i / hosts.length);
    return JSON.stringify({ h: hosts[i % hosts.length], t: START_MS + second * SECOND_MS, v: second % 7 });
  });
}

describe.runIf(kafkaToolsReady(brokers))('gruard run', { timeout: 240_000 }, () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  let running: Daemon[];
  beforeEach(async () => {
    folder = await workFolder();
    running = [];
  });
  afterEach(async () => {
    for (const daemon of running) await daemon.stop('SIGKILL');
    await folder.remove();
  });

  async function start(topic: string, main?: string, rejects?: string): Promise<Daemon> {
    const path = await folder.file(
      'gruard.yaml',
      `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${topic}.group }
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/state, every: 1s }
${rejects === undefined ? '' : `sinks: { rejects: { topic: ${rejects} } }`}
streams:
  a:
    topic: ${topic}
    series: { host: $.h }
    time: $.t
    value: $.v
    window: { every: 1s, lateness: 0s }
    model: { hidden: 8 }
    limits: { quiet: 5s, forget: 1h }
`,
    );
    const more = main === undefined ? {} : { main };
    const daemon = startDaemon(['run', path], { GRUARD_KAFKA_SESSION_MS: '6000' }, undefined, more);
    running.push(daemon);
    return daemon;
  }

  /** A build whose detector takes `ms` longer for each wave. */
  async function slowBuild(ms: number): Promise<string> {
    const at = join(folder.path, 'slow');
    await mkdir(at);
    const text = 'export function detectWave(state, wave, changes) {';
    const wait = `for (const until = Date.now() + ${ms}; Date.now() < until; );`;
    return faultyBuild(at, 'detect/detector.js', text, `${text} ${wait}`);
  }

  const metric = async (daemon: Daemon, name: string): Promise<number> => (await daemon.metric(name)) ?? 0;
  const positions = (daemon: Daemon): Promise<number> => metric(daemon, 'gruard_position_offset');

  it('stops in the middle of its work within 25 s, with 0, and the next one reads nothing twice', async () => {
    const [topic, rejects] = [freshName('stops'), freshName('rejects')];
    const [partitions, each, rounds] = [3, 4_500, 3];
    await createTopic(brokers, topic, partitions);
    await createTopic(brokers, rejects, 1);
    // Every 50th record is rejected: each reading leaves a trace with its offset. The sink takes so many a second.
    const lines = samples(0, each).map((line, i) => (i % 50 === 0 ? 'not JSON' : line));
    for (let partition = 0; partition < partitions; partition++)
      await produceLines(brokers, topic, lines, { partition });
    const main = await slowBuild(1);
    const stopMs: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const daemon = await start(topic, main, rejects);
      const goal = (partitions * each * round) / (rounds + 1);
      await until('it is at work', async () => (await positions(daemon)) > goal, daemon, 90_000);
      const from = performance.now();
      expect(await daemon.stop(), daemon.stderr()).toBe(0);
      stopMs.push(Math.round(performance.now() - from));
    }
    const last = await start(topic, undefined, rejects);
    await until('all is read', async () => (await positions(last)) === partitions * each, last, 90_000);
    expect(await metric(last, 'gruard_records_received_total')).toBeGreaterThan(0);
    expect(await last.stop()).toBe(0);
    console.log('stops took', stopMs, 'ms');
    expect(Math.max(...stopMs)).toBeLessThan(25_000);
    const read = (await consumeAll(brokers, rejects)).map(({ headers = [] }) => {
      const header = (name: string): string => headers[headers.indexOf(name) + 1] ?? '';
      return `${header('x-partition')}/${header('x-offset')}`;
    });
    expect(new Set(read).size).toBe((partitions * each) / 50);
    expect(read).toHaveLength((partitions * each) / 50);
  });

  it('falls behind without losing its place in the group, says so, and seals less often', async () => {
    const topic = freshName('behind');
    await createTopic(brokers, topic, 1);
    const main = await slowBuild(5);
    // That it takes a minute is a matter of test/overload.test.ts.
    plant(join(folder.path, 'slow'), 'overload.js', 'const BEHIND_FOR_MS = 60_000;', 'const BEHIND_FOR_MS = 5_000;');
    const daemon = await start(topic, main);
    await until('it is ready', async () => (await fetch(`${await daemon.url()}/readyz`)).status === 200, daemon);
    // Waves of one window each: some 25,000 of them take more than two minutes, and nobody waits for them.
    await produceLines(brokers, topic, samples(0, 25_000));
    const level = (): Promise<number> => metric(daemon, 'gruard_overload_level');
    await until('it has read something', async () => (await positions(daemon)) > 0, daemon);
    await until('it is overloaded', async () => (await level()) === 2, daemon, 100_000);
    const sealed = (): Promise<number> => metric(daemon, 'gruard_checkpoint_duration_seconds_count');
    const before = await sealed();
    await sleep(7_000);
    // One or two each six seconds, in place of one a second.
    expect((await sealed()) - before).toBeLessThanOrEqual(2);
    expect(await level()).toBe(2);
    expect(daemon.stderr().match(/"code":"overload"/g)).toHaveLength(1);
    expect(await metric(daemon, 'gruard_rebalances_total')).toBe(0);
    expect(await metric(daemon, 'gruard_kafka_lag_records')).toBeGreaterThan(0);
    // Both of one scrape, or a slice may end in between.
    const families = parseExposition(await (await fetch(`${await daemon.url()}/metrics`)).text());
    const [short = 0] = valuesOf(families, 'gruard_lane_slice_seconds_bucket', { le: '0.25' });
    expect(valuesOf(families, 'gruard_lane_slice_seconds_count')).toEqual([short]);
    expect(await daemon.stop()).toBe(0);
  });

  it('tells silent series, a silent partition and being behind apart, and calls none of them an anomaly', async () => {
    const topic = freshName('silent');
    await createTopic(brokers, topic, 1);
    await produceLines(brokers, topic, samples(0, 600, ['a', 'b']));
    const daemon = await start(topic);
    const all = async (): Promise<readonly number[]> => {
      const names = ['gruard_series_silent', 'gruard_partition_silent', 'gruard_kafka_lag_records'];
      const seen: number[] = [];
      // One after the other: two scrapes at a time are the most.
      for (const name of [...names, 'gruard_anomalous_series']) seen.push(await metric(daemon, name));
      return seen;
    };
    const become = (what: string, wanted: readonly number[]): Promise<void> =>
      until(what, async () => JSON.stringify(await all()) === JSON.stringify(wanted), daemon);
    await until('all is read', async () => (await positions(daemon)) === 1_200, daemon);
    const windows = await metric(daemon, 'gruard_windows_closed_total');
    await become('the partition is silent', [0, 1, 0, 0]);
    // Silence closes no window: so it is no value of 0.
    expect(await metric(daemon, 'gruard_windows_closed_total')).toBe(windows);
    await produceLines(brokers, topic, samples(600, 60));
    await become('a series is silent while its partition flows', [1, 0, 0, 0]);
    await become('then both are', [1, 1, 0, 0]);
    await produceLines(brokers, topic, samples(660, 60, ['a', 'b']));
    await become('neither is', [0, 0, 0, 0]);
    expect(daemon.events()).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  });
});

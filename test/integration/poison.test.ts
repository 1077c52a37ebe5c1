// Bad input is counted by reason, kept whole in the dead-letter topic, and changes nothing else.

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AnomalyEvent } from '../../src/domain.ts';
import { startDaemon, until, workFolder } from '../support/daemon.ts';
import { history, hostLine } from '../support/history.ts';
import {
  consumeAll,
  createTopic,
  freshName,
  kafkaToolsReady,
  produceBomb,
  produceLines,
} from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const GOOD = history(['good'], 900, 700).map(({ line }) => line);
const DEEP = `{"ts":1,"tags":{"host":"x"},"fields":{"p99":${'['.repeat(5000)}${']'.repeat(5000)}}}`;

/** Line, and the reason by which it is counted. */
const POISON: readonly (readonly [line: string, reason: string])[] = [
  ['{"ts": 1772409600000, "tags": {"host"', 'parse'],
  ['not json at all', 'parse'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"fields":{"p99":NaN}}', 'parse'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"fields":{}}', 'schema'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"fields":{"p99":null}}', 'schema'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"fields":{"p99":"12"}}', 'schema'],
  ['{"ts":1772409600000,"tags":{"host":null},"fields":{"p99":1}}', 'schema'],
  ['{"ts":"yesterday","tags":{"host":"x"},"fields":{"p99":1}}', 'schema'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"__proto__":{"p99":1}}', 'schema'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"fields":{"__proto__":{"p99":1}}}', 'schema'],
  ['null', 'schema'],
  ['[1,2,3]', 'schema'],
  [DEEP, 'bomb'],
  [`{"ts":1772409600000,"tags":{"host":"x"},"fields":{"p99":1},"pad":"${'x'.repeat(5_000_000)}"}`, 'too_large'],
  ['{"ts":1772409600000,"tags":{"host":"x"},"fields":{"p99":1e400}}', 'non_finite'],
];

/** Strange, but a series like any other. */
const STRANGE = 'a "quoted", label\\ with, commas and\nnewlines';

describe.runIf(kafkaToolsReady(brokers))('bad input', () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  beforeAll(async () => {
    folder = await workFolder();
  });
  afterAll(() => folder.remove());

  /** With `bomb`, a batch that unpacks to too much stands in the middle, and is skipped. */
  async function run(name: string, lines: readonly string[], bomb = false) {
    const [topic, events, rejects] = [freshName(name), freshName('events'), freshName('rejects')];
    await createTopic(brokers, topic, 1, { 'max.message.bytes': '6000000' });
    await createTopic(brokers, events, 1);
    await createTopic(brokers, rejects, 1, { 'max.message.bytes': '6000000' });
    const middle = bomb ? Math.floor(lines.length / 2) : 0;
    if (bomb) {
      await produceLines(brokers, topic, lines.slice(0, middle), { partition: 0 });
      await produceBomb(brokers, topic, 20_000_000);
    }
    await produceLines(brokers, topic, lines.slice(middle), { partition: 0 });
    const path = await folder.file(
      `${name}.yaml`,
      `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${freshName('group')}, on_bad_batch: skip }
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/${name} }
sinks: { events: { topic: ${events} }, rejects: { topic: ${rejects} } }
streams:
  latency:
    topic: ${topic}
    series: { host: $.tags.host }
    time: $.ts
    value: $.fields.p99
    window: { every: 1m }
`,
    );
    const daemon = startDaemon(['run', path]);
    try {
      await until(
        'all is read',
        async () => (await daemon.metric('gruard_records_received_total')) === lines.length + Number(bomb),
        daemon,
      );
      const counts = new Map<string, number>();
      for (const reason of new Set(POISON.map(([, why]) => why))) {
        const metric = reason === 'non_finite' ? 'gruard_samples_dropped_total' : 'gruard_records_rejected_total';
        counts.set(reason, (await daemon.metric(metric, { reason })) ?? 0);
      }
      const exposition = await (await fetch(`${await daemon.url()}/metrics`)).text();
      expect(await daemon.stop()).toBe(0);
      const told = (await consumeAll(brokers, events)).map(({ payload }) => JSON.parse(payload ?? '') as AnomalyEvent);
      return { counts, told, exposition, letters: await consumeAll(brokers, rejects), stderr: daemon.stderr() };
    } finally {
      await daemon.stop('SIGKILL');
    }
  }

  it('is counted by reason, kept, and changes nothing else', { timeout: 180_000 }, async () => {
    const mixed: string[] = [];
    for (const [i, line] of GOOD.entries()) {
      mixed.push(line);
      if (i % 60 === 30) mixed.push(POISON[(i - 30) / 60]?.[0] ?? '', hostLine(STRANGE, i, 5));
    }
    const clean = await run('clean', GOOD);
    const poisoned = await run('poisoned', mixed);
    const bombed = await run('bombed', GOOD, true);

    const expected = new Map<string, number>();
    for (const [, reason] of POISON) expected.set(reason, (expected.get(reason) ?? 0) + 1);
    expect(poisoned.counts).toEqual(expected);

    const letters = new Map(poisoned.letters.map(({ payload, headers = [] }) => [payload, headers]));
    expect(poisoned.letters).toHaveLength(POISON.length);
    for (const [line, reason] of POISON) {
      const headers = letters.get(line);
      expect(headers?.[headers.indexOf('x-error-reason') + 1], line.slice(0, 80)).toBe(reason);
    }

    // The same series tells the same, but for where it was told.
    const told = (events: readonly AnomalyEvent[]) =>
      events.map(({ id, origin, ...rest }) => rest).filter(({ series }) => series['host'] === 'good');
    expect(told(clean.told).length).toBeGreaterThan(0);
    expect(told(poisoned.told)).toEqual(told(clean.told));
    expect(told(bombed.told)).toEqual(told(clean.told));
    expect(bombed.counts.get('bomb')).toBe(1);
    const [letter] = bombed.letters;
    expect(bombed.letters).toHaveLength(1);
    expect(letter?.headers).toEqual(
      expect.arrayContaining(['x-error-reason', 'bomb', 'x-offset', String(Math.floor(GOOD.length / 2))]),
    );
    // The batch as it came: some 20 kB of gzip.
    expect(letter?.payload?.length).toBeGreaterThan(1_000);
    expect(bombed.exposition).toContain('gruard_kafka_blocked_partitions{lane="0"} 0');
    expect(poisoned.exposition).toContain('a \\"quoted\\", label');
    expect(poisoned.stderr).not.toContain('lane_failed');
  });
});

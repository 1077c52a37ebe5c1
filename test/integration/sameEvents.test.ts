// Labelled data through a real topic and from a file, with one configuration: episodes inside labelled windows, and the
// same events byte for byte, apart from where they came from.

import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDaemon, until, workFolder } from '../support/daemon.ts';
import { consumeAll, createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const { GRUARD_DATA = new URL('../../../shared/data', import.meta.url).pathname, GRUARD_NO_SKIP } = process.env;
const FILES = ['machine_temperature_system_failure', 'nyc_taxi'];
const labelsPath = `${GRUARD_DATA}/nab/labels/combined_windows.json`;

function hasData(): boolean {
  if (existsSync(labelsPath)) return true;
  const complaint = `no labelled data at ${GRUARD_DATA} (GRUARD_DATA), so this is left out: file against Kafka on them`;
  if (GRUARD_NO_SKIP === '1') throw new Error(complaint);
  process.stderr.write(`${complaint}\n`);
  return false;
}

describe.runIf(kafkaToolsReady(brokers) && hasData())('labelled data', () => {
  let folder: Awaited<ReturnType<typeof workFolder>>;
  beforeAll(async () => {
    folder = await workFolder();
  });
  afterAll(() => folder.remove());

  it('give episodes in labelled windows, and the same events from a file as from Kafka', {
    timeout: 180_000,
  }, async () => {
    const topics = FILES.map((name) => freshName(name));
    const events = freshName('events');
    await createTopic(brokers, events, 1);
    const config = await folder.file(
      'nab.yaml',
      `version: 1
kafka: { brokers: ${JSON.stringify(brokers.split(','))}, group: ${freshName('group')} }
lanes: 2
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/state }
sinks: { events: { topic: ${events} } }
streams:
  nab: { topic: ${JSON.stringify(topics)}, format: csv, columns: [timestamp, value], time: $.timestamp, value: $.value }
`,
    );
    let produced = 0;
    for (const [i, name] of FILES.entries()) {
      const lines = readFileSync(`${GRUARD_DATA}/nab/realKnownCause/${name}.csv`, 'utf8').trim().split('\n').slice(1);
      await createTopic(brokers, topics[i] ?? '', 1);
      await produceLines(brokers, topics[i] ?? '', lines);
      produced += lines.length;
    }
    const daemon = startDaemon(['run', config]);
    try {
      await until('all is read', async () => (await daemon.metric('gruard_position_offset')) === produced, daemon);
      expect(await daemon.stop()).toBe(0);
    } finally {
      await daemon.stop('SIGKILL');
    }
    const fromKafka = (await consumeAll(brokers, events)).map(({ payload }) => payload ?? '');

    const windows = JSON.parse(readFileSync(labelsPath, 'utf8')) as Record<string, [string, string][]>;
    for (const [i, name] of FILES.entries()) {
      const path = `${GRUARD_DATA}/nab/realKnownCause/${name}.csv`;
      const replay = startDaemon(['run', config, '--replay', path, '--topic', topics[i] ?? '']);
      expect(await replay.exited, replay.stderr()).toBe(0);
      const fromFile = replay.stdout().split('\n').filter(Boolean);
      const ofTopic = fromKafka.filter((text) => text.includes(`"topic":"${topics[i]}"`));
      expect(withoutOrigin(ofTopic)).toEqual(withoutOrigin(fromFile));

      const labelled = windows[`realKnownCause/${name}.csv`] ?? [];
      const opened = replay.events().filter(({ event }) => event === 'opened');
      const inside = opened.filter(({ window }) =>
        labelled.some(([from, to]) => window.start >= iso(from) && window.start <= iso(to)),
      );
      expect(inside.length, name).toBeGreaterThan(0);
    }
  });
});

/** Events in order, byte for byte but for the origin, which is the last key. */
function withoutOrigin(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(0, line.indexOf('"origin":')));
}

function iso(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.000Z`;
}

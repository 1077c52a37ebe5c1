// What a run leaves behind, and in what two runs differ: the newest sealed checkpoint of each partition, and events.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readListing } from '../../src/checkpoint/fileNames.ts';
import { nodeFiles } from '../../src/checkpoint/files.ts';
import { newestWhole } from '../../src/checkpoint/restore.ts';
import { imageOf, newReading, take } from '../../src/checkpoint/stateImage.ts';
import type { Snapshot } from '../../src/ports.ts';
import { newKafkaClient } from '../../src/source/kafkaClient.ts';
import { newKafkaStateLog } from '../../src/source/kafkaStateLog.ts';
import { consumeAll, kafkaSettings, realClock } from '../support/kafkaTools.ts';
import { PARTITIONS } from './workload.ts';

export interface Ends {
  /** Hash of the slab of each series, and of what else its partition keeps, by name. */
  readonly state: ReadonlyMap<string, string>;
  /** Different texts of each event, by its id. */
  readonly events: ReadonlyMap<string, ReadonlySet<string>>;
  /** Events that came more than once, counted each time. */
  readonly repeated: number;
  readonly series: number;
}

/** What is wrong with `actual`, as `wanted` has it; empty when nothing is. */
export function differences(actual: Ends, wanted: Ends): string[] {
  const problems: string[] = [];
  const names = new Set([...actual.state.keys(), ...wanted.state.keys()]);
  const wrong = [...names].filter((name) => actual.state.get(name) !== wanted.state.get(name));
  if (wrong.length > 0) problems.push(`${wrong.length} of ${names.size} parts of the state differ: ${some(wrong)}`);
  const missing = [...wanted.events.keys()].filter((id) => !actual.events.has(id));
  if (missing.length > 0) problems.push(`${missing.length} events are missing: ${some(missing)}`);
  const invented = [...actual.events.keys()].filter((id) => !wanted.events.has(id));
  if (invented.length > 0) problems.push(`${invented.length} events are of no other run: ${some(invented)}`);
  const rewritten = [...actual.events].filter(([id, texts]) => {
    const [text] = wanted.events.get(id) ?? texts;
    return texts.size > 1 || !texts.has(text ?? '');
  });
  if (rewritten.length > 0) problems.push(`${rewritten.length} ids have several texts: ${some(rewritten)}`);
  return problems;
}

function some(list: readonly unknown[]): string {
  return `${list.slice(0, 3).map(String).join(', ')}${list.length > 3 ? ' …' : ''}`;
}

export async function endsInKafka(brokers: string, topic: string, group: string, events: string): Promise<Ends> {
  const kafka = newKafkaClient(kafkaSettings(brokers, group), () => {}, realClock);
  const log = newKafkaStateLog({ kafka, topicOf: (input) => `gruard-${group}-${input}-state` });
  const snapshots: (Snapshot | undefined)[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const reading = newReading();
    await log.read({ topic, partition }, 0, (record) => take(reading, record));
    const { snapshot, incomplete } = imageOf(reading);
    if (incomplete || reading.damage.length > 0) throw new Error(`damaged state: ${some(reading.damage)}`);
    snapshots.push(snapshot);
  }
  await log.stop();
  return await endsOf(snapshots, brokers, events);
}

export async function endsInFiles(brokers: string, stateDir: string, events: string): Promise<Ends> {
  const paths = existsSync(stateDir) ? readdirSync(stateDir, { recursive: true, encoding: 'utf8' }) : [];
  const directories = new Set(paths.filter((path) => path.endsWith('-base')).map((path) => dirname(path)));
  const snapshots: (Snapshot | undefined)[] = [];
  for (const name of [...directories].sort()) {
    const directory = join(stateDir, name);
    const partition = Number(/p(\d+)$/.exec(name)?.[1]);
    const listing = readListing(await nodeFiles.list(directory));
    const { snapshot } = await newestWhole(nodeFiles, directory, partition, listing, (file, reason) => {
      throw new Error(`damaged state: ${file} ${reason}`);
    });
    snapshots.push(snapshot);
  }
  return await endsOf(snapshots, brokers, events);
}

async function endsOf(snapshots: readonly (Snapshot | undefined)[], brokers: string, topic: string): Promise<Ends> {
  const state = new Map<string, string>();
  let [series, told] = [0, 0];
  for (const [partition, snapshot] of snapshots.entries()) {
    for (const share of snapshot?.shares ?? []) {
      const { uid, position, block } = share;
      state.set(`${partition} ${uid}`, `${position} ${hashOf(block)}`);
      for (const { key, slab } of share.series) state.set(`${partition} ${uid} ${key}`, hashOf(slab));
      // Beside them a partition keeps what its series have learned together, below an empty key.
      series += share.series.filter(({ key }) => key !== '[]').length;
    }
  }
  const events = new Map<string, Set<string>>();
  for (const { payload } of await consumeAll(brokers, topic)) {
    const text = payload ?? '';
    const { id } = JSON.parse(text) as { readonly id: string };
    const texts = events.get(id) ?? new Set();
    events.set(id, texts.add(text));
    told++;
  }
  return { state, events, repeated: told - events.size, series };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

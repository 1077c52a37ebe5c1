// What a checkpoint costs a lane that works on: how long it holds the lane up, how many bytes it writes, how long it
// takes; and how long a restore takes.
//
//   npm run bench:checkpoint            on a folder below the system's temporary one
//   npm run bench:checkpoint -- --dir DIR --series 10000
//   npm run bench:checkpoint -- --brokers HOST:PORT     state in Kafka, in a topic of its own that stays

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import { newKafkaStore } from '../../src/checkpoint/kafkaStore.ts';
import type { SourceRecord } from '../../src/domain.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import type { CheckpointStore, StateLog } from '../../src/ports.ts';
import { dissolveShare, endFreeze, freezeShare, type Share, thawing } from '../../src/share.ts';
import { inSlices } from '../../src/slices.ts';
import { newKafkaClient } from '../../src/source/kafkaClient.ts';
import { newKafkaStateLog } from '../../src/source/kafkaStateLog.ts';
import { createTopic, kafkaSettings, realClock } from '../support/kafkaTools.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { MINUTE, streamSettings } from '../support/streams.ts';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    brokers: { type: 'string' },
    series: { type: 'string', default: '10000' },
  },
});
const SERIES = Number(values.series);
const PARTITION = { topic: 'bench', partition: 0 };
const stream = streamSettings({
  window: { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0, openWindows: 2 },
  model: { cell: 'gru', hidden: 16, lookback: 32, warmupWindows: 50 },
  limits: { series: SERIES },
});

/** One record of each of the first `hosts` series. */
function minute(at: number, hosts = SERIES): SourceRecord[] {
  return Array.from({ length: hosts }, (_, host) => {
    const value = Buffer.from(JSON.stringify({ t: at * MINUTE, h: `host-${host}`, v: 100 + ((host + at) % 17) }));
    return { offset: at * SERIES + host, timestampMs: undefined, key: null, value };
  });
}

interface Measured {
  readonly what: string;
  readonly MB: number;
  readonly seconds: number;
  /** Longest time for which nothing else could run, freezing included: of this thread's processor, of the clock. */
  readonly blockedCpuMs: number;
  readonly blockedMs: number;
}

/** Asks the event loop, as often as it can, how long it was away; call the answer to end it. */
async function watchLoop(): Promise<() => Promise<Pick<Measured, 'blockedCpuMs' | 'blockedMs'>>> {
  let [over, longest, longestCpu] = [false, 0, 0];
  const watch = (async () => {
    for (let [last, lastCpu] = [performance.now(), cpuMs()]; !over; ) {
      await nextTurn();
      const [now, cpu] = [performance.now(), cpuMs()];
      longest = Math.max(longest, now - last);
      longestCpu = Math.max(longestCpu, cpu - lastCpu);
      [last, lastCpu] = [now, cpu];
    }
  })();
  await nextTurn();
  return async () => {
    over = true;
    await watch;
    return { blockedCpuMs: round(longestCpu), blockedMs: round(longest) };
  };
}

async function saved(what: string, store: CheckpointStore, share: Share, work: () => Promise<void>): Promise<Measured> {
  const watched = await watchLoop();
  const from = performance.now();
  const shares = what.startsWith('no ') ? [] : [freezeShare(share)];
  const saving = store.save(PARTITION, { shares });
  // As a source does between two slices.
  await nextTurn();
  await work();
  const { bytes } = await saving;
  const seconds = (performance.now() - from) / 1000;
  if (shares.length > 0) endFreeze(share, 'sealed');
  return { what, MB: round(bytes / 1e6), seconds: round(seconds), ...(await watched()) };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

/** The same work of the lane without a checkpoint, to compare with. */
async function worked(): Promise<Measured> {
  const none: CheckpointStore = {
    open: () => Promise.reject(new Error('not asked for')),
    save: () => Promise.resolve({ bytes: 0 }),
    close: () => {},
  };
  return saved('no checkpoint, lane at work', none, share, atWork);
}

const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'gruard-bench-')));
const topic = `bench-${Date.now()}`;
const kafka =
  values.brokers === undefined ? undefined : newKafkaClient(kafkaSettings(values.brokers, ''), () => {}, realClock);
const logs: StateLog[] = [];
if (values.brokers !== undefined) await createTopic(values.brokers, topic, 1, { 'cleanup.policy': 'compact' });
/** As a process that starts makes one. */
function newStore(): CheckpointStore {
  if (kafka === undefined) return newFileStore({ dir, keep: 2, log: () => {} });
  const state = newKafkaStateLog({ kafka, topicOf: () => topic });
  logs.push(state);
  return newKafkaStore({ state, log: () => {}, ready: async () => {} });
}
const store = newStore();
await store.open(PARTITION);
const share = emptyShare(stream);
let at = 0;
for (; at < 12; at++) await deliver(share, [minute(at)]);
const idle = (): Promise<void> => Promise.resolve();
const rows: Measured[] = [await saved('base, lane idle', store, share, idle)];
await deliver(share, [minute(at++, SERIES / 10)]);
await saved('warms up what comes next', store, share, idle);
await deliver(share, [minute(at++, SERIES / 10)]);
rows.push(await saved('delta of a tenth, lane idle', store, share, idle));
await deliver(share, [minute(at++, SERIES / 10)]);
/** All series change once more, in slices of 20 ms. */
const atWork = async (): Promise<void> => {
  await deliver(share, [minute(at++)], { monotonic: () => performance.now() });
};
rows.push(await saved('delta of a tenth, lane at work', store, share, atWork));
rows.push(await worked());
rows.push(await saved('base, lane at work', store, share, atWork));
const wanted = freezeShare(share).series.length;
const watchedRead = await watchLoop();
const from = performance.now();
const { snapshot } = await newStore().open(PARTITION);
const MB = rows[0]?.MB ?? 0;
rows.push({
  what: 'restore: reads',
  MB,
  seconds: round((performance.now() - from) / 1000),
  ...(await watchedRead()),
});
const [stored] = snapshot?.shares ?? [];
if (stored?.series.length !== wanted) throw new Error('the restored state is another one');
const again = emptyShare(stream, newLaneMemory());
const watchedFilling = await watchLoop();
const fillsFrom = performance.now();
await inSlices(thawing(again, stored), () => performance.now());
const fillSeconds = round((performance.now() - fillsFrom) / 1000);
rows.push({ what: 'restore: fills slabs', MB, seconds: fillSeconds, ...(await watchedFilling()) });
dissolveShare(share);
for (const log of logs) await log.stop();
if (values.dir === undefined) await rm(dir, { recursive: true });
console.log(`${SERIES} series of ${share.bank.layout.slabBytes} bytes`);
console.table(rows);

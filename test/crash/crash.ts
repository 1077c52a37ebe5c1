// Real processes on a real broker that are killed again and again, against one that nobody disturbs: models, positions
// and events must be the same in the end.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, startDaemon, workFolder } from '../support/daemon.ts';
import { copyBuild } from '../support/faultyBuild.ts';
import { createTopic, freshName } from '../support/kafkaTools.ts';
import { differences, type Ends, endsInFiles, endsInKafka } from './ends.ts';
import { newLives } from './lives.ts';
import { mortalBuild, readAudit, type StoreKind } from './mortalBuild.ts';
import { configText, PARTITIONS, planRecords, produce } from './workload.ts';

export interface CrashOptions {
  readonly brokers: string;
  readonly store: StoreKind;
  readonly kills: number;
  readonly records: number;
  readonly series: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}

export interface Verdict {
  readonly ok: boolean;
  /** One line. */
  readonly text: string;
  readonly problems: readonly string[];
  readonly kills: number;
  readonly inCheckpoint: number;
  /** Records that were read again. */
  readonly replays: number;
}

/** What the broker allows at least; a killed process holds up its group for so long. */
const SESSION_MS = 2_000;
const CATCH_UP_MS = 120_000;
/** From one kill to the next, about. */
const KILL_EVERY_MS = 4_500;

export async function crashRun(options: CrashOptions): Promise<Verdict> {
  const { brokers, store, kills, series, seed, tell } = options;
  const from = performance.now();
  const folder = await workFolder();
  const [topic, events, calmEvents] = [freshName('input'), freshName('events'), freshName('events')];
  const [group, calmGroup] = [freshName('mortal'), freshName('calm')];
  await createTopic(brokers, topic, PARTITIONS, { 'retention.ms': '-1' });
  // Events have the times of their windows, which are long ago: retention would take them.
  for (const name of [events, calmEvents]) await createTopic(brokers, name, 1, { 'retention.ms': '-1' });
  const records = planRecords(options.records, series, seed);
  const config = (name: string, told: string): Promise<string> => {
    const stateDir = join(folder.path, name);
    return folder.file(
      `${name}.yaml`,
      configText({ brokers, group: name, topic, events: told, store, stateDir, series }),
    );
  };
  // Copies, so that a build meanwhile changes nothing.
  const [mortal, plain] = [join(folder.path, 'mortal'), join(folder.path, 'plain')];
  for (const path of [mortal, plain]) await mkdir(path);
  copyBuild(plain);
  const audit = join(folder.path, 'audit');
  const { lives, run } = newLives({
    ...options,
    main: mortalBuild(mortal),
    config: await config(group, events),
    sessionMs: SESSION_MS,
    audit,
  });
  try {
    await Promise.all([produce(brokers, topic, records, kills * KILL_EVERY_MS), run()]);
    tell('all were killed as planned; reading on to the end');
    await caughtUp(lives.running, records.length);
    const exits = [...lives.exits, ...(await Promise.all(lives.running.map((daemon) => daemon.stop())))];
    tell('once more, undisturbed');
    const calm = startDaemon(['run', await config(calmGroup, calmEvents)], {}, undefined, {
      main: join(plain, 'dist/main.js'),
    });
    await caughtUp([calm], records.length);
    exits.push(await calm.stop());
    const endsOf = (name: string, told: string): Promise<Ends> =>
      store === 'kafka' ? endsInKafka(brokers, topic, name, told) : endsInFiles(brokers, join(folder.path, name), told);
    const [actual, wanted] = [await endsOf(group, events), await endsOf(calmGroup, calmEvents)];
    const { distinct, takes } = readAudit(audit);
    const problems = differences(actual, wanted);
    if (exits.some((exit) => exit !== 0)) problems.push(`orderly stops ended with ${exits}`);
    if (distinct !== records.length) problems.push(`${records.length - distinct} records were never read`);
    if (wanted.series !== series) problems.push(`the undisturbed run has ${wanted.series} series`);
    // One opens and one closes, in each series.
    if (wanted.events.size < series) problems.push(`the undisturbed run told only ${wanted.events.size} events`);
    const took = Math.round((performance.now() - from) / 1000);
    const ok = problems.length === 0;
    const text =
      `crash: ${ok ? 'PASS' : 'FAIL'} store=${store} seed=${seed} kills=${lives.kills} ` +
      `(${lives.inCheckpoint} inside checkpoints) stops=${lives.stops} records=${distinct} ` +
      `replays=${takes - distinct} series=${actual.series} events=${actual.events.size} ` +
      `(${actual.repeated} told again) in ${took} s`;
    return { ok, text, problems, kills: lives.kills, inCheckpoint: lives.inCheckpoint, replays: takes - distinct };
  } finally {
    await lives.end();
    await folder.remove();
  }
}

/** Until these processes, which own everything together, have read all records. */
async function caughtUp(daemons: readonly Daemon[], records: number): Promise<void> {
  const deadline = performance.now() + CATCH_UP_MS;
  for (;;) {
    let read = 0;
    for (const daemon of daemons) read += (await daemon.metric('gruard_position_offset').catch(() => 0)) ?? 0;
    if (read === records) return;
    const ended = daemons.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (ended !== undefined) throw new Error(`a process ended while it was to read on\n${ended.stderr()}`);
    if (performance.now() > deadline) {
      throw new Error(`read ${read} of ${records} records in time\n${daemons.map((one) => one.stderr()).join('\n')}`);
    }
    await sleep(200);
  }
}

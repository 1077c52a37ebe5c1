// Ended at random moments: the same events, and the same state bit for bit, as of a run that nobody disturbed.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readListing } from '../../src/checkpoint/fileNames.ts';
import { nodeFiles } from '../../src/checkpoint/files.ts';
import { newestWhole } from '../../src/checkpoint/restore.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import { startDaemon, workFolder } from '../support/daemon.ts';
import { history } from '../support/history.ts';

const HOSTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const MINUTES = 30_000;
const ENDS = 6;
const { GRUARD_SEED = String(Date.now() % 100_000) } = process.env;
const SEED = Number(GRUARD_SEED);

let folder: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  folder = await workFolder();
  await folder.file(
    'data.jsonl',
    history(HOSTS, MINUTES, 1_500)
      .map(({ line }) => line)
      .join('\n'),
  );
});
afterAll(() => folder.remove());

async function config(name: string): Promise<string> {
  return await folder.file(
    `${name}.yaml`,
    `version: 1
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/${name}, every: 1s }
streams:
  latency: { topic: t, series: { host: $.tags.host }, time: $.ts, value: $.fields.p99, window: { every: 2m } }
`,
  );
}

/** The newest checkpoint below a state directory: a base and its deltas. */
async function newestState(name: string): Promise<unknown> {
  const found = readdirSync(join(folder.path, name), { recursive: true, encoding: 'utf8' });
  const directory = join(folder.path, name, dirname(found.find((path) => path.endsWith('-base')) ?? ''));
  const listing = readListing(await nodeFiles.list(directory));
  const { snapshot } = await newestWhole(nodeFiles, directory, 0, listing, (file, reason) => {
    throw new Error(`${file} ${reason}`);
  });
  return snapshot?.shares.map((share) => ({
    ...share,
    series: share.series.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
  }));
}

it.each(['SIGKILL', 'SIGTERM'] as const)(
  `continues bit for bit after ${ENDS} times %s`,
  {
    timeout: 180_000,
  },
  async (signal) => {
    const data = join(folder.path, 'data.jsonl');
    const calmConfig = await config(`calm-${signal}`);
    const from = Date.now();
    const calm = startDaemon(['run', calmConfig, '--replay', data, '--flush']);
    await calm.url();
    const startMs = Date.now() - from;
    expect(await calm.exited).toBe(0);
    const calmMs = Date.now() - from;
    // Nobody catches a SIGTERM before it listens, nor when all is done and it is about to end: six lives are shorter
    // than a calm run from there on. Two are where the start counts, too.
    const [lifeMs, least, more] = signal === 'SIGTERM' ? [calmMs - startMs, 0.05, 0.09] : [calmMs, 0.25, 0.2];
    expect(calm.events().filter(({ event }) => event === 'opened').length).toBeGreaterThanOrEqual(HOSTS.length);

    const random = newRandom(SEED);
    const told: string[] = [];
    const path = await config(signal);
    let ends = 0;
    for (;;) {
      const daemon = startDaemon(['run', path, '--replay', data, '--flush']);
      let disturbed = false;
      if (ends < ENDS) {
        if (signal === 'SIGTERM') await daemon.url();
        await Promise.race([daemon.exited, sleep(lifeMs * (least + more * uniform(random)))]);
        disturbed = daemon.child.exitCode === null;
        if (disturbed) ends++;
        if (disturbed) daemon.child.kill(signal);
      }
      const exit = await daemon.exited;
      const lines = daemon.stdout().split('\n');
      told.push(...lines.filter((line) => line.endsWith('}')));
      if (disturbed && signal === 'SIGTERM') expect(exit, daemon.stderr()).toBe(0);
      if (exit === 0 && !disturbed) break;
    }
    expect(ends, `seed ${SEED}: the run was too short to be ended`).toBeGreaterThanOrEqual(2);
    const wanted = calm.stdout().split('\n').filter(Boolean);
    // After a kill, what was told since the last checkpoint is told again; after a stop nothing is.
    const sorted = (lines: readonly string[]): string[] => lines.toSorted();
    if (signal === 'SIGTERM') expect(told, `seed ${SEED}`).toEqual(wanted);
    else expect(sorted([...new Set(told)]), `seed ${SEED}`).toEqual(sorted(wanted));
    expect(await newestState(signal), `seed ${SEED}`).toEqual(await newestState(`calm-${signal}`));
  },
);

it('goes on where it was stopped, and says nothing twice', { timeout: 60_000 }, async () => {
  const data = await folder.file(
    'short.jsonl',
    history(['a'], 3_000, 2_000)
      .map(({ line }) => line)
      .join('\n'),
  );
  const path = await config('twice');
  const first = startDaemon(['run', path, '--replay', data, '--flush']);
  expect(await first.exited).toBe(0);
  expect(first.events().length).toBeGreaterThan(0);
  const second = startDaemon(['run', path, '--replay', data, '--flush']);
  expect(await second.exited).toBe(0);
  expect(second.events()).toEqual([]);
  const fresh = startDaemon(['run', path, '--replay', data, '--flush', '--fresh']);
  expect(await fresh.exited).toBe(0);
  expect(fresh.stdout()).toBe(first.stdout());
});

it('refuses a state directory that another process uses', { timeout: 60_000 }, async () => {
  const path = await config('shared');
  const data = join(folder.path, 'data.jsonl');
  const busy = startDaemon(['run', path, '--replay', data]);
  await busy.url();
  const other = startDaemon(['run', path, '--replay', data]);
  expect(await other.exited).toBe(73);
  expect(other.stderr()).toContain('state_busy');
  expect(await busy.stop()).toBe(0);
});

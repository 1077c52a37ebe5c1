// A damaged state file never stops the service: whatever became of its bytes, a whole older state is used, or none.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import { chainDamageRuns, damageRuns, newStored } from './damage.ts';
import { systemError } from './disk.ts';
import { numberOf, PARTITION, snapshotAt } from './snapshots.ts';

const MUTATIONS = 10_000;

describe('the file store over damaged files', { timeout: 30_000 }, () => {
  it(`gives one of the saved states or none after each of ${MUTATIONS} mutations`, async () => {
    const { intact, fellBack, cold } = await damageRuns(MUTATIONS, 0);
    expect(intact + fellBack + cold).toBe(MUTATIONS);
    expect(fellBack).toBeGreaterThan(MUTATIONS * 0.7);
    expect(cold).toBeGreaterThan(0);
    // Zeroing zeros and swapping equal ranges change nothing.
    expect(intact).toBeLessThan(MUTATIONS * 0.1);
  });

  it('gives one of the saved states or none when files of a chain are damaged or exchanged', async () => {
    const given = await chainDamageRuns(4_000);
    // Cold only where both bases are damaged; else any of the six, by what is left.
    expect(Math.min(...given)).toBeGreaterThan(0);
    expect(given[0]).toBeLessThan(4_000 * 0.1);
  });

  it('falls back, goes on, and keeps at most five damaged files, on the real disk', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gruard-damage-'));
    const logged: string[] = [];
    const options = { dir, keep: 2, log: (_: string, code: string) => logged.push(code) };
    let saved = 0;
    for (let round = 0; round < 8; round++) {
      const store = newFileStore(options);
      const { snapshot } = await store.open(PARTITION);
      // The newest was damaged in the round before, so the one below it is there.
      if (round > 0) expect(snapshot === undefined ? 'none' : numberOf(snapshot)).toBe(saved - 1);
      expect(store.damaged()).toBe(round === 0 ? 0 : 1);
      await store.save(PARTITION, snapshotAt(++saved));
      await store.save(PARTITION, snapshotAt(++saved));
      const directory = await partitionDirectory(dir);
      const newest = (await readdir(directory)).filter((name) => name.endsWith(`-n${saved}-base`));
      const path = join(directory, newest[0] ?? '');
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(0, bytes.length - 1 - round));
    }
    const names = await readdir(await partitionDirectory(dir));
    expect(names.filter((name) => name.includes('.corrupt-'))).toHaveLength(5);
    expect(logged).toEqual(Array(7).fill('state_damaged'));
    await rm(dir, { recursive: true });
  });
});

describe('a full disk', () => {
  it('fails the save, names the cause, and works again when there is space', async () => {
    const { disk } = await newStored();
    const options = { dir: '/state', keep: 2, files: disk.files, log: () => {} };
    const store = newFileStore(options);
    await store.open(PARTITION);
    disk.failWith((operation) => (operation === 'write' ? systemError('ENOSPC') : undefined));
    await expect(store.save(PARTITION, snapshotAt(13))).rejects.toMatchObject({
      code: 'checkpoint_failed',
      message: 'checkpoint 3 of sensors/eu:a/3: ENOSPC: simulated',
    });
    expect(disk.paths().filter((path) => path.endsWith('.tmp'))).toEqual([]);
    disk.failWith(undefined);
    await store.save(PARTITION, snapshotAt(14));
    expect(numberOf((await newFileStore(options).open(PARTITION)).snapshot ?? { shares: [] })).toBe(14);
  });
});

async function partitionDirectory(dir: string): Promise<string> {
  const [topic = ''] = await readdir(dir);
  return join(dir, topic, 'p00003');
}

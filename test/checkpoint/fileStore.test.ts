import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type FileStore, newFileStore } from '../../src/checkpoint/fileStore.ts';
import { type Files, nodeFiles } from '../../src/checkpoint/files.ts';
import { encodeHeader } from '../../src/checkpoint/frame.ts';
import { checkpointStoreContract } from '../contract/checkpointStore.ts';
import { newChained, newStored } from './damage.ts';
import { newDisk, systemError } from './disk.ts';
import { bytesOf, changesSince, numberOf, PARTITION, slowNumberOf, slowSnapshotAt, snapshotAt } from './snapshots.ts';

const made: string[] = [];
afterAll(() => Promise.all(made.map((dir) => rm(dir, { recursive: true }))));

async function newDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gruard-store-'));
  made.push(dir);
  return dir;
}

function newStore(dir: string, files: Files = nodeFiles, keep = 2): FileStore {
  return newFileStore({ dir, keep, files, log: () => {} });
}

/** `files`, whose next file cannot be made durable after `fail`. */
function breakable(files: Files): { readonly files: Files; fail(): void } {
  let broken = false;
  return {
    fail() {
      broken = true;
    },
    files: {
      ...files,
      async create(path) {
        const file = await files.create(path);
        return {
          ...file,
          async sync() {
            if (!broken) return file.sync();
            broken = false;
            throw systemError('EIO');
          },
        };
      },
    },
  };
}

checkpointStoreContract('the file store', async () => {
  const dir = await newDirectory();
  const { files, fail } = breakable(nodeFiles);
  return { newStore: () => newStore(dir, files), failNextSave: fail };
});

describe('the file store', () => {
  it('lays files out by the hash of the topic, for this user only', async () => {
    const dir = join(await newDirectory(), 'state');
    const store = newStore(dir);
    await store.open(PARTITION);
    await store.save(PARTITION, snapshotAt(1));
    const [found = ''] = await readdir(dir);
    expect(found).toMatch(/^[0-9a-f]{32}$/);
    const directory = join(dir, found, 'p00003');
    expect((await readdir(directory)).sort()).toEqual(['e1-claim', 'e1-n1-base']);
    for (const path of [dir, join(dir, found), directory]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'e1-n1-base'))).mode & 0o777).toBe(0o600);
  });

  it('writes the same bytes for the same snapshot', async () => {
    const files = await Promise.all([newStored(), newStored()]);
    const [a, b] = files.map(({ disk, newer }) => disk.read(newer));
    expect(a).toEqual(b);
  });

  it('keeps as many generations as it was told, over restarts, too', async () => {
    const disk = newDisk();
    for (const round of [1, 2, 3]) {
      const store = newStore('/state', disk.files, 3);
      await store.open(PARTITION);
      for (const number of [1, 2]) await store.save(PARTITION, snapshotAt(round * 10 + number));
    }
    const names = disk.paths().map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(names).toEqual(['e2-n4-base', 'e3-claim', 'e3-n5-base', 'e3-n6-base']);
  });

  it('writes deltas of what changed, until they are as large as the base, and keeps whole generations', async () => {
    const { disk, paths } = await newChained();
    expect(paths.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual([
      'e1-n1-base',
      'e1-n2-delta',
      'e1-n3-delta',
      'e1-n4-base',
      'e1-n5-delta',
      'e1-n6-delta',
    ]);
    const [base = '', delta = ''] = paths;
    expect(disk.read(delta).length).toBeLessThan(disk.read(base).length);
    const store = newStore('/state', disk.files);
    await store.open(PARTITION);
    await store.save(PARTITION, slowSnapshotAt(7));
    const names = disk.paths().map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(names).toEqual(['e1-n4-base', 'e1-n5-delta', 'e1-n6-delta', 'e2-claim', 'e2-n7-base']);
  });

  it('writes a base after a failure: nobody knows what lies under the number of the failed delta', async () => {
    const disk = newDisk();
    const { files, fail } = breakable(disk.files);
    const store = newStore('/state', files);
    await store.open(PARTITION);
    await store.save(PARTITION, slowSnapshotAt(1));
    fail();
    const next = changesSince(slowSnapshotAt(1), slowSnapshotAt(2));
    await expect(store.save(PARTITION, next)).rejects.toMatchObject({ code: 'checkpoint_failed' });
    await store.save(PARTITION, next);
    expect(
      disk
        .paths()
        .filter((path) => path.includes('-n'))
        .map((path) => path.replace(/.*-/, '')),
    ).toEqual(['base', 'base']);
    expect(slowNumberOf((await newStore('/state', disk.files).open(PARTITION)).snapshot ?? { shares: [] })).toBe(2);
  });

  it('deletes an old generation only after the new one is durable', async () => {
    const { disk } = await newStored();
    const order: string[] = [];
    const files: Files = {
      ...disk.files,
      rename: (from, to) => disk.files.rename(from, to).then(() => void order.push('rename')),
      syncDirectory: (path) => disk.files.syncDirectory(path).then(() => void order.push('sync')),
      remove: (path) => disk.files.remove(path).then(() => void order.push('remove')),
    };
    const store = newStore('/state', files);
    await store.open(PARTITION);
    order.length = 0;
    await store.save(PARTITION, snapshotAt(13));
    expect(order).toEqual(['rename', 'sync', 'remove']);
  });

  it('writes in pieces of at most 1 MiB', async () => {
    const disk = newDisk();
    const pieces: number[] = [];
    const files: Files = {
      ...disk.files,
      async create(path) {
        const file = await disk.files.create(path);
        return { ...file, write: async (bytes) => void pieces.push(bytes.length) };
      },
    };
    const store = newStore('/state', files);
    await store.open(PARTITION);
    const [share] = snapshotAt(1).shares;
    const series = [{ key: 'big', slab: bytesOf(1, 5_000_000) }];
    const { bytes } = await store.save(PARTITION, { shares: share === undefined ? [] : [{ ...share, series }] });
    expect(Math.max(...pieces)).toBe(1024 * 1024);
    expect(pieces.reduce((sum, piece) => sum + piece, 0)).toBe(bytes);
  });

  it('removes what was left unfinished, and leaves what is not its own', async () => {
    const { disk, newer } = await newStored();
    const directory = newer.slice(0, newer.lastIndexOf('/'));
    for (const name of ['e1-n9-base.tmp', 'notes.txt', 'e1-n1-base.bak']) {
      await (await disk.files.create(`${directory}/${name}`)).write(bytesOf(1, 10));
    }
    const store = newStore('/state', disk.files);
    await store.open(PARTITION);
    await store.save(PARTITION, snapshotAt(13));
    const names = disk.paths().map((path) => path.slice(path.lastIndexOf('/') + 1));
    // The unfinished one had number 9: numbers are never used twice.
    expect(names).toEqual(['e1-n1-base.bak', 'e1-n2-base', 'e2-claim', 'e2-n10-base', 'notes.txt']);
  });

  it('refuses to start over the state of a newer gruard, and leaves it as it is', async () => {
    const { disk, newer } = await newStored();
    const bytes = disk.read(newer).slice();
    const header = encodeHeader({
      kind: 'base',
      layout: 0n,
      partition: 3,
      epoch: 1,
      number: 2,
      position: 0,
      slabs: 0,
      previous: 0,
    });
    bytes.set(header);
    new DataView(bytes.buffer).setUint16(4, 2, true);
    new DataView(bytes.buffer).setUint32(60, crc32(bytes.subarray(0, 60)), true);
    disk.replace(newer, bytes);
    const opening = newStore('/state', disk.files).open(PARTITION);
    await expect(opening).rejects.toMatchObject({
      code: 'state_newer',
      message: `${newer} has format version 2, this gruard reads up to 1`,
    });
    expect(disk.read(newer)).toEqual(bytes);
  });

  it('says which directory it cannot write to', async () => {
    const dir = join(await newDirectory(), 'state');
    await writeFile(dir, 'a file where the directory should be');
    await expect(newStore(dir).open(PARTITION)).rejects.toMatchObject({
      code: 'state_unwritable',
      message: expect.stringContaining(`${dir} for the state of sensors/eu:a/3`),
    });
  });

  it('reads no link that lies in place of a checkpoint', async () => {
    const dir = await newDirectory();
    const store = newStore(dir);
    await store.open(PARTITION);
    await store.save(PARTITION, snapshotAt(1));
    const [topic = ''] = await readdir(dir);
    const directory = join(dir, topic, 'p00003');
    await symlink(join(directory, 'e1-n1-base'), join(directory, 'e1-n2-base'));
    const again = newStore(dir);
    expect(numberOf((await again.open(PARTITION)).snapshot ?? { shares: [] })).toBe(1);
    expect(again.damaged()).toBe(0);
  });

  it('takes a file that the disk cannot read for damaged, but not one that this user may not read', async () => {
    const { disk } = await newStored();
    const failing = (code: string): Files => {
      let first = true;
      return {
        ...disk.files,
        async open(path) {
          if (first) {
            first = false;
            throw systemError(code);
          }
          return disk.files.open(path);
        },
      };
    };
    await expect(newStore('/state', failing('EACCES')).open(PARTITION)).rejects.toMatchObject({
      code: 'state_unwritable',
    });
    const store = newStore('/state', failing('EIO'));
    expect(numberOf((await store.open(PARTITION)).snapshot ?? { shares: [] })).toBe(11);
    expect(store.damaged()).toBe(1);
  });

  it('survives a failure of each single operation of a checkpoint and of a restore', async () => {
    let failures = 0;
    for (const code of ['EIO', 'ENOSPC']) {
      for (let target = 1, passed = false; !passed; target++) {
        const { disk } = await newStored();
        const before = disk.operations();
        const store = newStore('/state', disk.files);
        let failed = false;
        disk.failWith((_, count) => {
          if (count - before !== target) return undefined;
          failed = true;
          return systemError(code);
        });
        const opened = await store.open(PARTITION).catch(() => undefined);
        const saved = opened && (await store.save(PARTITION, snapshotAt(13)).catch(() => undefined));
        passed = !failed;
        failures += failed ? 1 : 0;
        disk.failWith(undefined);
        const again = newStore('/state', disk.files);
        const { snapshot = { shares: [] } } = await again.open(PARTITION);
        // 11 where the read of 12 was what failed: a disk that cannot read has lost it.
        expect(saved ? [13] : [11, 12, 13]).toContain(numberOf(snapshot));
        await again.save(PARTITION, snapshotAt(14));
        expect(numberOf((await newStore('/state', disk.files).open(PARTITION)).snapshot ?? { shares: [] })).toBe(14);
      }
    }
    // As many as there are operations: the loop went through all of them, twice.
    expect(failures).toBeGreaterThan(40);
  });

  it('tells of old generations that it cannot delete, and goes on', async () => {
    const { disk } = await newStored();
    const logged: string[] = [];
    const store = newFileStore({
      dir: '/state',
      keep: 1,
      files: { ...disk.files, remove: () => Promise.reject(systemError('EPERM')) },
      log: (level, code) => logged.push(`${level} ${code}`),
    });
    await store.open(PARTITION);
    await store.save(PARTITION, snapshotAt(13));
    expect(logged).toEqual(['warn state_cleanup']);
  });
});

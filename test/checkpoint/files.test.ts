// The model disk of these tests and the real one must do the same, or the simulation proves nothing.

import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { directoriesOf } from '../../src/checkpoint/fileNames.ts';
import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import { type Files, nodeFiles, systemCode } from '../../src/checkpoint/files.ts';
import { newDisk } from './disk.ts';
import { bytesOf } from './snapshots.ts';

const made: string[] = [];
afterAll(() => Promise.all(made.map((dir) => rm(dir, { recursive: true }))));

async function newDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gruard-files-'));
  made.push(dir);
  return dir;
}

const places: readonly (readonly [string, () => Promise<{ readonly files: Files; readonly dir: string }>])[] = [
  [
    'the real disk',
    async () => {
      return { files: nodeFiles, dir: await newDirectory() };
    },
  ],
  [
    'the model disk',
    async () => {
      const { files } = newDisk();
      await files.makeDirectory('/files');
      return { files, dir: '/files' };
    },
  ],
];

describe.each(places)('%s', (_, newPlace) => {
  it('makes a directory once, and only where its parent is', async () => {
    const { files, dir } = await newPlace();
    expect(await files.makeDirectory(join(dir, 'a'))).toBe(true);
    expect(await files.makeDirectory(join(dir, 'a'))).toBe(false);
    expect(await codeOf(files.makeDirectory(join(dir, 'b', 'c')))).toBe('ENOENT');
  });

  it('gives back what was written in pieces, from any place', async () => {
    const { files, dir } = await newPlace();
    await write(files, join(dir, 'file'), [bytesOf(1, 100), bytesOf(2, 3_000), new Uint8Array()]);
    const file = await files.open(join(dir, 'file'));
    const part = new Uint8Array(200);
    await file.read(part, 50);
    expect(file.bytes).toBe(3_100);
    expect([...part]).toEqual([...bytesOf(1, 100).subarray(50), ...bytesOf(2, 3_000).subarray(0, 150)]);
    await file.close();
  });

  it('creates no file over another, and lists files only', async () => {
    const { files, dir } = await newPlace();
    await write(files, join(dir, 'file'), []);
    await files.makeDirectory(join(dir, 'directory'));
    expect(await codeOf(files.create(join(dir, 'file')))).toBe('EEXIST');
    expect(await files.list(dir)).toEqual(['file']);
  });

  it('renames over another file and removes', async () => {
    const { files, dir } = await newPlace();
    await write(files, join(dir, 'a'), [bytesOf(1, 5)]);
    await write(files, join(dir, 'b'), [bytesOf(1, 9)]);
    await files.rename(join(dir, 'a'), join(dir, 'b'));
    await files.syncDirectory(dir);
    const file = await files.open(join(dir, 'b'));
    expect(file.bytes).toBe(5);
    await file.close();
    await files.remove(join(dir, 'b'));
    expect(await files.list(dir)).toEqual([]);
    for (const gone of [files.open(join(dir, 'b')), files.remove(join(dir, 'b')), files.list(join(dir, 'x'))]) {
      expect(await codeOf(gone)).toBe('ENOENT');
    }
  });
});

describe('the real disk, beyond the model', () => {
  it('follows no link and lists none', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gruard-files-'));
    made.push(dir);
    await write(nodeFiles, join(dir, 'file'), [bytesOf(1, 5)]);
    await symlink(join(dir, 'file'), join(dir, 'link'));
    expect(await nodeFiles.list(dir)).toEqual(['file']);
    expect(await codeOf(nodeFiles.open(join(dir, 'link')))).toBe('ELOOP');
  });

  it('rejects when a file ends before what is asked for', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gruard-files-'));
    made.push(dir);
    await write(nodeFiles, join(dir, 'file'), [bytesOf(1, 5)]);
    const file = await nodeFiles.open(join(dir, 'file'));
    await expect(file.read(new Uint8Array(4), 3)).rejects.toThrow('the file ended 2 bytes early');
    await file.close();
  });
});

async function write(files: Files, path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await files.create(path);
  for (const piece of pieces) await file.write(piece);
  await file.sync();
  await file.close();
}

function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(() => 'no error', systemCode);
}

describe('the directory of a partition', () => {
  it('is no link, nor that of its topic, and nothing is done where one leads to', async () => {
    for (const levels of [1, 2]) {
      const [dir, elsewhere] = [await newDirectory(), await newDirectory()];
      await writeFile(join(elsewhere, 'e1-n1-base'), 'not ours');
      const partition = { topic: 'sensors', partition: 3 };
      const link = join(dir, ...directoriesOf(partition).slice(0, levels));
      await mkdir(dirname(link), { recursive: true });
      await symlink(elsewhere, link);
      await expect(newFileStore({ dir, keep: 2, log: () => {} }).open(partition)).rejects.toMatchObject({
        code: 'state_unwritable',
        message: `cannot use ${dir} for the state of sensors/3: ${link} is a symbolic link, not a directory`,
      });
      expect(await readdir(elsewhere)).toEqual(['e1-n1-base']);
    }
  });
});

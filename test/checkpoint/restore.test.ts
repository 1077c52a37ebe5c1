import { describe, expect, it } from 'vitest';
import { readListing } from '../../src/checkpoint/fileNames.ts';
import type { Files } from '../../src/checkpoint/files.ts';
import { newestWhole, type Restored } from '../../src/checkpoint/restore.ts';
import { newChained, newStored } from './damage.ts';
import type { Disk } from './disk.ts';
import { numberOf, PARTITION, slowNumberOf } from './snapshots.ts';

/** Restores as the store does; tells the reasons for which files were set aside. */
async function restoredFrom(
  disk: Disk,
  files: Files = disk.files,
  partition = PARTITION.partition,
): Promise<Restored & { readonly reasons: string[]; readonly number: number | undefined }> {
  const [path = ''] = disk.paths();
  const directory = path.slice(0, path.lastIndexOf('/'));
  const listing = readListing(await disk.files.list(directory));
  const reasons: string[] = [];
  const found = await newestWhole(files, directory, partition, listing, (_, reason) => reasons.push(reason));
  return { ...found, reasons, number: found.snapshot && numberOf(found.snapshot) };
}

describe('looking for the newest whole checkpoint', () => {
  it('takes the newest and does not touch the older ones', async () => {
    const { disk } = await newStored();
    const opened: string[] = [];
    const files: Files = {
      ...disk.files,
      open(path) {
        opened.push(path);
        return disk.files.open(path);
      },
    };
    expect(await restoredFrom(disk, files)).toMatchObject({
      number: 12,
      generations: [['e1-n2-base'], ['e1-n1-base']],
      reasons: [],
    });
    expect(opened).toHaveLength(1);
  });

  it('sets a damaged one aside, with the reason, and takes the one before', async () => {
    const { disk, newer } = await newStored();
    disk.replace(newer, disk.read(newer).slice(0, -1));
    expect(await restoredFrom(disk)).toMatchObject({
      number: 11,
      generations: [['e1-n1-base']],
      reasons: ['does not end like a checkpoint'],
    });
    expect(disk.paths()).toContain(`${newer}.corrupt-1`);
  });

  it('takes a whole file for damaged when it is another one than its name says', async () => {
    const { disk, older, newer } = await newStored();
    disk.replace(newer, disk.read(older));
    expect(await restoredFrom(disk)).toMatchObject({
      number: 11,
      reasons: ['is another checkpoint than its name says'],
    });
    expect(await restoredFrom(disk, disk.files, 4)).toMatchObject({ number: undefined, generations: [] });
  });

  it('allocates nothing for a huge file without a footer', async () => {
    const { disk } = await newStored();
    let read = 0;
    const files: Files = {
      ...disk.files,
      async open(path) {
        const file = await disk.files.open(path);
        const count = async (into: Uint8Array, at: number): Promise<void> => {
          read += into.length;
          if (at < file.bytes) await file.read(into, at);
        };
        return { ...file, bytes: 2 ** 45, read: count };
      },
    };
    const { reasons } = await restoredFrom(disk, files);
    expect(reasons).toEqual(Array(2).fill('does not end like a checkpoint'));
    expect(read).toBeLessThan(1_000);
  });

  it('goes on with the one before when the damaged one cannot be renamed', async () => {
    const { disk, newer } = await newStored();
    disk.replace(newer, new Uint8Array(10));
    const files = { ...disk.files, rename: () => Promise.reject(new Error('read-only')) };
    expect(await restoredFrom(disk, files)).toMatchObject({
      number: 11,
      generations: [['e1-n1-base']],
      reasons: ['has only 10 bytes'],
    });
  });

  it('puts the deltas of the newest base on it', async () => {
    const { disk } = await newChained();
    const { snapshot = { shares: [] }, generations } = await restoredFrom(disk);
    expect(slowNumberOf(snapshot)).toBe(6);
    expect(generations).toEqual([
      ['e1-n4-base', 'e1-n5-delta', 'e1-n6-delta'],
      ['e1-n1-base', 'e1-n2-delta', 'e1-n3-delta'],
    ]);
  });

  it('stops before a damaged delta, and falls back to the whole older generation when a base is damaged', async () => {
    const { disk, paths } = await newChained();
    const cut = (name: string): void => {
      const path = paths.find((one) => one.endsWith(name)) ?? '';
      disk.replace(path, disk.read(path).slice(0, -1));
    };
    cut('n5-delta');
    const stopped = await restoredFrom(disk);
    expect(slowNumberOf(stopped.snapshot ?? { shares: [] })).toBe(4);
    expect(stopped.reasons).toEqual(['does not end like a checkpoint']);
    cut('n4-base');
    const older = await restoredFrom(disk);
    expect(slowNumberOf(older.snapshot ?? { shares: [] })).toBe(3);
    expect(disk.paths().filter((path) => path.includes('.corrupt-'))).toHaveLength(2);
  });

  it('puts no delta on another base than its own', async () => {
    const { disk, paths } = await newChained();
    const [at = '', other = ''] = ['n5-delta', 'n2-delta'].map((name) => paths.find((path) => path.endsWith(name)));
    disk.replace(at, disk.read(other));
    const { snapshot = { shares: [] }, reasons } = await restoredFrom(disk);
    expect([slowNumberOf(snapshot), reasons]).toEqual([4, ['is another checkpoint than its name says']]);
  });
});

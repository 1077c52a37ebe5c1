// The lives of a store on a disk that loses power and fails: opens, saves, crashes, again and again, with the real
// store on the model disk. What must hold, and the mutants that must break it.

import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import type { Files, NewFile } from '../../src/checkpoint/files.ts';
import type { Snapshot } from '../../src/ports.ts';
import { type Disk, newDisk, PowerLoss, type Random, seededRandom, systemError } from './disk.ts';
import { changesSince, PARTITION, slowNumberOf, slowSnapshotAt } from './snapshots.ts';

export const MUTANTS = {
  'no fsync of the file': (files) => overCreate(files, (file) => ({ ...file, sync: async () => {} })),
  'no fsync of the directory': (files) => ({ ...files, syncDirectory: async () => {} }),
  'rename before fsync': renameBeforeSync,
  'writing in place': writeInPlace,
  'fsync tried again on the same file': (files) =>
    overCreate(files, (file) => ({ ...file, sync: () => file.sync().catch(() => file.sync()) })),
  'old generations deleted before the new one is durable': deleteFirst,
  'the epoch not read again before the seal': hideLaterClaims,
} as const satisfies Record<string, (files: Files, disk: Disk) => Files>;

/** Tells what was violated in the lives of this seed; undefined when nothing was. */
export async function violationIn(
  seed: number,
  mutate: (files: Files, disk: Disk) => Files = (files) => files,
): Promise<string | undefined> {
  const random = seededRandom(seed);
  let disk = newDisk();
  const seen = { attempted: 0, acknowledged: 0, epoch: 0 };
  for (let life = 0; life < 3; life++) {
    const last = life === 2;
    if (!last) disk.losePowerAfter(Math.floor(random() ** 2 * 70));
    const violation = await live(disk, random, seen, mutate, last ? 0 : Math.floor(random() * 5));
    if (violation !== undefined) return `life ${life}: ${violation}`;
    disk = disk.restart(random);
  }
  return undefined;
}

interface Seen {
  /** Snapshots that were tried to save; acknowledged: the last of which the store said that it is safe. */
  attempted: number;
  acknowledged: number;
  epoch: number;
}

async function live(
  disk: Disk,
  random: Random,
  seen: Seen,
  mutate: (files: Files, disk: Disk) => Files,
  saves: number,
): Promise<string | undefined> {
  const options = { dir: '/state', keep: 2, log: () => {} };
  const store = newFileStore({ ...options, files: mutate(disk.files, disk) });
  try {
    const { snapshot, epoch } = await store.open(PARTITION);
    const found = snapshot === undefined ? 0 : slowNumberOf(snapshot);
    if (found === undefined) return 'a state that nobody saved';
    if (found < seen.acknowledged) return `state ${found}, but ${seen.acknowledged} was acknowledged`;
    if (found > seen.attempted) return `state ${found} was never saved`;
    if (store.damaged() > 0) return 'a torn file under a final name';
    if (epoch <= seen.epoch) return `epoch ${epoch} after ${seen.epoch}`;
    seen.epoch = epoch;
    disk.failWith(faultsOf(random));
    let sealed: Snapshot | undefined;
    for (let save = 0; save < saves; save++) {
      const next = knownSnapshot(++seen.attempted);
      if (!(await isSaved(store.save(PARTITION, changesSince(sealed, next))))) continue;
      seen.acknowledged = seen.attempted;
      sealed = next;
    }
    if (saves > 0 && random() < 0.3) {
      const successor = newFileStore({ ...options, files: disk.files });
      disk.failWith(undefined);
      seen.epoch = (await successor.open(PARTITION)).epoch;
      seen.attempted++;
      if (await isSaved(store.save(PARTITION, knownSnapshot(seen.attempted)))) return 'a former owner sealed';
    }
  } catch (error) {
    // A store that cannot be opened is the crash itself; anywhere else the disk did not fail.
    if (!isPowerLoss(error)) return String(error);
  } finally {
    disk.failWith(undefined);
  }
  return undefined;
}

const snapshots: Snapshot[] = [];
function knownSnapshot(number: number): Snapshot {
  const known = snapshots[number] ?? slowSnapshotAt(number);
  snapshots[number] = known;
  return known;
}

async function isSaved(save: Promise<unknown>): Promise<boolean> {
  return save.then(
    () => true,
    () => false,
  );
}

function isPowerLoss(error: unknown): boolean {
  return error instanceof PowerLoss || (error instanceof Error && error.cause instanceof PowerLoss);
}

function faultsOf(random: Random): ((operation: string) => Error | undefined) | undefined {
  if (random() < 0.6) return undefined;
  return (operation) => {
    if (random() >= 0.05) return undefined;
    return systemError(operation === 'write' || operation === 'create' ? 'ENOSPC' : 'EIO');
  };
}

function overCreate(files: Files, change: (file: NewFile) => NewFile): Files {
  return { ...files, create: async (path) => change(await files.create(path)) };
}

function renameBeforeSync(files: Files): Files {
  const unfinished = new Map<string, NewFile>();
  return {
    ...files,
    async create(path) {
      const file = await files.create(path);
      unfinished.set(path, file);
      return path.endsWith('.tmp') ? { ...file, sync: async () => {}, close: async () => {} } : file;
    },
    async rename(from, to) {
      await files.rename(from, to);
      await unfinished.get(from)?.sync();
    },
  };
}

function writeInPlace(files: Files, disk: Disk): Files {
  let newest: string | undefined;
  return {
    ...files,
    create: async (path) =>
      newest !== undefined && path.endsWith('.tmp') ? disk.overwrite(newest) : await files.create(path),
    async rename(from, to) {
      await files.rename(newest ?? from, to);
      if (from.endsWith('.tmp')) newest = to;
    },
  };
}

function deleteFirst(files: Files): Files {
  return {
    ...files,
    async create(path) {
      const directory = path.slice(0, path.lastIndexOf('/'));
      const old = (await files.list(directory)).filter((name) => name.endsWith('-base'));
      if (path.endsWith('.tmp')) for (const name of old) await files.remove(`${directory}/${name}`);
      return files.create(path);
    },
  };
}

function hideLaterClaims(files: Files): Files {
  let own: string | undefined;
  return {
    ...files,
    async create(path) {
      if (path.endsWith('-claim')) own = path.slice(path.lastIndexOf('/') + 1);
      return files.create(path);
    },
    async list(directory) {
      const names = await files.list(directory);
      return names.filter((name) => own === undefined || !name.endsWith('-claim') || name === own);
    },
  };
}

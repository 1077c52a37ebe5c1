// Damage to checkpoint files of a real store, and what the store makes of it.

import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import { type Disk, newDisk, type Random, seededRandom } from './disk.ts';
import { changesSince, numberOf, PARTITION, slowNumberOf, slowSnapshotAt, snapshotAt } from './snapshots.ts';

const OLDER = 11;
const NEWER = 12;

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flip(bytes, random) {
    const fresh = bytes.slice();
    for (let count = 1 + below(random, 3); count > 0; count--) {
      const at = below(random, fresh.length);
      fresh[at] = (fresh[at] ?? 0) ^ (1 << below(random, 8));
    }
    return fresh;
  },
  function cut(bytes, random) {
    return bytes.slice(0, below(random, bytes.length));
  },
  function cutFront(bytes, random) {
    return bytes.slice(1 + below(random, bytes.length - 1));
  },
  function zero(bytes, random) {
    const from = below(random, bytes.length);
    return bytes.slice().fill(0, from, from + 1 + below(random, 64));
  },
  function extend(bytes, random) {
    const more = Uint8Array.from({ length: 1 + below(random, 200) }, () => below(random, 256));
    return Uint8Array.from([...bytes, ...more]);
  },
  function double(bytes) {
    return Uint8Array.from([...bytes, ...bytes]);
  },
  function swapRanges(bytes, random) {
    const length = 1 + below(random, 40);
    const a = below(random, bytes.length - length);
    const b = below(random, bytes.length - length);
    const fresh = bytes.slice();
    fresh.set(bytes.subarray(b, b + length), a);
    fresh.set(bytes.subarray(a, a + length), b);
    return fresh;
  },
  function insert(bytes, random) {
    const at = below(random, bytes.length);
    return Uint8Array.from([...bytes.subarray(0, at), below(random, 256), ...bytes.subarray(at)]);
  },
];

/** A store with two generations, written by the real one. */
export interface Stored {
  readonly disk: Disk;
  readonly older: string;
  readonly newer: string;
}

export async function newStored(): Promise<Stored> {
  const disk = newDisk();
  const store = newFileStore({ dir: '/state', keep: 2, files: disk.files, log: () => {} });
  await store.open(PARTITION);
  await store.save(PARTITION, snapshotAt(OLDER, 5));
  await store.save(PARTITION, snapshotAt(NEWER, 5));
  const [older = '', newer = ''] = disk.paths().filter((path) => path.endsWith('-base'));
  return { disk, older, newer };
}

/** A store with two generations of a base and two deltas: `slowSnapshotAt` 1 to 6. */
export async function newChained(): Promise<{ readonly disk: Disk; readonly paths: readonly string[] }> {
  const disk = newDisk();
  const store = newFileStore({ dir: '/state', keep: 2, files: disk.files, log: () => {} });
  await store.open(PARTITION);
  for (let number = 1; number <= 6; number++) {
    const sealed = number === 4 ? undefined : slowSnapshotAt(number - 1);
    await store.save(PARTITION, changesSince(sealed, slowSnapshotAt(number)));
  }
  return { disk, paths: disk.paths().filter((path) => !path.endsWith('-claim')) };
}

/**
 * Damages one or two files of a chain, or exchanges two, `count` times. Throws when a restore gives anything but one of
 * the saved states; answers how often it gave which.
 */
export async function chainDamageRuns(count: number): Promise<readonly number[]> {
  const { disk: original, paths } = await newChained();
  const given = Array.from({ length: 7 }, () => 0);
  for (let seed = 0; seed < count; seed++) {
    const random = seededRandom(seed);
    const disk = original.restart(random);
    const some = (): string => paths[below(random, paths.length)] ?? '';
    const [a, b] = [some(), some()];
    if (random() < 0.3) {
      disk.replace(a, original.read(b));
      disk.replace(b, original.read(a));
    } else {
      for (const path of random() < 0.5 ? [a] : [a, b]) {
        const mutate = MUTATIONS[below(random, MUTATIONS.length)] ?? ((same) => same);
        disk.replace(path, mutate(original.read(path), random));
      }
    }
    const store = newFileStore({ dir: '/state', keep: 2, files: disk.files, log: () => {} });
    const { snapshot } = await store.open(PARTITION);
    const number = snapshot === undefined ? 0 : slowNumberOf(snapshot);
    if (number === undefined) throw new Error(`seed ${seed}: a state that nobody saved`);
    given[number] = (given[number] ?? 0) + 1;
    await store.save(PARTITION, slowSnapshotAt(99));
    const again = await newFileStore({ dir: '/state', keep: 2, files: disk.files, log: () => {} }).open(PARTITION);
    if (slowNumberOf(again.snapshot ?? { shares: [] }) !== 99) throw new Error(`seed ${seed}: could not go on`);
  }
  return given;
}

export interface Outcome {
  readonly intact: number;
  readonly fellBack: number;
  readonly cold: number;
}

/**
 * Damages the newer file, sometimes both or their order, `count` times, and opens the store each time. Throws when it
 * gives anything but one of the two states, or another number of damaged files than it set aside.
 */
export async function damageRuns(count: number, firstSeed: number): Promise<Outcome> {
  const { disk: original, older, newer } = await newStored();
  const bytes = { older: original.read(older), newer: original.read(newer) };
  const outcome = { intact: 0, fellBack: 0, cold: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const random = seededRandom(seed);
    const disk = original.restart(random);
    const mutate = MUTATIONS[below(random, MUTATIONS.length)] ?? ((same) => same);
    disk.replace(newer, mutate(bytes.newer, random));
    if (random() < 0.1) disk.replace(older, mutate(bytes.older, random));
    else if (random() < 0.05) {
      disk.replace(older, bytes.newer);
      disk.replace(newer, bytes.older);
    }
    const store = newFileStore({ dir: '/state', keep: 2, files: disk.files, log: () => {} });
    const { snapshot } = await store.open(PARTITION);
    const number = snapshot === undefined ? 'none' : numberOf(snapshot);
    if (number === NEWER) outcome.intact++;
    else if (number === OLDER) outcome.fellBack++;
    else if (number === 'none') outcome.cold++;
    else throw new Error(`seed ${seed}, ${mutate.name}: a state that nobody saved`);
    const aside = disk.paths().filter((path) => path.includes('.corrupt-')).length;
    if (aside !== store.damaged()) throw new Error(`seed ${seed}: ${aside} set aside, ${store.damaged()} counted`);
    if (number === NEWER && !same(disk.read(newer), bytes.newer)) throw new Error(`seed ${seed}: damage passed unseen`);
    await store.save(PARTITION, snapshotAt(99));
  }
  return outcome;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

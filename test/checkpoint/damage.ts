// Damage to checkpoint files of a real store, and what the store makes of it.

import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import { type Disk, newDisk, type Random, seededRandom } from './disk.ts';
import { numberOf, PARTITION, snapshotAt } from './snapshots.ts';

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

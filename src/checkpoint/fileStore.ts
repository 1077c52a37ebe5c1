// Checkpoints as files. Each is written whole under another name, made durable, and only then given its name: whatever
// breaks in between, the one before stays. The order of the steps is the whole point; test/checkpoint/powerLoss.test.ts
// takes each of them away and shows what is lost.

import { dirname, join, resolve } from 'node:path';
import type { PartitionId } from '../domain.ts';
import { GruardError } from '../errors.ts';
import type { CheckpointStore, Log, Snapshot } from '../ports.ts';
import { type Chain, mayBeDelta, nextLink, startChain } from './chain.ts';
import { baseName, claimName, deltaName, directoriesOf, type Listing, readListing, UNFINISHED } from './fileNames.ts';
import { type Files, nodeFiles } from './files.ts';
import { newestWhole } from './restore.ts';
import { type Before, encodeSnapshot, type Generation } from './snapshot.ts';

/** Between two pieces the event loop turns, so that a big checkpoint does not hold up the lane. */
const PIECE_BYTES = 1024 * 1024;
const FIRST_PIECE_BYTES = 1024;

export interface FileStoreOptions {
  /** The state directory; claimed by the process (`stateDir.ts`), made when missing. */
  readonly dir: string;
  /** Generations to keep, at least 1. The second is what a damaged first one falls back to. */
  readonly keep: number;
  readonly log: Log;
  /** Another file system than the real one. */
  readonly files?: Files | undefined;
}

export interface FileStore extends CheckpointStore {
  /** Files that could not be read and were set aside since the store was made. */
  damaged(): number;
}

interface Claimed {
  readonly directory: string;
  readonly partition: number;
  readonly epoch: number;
  /** Of the newest attempt. Attempts never share a number: after a failed fsync nobody knows what a file holds. */
  number: number;
  /** Names of sealed files, newest generation first; each is a base and its deltas in their order. */
  readonly generations: string[][];
  /** What the next delta would stand on; undefined = the next checkpoint is a base. */
  chain: Chain | undefined;
  closed: boolean;
}

export function newFileStore({ dir, keep, log, files = nodeFiles }: FileStoreOptions): FileStore {
  const root = resolve(dir);
  const claimed = new Map<string, Claimed>();
  let damaged = 0;
  return {
    async open(partition) {
      release(claimed, partition);
      try {
        const directory = await makeDirectories(files, root, directoriesOf(partition));
        const { epoch, listing } = await claim(files, directory);
        const newest = await newestWhole(files, directory, partition.partition, listing, (name, reason) => {
          damaged++;
          log('error', 'state_damaged', `${join(directory, name)}: ${reason}; the one before is used`, {
            ...partition,
          });
        });
        const { generations } = newest;
        const { numberMax } = listing;
        const { partition: index } = partition;
        claimed.set(nameOf(partition), {
          directory,
          partition: index,
          epoch,
          number: numberMax,
          generations,
          // An owner begins with a base of its own, so that all files of a generation have one epoch.
          chain: undefined,
          closed: false,
        });
        await tidy(files, directory, epoch, listing, generations.flat());
        return { snapshot: newest.snapshot, epoch };
      } catch (error) {
        if (error instanceof GruardError && error.code !== 'state_unwritable') throw error;
        const message = `cannot use ${root} for the state of ${nameOf(partition)}: ${textOf(error)}`;
        throw new GruardError('state_unwritable', message, { cause: error });
      }
    },

    async save(partition, snapshot) {
      const mine = claimed.get(nameOf(partition));
      if (mine === undefined) throw new GruardError('internal', `${nameOf(partition)} is not open for checkpoints`);
      mine.number++;
      try {
        const bytes = await seal(files, mine, snapshot);
        await forget(files, mine, keep, log);
        return { bytes };
      } catch (error) {
        if (error instanceof GruardError) throw error;
        const message = `checkpoint ${mine.number} of ${nameOf(partition)}: ${textOf(error)}`;
        throw new GruardError('checkpoint_failed', message, { cause: error });
      }
    },

    close: (partition) => release(claimed, partition),
    damaged: () => damaged,
  };
}

/** Ends a save that is under way, too: its file stays unfinished. */
function release(claimed: Map<string, Claimed>, partition: PartitionId): void {
  const mine = claimed.get(nameOf(partition));
  if (mine !== undefined) mine.closed = true;
  claimed.delete(nameOf(partition));
}

async function makeDirectories(files: Files, root: string, names: readonly string[]): Promise<string> {
  if (await files.makeDirectory(root)) await files.syncDirectory(dirname(root));
  let directory = root;
  for (const name of names) {
    const parent = directory;
    directory = join(parent, name);
    await files.makeDirectory(directory);
    // Also when it was there: who made it may have lost power before this.
    await files.syncDirectory(parent);
  }
  return directory;
}

/**
 * Takes the partition over, durably, by creating the name of the next epoch. Claims first and lists then: what an
 * earlier owner seals after this listing is a state that its records will give again.
 */
async function claim(files: Files, directory: string): Promise<{ readonly epoch: number; readonly listing: Listing }> {
  for (;;) {
    const epoch = readListing(await files.list(directory)).epochMax + 1;
    try {
      const file = await files.create(join(directory, claimName(epoch)));
      await file.close();
    } catch (error) {
      // Somebody else was faster: theirs is the highest epoch now.
      if (await exists(files, directory, claimName(epoch))) continue;
      throw error;
    }
    await files.syncDirectory(directory);
    return { epoch, listing: readListing(await files.list(directory)) };
  }
}

/** Resolves with the file's bytes once it would survive a power loss; otherwise removes what it can and rejects. */
async function seal(files: Files, mine: Claimed, snapshot: Snapshot): Promise<number> {
  const { directory, partition, epoch, number } = mine;
  const link =
    mine.chain !== undefined && mayBeDelta(mine.chain, snapshot) ? nextLink(mine.chain, snapshot) : undefined;
  const chain = link?.chain ?? startChain(snapshot);
  // Until this one is sealed, and after a failure nobody knows what lies there under the next number: a base then.
  mine.chain = undefined;
  const name = link === undefined ? baseName({ epoch, number }) : deltaName({ epoch, number });
  const path = join(directory, name);
  const unfinished = path + UNFINISHED;
  try {
    const generation = { partition, epoch, number };
    const { bytes, footerCrc } = await writeDurably(files, unfinished, snapshot, generation, link?.before);
    await assertOwned(files, mine);
    await files.rename(unfinished, path);
    await files.syncDirectory(directory);
    if (link === undefined) mine.generations.unshift([name]);
    else mine.generations[0]?.push(name);
    mine.chain = chain.sealed(bytes, footerCrc);
    return bytes;
  } catch (error) {
    for (const leftover of [unfinished, path]) await files.remove(leftover).catch(() => undefined);
    throw error;
  }
}

interface WrittenFile {
  readonly bytes: number;
  readonly footerCrc: number;
}

async function writeDurably(
  files: Files,
  path: string,
  snapshot: Snapshot,
  generation: Generation,
  before: Before | undefined,
): Promise<WrittenFile> {
  const file = await files.create(path);
  let bytes = 0;
  let footerCrc: number;
  try {
    const pieces = cutEvenly(encodeSnapshot(snapshot, generation, before));
    let next = pieces.next();
    for (; next.done !== true; next = pieces.next()) {
      await file.write(next.value);
      bytes += next.value.length;
    }
    footerCrc = next.value;
    // A failure is final for this file: the kernel may have dropped the pages, and a second fsync would say "ok".
    await file.sync();
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return { bytes, footerCrc };
}

/** Refuses when somebody has opened the partition since, or it was closed. */
async function assertOwned(files: Files, mine: Claimed): Promise<void> {
  const epochMax = await highestEpoch(files, mine);
  if (epochMax > mine.epoch) {
    throw new GruardError('state_taken', `${mine.directory} was taken over by epoch ${epochMax}, not ${mine.epoch}`);
  }
  if (mine.closed) throw new Error('closed before it was sealed');
}

async function highestEpoch(files: Files, { directory }: Claimed): Promise<number> {
  return readListing(await files.list(directory)).epochMax;
}

/**
 * Deletes what is older than the generations to keep. Only after a seal: until then the old ones are all there is. And
 * only as the owner: a new one may be reading them. The newest file of a generation goes first, so that what is left of
 * it is a state at all times. Failing costs disk space, so it fails nothing.
 */
async function forget(files: Files, mine: Claimed, keep: number, log: Log): Promise<void> {
  if (mine.generations.length <= Math.max(1, keep)) return;
  try {
    if ((await highestEpoch(files, mine)) > mine.epoch) return;
    while (mine.generations.length > Math.max(1, keep)) {
      const oldest = mine.generations.at(-1) ?? [];
      while (oldest.length > 0) {
        await files.remove(join(mine.directory, oldest.at(-1) ?? ''));
        oldest.pop();
      }
      mine.generations.pop();
    }
  } catch (error) {
    log('warn', 'state_cleanup', `cannot delete an old checkpoint in ${mine.directory}: ${textOf(error)}`);
  }
}

/**
 * Removes what earlier owners left unfinished, deltas whose base is gone, and their claims: the newer one is durable by
 * now.
 */
async function tidy(
  files: Files,
  directory: string,
  epoch: number,
  listing: Listing,
  kept: readonly string[],
): Promise<void> {
  const older = listing.claims.filter((other) => other.epoch < epoch).map(({ name }) => name);
  const orphans = listing.deltas.map(({ name }) => name).filter((name) => !kept.includes(name));
  for (const name of [...listing.unfinished, ...older, ...orphans]) {
    await files.remove(join(directory, name)).catch(() => undefined);
  }
}

/**
 * The same bytes in fewer pieces, the first ones short, so that a small checkpoint costs no big buffer. A piece is
 * overwritten once the next one is asked for.
 */
function* cutEvenly<T>(pieces: Iterator<Uint8Array, T>): Generator<Uint8Array, T> {
  let piece = new Uint8Array(FIRST_PIECE_BYTES);
  let filled = 0;
  let next = pieces.next();
  for (; next.done !== true; next = pieces.next()) {
    const bytes = next.value;
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < piece.length) continue;
      yield piece;
      filled = 0;
      if (piece.length < PIECE_BYTES) piece = new Uint8Array(Math.min(PIECE_BYTES, piece.length * 4));
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
  return next.value;
}

async function exists(files: Files, directory: string, name: string): Promise<boolean> {
  return (await files.list(directory)).includes(name);
}

function nameOf({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

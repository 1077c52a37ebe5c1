// Checkpoints as files. Each is written whole under another name, made durable, and only then given its name: whatever
// breaks in between, the one before stays. The order of the steps is the whole point; test/checkpoint/powerLoss.test.ts
// takes each of them away and shows what is lost.

import { dirname, join, resolve } from 'node:path';
import type { PartitionId } from '../domain.ts';
import { GruardError } from '../errors.ts';
import type { CheckpointStore, Log, Snapshot } from '../ports.ts';
import { baseName, claimName, directoriesOf, type Listing, readListing, UNFINISHED } from './fileNames.ts';
import { type Files, nodeFiles } from './files.ts';
import { newestWhole } from './restore.ts';
import { encodeSnapshot, type Generation } from './snapshot.ts';

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
  /** Names of sealed bases, newest first. */
  readonly generations: string[];
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
          closed: false,
        });
        await tidy(files, directory, epoch, listing);
        return { snapshot: newest.snapshot, epoch };
      } catch (error) {
        if (error instanceof GruardError) throw error;
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
  const name = baseName({ epoch, number });
  const path = join(directory, name);
  const unfinished = path + UNFINISHED;
  try {
    const bytes = await writeDurably(files, unfinished, snapshot, { partition, epoch, number });
    await assertOwned(files, mine);
    await files.rename(unfinished, path);
    await files.syncDirectory(directory);
    mine.generations.unshift(name);
    return bytes;
  } catch (error) {
    for (const leftover of [unfinished, path]) await files.remove(leftover).catch(() => undefined);
    throw error;
  }
}

async function writeDurably(files: Files, path: string, snapshot: Snapshot, generation: Generation): Promise<number> {
  const file = await files.create(path);
  let written = 0;
  try {
    for (const piece of cutEvenly(encodeSnapshot(snapshot, generation))) {
      await file.write(piece);
      written += piece.length;
    }
    // A failure is final for this file: the kernel may have dropped the pages, and a second fsync would say "ok".
    await file.sync();
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return written;
}

/** Refuses when somebody has opened the partition since, or it was closed. */
async function assertOwned(files: Files, mine: Claimed): Promise<void> {
  const epochMax = await highestEpoch(files, mine);
  if (epochMax > mine.epoch) throw new Error(`taken over by epoch ${epochMax}, this is epoch ${mine.epoch}`);
  if (mine.closed) throw new Error('closed before it was sealed');
}

async function highestEpoch(files: Files, { directory }: Claimed): Promise<number> {
  return readListing(await files.list(directory)).epochMax;
}

/**
 * Deletes what is older than the generations to keep. Only after a seal: until then the old ones are all there is. And
 * only as the owner: a new one may be reading them. Failing costs disk space, so it fails nothing.
 */
async function forget(files: Files, mine: Claimed, keep: number, log: Log): Promise<void> {
  try {
    if ((await highestEpoch(files, mine)) > mine.epoch) return;
    while (mine.generations.length > Math.max(1, keep)) {
      await files.remove(join(mine.directory, mine.generations.at(-1) ?? ''));
      mine.generations.pop();
    }
  } catch (error) {
    log('warn', 'state_cleanup', `cannot delete an old checkpoint in ${mine.directory}: ${textOf(error)}`);
  }
}

/** Removes what earlier owners left unfinished, and their claims: the newer one is durable by now. */
async function tidy(files: Files, directory: string, epoch: number, listing: Listing): Promise<void> {
  const older = listing.claims.filter((other) => other.epoch < epoch).map(({ name }) => name);
  for (const name of [...listing.unfinished, ...older]) {
    await files.remove(join(directory, name)).catch(() => undefined);
  }
}

/**
 * The same bytes in fewer pieces, the first ones short, so that a small checkpoint costs no big buffer. A piece is
 * overwritten once the next one is asked for.
 */
function* cutEvenly(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  let piece = new Uint8Array(FIRST_PIECE_BYTES);
  let filled = 0;
  for (const bytes of pieces) {
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

// Finds the newest checkpoint that is whole, and sets aside what is not.

import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GruardError } from '../errors.ts';
import type { Snapshot } from '../ports.ts';
import { corruptName, deltasOf, type Listing } from './fileNames.ts';
import { type Files, type OldFile, systemCode } from './files.ts';
import { damaged, decodeFooter, decodeHeader, type Fault, FOOTER_BYTES, HEADER_BYTES } from './frame.ts';
import { merged } from './merge.ts';
import { type DecodedSnapshot, decoding } from './snapshot.ts';

const CORRUPT_KEPT = 5;
const READ_BYTES = 16 * 1024 * 1024;

export interface Restored {
  readonly snapshot: Snapshot | undefined;
  /** Generations that are left, newest first, each a base and its deltas; the first one is the snapshot's. */
  readonly generations: string[][];
}

type Sealed = Listing['bases'][number];

/**
 * Reads bases from the newest on until one is whole, and the deltas behind it up to the first that is not. Each damaged
 * file is told to `onDamaged` and renamed, so that it is never read again. Rejects with `state_newer` on a file of a
 * newer format, and when the system refuses to read: that says nothing about the file.
 */
export async function newestWhole(
  files: Files,
  directory: string,
  partition: number,
  listing: Listing,
  onDamaged: (name: string, reason: string) => void,
): Promise<Restored> {
  let corrupt = listing.corrupt;
  const refuse = async (name: string, { detail }: Fault): Promise<void> => {
    onDamaged(name, detail);
    corrupt = await setAside(files, directory, name, corrupt);
  };
  for (const [index, base] of listing.bases.entries()) {
    const read = await readNamed(files, directory, partition, base, 'base');
    if (!read.ok) {
      await refuse(base.name, read);
      continue;
    }
    const state = merged(read);
    const names = [base.name];
    for (const delta of deltasOf(base, listing)) {
      const next = await readNamed(files, directory, partition, delta, 'delta');
      const fault = next.ok ? state.put(next) : next;
      if (fault !== undefined) {
        await refuse(delta.name, fault);
        break;
      }
      names.push(delta.name);
    }
    const older = listing.bases.slice(index + 1);
    const generations = older.map((one) => [one.name, ...deltasOf(one, listing).map(({ name }) => name)]);
    return { snapshot: state.snapshot(), generations: [names, ...generations] };
  }
  return { snapshot: undefined, generations: [] };
}

async function readNamed(
  files: Files,
  directory: string,
  partition: number,
  { name, epoch, number }: Sealed,
  kind: 'base' | 'delta',
): Promise<DecodedSnapshot> {
  const path = join(directory, name);
  const read = await readChecked(files, path);
  if (!read.ok) {
    if (read.fault === 'newer') throw new GruardError('state_newer', `${path} ${read.detail}`);
    return read;
  }
  const { header } = read;
  const named = { partition, epoch, number, kind } as const;
  const same = (Object.keys(named) as (keyof typeof named)[]).every((part) => header[part] === named[part]);
  return same ? read : damaged('is another checkpoint than its name says');
}

async function readChecked(files: Files, path: string): Promise<DecodedSnapshot> {
  let file: OldFile;
  try {
    file = await files.open(path);
  } catch (error) {
    return unreadable(error);
  }
  try {
    // Both ends first, so that a length that nobody wrote is never allocated.
    const { bytes } = file;
    if (bytes < HEADER_BYTES + FOOTER_BYTES) return damaged(`has only ${bytes} bytes`);
    const front = decodeHeader(await readPart(file, 0, HEADER_BYTES));
    if (!front.ok) return front;
    const end = decodeFooter(await readPart(file, bytes - FOOTER_BYTES, FOOTER_BYTES), bytes);
    if (!end.ok) return end;
    const steps = decoding(await readPart(file, 0, bytes));
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      await nextTurn(); // other partitions of the lane work on
    }
  } catch (error) {
    return unreadable(error);
  } finally {
    await file.close();
  }
}

async function readPart(file: OldFile, from: number, bytes: number): Promise<Uint8Array> {
  const part = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += READ_BYTES) await file.read(part.subarray(at, at + READ_BYTES), from + at);
  return part;
}

/** A disk that cannot give the bytes back has lost them. Anything else (no permission, no descriptors) may pass. */
function unreadable(error: unknown): Fault {
  const code = systemCode(error);
  if (code === 'EIO') return damaged('cannot be read from the disk');
  if (code === 'ENOENT') return damaged('was removed while it was looked for');
  throw error;
}

/** Renames a damaged file and deletes the oldest of those, so that damage that returns does not fill the disk. */
async function setAside(
  files: Files,
  directory: string,
  name: string,
  corrupt: Listing['corrupt'],
): Promise<Listing['corrupt']> {
  const number = (corrupt[0]?.number ?? 0) + 1;
  const aside = corruptName(name, number);
  try {
    await files.rename(join(directory, name), join(directory, aside));
  } catch {
    // It stays, is read and found damaged again: the state before it serves all the same.
    return corrupt;
  }
  const all = [{ name: aside, number }, ...corrupt];
  for (const old of all.slice(CORRUPT_KEPT)) await files.remove(join(directory, old.name)).catch(() => undefined);
  return all.slice(0, CORRUPT_KEPT);
}

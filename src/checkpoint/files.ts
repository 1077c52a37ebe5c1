// What the file store needs of a file system, so narrow that a simulated disk fits under it; and the real one.

import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { GruardError } from '../errors.ts';

/** All paths are absolute. Everything rejects with the system's error, `code` in it. */
export interface Files {
  /** One level, for this user only; false when it was there. `state_unwritable` where a link or a file has the name. */
  makeDirectory(path: string): Promise<boolean>;
  /** Names of the regular files in it, in any order; no links, no directories. */
  list(directory: string): Promise<readonly string[]>;
  /** For writing, for this user only; rejects when the name exists. */
  create(path: string): Promise<NewFile>;
  /** For reading; follows no link. */
  open(path: string): Promise<OldFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes names that were created, renamed and removed in the directory durable. */
  syncDirectory(path: string): Promise<void>;
}

export interface NewFile {
  /** Appends all of it. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface OldFile {
  readonly bytes: number;
  /** Fills `into` with what lies at `at`; rejects when the file ends before. */
  read(into: Uint8Array, at: number): Promise<void>;
  close(): Promise<void>;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

export const nodeFiles: Files = {
  async makeDirectory(path) {
    try {
      await mkdir(path, { mode: 0o700 });
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      // A link could lead the state of one partition, and what is tidied away there, to any place.
      const found = await lstat(path);
      if (found.isDirectory()) return false;
      const what = `${path} is ${found.isSymbolicLink() ? 'a symbolic link, ' : ''}not a directory`;
      throw new GruardError('state_unwritable', what, { cause: error });
    }
  },
  async list(directory) {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  },
  async create(path) {
    const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return { write: (bytes) => writeAll(handle, bytes), sync: () => handle.sync(), close: () => handle.close() };
  },
  async open(path) {
    const handle = await open(path, O_RDONLY | O_NOFOLLOW);
    try {
      const { size } = await handle.stat();
      return { bytes: size, read: (into, at) => readAll(handle, into, at), close: () => handle.close() };
    } catch (error) {
      await handle.close();
      throw error;
    }
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => unlink(path),
  async syncDirectory(path) {
    const handle = await open(path, O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** The system's name of an error, as `ENOSPC`. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

async function readAll(handle: FileHandle, into: Uint8Array, from: number): Promise<void> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await handle.read(into, at, into.length - at, from + at);
    if (bytesRead === 0) throw new Error(`the file ended ${into.length - at} bytes early`);
    at += bytesRead;
  }
}

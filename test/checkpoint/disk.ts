// A model of a disk that loses power. What is written counts only after fsync of the file; a name that is created,
// renamed or removed only after fsync of its directory. What was not made durable may survive or not: the bytes of
// files in any combination of sectors, the changes of one directory up to any point of their order.

import { dirname } from 'node:path';
import type { Files, NewFile } from '../../src/checkpoint/files.ts';

/** Small, so that a short file can be torn in many ways. */
const SECTOR_BYTES = 64;

interface FileNode {
  readonly kind: 'file';
  durable: Uint8Array;
  live: Uint8Array;
  pending: { readonly at: number; readonly bytes: Uint8Array }[];
}
interface DirectoryNode {
  readonly kind: 'directory';
  durable: Map<string, Node>;
  live: Map<string, Node>;
  pending: ((names: Map<string, Node>) => void)[];
}
type Node = FileNode | DirectoryNode;

/** 0 ≤ n < 1, as Math.random. */
export type Random = () => number;

export interface Disk {
  readonly files: Files;
  /** Operations so far. */
  operations(): number;
  /** A handle that writes over an existing file from its beginning. For mutants only: no right program does this. */
  overwrite(path: string): NewFile;
  /** Every operation after this many more fails, as if the machine were gone. */
  losePowerAfter(operations: number): void;
  /** Told before each operation; what it throws is what the operation fails with. */
  failWith(fault: ((operation: Operation, count: number) => Error | undefined) | undefined): void;
  /** Power is back: a disk with what survived. */
  restart(random: Random): Disk;
  /** The live bytes of a file, to look at and to damage. */
  read(path: string): Uint8Array;
  replace(path: string, bytes: Uint8Array): void;
  /** All paths of files, sorted. */
  paths(): string[];
}

type Operation = keyof Files | 'write' | 'sync' | 'close' | 'read';

export class PowerLoss extends Error {}
const powerLoss = new PowerLoss('the power is gone');

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

export function seededRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function newDisk(root: DirectoryNode = newDirectory()): Disk {
  let count = 0;
  let last = Number.POSITIVE_INFINITY;
  let fault: ((operation: Operation, count: number) => Error | undefined) | undefined;

  const begin = (operation: Operation): void => {
    if (++count > last) throw powerLoss;
    const error = fault?.(operation, count);
    if (error !== undefined) throw error;
  };
  const nodeAt = (path: string): Node => {
    let node: Node = root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const next: Node | undefined = node.kind === 'directory' ? node.live.get(name) : undefined;
      if (next === undefined) throw systemError('ENOENT');
      node = next;
    }
    return node;
  };
  const directoryAt = (path: string): DirectoryNode => {
    const node = nodeAt(path);
    if (node.kind !== 'directory') throw systemError('ENOTDIR');
    return node;
  };
  const fileAt = (path: string): FileNode => {
    const node = nodeAt(path);
    if (node.kind !== 'file') throw systemError('EISDIR');
    return node;
  };
  const change = (directory: DirectoryNode, step: (names: Map<string, Node>) => void): void => {
    step(directory.live);
    directory.pending.push(step);
  };
  const add = (path: string, node: Node): void => {
    const directory = directoryAt(dirname(path));
    if (directory.live.has(nameOf(path))) throw systemError('EEXIST');
    change(directory, (names) => names.set(nameOf(path), node));
  };
  const writer = (file: FileNode): NewFile => {
    let at = 0;
    return {
      async write(bytes) {
        begin('write');
        write(file, at, bytes);
        at += bytes.length;
      },
      async sync() {
        try {
          begin('sync');
        } catch (error) {
          // As Linux does: the pages that could not be written count as clean from now on.
          if (!(error instanceof PowerLoss)) file.pending = [];
          throw error;
        }
        file.durable = patched(file.durable, file.pending);
        file.pending = [];
      },
      async close() {
        begin('close');
      },
    };
  };

  const files: Files = {
    async makeDirectory(path) {
      begin('makeDirectory');
      if (directoryAt(dirname(path)).live.has(nameOf(path))) return false;
      add(path, newDirectory());
      return true;
    },
    async list(path) {
      begin('list');
      return [...directoryAt(path).live].filter(([, node]) => node.kind === 'file').map(([name]) => name);
    },
    async create(path) {
      begin('create');
      const file: FileNode = { kind: 'file', durable: new Uint8Array(), live: new Uint8Array(), pending: [] };
      add(path, file);
      return writer(file);
    },
    async open(path) {
      begin('open');
      const { live } = fileAt(path);
      return {
        bytes: live.length,
        async read(into, at) {
          begin('read');
          into.set(live.subarray(at, at + into.length));
        },
        async close() {
          begin('close');
        },
      };
    },
    async rename(from, to) {
      begin('rename');
      const node = nodeAt(from);
      change(directoryAt(dirname(from)), (names) => {
        names.delete(nameOf(from));
        names.set(nameOf(to), node);
      });
    },
    async remove(path) {
      begin('remove');
      fileAt(path);
      change(directoryAt(dirname(path)), (names) => names.delete(nameOf(path)));
    },
    async syncDirectory(path) {
      begin('syncDirectory');
      const directory = directoryAt(path);
      for (const step of directory.pending) step(directory.durable);
      directory.pending = [];
    },
  };

  return {
    files,
    operations: () => count,
    overwrite: (path) => writer(fileAt(path)),
    losePowerAfter(operations) {
      last = count + operations;
    },
    failWith(next) {
      fault = next;
    },
    restart: (random) => newDisk(survivorsOf(root, random)),
    read: (path) => fileAt(path).live,
    replace(path, bytes) {
      fileAt(path).live = bytes;
      fileAt(path).durable = bytes;
    },
    paths: () => pathsBelow(root, '').sort(),
  };
}

function newDirectory(): DirectoryNode {
  return { kind: 'directory', durable: new Map(), live: new Map(), pending: [] };
}

function write(file: FileNode, at: number, bytes: Uint8Array): void {
  file.live = patched(file.live, [{ at, bytes }]);
  for (let from = 0; from < bytes.length; from += SECTOR_BYTES) {
    file.pending.push({ at: at + from, bytes: bytes.slice(from, from + SECTOR_BYTES) });
  }
}

function patched(old: Uint8Array, parts: readonly { readonly at: number; readonly bytes: Uint8Array }[]): Uint8Array {
  const fresh = new Uint8Array(parts.reduce((end, { at, bytes }) => Math.max(end, at + bytes.length), old.length));
  fresh.set(old);
  for (const { at, bytes } of parts) fresh.set(bytes, at);
  return fresh;
}

function survivorsOf(directory: DirectoryNode, random: Random): DirectoryNode {
  const names = new Map(directory.durable);
  const survived = Math.floor(random() * (directory.pending.length + 1));
  for (const step of directory.pending.slice(0, survived)) step(names);
  const after = newDirectory();
  for (const [name, node] of names) {
    const survivor = node.kind === 'directory' ? survivorsOf(node, random) : fileSurvivor(node, random);
    after.durable.set(name, survivor);
    after.live.set(name, survivor);
  }
  return after;
}

function fileSurvivor(file: FileNode, random: Random): FileNode {
  // Often all or nothing: the rarer mixtures must not crowd out the plain cases.
  const share = [0, 0.5, 1][Math.floor(random() * 3)] ?? 1;
  const survived = file.pending.filter(() => random() < share);
  const content = patched(file.durable, survived);
  return { kind: 'file', durable: content, live: content, pending: [] };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function pathsBelow(directory: DirectoryNode, path: string): string[] {
  return [...directory.live].flatMap(([name, node]) =>
    node.kind === 'directory' ? pathsBelow(node, `${path}/${name}`) : [`${path}/${name}`],
  );
}

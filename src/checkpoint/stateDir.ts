// One process per state directory. The sign of ownership is a Unix socket in it that somebody listens on: unlike a lock
// file it dies with its process.

import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { GruardError } from '../errors.ts';
import { nodeFiles, systemCode } from './files.ts';

const SOCKET = 'owner.sock';
/** What every system takes: sun_path has 104 bytes on some, 108 on Linux, the last one zero. */
const SOCKET_PATH_BYTES_MAX = 103;
/** A live owner answers within a turn of its event loop. */
const ANSWER_MS_MAX = 2_000;

export interface StateDirClaim {
  /** Lets others have the directory. Safe twice. */
  release(): Promise<void>;
}

/**
 * Makes the directory when missing and claims it for this process. `fresh` forgets all checkpoints in it, and nothing
 * else that may lie there. Rejects with `state_busy` when a living process has it, `state_unwritable` when it cannot be
 * used; both name the directory.
 */
export async function claimStateDir(dir: string, options: { readonly fresh?: boolean } = {}): Promise<StateDirClaim> {
  const path = resolve(dir);
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncParents(path, made);
    const found = await lstat(path);
    if (found.isSymbolicLink())
      throw new GruardError('state_unwritable', `${path} is a symbolic link, not a directory`);
    const short = await shortPath(path);
    let server: Server | undefined;
    try {
      const own = await listenAlone(short.path, path);
      server = own;
      if (options.fresh === true) await forgetCheckpoints(path);
      return { release: () => release(own, short.handle) };
    } catch (error) {
      await release(server, short.handle);
      throw error;
    }
  } catch (error) {
    if (error instanceof GruardError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GruardError('state_unwritable', `cannot write to ${path}: ${reason}`, { cause: error });
  }
}

/** Makes new directories durable, from the topmost that was `made` down to `path`. */
async function syncParents(path: string, made: string): Promise<void> {
  for (let at = path; at.length >= made.length; at = dirname(at)) await nodeFiles.syncDirectory(dirname(at));
}

/** A path to the directory that leaves room for a socket's name; the handle must stay open while it is used. */
async function shortPath(path: string): Promise<{ readonly path: string; readonly handle: FileHandle | undefined }> {
  const room = SOCKET_PATH_BYTES_MAX - Buffer.byteLength(join('/', asideName()));
  if (Buffer.byteLength(path) <= room) return { path, handle: undefined };
  if (process.platform !== 'linux') {
    throw new GruardError('state_unwritable', `${path} is longer than ${room} bytes, too long for a socket in it`);
  }
  const handle = await open(path, 'r');
  return { path: `/proc/self/fd/${handle.fd}`, handle };
}

async function listenAlone(directory: string, shown: string): Promise<Server> {
  const socket = join(directory, SOCKET);
  for (;;) {
    const server = await listen(socket);
    if (server !== undefined) return server;
    const owner = await askOwner(socket);
    if (owner !== undefined) throw busy(shown, owner);
    await removeStale(directory, socket, shown);
  }
}

/** Undefined when the name is taken. */
function listen(socket: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((peer) => {
      peer.on('error', () => peer.destroy());
      peer.end(String(process.pid));
    });
    server.on('error', (error) => (systemCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    // The claim alone must not keep the process alive.
    server.listen(socket, () => resolve(server.unref()));
  });
}

/** What the process behind the socket says (its id); undefined when nobody listens any more. */
function askOwner(socket: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const peer = connect(socket);
    // A stopped process still owns the directory: silence is life.
    const timer = setTimeout(() => peer.destroy(), ANSWER_MS_MAX);
    peer.setEncoding('utf8');
    peer.on('data', (text: string) => {
      answer += text;
    });
    peer.on('error', (error) => {
      const code = systemCode(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(undefined);
      else if (code !== 'EAGAIN') reject(error); // EAGAIN: somebody listens, with a full queue
    });
    peer.on('close', () => {
      clearTimeout(timer);
      resolve(/^\d{1,10}$/.test(answer) ? answer : 'unknown');
    });
  });
}

/**
 * Two starters may both find the same dead socket. So it is moved before it is removed, and asked again there: what the
 * slower one moves may be the living socket of the faster one.
 */
async function removeStale(directory: string, socket: string, shown: string): Promise<void> {
  const aside = join(directory, asideName());
  try {
    await rename(socket, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const owner = await askOwner(aside);
  if (owner === undefined) return unlink(aside);
  await rename(aside, socket);
  throw busy(shown, owner);
}

function asideName(): string {
  return `owner-${randomUUID().slice(0, 8)}.sock`;
}

function busy(shown: string, owner: string): GruardError {
  return new GruardError('state_busy', `${shown} is in use by process ${owner}`);
}

/** Topics' directories have hashes for names; everything else is somebody's own. */
async function forgetCheckpoints(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (/^[0-9a-f]{32}$/.test(name)) await rm(join(path, name), { recursive: true });
  }
}

async function release(server: Server | undefined, handle: FileHandle | undefined): Promise<void> {
  if (server?.listening === true) await new Promise<void>((resolve) => server.close(() => resolve()));
  // Closing the server removes its socket by the path that leads through the handle.
  await handle?.close();
}

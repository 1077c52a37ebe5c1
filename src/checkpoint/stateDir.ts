// One process per state directory. The sign of ownership is a Unix socket in it that somebody listens on: unlike a lock
// file it dies with its process.
//
// Each process listens under a name of its own, then looks for others. Of two that come at the same time at least one
// finds the other, so that never both go on; and a dead socket can be removed safely, because its name never returns.

import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { GruardError } from '../errors.ts';
import { nodeFiles, systemCode } from './files.ts';

const SOCKET = /^owner-[0-9a-f]{8}\.sock$/;
/** sun_path has 104 bytes on some systems, 108 on Linux; the last one is zero. */
const SOCKET_PATH_BYTES_MAX = 103;
/** A live process answers within a turn of its event loop. */
const ANSWER_MS_MAX = 2_000;
const ASK_AGAIN_MS = 10;
/** So many unclear answers, each a look apart, and somebody is there who will not speak. */
const UNCLEAR_MAX = 200;

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
    await makeDirectories(path);
    const near = await shortPath(path);
    let mine: Presence | undefined;
    try {
      mine = await appear(near.path);
      await outlast(mine, near.path, path);
      if (options.fresh === true) await forgetCheckpoints(path);
    } catch (error) {
      await leave(mine, near.handle);
      throw error;
    }
    return { release: () => leave(mine, near.handle) };
  } catch (error) {
    if (error instanceof GruardError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new GruardError('state_unwritable', `cannot write to ${path}: ${reason}`, { cause: error });
  }
}

/** All that is missing down to `path`, durably. Not by mkdir's own recursion: below /proc that never ends. */
async function makeDirectories(path: string): Promise<void> {
  let made: boolean;
  try {
    made = await nodeFiles.makeDirectory(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectories(dirname(path));
    made = await nodeFiles.makeDirectory(path);
  }
  if (made) await nodeFiles.syncDirectory(dirname(path));
}

/** A path to the directory that leaves room for a socket's name; the handle must stay open while it is used. */
async function shortPath(path: string): Promise<{ readonly path: string; readonly handle: FileHandle | undefined }> {
  const room = SOCKET_PATH_BYTES_MAX - Buffer.byteLength('/owner-00000000.sock');
  if (Buffer.byteLength(path) <= room) return { path, handle: undefined };
  if (process.platform !== 'linux') {
    throw new GruardError('state_unwritable', `${path} is longer than ${room} bytes, too long for a socket in it`);
  }
  const handle = await open(path, 'r');
  return { path: `/proc/self/fd/${handle.fd}`, handle };
}

/** This process, as others meet it in the directory. */
interface Presence {
  readonly server: Server;
  readonly name: string;
  readonly path: string;
  /** True when nobody else was found. */
  owns: boolean;
}

/** The name is given only to a socket that is listened on already: one that nobody answers counts as dead. */
async function appear(directory: string): Promise<Presence> {
  const id = randomUUID().slice(0, 8);
  const name = `owner-${id}.sock`;
  const server = createServer((peer) => {
    peer.on('error', () => peer.destroy());
    peer.end(`${presence.owns ? 'owns' : 'comes'} ${process.pid}`);
  });
  const presence: Presence = { server, name, path: join(directory, name), owns: false };
  const early = join(directory, `early-${id}.sock`);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(early, resolve);
  });
  // The claim alone must not keep the process alive.
  server.unref();
  try {
    await rename(early, presence.path);
  } catch (error) {
    server.close();
    throw error;
  }
  return presence;
}

/**
 * Resolves when there is nobody else. Gives way to whoever owns the directory; of those who come at the same time the
 * first by name waits for the others to go.
 */
async function outlast(mine: Presence, directory: string, shown: string): Promise<void> {
  for (let unclear = 0; ; ) {
    let others = 0;
    for (const name of await readdir(directory)) {
      if (!SOCKET.test(name) || name === mine.name) continue;
      const answer = await ask(join(directory, name));
      if (answer.kind === 'dead') await rm(join(directory, name), { force: true });
      else if (answer.kind === 'unclear' && unclear < UNCLEAR_MAX) {
        unclear++;
        others++;
      } else if (answer.kind !== 'comes' || name < mine.name) {
        throw new GruardError('state_busy', `${shown} is in use by process ${answer.process ?? 'unknown'}`);
      } else others++;
    }
    if (others === 0) {
      mine.owns = true;
      return;
    }
    await setTimeout(ASK_AGAIN_MS);
  }
}

/** `unclear`: it hung up without a word, as one does that is about to go; the next look tells. */
interface Answer {
  readonly kind: 'dead' | 'owns' | 'comes' | 'unclear';
  readonly process?: string;
}

function ask(socket: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const peer = connect(socket);
    // A stopped process owns the directory still: silence is life.
    peer.setTimeout(ANSWER_MS_MAX, () => {
      resolve({ kind: 'owns' });
      peer.destroy();
    });
    peer.setEncoding('utf8');
    peer.on('data', (part: string) => {
      text += part;
    });
    peer.on('error', (error) => {
      const code = systemCode(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve({ kind: 'dead' });
      else if (code !== 'EAGAIN' && code !== 'ECONNRESET') reject(error); // those say that somebody listens
    });
    peer.on('close', () => {
      const [, kind, id] = /^(owns|comes) (\d{1,10})$/.exec(text) ?? [];
      if (id === undefined) resolve({ kind: 'unclear' });
      else resolve({ kind: kind === 'comes' ? 'comes' : 'owns', process: id });
    });
  });
}

/** Topics' directories have hashes for names; everything else is somebody's own. */
async function forgetCheckpoints(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (/^[0-9a-f]{32}$/.test(name)) await rm(join(path, name), { recursive: true });
  }
}

async function leave(presence: Presence | undefined, handle: FileHandle | undefined): Promise<void> {
  if (presence?.server.listening === true) {
    // Before the handle is closed: the path may lead through it. Before the server, or it would look dead meanwhile.
    await rm(presence.path, { force: true });
    await new Promise((resolve) => presence.server.close(resolve));
  }
  await handle?.close();
}

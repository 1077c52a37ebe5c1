// Files that are there as a whole or not at all: written under another name, then renamed.

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GruardError } from '../errors.ts';

export interface OutputFile {
  /** Keeps a text until `flush`. */
  write(text: string): void;
  /** Resolves when everything so far is written. */
  flush(): Promise<void>;
  /** The file gets its name. Must be called once, after which nothing else may. */
  finish(): Promise<void>;
  /** The file goes away; does nothing after `finish`. Never rejects. */
  abandon(): Promise<void>;
}

/** Rejects with `output_unwritable`, as all of its functions do. */
export async function newOutputFile(path: string): Promise<OutputFile> {
  const partial = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.${process.pid}.part`);
  const handle = await attempt(path, () => open(partial, 'w'));
  let texts: string[] = [];
  let isOver = false;
  const flush = async (): Promise<void> => {
    if (texts.length === 0) return;
    const text = texts.join('');
    texts = [];
    await attempt(path, () => handle.appendFile(text));
  };
  return {
    write(text) {
      texts.push(text);
    },
    flush,
    async finish() {
      await flush();
      isOver = true;
      await attempt(path, async () => {
        await handle.close();
        await rename(partial, path);
      });
    },
    async abandon() {
      if (isOver) return;
      isOver = true;
      await handle.close().catch(() => {});
      await rm(partial, { force: true }).catch(() => {});
    },
  };
}

export async function writeWhole(path: string, text: string): Promise<void> {
  const file = await newOutputFile(path);
  try {
    file.write(text);
    await file.finish();
  } finally {
    await file.abandon();
  }
}

export async function makeFolder(path: string): Promise<void> {
  await attempt(path, () => mkdir(path, { recursive: true }));
}

async function attempt<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new GruardError('output_unwritable', `${path}: cannot be written (${code})`, { cause });
  }
}

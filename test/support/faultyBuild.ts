// A copy of the built program with a programmer error in it: the only way to see what one would do.

import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = new URL('../..', import.meta.url).pathname;

/** Copies the build into `folder` and replaces `text`, once, in one of its files. Answers the path of its main.js. */
export function faultyBuild(folder: string, file: string, text: string, replacement: string): string {
  copyBuild(folder);
  plant(folder, file, text, replacement);
  return join(folder, 'dist/main.js');
}

export function copyBuild(folder: string): void {
  for (const part of ['dist', 'package.json']) cpSync(join(REPOSITORY, part), join(folder, part), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
}

/** Replaces `text`, once, in one file of a copied build. */
export function plant(folder: string, file: string, text: string, replacement: string): void {
  const path = join(folder, 'dist', file);
  const code = readFileSync(path, 'utf8');
  if (!code.includes(text)) throw new Error(`${file} has no ${JSON.stringify(text)} any more`);
  writeFileSync(
    path,
    code.replace(text, () => replacement),
  );
}

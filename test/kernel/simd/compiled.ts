// Parts of the compiled kernel on their own: an entry file that exports them, built with the kernel's compiler.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { newRandom, uniform } from '../../../src/kernel/random.ts';

const root = resolve(import.meta.dirname, '../../..');

export interface Part {
  readonly f32: Float32Array;
  readonly call: Readonly<Record<string, (...numbers: number[]) => number>>;
}

/** Where tests of products keep what, in numbers; far enough from each other for all their sizes. */
export const OUT = 4096;
export const START = 16_384;
export const COLUMNS = 32_768;
export const X = 98_304;
/** Guards what lies behind a result. */
export const UNTOUCHED = 12_345;

/** Random numbers in ± 1 from START on, and before it nothing that a product left there. */
export function fill(f32: Float32Array): void {
  const random = newRandom(7);
  for (let i = START; i < f32.length; i++) f32[i] = 2 * uniform(random) - 1;
  f32.fill(UNTOUCHED, OUT, START);
}

/** `source` is AssemblyScript; it imports the kernel's files from `$simd/…`. The memory has a megabyte, zeroed. */
export function compiled(source: string): Part {
  const folder = mkdtempSync(join(tmpdir(), 'gruard-simd-'));
  try {
    const entry = join(folder, 'entry.ts');
    const wasm = join(folder, 'entry.wasm');
    writeFileSync(entry, source.replaceAll('$simd', relative(folder, join(root, 'src/kernel/simd'))));
    const script = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts['build:wasm'] as string;
    const flags = script.split(' ').slice(4);
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/assemblyscript/bin/asc.js'), entry, '-o', wasm, ...flags],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65_536 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), { env: { memory } });
    return { f32: new Float32Array(memory.buffer), call: instance.exports as Part['call'] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

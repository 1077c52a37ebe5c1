// Parts of the compiled kernel on their own: an entry file that exports them, built with the kernel's compiler.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

export interface Part {
  readonly f32: Float32Array;
  readonly call: Readonly<Record<string, (...numbers: number[]) => number>>;
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

// The kernels that must pass the suite in contract/.

import { readFileSync } from 'node:fs';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { loadSimd } from '../../src/kernel/loader.ts';
import type { LaneMemory } from '../../src/kernel/memory.ts';

export interface Backend {
  readonly name: string;
  readonly make: (lane: LaneMemory) => Kernel;
}

const simd = readFileSync(new URL('../../src/kernel/simd.wasm', import.meta.url));

export const BACKENDS: readonly Backend[] = [
  { name: 'simd', make: newSimdKernel },
  { name: 'js', make: newFloat32Kernel },
];

export function newSimdKernel(lane: LaneMemory): Kernel {
  const loaded = loadSimd(lane, simd);
  if ('missing' in loaded) throw new Error(loaded.missing);
  return loaded.kernel;
}

// Which kernel computes each stream of a lane: the compiled one where this machine can run it, else the same in
// JavaScript. What was chosen is always told: nobody shall wonder about a slow daemon, or about other last digits.

import { readFileSync } from 'node:fs';
import { GruardError } from './errors.ts';
import { newFloat32Kernel } from './kernel/float32.ts';
import type { Kernel } from './kernel/kernel.ts';
import { layoutOf } from './kernel/layout.ts';
import { loadSimd } from './kernel/loader.ts';
import type { LaneMemory } from './kernel/memory.ts';
import { shapeOf } from './kernel/shape.ts';
import type { Log } from './ports.ts';
import type { StreamSettings } from './settings.ts';

const SLOWER = 'about 10 times slower';
const NEEDED = 'Node 22.18 or newer on a processor with SSE4.1 (x86-64) or NEON (ARM)';

/** Makes kernels over one lane's memory. */
export interface Backends {
  /** `missing` says why there is none. */
  simd(): { readonly kernel: Kernel } | { readonly missing: string };
  js(): Kernel;
}

/** The kernels of one lane. */
export interface Kernels {
  of(stream: Pick<StreamSettings, 'model'>): Kernel;
  /** Each once. */
  readonly used: readonly Kernel[];
}

export function backendsOf(memory: LaneMemory): Backends {
  return {
    simd: () => {
      const bytes = compiledBytes();
      return typeof bytes === 'string' ? { missing: bytes } : loadSimd(memory, bytes);
    },
    js: () => newFloat32Kernel(memory),
  };
}

/** Logs once what computes. Throws `kernel_missing` when a stream insists on a backend that is not to be had. */
export function chooseKernels(streams: readonly StreamSettings[], backends: Backends, log: Log): Kernels {
  const isWanted = streams.some(({ model }) => model.backend !== 'js');
  const loaded = isWanted ? backends.simd() : undefined;
  const missing = loaded !== undefined && 'missing' in loaded ? loaded.missing : undefined;
  if (missing !== undefined) refuseInsisting(streams, missing);

  const js = backends.js();
  const simd = loaded !== undefined && 'kernel' in loaded ? loaded.kernel : js;
  // Baselines have no network, but scores that the kernel adds up.
  const of: Kernels['of'] = ({ model }) => (model.backend === 'js' ? js : simd);
  const used = [...new Set(streams.map(of))];
  for (const kernel of used) tell(kernel, missing, log);
  // While there is room: later, series may have filled the memory.
  for (const stream of streams) {
    const { network } = layoutOf(shapeOf(stream.model, 1));
    if (network !== undefined) of(stream).room(network);
  }
  return { of, used };
}

function refuseInsisting(streams: readonly StreamSettings[], missing: string): void {
  const insisting = streams.find(({ model }) => model.backend === 'simd');
  if (insisting === undefined) return;
  throw new GruardError('kernel_missing', `streams.${insisting.name}.model.backend is simd, but ${missing}.`);
}

function tell(kernel: Kernel, missing: string | undefined, log: Log): void {
  const { backend, fused } = kernel;
  const fields = { backend, arithmetic: fused ? 'fused' : 'unfused' };
  if (backend === 'js' && missing !== undefined) {
    const remedy = `Run gruard with ${NEEDED}, or set model.backend: js where this is meant.`;
    log('warn', 'kernel_slow', `kernel: js, ${SLOWER} than simd, because ${missing}. ${remedy}`, fields);
  } else if (backend === 'js') {
    log('info', 'kernel', 'kernel: js, as model.backend says', fields);
  } else if (fused) {
    log('info', 'kernel', 'kernel: simd, fused multiply-add', fields);
  } else {
    const message =
      'kernel: simd, without fused multiply-add: a replay gives the same bits only on machines that lack it, too. ' +
      `model.backend: js gives the same bits everywhere, ${SLOWER}.`;
    log('warn', 'kernel_unfused', message, fields);
  }
}

/** The compiled kernel, or why it cannot be read. */
function compiledBytes(): Uint8Array | string {
  try {
    return readFileSync(new URL('./kernel/simd.wasm', import.meta.url));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `kernel/simd.wasm cannot be read (${code})`;
  }
}

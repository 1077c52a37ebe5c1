import { describe, expect, it } from 'vitest';
import { ERRORS } from '../src/errors.ts';
import type { Kernel, Room } from '../src/kernel/kernel.ts';
import { newLaneMemory } from '../src/kernel/memory.ts';
import { type Backends, backendsOf, chooseKernels, type Kernels } from '../src/kernelChoice.ts';
import type { ModelSettings, StreamSettings } from '../src/settings.ts';
import { streamSettings } from './support/streams.ts';

const FUSED = kernelOf('simd', true);
const UNFUSED = kernelOf('simd', false);
const JS = kernelOf('js', false);

/** A kernel that is only looked at. */
function kernelOf(backend: 'simd' | 'js', fused: boolean): Kernel {
  const never = (): never => {
    throw new Error('nobody computes here');
  };
  const room = (): Room => ({ jobs: 0, targets: 0, outputs: 0 });
  return { backend, fused, room, step: never, train: never, countUpTo: never, gradient: never };
}

const fused: ReturnType<Backends['simd']> = { kernel: FUSED };
const missing: ReturnType<Backends['simd']> = { missing: 'this engine is old' };

function stream(model: Partial<ModelSettings>, name = 'a'): StreamSettings {
  return streamSettings({ name, model });
}

function choose(
  streams: readonly StreamSettings[],
  simd = fused,
): { kernels: Kernels; logged: string[]; tried: number } {
  const logged: string[] = [];
  let tried = 0;
  const load = (): typeof simd => {
    tried++;
    return simd;
  };
  const kernels = chooseKernels(streams, { simd: load, js: () => JS }, (level, code, message, fields) => {
    logged.push(`${level} ${code} ${JSON.stringify(fields)} ${message}`);
  });
  return { kernels, logged, tried };
}

describe('auto', () => {
  it('takes the compiled kernel where the machine can run it, and says so once for all streams', () => {
    const streams = [stream({ cell: 'gru' }, 'a'), stream({ cell: 'lstm', backend: 'simd' }, 'b')];
    const { kernels, logged, tried } = choose(streams);
    expect(streams.map(kernels.of)).toEqual([FUSED, FUSED]);
    expect(kernels.used).toEqual([FUSED]);
    expect(tried).toBe(1);
    expect(logged).toEqual(['info kernel {"backend":"simd","arithmetic":"fused"} kernel: simd, fused multiply-add']);
  });

  it('falls back to JavaScript with a warning: why, what it costs, what to do', () => {
    const one = stream({});
    const { kernels, logged } = choose([one], missing);
    expect(kernels.of(one)).toBe(JS);
    expect(kernels.used).toEqual([JS]);
    expect(logged).toEqual([
      'warn kernel_slow {"backend":"js","arithmetic":"unfused"} ' +
        'kernel: js, about 10 times slower than simd, because this engine is old. ' +
        'Run gruard with Node 22.18 or newer on a processor with SSE4.1 (x86-64) or NEON (ARM), ' +
        'or set model.backend: js where this is meant.',
    ]);
  });

  it('warns of arithmetic that other machines do not repeat to the last bit', () => {
    const { logged } = choose([stream({})], { kernel: UNFUSED });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatch(/^warn kernel_unfused .*"arithmetic":"unfused".* only on machines that lack it, too\./);
    expect(logged[0]).toContain('model.backend: js gives the same bits everywhere');
  });
});

describe('simd', () => {
  it('refuses to start without the compiled kernel, says which stream wants it, and why there is none', () => {
    const streams = [stream({ backend: 'auto' }), stream({ backend: 'simd' }, 'fast')];
    const attempt = (): unknown => choose(streams, missing);
    expect(attempt).toThrow('streams.fast.model.backend is simd, but this engine is old.');
    expect(attempt).toThrow(expect.objectContaining({ code: 'kernel_missing' }));
    expect(ERRORS.kernel_missing).toMatchObject({ retryable: false, exit: 69 });
    expect(ERRORS.kernel_missing.remedy).toMatch(/^Set model\.backend to auto or js, or /);
  });
});

describe('js', () => {
  it('is taken as it is wanted, without looking for another one', () => {
    const one = stream({ backend: 'js' });
    const { kernels, logged, tried } = choose([one], missing);
    expect(kernels.of(one)).toBe(JS);
    expect(tried).toBe(0);
    expect(logged).toEqual(['info kernel {"backend":"js","arithmetic":"unfused"} kernel: js, as model.backend says']);
  });

  it('stands beside the compiled kernel of another stream', () => {
    const [slow, fast] = [stream({ backend: 'js' }, 'slow'), stream({}, 'fast')];
    const { kernels, logged } = choose([slow, fast]);
    expect([slow, fast].map(kernels.of)).toEqual([JS, FUSED]);
    expect(kernels.used).toEqual([JS, FUSED]);
    expect(logged).toHaveLength(2);
  });
});

it('is chosen for baselines, too: they have scores to add up', () => {
  const streams = [stream({ cell: 'last' }), stream({ cell: 'seasonal', backend: 'js' }, 'b')];
  const { kernels, logged } = choose(streams);
  expect(streams.map(kernels.of)).toEqual([FUSED, JS]);
  expect(logged).toHaveLength(2);
});

it('finds both backends on this machine, over one memory', () => {
  const streams = [stream({ backend: 'simd' }), stream({ backend: 'js' }, 'b')];
  const { used } = chooseKernels(streams, backendsOf(newLaneMemory()), () => {});
  expect(used.map(({ backend }) => backend)).toEqual(['simd', 'js']);
});

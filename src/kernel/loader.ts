// The compiled kernel, over the memory of a lane. What it computes is written in simd/; here it gets its scratch memory
// and its jobs.

import { type Hyper, JOB_WORDS, JOBS_MAX, type Kernel, type Room } from './kernel.ts';
import { allocate, type LaneMemory } from './memory.ts';
import { type Loss, NEURAL_CELLS, type Network } from './network.ts';

/** What simd/index.ts exports. Addresses come back as int32: beyond 2 GiB they need `>>> 0`. */
interface Compiled {
  readonly configure: (
    cell: number,
    hidden: number,
    layers: number,
    inputs: number,
    targets: number,
    skips: number,
    lookback: number,
    loss: number,
    parameter: number,
    weights: number,
    base: number,
  ) => number;
  readonly step: (jobs: number, count: number) => void;
  readonly train: (jobs: number, count: number, clip: number, decay: number) => void;
  readonly gradientAddress: () => number;
  readonly countUpTo: (at: number, cells: number, most: number) => number;
  readonly multiplyAdd: (a: number, b: number, c: number) => number;
}

/** As in simd/scratch.ts. */
const LOSS_CODES = { squared: 0, huber: 1, student: 2 } as const satisfies Record<Loss['kind'], number>;

/** `bytes` is simd.wasm. `missing` says why this engine cannot run it. */
export function loadSimd(
  lane: LaneMemory,
  bytes: Uint8Array,
): { readonly kernel: Kernel } | { readonly missing: string } {
  if (!WebAssembly.validate(bytes)) return { missing: 'this engine does not know WebAssembly with relaxed SIMD' };
  const { memory } = lane;
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
  return { kernel: kernelOf(lane, instance.exports as Compiled) };
}

/** A network's room, and where its scratch memory begins: zeroed, and no part of it is ever given back. */
interface Place extends Room {
  readonly scratch: number;
}

function kernelOf(lane: LaneMemory, compiled: Compiled): Kernel {
  const places = new WeakMap<Network, Place>();
  const byShape = new Map<string, Place>();
  let configured: Place | undefined;

  /** Shares of one stream have networks of equal shape: they work in the same place. */
  function placeOf(network: Network): Place {
    const known = places.get(network);
    if (known !== undefined) return known;
    const key = JSON.stringify(network.shape);
    const place = byShape.get(key) ?? newPlace(network);
    byShape.set(key, place);
    places.set(network, place);
    return place;
  }

  function newPlace(network: Network): Place {
    const scratch = allocate(lane, configure(network, 0) >>> 0);
    const jobs = allocate(lane, 4 * JOBS_MAX * JOB_WORDS);
    const targets = allocate(lane, 4 * JOBS_MAX * network.L * network.M);
    const outputs = allocate(lane, 4 * JOBS_MAX * network.O);
    return { scratch, jobs, targets, outputs };
  }

  function configure({ shape, H, I, M, K, L, weights }: Network, base: number): number {
    const { cell, layers, loss } = shape;
    const code = LOSS_CODES[loss.kind];
    return compiled.configure(
      NEURAL_CELLS.indexOf(cell),
      H,
      layers,
      I,
      M,
      K,
      L,
      code,
      parameterOf(loss),
      weights,
      base,
    );
  }

  function select(network: Network): Place {
    const place = placeOf(network);
    if (place !== configured) configure(network, place.scratch);
    configured = place;
    return place;
  }

  return {
    backend: 'simd',
    fused: isFused(compiled),
    room: placeOf,
    step(network, count) {
      compiled.step(select(network).jobs, count);
    },
    train(network, count, hyper: Hyper) {
      compiled.train(select(network).jobs, count, hyper.clip, hyper.decay);
    },
    countUpTo: compiled.countUpTo,
    gradient(network) {
      select(network);
      const at = compiled.gradientAddress() >>> 2;
      return lane.f32.slice(at, at + network.weights);
    },
  };
}

function parameterOf(loss: Loss): number {
  switch (loss.kind) {
    case 'squared':
      return 0;
    case 'huber':
      return loss.delta;
    case 'student':
      return loss.freedom;
  }
}

/** (1 + ε)² − (1 + 2ε) is ε² when the product is not rounded before the sum, 0 when it is. */
function isFused(compiled: Compiled): boolean {
  const epsilon = 2 ** -23;
  return compiled.multiplyAdd(1 + epsilon, 1 + epsilon, -1 - 2 * epsilon) === epsilon * epsilon;
}

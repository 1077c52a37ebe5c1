// Many series in one memory, and what a window costs for them under a schedule: each series steps once a window and
// trains every so many windows, in calls of as many jobs as the table holds, as the daemon does it.

import type { Bank } from '../../../src/kernel/bank.ts';
import {
  evidenceAddress,
  hotAddress,
  makeRoom,
  newBank,
  optimiserAddress,
  takeSlot,
} from '../../../src/kernel/bank.ts';
import { JOB_WORDS, JOBS_MAX, type Kernel, type Room, STEP, TRAIN } from '../../../src/kernel/kernel.ts';
import { layoutOf, STRIDE } from '../../../src/kernel/layout.ts';
import { aligned, allocate, newLaneMemory } from '../../../src/kernel/memory.ts';
import type { Network } from '../../../src/kernel/network.ts';
import { newRandom, uniform } from '../../../src/kernel/random.ts';
import { now } from './contestant.ts';
import { type Backend, type Words, wordsOf } from './ours.ts';
import { passageOf } from './workload.ts';

export interface Fleet {
  readonly network: Network;
  readonly kernel: Kernel;
  readonly bank: Bank;
  readonly room: Room;
  readonly words: Words;
  /** Bytes that the process grew by for all of them. */
  readonly residentBytes: number;
}

/** Throws when the memory does not reach for so many series. */
export function newFleet(backend: Backend, network: Network, series: number): Fleet {
  const before = process.memoryUsage().rss;
  const lane = newLaneMemory();
  const kernel = backend.open(lane);
  const bank = newBank(lane, layoutOf({ openWindows: 2, ...network.shape }));
  const room = kernel.room(network);
  if (!makeRoom(bank, series)) throw new RangeError(`no memory for ${series} series`);
  const { f32 } = lane;
  const { weights, inputs, state } = passageOf(network);
  for (let slot = 0; slot < series; slot++) {
    takeSlot(bank);
    f32.set(weights, hotAddress(bank, slot) / 4);
    f32.set(inputs, (evidenceAddress(bank, slot) + bank.layout.logAt) / 4);
    f32.set(state, (evidenceAddress(bank, slot) + bank.layout.statesAt) / 4);
  }
  return { network, kernel, bank, room, words: wordsOf(lane), residentBytes: process.memoryUsage().rss - before };
}

/**
 * Bytes that the process grows by for `series` networks alone: weights and state, optimiser, the inputs of a lookback
 * and the stored states, without what the stages keep.
 */
export function residentOfNetworks(network: Network, series: number): number {
  const { hotBytes, optimiserBytes } = layoutOf({ openWindows: 2, ...network.shape });
  const { L, I, stateSize } = network;
  const logBytes = aligned(4 * L * I) + aligned((4 * L * stateSize) / STRIDE);
  const before = process.memoryUsage().rss;
  const lane = newLaneMemory();
  for (let n = 0; n < series; n++) {
    const at = allocate(lane, hotBytes + optimiserBytes + logBytes);
    lane.u8.fill(1, at, at + hotBytes + optimiserBytes + logBytes);
  }
  return process.memoryUsage().rss - before;
}

export interface Schedule {
  /** Slots in the order of their turns. */
  readonly order: Uint32Array;
  /** Puts every batch into slab order before its jobs are made; that takes its time, too. */
  readonly sorted: boolean;
  /** A training pass every so many windows. */
  readonly every: number;
}

/** The first `series` slots, one behind the other or shuffled; over again, so that a batch is always full. */
export function orderOf(series: number, shuffled: boolean): Uint32Array {
  const order = Uint32Array.from({ length: Math.ceil(JOBS_MAX / series) * series }, (_, i) => i % series);
  const random = newRandom(series);
  for (let i = order.length - 1; shuffled && i > 0; i--) {
    const j = Math.floor((i + 1) * uniform(random));
    const slot = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = slot;
  }
  return order;
}

/** Goes on where it was: microseconds a window of one series, for each of `batches` batches. */
export function newWatch(fleet: Fleet, { order, sorted, every }: Schedule): (batches: number) => number[] {
  let next = 0;
  let turn = 0;
  const slots = new Uint32Array(JOBS_MAX);
  return (batches) =>
    Array.from({ length: batches }, () => {
      const from = now();
      for (let job = 0; job < JOBS_MAX; job++) {
        slots[job] = order[next] ?? 0;
        next = next + 1 === order.length ? 0 : next + 1;
      }
      if (sorted) slots.sort();
      step(fleet, slots);
      train(fleet, slots, every, turn++);
      return (now() - from) / JOBS_MAX;
    });
}

function step({ kernel, network, bank, room, words: { u32 } }: Fleet, slots: Uint32Array): void {
  for (let job = 0; job < JOBS_MAX; job++) {
    const slot = slots[job] ?? 0;
    const row = room.jobs / 4 + job * JOB_WORDS;
    u32[row + STEP.hot] = hotAddress(bank, slot);
    u32[row + STEP.input] = evidenceAddress(bank, slot) + bank.layout.logAt;
    u32[row + STEP.output] = room.outputs + 4 * network.O * job;
  }
  kernel.step(network, JOBS_MAX);
}

/** Those of the slots whose turn it is: as many in each batch. */
function train(fleet: Fleet, slots: Uint32Array, every: number, turn: number): void {
  const { kernel, network, bank, room, words } = fleet;
  const { u32, f32 } = words;
  const { L, I, M } = network;
  let jobs = 0;
  for (let i = turn % every; i < JOBS_MAX; i += every) {
    const slot = slots[i] ?? 0;
    const row = room.jobs / 4 + jobs * JOB_WORDS;
    const evidence = evidenceAddress(bank, slot);
    const inputs = evidence + bank.layout.logAt;
    const targets = room.targets + 4 * jobs * L * M;
    // What a stage does, too: the first input of the step after is the target.
    for (let t = 0; t < L * M; t++) f32[targets / 4 + t] = f32[inputs / 4 + ((t + 1) % L) * I] ?? Number.NaN;
    u32[row + TRAIN.hot] = hotAddress(bank, slot);
    u32[row + TRAIN.optimiser] = optimiserAddress(bank, slot);
    u32[row + TRAIN.inputs] = inputs;
    u32[row + TRAIN.state] = evidence + bank.layout.statesAt;
    u32[row + TRAIN.targets] = targets;
    u32[row + TRAIN.steps] = L;
    f32[row + TRAIN.rate] = 1e-4;
    jobs++;
  }
  kernel.train(network, jobs, { clip: 1, decay: 0 });
}

// Our kernels as contestants: one series in a bank of the real layout, its jobs in the kernel's table.

import { readFileSync } from 'node:fs';
import {
  type Bank,
  evidenceAddress,
  hotAddress,
  newBank,
  optimiserAddress,
  takeSlot,
} from '../../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../../src/kernel/float32.ts';
import { JOB_WORDS, type Kernel, STEP, TRAIN } from '../../../src/kernel/kernel.ts';
import { layoutOf } from '../../../src/kernel/layout.ts';
import { loadSimd } from '../../../src/kernel/loader.ts';
import { type LaneMemory, newLaneMemory } from '../../../src/kernel/memory.ts';
import type { Network } from '../../../src/kernel/network.ts';
import type { Agreeing } from './agreement.ts';
import { now } from './contestant.ts';
import { type Passage, passageOf } from './workload.ts';

/** Throws with the reason where the backend cannot run. */
export interface Backend {
  readonly name: string;
  readonly open: (lane: LaneMemory) => Kernel;
}

export const BACKENDS: readonly Backend[] = [
  { name: 'simd', open: openSimd },
  { name: 'js', open: newFloat32Kernel },
];

function openSimd(lane: LaneMemory): Kernel {
  const opened = loadSimd(lane, readFileSync(new URL('../../../src/kernel/simd.wasm', import.meta.url)));
  if ('missing' in opened) throw new Error(opened.missing);
  return opened.kernel;
}

/** Jobs of one call. */
const TRAIN_JOBS = 8;
const STEP_JOBS = 64;
const CLIP = 1;
const RATE = 1e-3;

/** Words of the job table, seen as what they are. */
export interface Words {
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
}

export function wordsOf(lane: LaneMemory): Words {
  return { u32: new Uint32Array(lane.memory.buffer), f32: lane.f32 };
}

/** A series of its own in a memory of its own. */
export interface Seat extends Agreeing {
  /** Microseconds of `count` training passes, or steps. `jobs`: in one call. */
  readonly train: (count: number) => number;
  readonly step: (count: number, jobs?: number) => number;
}

export function newSeat(backend: Backend, network: Network, rate = 1e-4): Seat {
  const lane = newLaneMemory();
  const kernel = backend.open(lane);
  const bank = newBank(lane, layoutOf({ openWindows: 2, ...network.shape }));
  takeSlot(bank);
  const passage = passageOf(network);
  const room = kernel.room(network);
  const words = wordsOf(lane);
  words.f32.set(passage.inputs, inputsAt(bank) / 4);
  words.f32.set(passage.targets, room.targets / 4);
  // The state before the pass stands where a job's outputs would never reach it: in the evidence part, as in life.
  words.f32.set(passage.state, statesAt(bank) / 4);

  function fillTraining(jobRate: number): void {
    for (let job = 0; job < TRAIN_JOBS; job++) {
      const row = room.jobs / 4 + job * JOB_WORDS;
      words.u32[row + TRAIN.hot] = hotAddress(bank, 0);
      words.u32[row + TRAIN.optimiser] = optimiserAddress(bank, 0);
      words.u32[row + TRAIN.inputs] = inputsAt(bank);
      words.u32[row + TRAIN.state] = statesAt(bank);
      words.u32[row + TRAIN.targets] = room.targets;
      words.u32[row + TRAIN.steps] = network.L;
      words.f32[row + TRAIN.rate] = jobRate;
    }
  }
  function fillSteps(): void {
    for (let job = 0; job < STEP_JOBS; job++) {
      const row = room.jobs / 4 + job * JOB_WORDS;
      words.u32[row + STEP.hot] = hotAddress(bank, 0);
      words.u32[row + STEP.input] = inputsAt(bank) + 4 * network.I * (job % 16);
      words.u32[row + STEP.output] = room.outputs + 4 * network.O * job;
    }
  }
  const timed = (count: number, jobs: number, work: (jobs: number) => void): number => {
    reset(bank, network, passage);
    // The first turn fills the caches and is not counted.
    inCalls(1 + (count >> 3), jobs, work);
    const from = now();
    inCalls(count, jobs, work);
    return now() - from;
  };
  return {
    train(count) {
      fillTraining(rate);
      return timed(count, TRAIN_JOBS, (jobs) => kernel.train(network, jobs, { clip: CLIP, decay: 0 }));
    },
    step(count, jobs = STEP_JOBS) {
      fillSteps();
      return timed(count, jobs, (some) => kernel.step(network, some));
    },
    gradientAfter(updates) {
      fillTraining(RATE);
      reset(bank, network, passage);
      for (let update = 0; update <= updates; update++) kernel.train(network, 1, { clip: CLIP, decay: 0 });
      const gradient = kernel.gradient(network).slice(0, network.used);
      return Promise.resolve({ loss: words.f32[room.jobs / 4 + TRAIN.loss] ?? Number.NaN, gradient });
    },
  };
}

function inCalls(count: number, jobs: number, work: (jobs: number) => void): void {
  let left = count;
  for (; left >= jobs; left -= jobs) work(jobs);
  if (left > 0) work(left);
}

function reset(bank: Bank, network: Network, passage: Passage): void {
  const { f32 } = bank.lane;
  const hot = hotAddress(bank, 0) / 4;
  const optimiser = optimiserAddress(bank, 0) / 4;
  f32.set(passage.weights, hot);
  f32.set(passage.state, hot + network.weights);
  f32.fill(0, optimiser, optimiser + 2 * network.weights + 2);
}

function inputsAt(bank: Bank): number {
  return evidenceAddress(bank, 0) + bank.layout.logAt;
}

function statesAt(bank: Bank): number {
  return evidenceAddress(bank, 0) + bank.layout.statesAt;
}

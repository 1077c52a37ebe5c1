// The kernel in JavaScript: slabs are float32, everything between reading and writing them is float64.

import { adamStep, FLUSH, squaredNorm } from './adam.ts';
import { backward, forward } from './float32Layers.ts';
import { clampedScale, lossOfAll } from './float32Loss.ts';
import { type Hyper, JOB_WORDS, JOBS_MAX, type Kernel, type Room, STEP, TRAIN } from './kernel.ts';
import { allocate, type LaneMemory, release } from './memory.ts';
import { type Network, STATES } from './network.ts';
import { newScratch, type Scratch } from './scratch.ts';

/** A gradient whose squared norm is not below this has diverged. NaN is not below, either. */
const NORM2_MAX = 1e12;

/** A kernel for the slabs in `lane`; one is enough for all networks. */
export function newFloat32Kernel(lane: LaneMemory): Kernel {
  const room = newRoom(lane);
  const scratchOf = newScratches();

  return {
    backend: 'js',
    fused: false,
    room,

    step(network, count) {
      const { jobs } = room(network);
      const scratch = scratchOf(network);
      for (let job = jobs >>> 2, end = job + count * JOB_WORDS; job < end; job += JOB_WORDS) {
        stepOne(network, scratch, lane, job);
      }
    },

    train(network, count, hyper) {
      const { jobs } = room(network);
      const scratch = scratchOf(network);
      for (let job = jobs >>> 2, end = job + count * JOB_WORDS; job < end; job += JOB_WORDS) {
        lane.f32[job + TRAIN.loss] = trainOne(network, scratch, lane, job, hyper);
      }
    },

    countUpTo(at, cells, most) {
      const { u8 } = lane;
      let sum = 0;
      for (let i = at, end = i + cells; i < end; i++) if (u8[i]! <= most) sum += u8[i]!;
      return sum;
    },

    gradient(network) {
      const { f, gradient } = scratchOf(network);
      return Float32Array.from(f.subarray(gradient, gradient + network.weights));
    },
  };
}

/** One room serves all networks: it grows with the largest, and never shrinks. */
function newRoom(lane: LaneMemory): (network: Network) => Room {
  let room: Room | undefined;
  let targetBytes = 0;
  let outputBytes = 0;
  return ({ L, M, O }) => {
    const targetNeed = 4 * JOBS_MAX * L * M;
    const outputNeed = 4 * JOBS_MAX * O;
    if (room !== undefined && targetNeed <= targetBytes && outputNeed <= outputBytes) return room;
    const jobs = room?.jobs ?? allocate(lane, 4 * JOBS_MAX * JOB_WORDS);
    if (room !== undefined) release(lane, room.targets, targetBytes);
    if (room !== undefined) release(lane, room.outputs, outputBytes);
    targetBytes = Math.max(targetBytes, targetNeed);
    outputBytes = Math.max(outputBytes, outputNeed);
    room = { jobs, targets: allocate(lane, targetBytes), outputs: allocate(lane, outputBytes) };
    return room;
  };
}

/** Networks of equal shape share their scratch: every share of a stream has one of its own. */
function newScratches(): (network: Network) => Scratch {
  const byNetwork = new WeakMap<Network, Scratch>();
  const byShape = new Map<string, Scratch>();
  return (network) => {
    const known = byNetwork.get(network);
    if (known !== undefined) return known;
    const shape = JSON.stringify(network.shape);
    const scratch = byShape.get(shape) ?? newScratch(network);
    byShape.set(shape, scratch);
    byNetwork.set(network, scratch);
    return scratch;
  };
}

/** `job` is the index of the job's first word. */
function stepOne(network: Network, scratch: Scratch, { u32, f32 }: LaneMemory, job: number): void {
  const { M, O, I, weights } = network;
  const { f, outputs } = scratch;
  const hot = u32[job + STEP.hot]! >>> 2;
  const output = u32[job + STEP.output]! >>> 2;
  take(f, scratch.weights, f32, hot, weights);
  take(f, scratch.inputs, f32, u32[job + STEP.input]! >>> 2, I);
  takeState(network, scratch, f32, hot + weights);
  forward(network, scratch, 1);
  let finite = true;
  for (let o = 0; o < O; o++) {
    const y = Math.fround(f[outputs + o]!);
    if (!(Math.abs(y) < Infinity)) finite = false;
    f32[output + o] = o < M ? y : clampedScale(y);
  }
  if (finite) putState(network, scratch, f32, hot + weights);
  else f32.fill(NaN, output, output + O);
}

/** Loss of a job; its gradient and the update are made on the way. */
function trainOne(network: Network, scratch: Scratch, lane: LaneMemory, job: number, hyper: Hyper): number {
  const { u32, f32 } = lane;
  const { I, M, used, weights } = network;
  const { f, gradient } = scratch;
  const hot = u32[job + TRAIN.hot]! >>> 2;
  const steps = u32[job + TRAIN.steps]!;
  take(f, scratch.targets, f32, u32[job + TRAIN.targets]! >>> 2, steps * M);
  const known = knownNumbers(f, scratch.targets, steps * M);
  if (known === 0) return 0;
  take(f, scratch.weights, f32, hot, weights);
  take(f, scratch.inputs, f32, u32[job + TRAIN.inputs]! >>> 2, steps * I);
  takeState(network, scratch, f32, u32[job + TRAIN.state]! >>> 2);
  forward(network, scratch, steps);
  const loss = lossOfAll(network, scratch, steps, known);
  backward(network, scratch, steps);
  const norm2 = squaredNorm(f, gradient, used);
  // A loss that overflows with a gradient that does not: Huber's, of an infinite target.
  if (!(norm2 < NORM2_MAX) || !(Math.abs(loss) < Infinity)) return NaN;
  const norm = Math.sqrt(norm2);
  const scale = norm > hyper.clip ? hyper.clip / norm : 1;
  const optimiserAt = u32[job + TRAIN.optimiser]! >>> 2;
  const update = { f32, u32, f, weightsAt: hot, optimiserAt, gradientAt: gradient };
  adamStep(network, update, scale, f32[job + TRAIN.rate]!, hyper);
  return loss;
}

function take(f: Float64Array, to: number, f32: Float32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) f[to + i] = f32[from + i]!;
}

/** The state before the first step, layer by layer. */
function takeState(network: Network, scratch: Scratch, f32: Float32Array, from: number): void {
  const { shape, H, layers } = network;
  for (let l = 0; l < layers.length; l++) {
    const { states, cells } = scratch.layers[l]!;
    const at = from + layers[l]!.stateAt;
    take(scratch.f, states, f32, at, H);
    if (STATES[shape.cell] === 2) take(scratch.f, cells, f32, at + H, H);
  }
}

/** The state after the first step. */
function putState(network: Network, scratch: Scratch, f32: Float32Array, to: number): void {
  const { shape, H, layers } = network;
  for (let l = 0; l < layers.length; l++) {
    const { states, cells } = scratch.layers[l]!;
    const at = to + layers[l]!.stateAt;
    put(f32, at, scratch.f, states + H, H);
    if (STATES[shape.cell] === 2) put(f32, at + H, scratch.f, cells + H, H);
  }
}

function put(f32: Float32Array, to: number, f: Float64Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) f32[to + i] = f[from + i]! + FLUSH - FLUSH;
}

/** Numbers that are not NaN. */
function knownNumbers(f: Float64Array, at: number, count: number): number {
  let known = 0;
  for (let i = at; i < at + count; i++) {
    if (!Number.isNaN(f[i]!)) known++;
  }
  return known;
}

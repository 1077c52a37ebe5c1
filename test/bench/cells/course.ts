// One network after the other through a data set, strictly online: at every window it first learns what has become
// known, then forecasts. The models of all series go together, as jobs of the same call.

import { readFileSync } from 'node:fs';
import { isDue, learnLoss, rateFactor, type Schedule } from '../../../src/forecast/schedule.ts';
import { initialise } from '../../../src/kernel/initialise.ts';
import { JOB_WORDS, JOBS_MAX, type Kernel, STEP, TRAIN } from '../../../src/kernel/kernel.ts';
import { AT, STRIDE } from '../../../src/kernel/layout.ts';
import { loadSimd } from '../../../src/kernel/loader.ts';
import { aligned, allocate, type LaneMemory, newLaneMemory, release } from '../../../src/kernel/memory.ts';
import { type Network, type NetworkShape, networkOf } from '../../../src/kernel/network.ts';
import { type Features, HORIZONS, TARGETS } from './features.ts';
import { judge, newTally, type Tally } from './tally.ts';

export interface Contestant {
  readonly name: string;
  readonly shape: NetworkShape;
  readonly rate: number;
  readonly schedule: Schedule;
  /** Told: reads the ridge's forecasts, too, and forecasts the same before it has learned. */
  readonly reads: 'series' | 'ridge AR';
}

export interface Outcome {
  readonly tally: Tally;
  readonly microsecondsPerWindow: number;
  /** Windows for each training pass. */
  readonly windowsPerPass: number;
  /** Models that became useless and began anew. */
  readonly restarts: number;
}

const CLIP = 1;

/** Where the features of a data set lie in a lane's memory, and the kernel over it. */
export interface Track {
  readonly lane: LaneMemory;
  readonly kernel: Kernel;
  readonly features: readonly Features[];
  /** Byte address of the inputs of each series. */
  readonly inputsAt: readonly number[];
}

export function newTrack(features: readonly Features[]): Track {
  const lane = newLaneMemory();
  const loaded = loadSimd(lane, readFileSync(new URL('../../../src/kernel/simd.wasm', import.meta.url)));
  if ('missing' in loaded) throw new Error(loaded.missing);
  const inputsAt = features.map(({ inputs }) => {
    const at = allocate(lane, inputs.byteLength);
    lane.f32.set(inputs, at / 4);
    return at;
  });
  return { lane, kernel: loaded.kernel, features, inputsAt };
}

/** All models of a contestant: their blocks in the lane's memory, and the scalars that the schedule keeps of each. */
interface Models {
  readonly contestant: Contestant;
  readonly network: Network;
  readonly seed: number;
  readonly count: number;
  readonly hot: Int32Array;
  readonly optimiser: Int32Array;
  /** States before rows at multiples of STRIDE, in turn. */
  readonly states: Int32Array;
  /** AT.scalars of each model. */
  readonly scalars: Float64Array;
  /** Models of the training jobs. */
  readonly due: Int32Array;
  readonly expected: Float64Array;
  readonly counts: { passes: number; restarts: number };
}

export function runCourse(track: Track, contestant: Contestant, seed: number): Outcome {
  const { lane, kernel, features } = track;
  const network = networkOf(contestant.shape);
  const count = features.length;
  if (count > JOBS_MAX) throw new RangeError(`${count} models are more than a call takes`);
  kernel.room(network);
  const sizes = {
    hot: 4 * (network.weights + network.stateSize),
    optimiser: 4 * (2 * network.weights + 2),
    states: (4 * network.stateSize * network.L) / STRIDE,
  };
  const block = (bytes: number): Int32Array => Int32Array.from({ length: count }, () => allocate(lane, bytes));
  const models: Models = {
    contestant,
    network,
    seed,
    count,
    hot: block(sizes.hot),
    optimiser: block(sizes.optimiser),
    states: block(sizes.states),
    scalars: new Float64Array(count * AT.scalars),
    due: new Int32Array(count),
    expected: new Float64Array(TARGETS),
    counts: { passes: 0, restarts: 0 },
  };
  for (const hot of models.hot) initialise(lane.f32, network, hot / 4, seed, skipOf(contestant));
  const tally = newTally(count);
  const windows = features[0]?.values.length ?? 0;
  const from = process.cpuUsage();
  for (let n = 0; n < windows; n++) {
    if (n > 0) train(track, models, n);
    step(track, models, n, tally);
  }
  const { user, system } = process.cpuUsage(from);
  for (const part of ['hot', 'optimiser', 'states'] as const) {
    for (const address of models[part]) release(lane, address, sizes[part]);
  }
  return {
    tally,
    microsecondsPerWindow: (user + system) / (windows * count),
    windowsPerPass: (windows * count) / models.counts.passes,
    restarts: models.counts.restarts,
  };
}

/** The first weight from an input straight to the forecast: of the last change nothing, of the ridge's forecast all. */
function skipOf({ reads }: Contestant): number {
  return reads === 'ridge AR' ? 1 : 0;
}

/** A pass for every model that is due. Window n has just become known, row n − 1 is the newest of the log. */
function train(track: Track, models: Models, n: number): void {
  const { lane, kernel, features, inputsAt } = track;
  const { network, contestant, scalars, due } = models;
  const { L } = network;
  const room = kernel.room(network);
  // As in the product: a full log drops its oldest STRIDE rows before the next one.
  const rows = n <= L ? n : L - STRIDE + 1 + ((n - 1) % STRIDE);
  const start = n - rows;
  let jobs = 0;
  for (let j = 0; j < models.count; j++) {
    const at = j * AT.scalars;
    scalars[at + AT.logCount] = rows;
    scalars[at + AT.learned] = n;
    if (!isDue(scalars, at, contestant.schedule)) continue;
    const job = room.jobs / 4 + jobs * JOB_WORDS;
    const targets = room.targets + 4 * jobs * L * TARGETS;
    lane.u32[job + TRAIN.hot] = models.hot[j] ?? 0;
    lane.u32[job + TRAIN.optimiser] = models.optimiser[j] ?? 0;
    lane.u32[job + TRAIN.inputs] = (inputsAt[j] ?? 0) + 4 * start * network.I;
    lane.u32[job + TRAIN.state] = stateAt(models, j, start);
    lane.u32[job + TRAIN.targets] = targets;
    lane.u32[job + TRAIN.steps] = rows;
    lane.f32[job + TRAIN.rate] = contestant.rate * rateFactor(scalars, at, contestant.schedule);
    fillTargets(lane.f32, targets / 4, features[j]?.targets ?? new Float32Array(), start, n);
    due[jobs++] = j;
  }
  if (jobs === 0) return;
  kernel.train(network, jobs, { clip: CLIP, decay: 0.01 });
  models.counts.passes += jobs;
  for (let i = 0; i < jobs; i++) {
    const j = due[i] ?? 0;
    const loss = lane.f32[room.jobs / 4 + i * JOB_WORDS + TRAIN.loss] ?? Number.NaN;
    if (Number.isNaN(loss)) restart(track, models, j);
    else learnLoss(scalars, j * AT.scalars, loss);
  }
}

/** Targets of rows [start, n) as far as they are known at window n. */
function fillTargets(f32: Float32Array, to: number, targets: Float32Array, start: number, n: number): void {
  let at = to;
  for (let row = start; row < n; row++) {
    for (let m = 0; m < TARGETS; m++) {
      const isKnown = row + (HORIZONS[m] ?? 0) <= n;
      f32[at++] = isKnown ? (targets[row * TARGETS + m] ?? Number.NaN) : Number.NaN;
    }
  }
}

/** Every model takes window n in and forecasts from it. */
function step(track: Track, models: Models, n: number, tally: Tally): void {
  const { lane, kernel, features, inputsAt } = track;
  const { network, count, expected } = models;
  const { f32, u32 } = lane;
  const room = kernel.room(network);
  for (let j = 0; j < count; j++) {
    const hot = models.hot[j] ?? 0;
    if (n % STRIDE === 0) {
      const state = hot / 4 + network.weights;
      f32.copyWithin(stateAt(models, j, n) / 4, state, state + network.stateSize);
    }
    const job = room.jobs / 4 + j * JOB_WORDS;
    u32[job + STEP.hot] = hot;
    u32[job + STEP.input] = (inputsAt[j] ?? 0) + 4 * n * network.I;
    u32[job + STEP.output] = room.outputs + 4 * j * network.O;
  }
  kernel.step(network, count);
  for (let j = 0; j < count; j++) {
    const one = features[j];
    if (one === undefined) continue;
    const output = room.outputs / 4 + j * network.O;
    for (let m = 0; m < TARGETS; m++) {
      expected[m] = (one.values[n] ?? 0) + (one.units[n * TARGETS + m] ?? 0) * (f32[output + m] ?? 0);
    }
    judge(tally, j, one.values, n, expected);
  }
}

function stateAt({ states, network }: Models, model: number, row: number): number {
  return (states[model] ?? 0) + 4 * network.stateSize * ((row / STRIDE) % (network.L / STRIDE));
}

function restart(track: Track, models: Models, model: number): void {
  const { lane } = track;
  const { network, seed, contestant } = models;
  const hot = models.hot[model] ?? 0;
  const optimiser = models.optimiser[model] ?? 0;
  lane.u8.fill(0, hot, hot + aligned(4 * (network.weights + network.stateSize)));
  lane.u8.fill(0, optimiser, optimiser + aligned(4 * (2 * network.weights + 2)));
  initialise(lane.f32, network, hot / 4, seed, skipOf(contestant));
  models.counts.restarts++;
}

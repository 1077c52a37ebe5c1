// One network for all fields of a series. Its inputs are the level and the last change of every field, and what the
// seasonal profiles say about the first few; it forecasts the next change, the next level and the far level of every
// field, in the units of neural.ts. A field without a value in a window counts as if it had stayed where it was, and
// teaches nothing. The network and its log belong to the series' last slot.

import { GAP, stepEnd, type Wave } from '../domain.ts';
import {
  type Bank,
  evidenceAddress,
  firstSlot,
  hotAddress,
  optimiserAddress,
  togetherAddress,
} from '../kernel/bank.ts';
import { initialise } from '../kernel/initialise.ts';
import { JOB_WORDS, JOBS_MAX, type Room, STEP, TRAIN, writeTrainJob } from '../kernel/kernel.ts';
import { AT, FAR, INPUTS, STRIDE } from '../kernel/layout.ts';
import type { Network } from '../kernel/network.ts';
import { PROFILED_MAX } from '../kernel/shape.ts';
import { changeOf, usualStep } from './change.ts';
import { lookAhead, takeIn } from './inputs.ts';
import { farLevel, isOutdone } from './mixture.ts';
import { HYPER, type NeuralState, RATE, SCHEDULE, SKIP } from './neural.ts';
import { isLesson, startNetwork, teach } from './prior.ts';
import { looksBackOnHeld } from './quarantine.ts';
import { normalised } from './scaler.ts';
import { isDue, isTaken, learnLoss, rateFactor, restartSchedule } from './schedule.ts';

/** Byte addresses of what a series of several fields has once. */
interface Home {
  readonly first: number;
  /** Slot of the network. */
  readonly slot: number;
  readonly fields: number;
  readonly hot: number;
  readonly optimiser: number;
  readonly log: number;
  readonly states: number;
  readonly known: number;
  /** Index of float64 of the scalars. */
  readonly at: number;
}

/** What the network sees of a field, in the order of a network for this field alone. */
const seen = new Float32Array(INPUTS);

/**
 * Learns every step that has a value and leaves the forecasts of all fields' next windows in their slabs. Answers how
 * many networks had become useless (not finite) and start anew.
 */
export function learnJointWave(state: NeuralState, network: Network, wave: Wave): number {
  if (wave.steps > JOBS_MAX) throw new RangeError(`a wave of ${wave.steps} steps, at most ${JOBS_MAX} are possible`);
  const room = state.kernel.room(network);
  trainDue(state, network, room, wave);
  return stepAll(state, network, room, wave);
}

function trainDue(state: NeuralState, network: Network, room: Room, wave: Wave): void {
  const { bank, jobs } = state;
  const { f64 } = bank.lane;
  let count = 0;
  for (let step = 0; step < wave.steps; step++) {
    jobs.broken[step] = 0;
    if (wave.gap[wave.count + step] === GAP.missing) continue;
    const home = homeOf(bank, wave, step);
    const { at } = home;
    if (f64[at + AT.learned] === 0) {
      count = trainJobs(state, network, room, wave, count);
      startNetwork(state, network, home.slot, home.hot, SKIP);
    }
    if (!isDue(f64, at, SCHEDULE) || looksBackOnHeld(f64, at)) continue;
    if (!isTaken(f64, at, SCHEDULE, state.trainEvery)) {
      state.counters.passesShed++;
      continue;
    }
    const rows = f64[at + AT.logCount]!;
    const targets = room.targets + 4 * count * network.L * network.M;
    writeTargets(bank, network, home, wave, step, targets / 4, rows);
    const job = room.jobs / 4 + count * JOB_WORDS;
    const rate = RATE * rateFactor(f64, at, SCHEDULE, state.trainEvery);
    writeTrainJob(bank.lane, job, home.hot, home.optimiser, home.log, home.states, targets, rows, rate);
    jobs.due[count] = step;
    count++;
  }
  trainJobs(state, network, room, wave, count);
}

/** Trains what is in the table of jobs; answers how many jobs are left there: none. */
function trainJobs(state: NeuralState, network: Network, room: Room, wave: Wave, count: number): 0 {
  if (count === 0) return 0;
  const { bank, kernel, jobs } = state;
  const { f64, f32 } = bank.lane;
  kernel.train(network, count, HYPER);
  for (let n = 0; n < count; n++) {
    const step = jobs.due[n]!;
    const { at } = homeOf(bank, wave, step);
    const loss = f32[room.jobs / 4 + n * JOB_WORDS + TRAIN.loss]!;
    if (Number.isNaN(loss)) {
      jobs.broken[step] = 1;
    } else {
      learnLoss(f64, at, loss);
      f64[at + AT.trainings]! += 1;
    }
  }
  for (let n = 0; n < count; n++) {
    const step = jobs.due[n]!;
    const { slot, at } = homeOf(bank, wave, step);
    if (jobs.broken[step] === 1 || !isLesson(state, slot, at)) continue;
    teach(state, network, room, slot, n, RATE, HYPER, SKIP);
  }
  return 0;
}

function stepAll(state: NeuralState, network: Network, room: Room, wave: Wave): number {
  const { bank, kernel, jobs } = state;
  const { f32, u32 } = bank.lane;
  let count = 0;
  for (let step = 0; step < wave.steps; step++) {
    if (wave.gap[wave.count + step] === GAP.missing) continue;
    const home = homeOf(bank, wave, step);
    const job = room.jobs / 4 + count * JOB_WORDS;
    u32[job + STEP.hot] = home.hot;
    u32[job + STEP.input] = 4 * takeStepIn(bank, network, home, wave, step);
    u32[job + STEP.output] = room.outputs + 4 * count * network.O;
    count++;
  }
  kernel.step(network, count);
  let restarts = 0;
  count = 0;
  for (let step = 0; step < wave.steps; step++) {
    if (wave.gap[wave.count + step] === GAP.missing) continue;
    const home = homeOf(bank, wave, step);
    const outputs = room.outputs / 4 + count * network.O;
    const input = u32[room.jobs / 4 + count * JOB_WORDS + STEP.input]! >>> 2;
    count++;
    if (jobs.broken[step] === 1 || Number.isNaN(f32[outputs]!)) {
      restart(state, network, home);
      restarts++;
    } else {
      foretell(bank, home, wave, step, input, outputs);
    }
  }
  return restarts;
}

/** All but the network learns the windows of a step. Answers the index of float32 of the network's inputs. */
function takeStepIn(bank: Bank, network: Network, home: Home, wave: Wave, step: number): number {
  const { f64, f32, u8 } = bank.lane;
  const { first, fields } = home;
  const row = appendRow(bank, network, home);
  const known = home.known + (f64[home.at + AT.logCount]! - 1) * fields;
  let next = wave.stepAt[step]!;
  for (let field = 0; field < fields; field++) {
    const evidence = evidenceAddress(bank, first + field);
    const at = evidence / 8;
    const timeMs = wave.startMs[wave.count + step]!;
    const own = rowOf(wave, step, next, first + field);
    const isKnown = own >= 0 && wave.gap[own] !== GAP.missing;
    if (own >= 0) next = own + 1;
    u8[known + field] = isKnown ? 1 : 0;
    if (isKnown) {
      takeIn(bank, evidence, timeMs, wave.value[own]!, seen, 0);
    } else {
      seen[INPUTS - 1] = 0;
      const x = normalised(f64, at, f64[at + AT.previous]!);
      lookAhead(bank, evidence, timeMs, x, f64[at + AT.levelMean]!, seen, 0);
    }
    f32[row + field] = seen[0]!;
    f32[row + fields + field] = seen[INPUTS - 1]!;
    if (field >= PROFILED_MAX) continue;
    const profiles = row + 2 * fields + field * (INPUTS - 2);
    for (let i = 0; i < INPUTS - 2; i++) f32[profiles + i] = seen[1 + i]!;
  }
  return row;
}

/** Targets by row of the log: of every field the change after it, the way to the next level, and to the far one. */
function writeTargets(
  bank: Bank,
  { I, M }: Network,
  home: Home,
  wave: Wave,
  step: number,
  to: number,
  rows: number,
): void {
  const { f64, f32, u8 } = bank.lane;
  const { first, fields, known } = home;
  const log = home.log / 4;
  let next = wave.stepAt[step]!;
  for (let field = 0; field < fields; field++) {
    const at = evidenceAddress(bank, first + field) / 8;
    const row = rowOf(wave, step, next, first + field);
    if (row >= 0) next = row + 1;
    const isKnown = row >= 0 && wave.gap[row] !== GAP.missing;
    const level = isKnown ? normalised(f64, at, wave.value[row]!) : Number.NaN;
    const change = isKnown ? changeOf(f64, at, wave.value[row]!) : Number.NaN;
    for (let t = 0; t < rows; t++) {
      const now = f32[log + t * I + field]!;
      const levelAt = (then: number): number => {
        if (then >= rows) return then === rows ? level : Number.NaN;
        return u8[known + then * fields + field] === 1 ? f32[log + then * I + field]! : Number.NaN;
      };
      const isNext = t + 1 < rows;
      const nextChange = isNext ? f32[log + (t + 1) * I + fields + field]! : change;
      const target = to + t * M + field;
      f32[target] = isNext && u8[known + (t + 1) * fields + field] !== 1 ? Number.NaN : nextChange;
      f32[target + fields] = levelAt(t + 1) - now;
      f32[target + 2 * fields] = levelAt(t + FAR) - now;
    }
  }
}

/** Leaves the forecasts of all fields in their slabs. `input` and `outputs` are indices of float32. */
function foretell(bank: Bank, home: Home, wave: Wave, step: number, input: number, outputs: number): void {
  const { lane, layout } = bank;
  const { f64, f32 } = lane;
  const { first, fields } = home;
  let next = wave.stepAt[step]!;
  for (let field = 0; field < fields; field++) {
    const evidence = evidenceAddress(bank, first + field);
    const at = evidence / 8;
    const row = rowOf(wave, step, next, first + field);
    if (row >= 0) next = row + 1;
    const isKnown = row >= 0 && wave.gap[row] !== GAP.missing;
    if (!isKnown && f64[at + AT.hasForecast] !== 1) continue;
    const x = f32[input + field]!;
    const value = isKnown ? wave.value[row]! : f64[at + AT.previous]!;
    f64[at + AT.forecast] = value + usualStep(f64, at) * f32[outputs + field]!;
    f64[at + AT.nearLevel] = x + f32[outputs + fields + field]!;
    if (!isKnown) continue;
    const far = isOutdone(f64, at)
      ? farLevel(bank, evidence, wave.startMs[row]!, x)
      : x + f32[outputs + 2 * fields + field]!;
    f64[(evidence + layout.farAt) / 8 + (f64[at + AT.learned]! % FAR)] = far;
    f64[at + AT.hasForecast] = 1;
  }
}

/** A network that is no longer finite starts anew; what was learned about the levels stays. */
function restart({ bank, seedOf }: NeuralState, network: Network, home: Home): void {
  const { lane, layout } = bank;
  const { together } = layout;
  lane.u8.fill(0, home.hot, home.hot + layout.hotBytes);
  lane.u8.fill(0, home.optimiser, home.optimiser + layout.optimiserBytes);
  lane.u8.fill(0, home.log, home.log + (together?.bytes ?? 0) - (together?.logAt ?? 0));
  lane.f64[home.at + AT.logCount] = 0;
  restartSchedule(lane.f64, home.at);
  for (let field = 0; field < home.fields; field++) {
    const at = evidenceAddress(bank, home.first + field) / 8;
    lane.f64[at + AT.forecast] = lane.f64[at + AT.profileForecast]!;
  }
  initialise(lane.f32, network, home.hot / 4, seedOf(home.slot), SKIP);
}

function homeOf(bank: Bank, wave: Wave, step: number): Home {
  const first = firstSlot(bank, wave.slot[wave.stepAt[step]!]!);
  const { together } = bank.layout;
  if (together === undefined) throw new Error('a step of a series with one field');
  const slot = first + together.fields;
  const shared = togetherAddress(bank, first);
  return {
    first,
    slot,
    fields: together.fields,
    hot: hotAddress(bank, slot),
    optimiser: optimiserAddress(bank, slot),
    log: shared + together.logAt,
    states: shared + together.statesAt,
    known: shared + together.knownAt,
    at: evidenceAddress(bank, slot) / 8,
  };
}

/** The row of a slot in a step, looked for at row `next`; −1 when the field has no window. */
function rowOf(wave: Wave, step: number, next: number, slot: number): number {
  return next < stepEnd(wave, step) && wave.slot[next] === slot ? next : -1;
}

/** Index of float32 of a new row. Drops the oldest STRIDE rows of a full log; stores the state before the row. */
function appendRow({ lane, layout }: Bank, { L, I, stateSize }: Network, home: Home): number {
  const { f64, f32, u8 } = lane;
  const { fields, known } = home;
  const log = home.log / 4;
  const states = home.states / 4;
  let rows = f64[home.at + AT.logCount]!;
  if (rows === L) {
    f32.copyWithin(log, log + STRIDE * I, log + L * I);
    f32.copyWithin(states, states + stateSize, states + (L / STRIDE) * stateSize);
    u8.copyWithin(known, known + STRIDE * fields, known + L * fields);
    rows -= STRIDE;
  }
  if (rows % STRIDE === 0) {
    const state = home.hot / 4 + layout.stateAt;
    f32.copyWithin(states + (rows / STRIDE) * stateSize, state, state + stateSize);
  }
  f64[home.at + AT.logCount] = rows + 1;
  return log + rows * I;
}

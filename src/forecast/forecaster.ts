// The forecast stage and its half of learning. `forecastWave` only reads the slabs: a window is judged by what was
// known before it; `learnWave` then takes the windows in and prepares the forecasts of the next ones.

import { type Counters, GAP, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { AT, FAR } from '../kernel/layout.ts';
import type { Network } from '../kernel/network.ts';
import { halfWidth, learnBand } from './band.ts';
import { learnBaseline } from './baselines.ts';
import { learnJointWave } from './joint.ts';
import { isOutdone, learnMixture, mixed } from './mixture.ts';
import { learnNeuralWave, type NeuralState, newNeuralJobs } from './neural.ts';
import { makePrior, type Prior } from './prior.ts';
import { halfHourProfile, profileAt } from './profiles.ts';
import { deviation, isStill } from './scaler.ts';
import { foreseeSteps, learnSteps } from './together.ts';

export interface ForecastState extends NeuralState {
  readonly counters: Counters;
  /** See quarantine.ts. */
  readonly releaseMs: number | undefined;
}

/** Takes the kernel's room for the bank's network, if it has one: that may grow the lane's memory. */
export function newForecastState(
  bank: Bank,
  kernel: Kernel,
  counters: Counters,
  seedOf: (slot: number) => number,
  prior?: Prior,
  releaseMs?: number,
): ForecastState {
  if (bank.layout.network !== undefined) kernel.room(bank.layout.network);
  return { bank, kernel, counters, seedOf, prior, releaseMs, jobs: newNeuralJobs(), trainEvery: 1 };
}

/** Writes the forecast stage's columns of every row; expected values are NaN before the first forecast. */
export function forecastWave(state: ForecastState, wave: Wave): void {
  const { f64 } = state.bank.lane;
  for (let row = 0; row < wave.count; row++) {
    const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
    wave.learned[row] = f64[at + AT.learned]!;
    const usual = usualValue(state.bank, 8 * at, wave.startMs[row]!);
    const expected = expectedValue(state.bank, at, usual);
    const half = halfWidth(f64, at);
    wave.expected[row] = expected;
    wave.lower[row] = expected - half;
    wave.upper[row] = expected + half;
    wave.near[row] = nearForecast(state.bank, at, expected);
    wave.far[row] = farForecast(state.bank, 8 * at);
    wave.usual[row] = usual;
    wave.leader[row] = f64[at + AT.leader]!;
  }
  foreseeSteps(state.bank, wave);
}

function expectedValue({ lane: { f64 }, layout }: Bank, at: number, usual: number): number {
  if (f64[at + AT.hasForecast] !== 1) return Number.NaN;
  return layout.network === undefined ? f64[at + AT.forecast]! : mixed(f64, at, usual);
}

/** What the half-hour profile says about a window at `timeMs`; NaN before there are two windows. */
function usualValue({ lane, layout }: Bank, evidence: number, timeMs: number): number {
  const { f64 } = lane;
  const at = evidence / 8;
  const learned = f64[at + AT.learned]!;
  if (learned < 2) return Number.NaN;
  const level = profileAt(lane, halfHourProfile(layout, evidence), timeMs, f64[at + AT.levelMean]!);
  return f64[at + AT.mean]! + deviation(f64, at, learned) * level;
}

/** The level that scoring expects of the coming window. A baseline, also one that stands in, has only one forecast. */
function nearForecast({ lane: { f64 }, layout }: Bank, at: number, expected: number): number {
  if (layout.network === undefined || Number.isNaN(expected) || isOutdone(f64, at)) return expected;
  const learned = f64[at + AT.learned]!;
  if (isStill(f64, at, learned)) return f64[at + AT.previous]!;
  return f64[at + AT.mean]! + deviation(f64, at, learned) * f64[at + AT.nearLevel]!;
}

/** What was expected of the coming window FAR windows ago; NaN before there was a forecast. */
function farForecast({ lane: { f64 }, layout }: Bank, evidence: number): number {
  const at = evidence / 8;
  const learned = f64[at + AT.learned]!;
  if (learned <= FAR) return Number.NaN;
  const far = f64[(evidence + layout.farAt) / 8 + (learned % FAR)]!;
  if (layout.network === undefined) return far;
  return isStill(f64, at, learned) ? f64[at + AT.mean]! : f64[at + AT.mean]! + deviation(f64, at, learned) * far;
}

/** Learns every row that has a value. */
export function learnWave(state: ForecastState, wave: Wave): void {
  learnSteps(state.bank, wave);
  if (state.bank.layout.network === undefined) learnBaselines(state, wave);
  else learnNetworks(state, state.bank.layout.network, wave);
  for (let row = wave.count; row < wave.count + wave.steps; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    state.bank.lane.f64[evidenceAddress(state.bank, wave.slot[row]!) / 8 + AT.learned]! += 1;
  }
}

function learnBaselines({ bank, counters }: ForecastState, wave: Wave): void {
  const { f64 } = bank.lane;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const evidence = evidenceAddress(bank, wave.slot[row]!);
    const value = wave.value[row]!;
    const timeMs = wave.startMs[row]!;
    learnForecast(f64, evidence / 8, value, wave.expected[row]!);
    learnBaseline(bank.lane, bank.layout, evidence, timeMs, timeMs + f64[evidence / 8 + AT.everyMs]!, value);
    f64[(evidence + bank.layout.farAt) / 8 + (f64[evidence / 8 + AT.learned]! % FAR)] =
      f64[evidence / 8 + AT.forecast]!;
    remember(f64, evidence / 8, value);
    counters.windowsLearned++;
  }
}

function learnNetworks(state: ForecastState, network: Network, wave: Wave): void {
  const { bank, counters } = state;
  // Before a view of the memory is read: it may grow.
  makePrior(state);
  const { f64 } = bank.lane;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    const at = evidenceAddress(bank, wave.slot[row]!) / 8;
    learnForecast(f64, at, wave.value[row]!, wave.expected[row]!);
    if (f64[at + AT.hasForecast] === 1) learnMixture(f64, at, wave.value[row]!, wave.usual[row]!);
  }
  const isJoint = bank.layout.shape.fields?.isJoint === true;
  counters.modelResets += isJoint ? learnJointWave(state, network, wave) : learnNeuralWave(state, network, wave);
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] === GAP.missing) continue;
    remember(f64, evidenceAddress(bank, wave.slot[row]!) / 8, wave.value[row]!);
    counters.windowsLearned++;
  }
}

/** Before the first forecast there is nothing to learn about it. */
function learnForecast(f64: Float64Array, at: number, value: number, expected: number): void {
  if (!Number.isNaN(expected)) learnBand(f64, at, value, expected);
}

function remember(f64: Float64Array, at: number, value: number): void {
  f64[at + AT.previous] = value;
  f64[at + AT.learned]! += 1;
}

// The forecast stage and its half of learning. `forecastWave` only reads the slabs: a window is judged by what was
// known before it; `learnWave` then takes the window in and prepares the forecast of the next one.

import { type Counters, GAP, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress, hotAddress, optimiserAddress } from '../kernel/bank.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { AT } from '../kernel/layout.ts';
import { halfWidth, learnBand } from './band.ts';
import { learnBaseline } from './baselines.ts';
import { initialiseNeural, learnNeural, type Slab } from './neural.ts';

export interface ForecastState {
  readonly bank: Bank;
  readonly kernel: Kernel;
  readonly counters: Counters;
  /** Seed of a slot's weights: a function of stream, series and field only. */
  readonly seedOf: (slot: number) => number;
}

/** Writes `learned`, `expected`, `lower` and `upper` of every row; NaN before the first forecast. */
export function forecastWave(state: ForecastState, wave: Wave): void {
  const { f64 } = state.bank.lane;
  for (let row = 0; row < wave.count; row++) {
    const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
    wave.learned[row] = f64[at + AT.learned]!;
    const expected = f64[at + AT.hasForecast] === 1 ? f64[at + AT.forecast]! : Number.NaN;
    const half = halfWidth(f64, at);
    wave.expected[row] = expected;
    wave.lower[row] = expected - half;
    wave.upper[row] = expected + half;
  }
}

/** Learns every row that has a value, in order. */
export function learnWave(state: ForecastState, wave: Wave): void {
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] !== GAP.missing) learnRow(state, wave, row);
  }
}

function learnRow(state: ForecastState, wave: Wave, row: number): void {
  const { bank, kernel } = state;
  const { lane, layout } = bank;
  const { f64 } = lane;
  const slot = wave.slot[row]!;
  const slab: Slab = {
    hot: hotAddress(bank, slot),
    optimiser: optimiserAddress(bank, slot),
    evidence: evidenceAddress(bank, slot),
  };
  const at = slab.evidence / 8;
  const value = wave.value[row]!;
  const expected = wave.expected[row]!;
  const timeMs = wave.startMs[row]!;
  const nextMs = timeMs + f64[at + AT.everyMs]!;
  if (!Number.isNaN(expected)) learnBand(f64, at, value, expected);
  if (layout.shape.cell === 'gru') {
    if (f64[at + AT.learned] === 0) initialiseNeural(kernel, layout, slab, state.seedOf(slot));
    if (!learnNeural(lane, kernel, layout, slab, timeMs, nextMs, value)) restart(state, slab, slot);
  } else {
    learnBaseline(lane, layout, slab.evidence, timeMs, nextMs, value);
  }
  f64[at + AT.previous] = value;
  f64[at + AT.learned]! += 1;
  state.counters.windowsLearned++;
}

/** A network that is no longer finite starts anew; what was learned about the series' level stays. */
function restart(state: ForecastState, slab: Slab, slot: number): void {
  const { lane, layout } = state.bank;
  lane.u8.fill(0, slab.hot, slab.hot + layout.hotBytes);
  lane.u8.fill(0, slab.optimiser, slab.optimiser + layout.optimiserBytes);
  lane.u8.fill(0, slab.evidence + layout.logAt, slab.evidence + layout.peaksAt);
  const at = slab.evidence / 8;
  lane.f64[at + AT.logCount] = 0;
  lane.f64[at + AT.forecast] = lane.f64[at + AT.profileForecast]!;
  initialiseNeural(state.kernel, layout, slab, state.seedOf(slot));
  state.counters.modelResets++;
}

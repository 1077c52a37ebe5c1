// Learning without anomalies, where the stream asks for it: windows of an open episode are held back, which keeps
// faults from becoming usual. An episode that lasts is released, or a filter would freeze a model in front of a new
// level for ever; one that ends before is left out: no pass looks back on its windows, and no table counts them.

import { type Counters, GAP, stepEnd, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';

interface QuarantineState {
  readonly bank: Bank;
  /** Event time after which an episode is learned although it lasts; undefined: all windows are learned. */
  readonly releaseMs: number | undefined;
  readonly counters: Pick<Counters, 'quarantine'>;
}

/** Before a wave is learned: decides which of its windows are held back. The opening window itself is not known yet. */
export function holdBack(state: QuarantineState, wave: Wave): void {
  if (state.releaseMs === undefined) return;
  for (let row = 0; row < wave.count; row++) {
    if (wave.gap[row] !== GAP.missing) holdRow(state, state.releaseMs, wave, row);
  }
  for (let step = 0; step < wave.steps; step++) holdStep(state.bank, wave, step);
}

/** Whether a pass would look back on a window that is held back or was left out. */
export function looksBackOnHeld(f64: Float64Array, at: number): boolean {
  return f64[at + AT.heldAt] !== 0;
}

/**
 * `heldAt`: number of the newest window held back, from 1; negative when its episode is over; 0 = none in the log.
 * Tables do not count the window of which it is the number.
 */
function holdRow({ bank, counters }: QuarantineState, releaseMs: number, wave: Wave, row: number): void {
  const { f64 } = bank.lane;
  const at = evidenceAddress(bank, wave.slot[row]!) / 8;
  const learned = wave.learned[row]!;
  const heldAt = f64[at + AT.heldAt]!;
  if (f64[at + AT.open] === 1) {
    if (wave.startMs[row]! - f64[at + AT.startedAtMs]! < releaseMs) {
      f64[at + AT.heldAt] = learned + 1;
      counters.quarantine.held++;
      return;
    }
    if (heldAt > 0) counters.quarantine.released++;
    f64[at + AT.heldAt] = 0;
    return;
  }
  if (heldAt > 0) {
    counters.quarantine.discarded++;
    f64[at + AT.heldAt] = -heldAt;
  }
  if (learned + 1 + f64[at + AT.heldAt]! > (bank.layout.network?.L ?? 0)) f64[at + AT.heldAt] = 0;
}

/** All fields together are held back with any of them. */
function holdStep(bank: Bank, wave: Wave, step: number): void {
  const { f64 } = bank.lane;
  const row = wave.count + step;
  const at = evidenceAddress(bank, wave.slot[row]!) / 8;
  f64[at + AT.heldAt] = 0;
  for (let own = wave.stepAt[step]!; own < stepEnd(wave, step); own++) {
    const heldAt = f64[evidenceAddress(bank, wave.slot[own]!) / 8 + AT.heldAt]!;
    if (heldAt > 0) f64[at + AT.heldAt] = wave.learned[row]! + 1;
    else if (heldAt < 0 && f64[at + AT.heldAt] === 0) f64[at + AT.heldAt] = -1;
  }
}

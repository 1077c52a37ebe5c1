// One series in a bank, without windows or threads: what tests of single stages need.

import { newWave, type Wave } from '../../src/domain.ts';
import { type Bank, evidenceAddress, newBank, takeSlot } from '../../src/kernel/bank.ts';
import { AT, layoutOf, type Shape } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { shapeOf } from '../../src/kernel/shape.ts';

export interface OneSeries {
  readonly bank: Bank;
  readonly slot: number;
  /** Byte address, and index of float64, of its evidence part. */
  readonly evidence: number;
  readonly at: number;
  readonly wave: Wave;
}

export const EVERY_MS = 300_000;

export function oneSeries(cell: Shape['cell'], everyMs = EVERY_MS): OneSeries {
  const layout = layoutOf(shapeOf({ cell, hidden: 8, layers: 1, lookback: 16 }, 2));
  const bank = newBank(newLaneMemory(), layout);
  const slot = takeSlot(bank);
  const evidence = evidenceAddress(bank, slot);
  bank.lane.f64[evidence / 8 + AT.everyMs] = everyMs;
  return { bank, slot, evidence, at: evidence / 8, wave: newWave(4) };
}

/** Puts the series' window number n into the first row of its wave. */
export function windowOf({ wave, slot }: OneSeries, n: number, value: number, everyMs = EVERY_MS): Wave {
  wave.count = 1;
  wave.slot[0] = slot;
  wave.startMs[0] = n * everyMs;
  wave.endMs[0] = (n + 1) * everyMs;
  wave.value[0] = value;
  wave.offset[0] = n;
  wave.gap[0] = 0;
  return wave;
}

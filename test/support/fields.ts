// Series of several fields in a bank, without windows or threads: what tests of single stages need.

import { newWave, type Wave } from '../../src/domain.ts';
import { type Bank, evidenceAddress, newBank, takeSlot } from '../../src/kernel/bank.ts';
import { AT, layoutOf } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { type ModelChoice, shapeOf } from '../../src/kernel/shape.ts';
import { EVERY_MS } from './slabs.ts';

export interface ManyFields {
  readonly bank: Bank;
  /** First slot. */
  readonly first: number;
  readonly fields: number;
  readonly wave: Wave;
  /** Index of float64 of the scalars of a field; of all together behind the last one. */
  readonly atOf: (field: number) => number;
}

export function manyFields(fields: number, choice: Partial<ModelChoice> = {}): ManyFields {
  const model = { cell: 'gru', hidden: 8, layers: 1, lookback: 16, ...choice } as const;
  const bank = newBank(newLaneMemory(), layoutOf(shapeOf(model, 2, fields)));
  const first = takeSlot(bank);
  const atOf = (field: number): number => evidenceAddress(bank, first + field) / 8;
  for (let field = 0; field < fields; field++) bank.lane.f64[atOf(field) + AT.everyMs] = EVERY_MS;
  return { bank, first, fields, wave: newWave(4 * (fields + 1)), atOf };
}

/** Puts window number n of all fields into the wave, as its only step; NaN is a gap, undefined no window. */
export function stepOf({ wave, first }: ManyFields, n: number, values: readonly (number | undefined)[]): Wave {
  wave.count = 0;
  wave.steps = 1;
  wave.stepAt[0] = 0;
  for (const [field, value] of values.entries()) {
    if (value === undefined) continue;
    const row = wave.count++;
    wave.slot[row] = first + field;
    wave.startMs[row] = n * EVERY_MS;
    wave.endMs[row] = (n + 1) * EVERY_MS;
    wave.value[row] = value;
    wave.offset[row] = n;
    wave.gap[row] = Number.isNaN(value) ? 2 : 0;
  }
  return wave;
}

import { describe, expect, it } from 'vitest';
import { initialiseNeural, learnNeural, type Slab } from '../../src/forecast/neural.ts';
import { hotAddress, optimiserAddress } from '../../src/kernel/bank.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { AT } from '../../src/kernel/layout.ts';
import { EVERY_MS, oneSeries } from '../support/slabs.ts';

/** Learns values one by one; tells each training pass by its number of rows. */
function learn(values: readonly number[]) {
  const one = oneSeries('gru');
  const { bank, evidence, at, slot } = one;
  const real = newFloat32Kernel(bank.lane);
  const passes: { readonly window: number; readonly rows: number; readonly targets: readonly number[] }[] = [];
  let window = 0;
  const kernel: Kernel = {
    ...real,
    train(layout, hot, optimiser, inputs, state, steps, hyper) {
      passes.push({ window, rows: steps, targets: [...real.targets.subarray(0, steps)] });
      return real.train(layout, hot, optimiser, inputs, state, steps, hyper);
    },
  };
  const slab: Slab = { hot: hotAddress(bank, slot), optimiser: optimiserAddress(bank, slot), evidence };
  initialiseNeural(kernel, bank.layout, slab, 1);
  for (const value of values) {
    const ok = learnNeural(bank.lane, kernel, bank.layout, slab, window * EVERY_MS, (window + 1) * EVERY_MS, value);
    expect(ok).toBe(true);
    bank.lane.f64[at + AT.previous] = value;
    bank.lane.f64[at + AT.learned]! += 1;
    window++;
  }
  return { one, passes };
}

describe('neural forecaster', () => {
  it('trains every eight windows: first on what there is, then on the whole lookback', () => {
    const { passes } = learn(Array.from({ length: 41 }, (_, n) => Math.sin(n)));
    expect(passes.map(({ window, rows }) => [window, rows])).toEqual([
      [8, 8],
      [16, 16],
      [24, 16],
      [32, 16],
      [40, 16],
    ]);
  });

  it('trains each row towards the change that came after it, in usual changes', () => {
    const { passes } = learn(Array.from({ length: 100 }, (_, n) => 3 * n));
    for (const target of passes.at(-1)?.targets ?? [0]) expect(target).toBeCloseTo(1, 6);
  });

  it('forecasts no change before it is trained, whatever the level', () => {
    const { one } = learn([1000, 1000, 1000]);
    expect(one.bank.lane.f64[one.at + AT.forecast]).toBeCloseTo(1000, 3);
  });

  it('learns a ramp, which the last value never does', () => {
    const { one } = learn(Array.from({ length: 600 }, (_, n) => 5 * n));
    expect(Math.abs(one.bank.lane.f64[one.at + AT.forecast]! - 3000)).toBeLessThan(0.5);
  });
});

import { expect, it } from 'vitest';
import { INPUTS, layoutOf, TARGETS } from '../../src/kernel/layout.ts';
import { NEURAL_CELLS } from '../../src/kernel/network.ts';
import { isNeural, shapeOf } from '../../src/kernel/shape.ts';

const BASELINES = ['last', 'seasonal', 'ewma'] as const;
const SIZES = { hidden: 32, layers: 2, lookback: 16 };

it.each(NEURAL_CELLS)(
  'of %s is a network that forecasts change and level from the inputs of the forecaster',
  (cell) => {
    expect(isNeural(cell)).toBe(true);
    const shape = shapeOf({ cell, ...SIZES }, 3);
    expect(shape).toEqual({
      cell,
      ...SIZES,
      inputs: INPUTS,
      targets: TARGETS,
      skips: 1,
      loss: { kind: 'student', freedom: 4 },
      openWindows: 3,
    });
    expect(layoutOf(shape).network).toMatchObject({ I: INPUTS, O: 2 * TARGETS, K: 1, L: 16, layers: [{}, {}] });
  },
);

it.each(BASELINES)('of %s has no network, whatever its sizes', (cell) => {
  expect(isNeural(cell)).toBe(false);
  expect(shapeOf({ cell, ...SIZES }, 3)).toEqual({ cell, openWindows: 3 });
});

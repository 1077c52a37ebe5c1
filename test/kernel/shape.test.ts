import { describe, expect, it } from 'vitest';
import { INPUTS, layoutOf, TARGETS } from '../../src/kernel/layout.ts';
import { NEURAL_CELLS } from '../../src/kernel/network.ts';
import { isNeural, JOINT_FIELDS_MAX, shapeOf } from '../../src/kernel/shape.ts';

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

describe('of several fields', () => {
  it('has one network with inputs and forecasts of all fields', () => {
    const layout = layoutOf(shapeOf({ cell: 'gru', ...SIZES, fields: 'joint' }, 3, 6));
    expect(layout.network).toMatchObject({ I: 2 * 6 + 6 * 4, M: 3 * 6, K: 6 });
    expect(layout.together).toMatchObject({ fields: 6, slots: 7, networks: 1 });
  });

  it('fits the kernel up to the limit; beyond it, or on request, each field has a network as if it were alone', () => {
    const most = layoutOf(shapeOf({ cell: 'gru', ...SIZES, fields: 'joint' }, 3, JOINT_FIELDS_MAX));
    expect(most.network).toMatchObject({ I: 66, O: 126 });
    for (const [fields, count] of [
      ['joint', JOINT_FIELDS_MAX + 1],
      ['separate', 2],
    ] as const) {
      const { network, together } = layoutOf(shapeOf({ cell: 'gru', ...SIZES, fields }, 3, count));
      const alone = layoutOf(shapeOf({ cell: 'gru', ...SIZES }, 3)).network;
      expect({ ...network, shape: undefined }).toEqual({ ...alone, shape: undefined });
      expect(together).toMatchObject({ fields: count, networks: count });
    }
  });

  it('of a baseline has no network', () => {
    expect(layoutOf(shapeOf({ cell: 'last', ...SIZES }, 3, 2)).together).toMatchObject({ slots: 3, networks: 0 });
  });
});

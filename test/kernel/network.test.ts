import { describe, expect, it } from 'vitest';
import { networkOf } from '../../src/kernel/network.ts';
import { shapeOf } from './trial.ts';

const SHAPES = (['gru', 'lstm'] as const).flatMap((cell) =>
  [1, 2, 3].flatMap((layers) =>
    [4, 5, 30].map((hidden) =>
      shapeOf({ cell, layers, hidden, inputs: 3, targets: 2, skips: 2, loss: { kind: 'student', freedom: 4 } }),
    ),
  ),
);

describe('a network', () => {
  it.each(SHAPES)('has its blocks one behind the other: $cell $hidden × $layers', (shape) => {
    const { H, C, I, M, O, K, layers, headAt, headBiasAt, skipAt, used, weights, stateSize } = networkOf(shape);
    const gates = shape.cell === 'gru' ? 3 : 4;
    expect([H % 4, H >= shape.hidden, H < shape.hidden + 4, C]).toEqual([0, true, true, gates * H]);
    let end = 0;
    for (const [l, layer] of layers.entries()) {
      const inputs = l === 0 ? I : H;
      const stateAt = (l * stateSize) / layers.length;
      expect(layer).toEqual({ inputs, biasAt: end, inputAt: end + C, recurrentAt: end + C * (1 + inputs), stateAt });
      end += C * (1 + inputs + H);
    }
    expect([headAt, headBiasAt, skipAt, used]).toEqual([end, end + O * H, end + O * H + O, end + O * H + O + K * M]);
    expect([O, weights % 16, weights >= used, weights < used + 16]).toEqual([2 * M, 0, true, true]);
    expect(stateSize).toBe(shape.layers * (shape.cell === 'gru' ? 1 : 2) * H);
  });

  it('has an output a target for losses without a scale', () => {
    expect(networkOf(shapeOf({ targets: 3, loss: { kind: 'huber', delta: 1 } })).O).toBe(3);
  });
});

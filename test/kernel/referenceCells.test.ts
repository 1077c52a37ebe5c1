// What the gates of either cell mean. That the numbers are right, torch.test.ts says.

import { describe, expect, it } from 'vitest';
import type { Network, NeuralCell } from '../../src/kernel/network.ts';
import { newRandom } from '../../src/kernel/random.ts';
import { forward } from '../../src/kernel/reference.ts';
import { blockOf, drawn, EXACT, unpadded } from './networks.ts';
import { shapeOf } from './trial.ts';

/** Beyond ± 40 a gate is 1 or 0 but for a rounding. */
const OPEN = 40;
const SHUT = -40;

interface Cell {
  readonly net: Network;
  readonly w: Float64Array;
  readonly x: Float64Array;
  readonly state: Float64Array;
}

/** Two layers of three units with the given gates held open or shut in all layers. */
function cellWith(cell: NeuralCell, gates: Readonly<Record<string, number>>): Cell {
  const net = unpadded(shapeOf({ cell, hidden: 3, layers: 2 }));
  const random = newRandom(5);
  const w = drawn(random, net.weights, 0.7).map((wi, i) => {
    const [, , part, gate = ''] = blockOf(net, i).split(' ');
    return part === 'bias' ? (gates[gate] ?? wi) : wi;
  });
  return { net, w, x: drawn(random, net.I, 1), state: drawn(random, net.stateSize, 0.9) };
}

function after({ net, w, x, state }: Cell): readonly number[] {
  return [...forward(net, w, state, x, EXACT).state];
}

/** W x + b of a gate in the first layer: what it is without any state. */
function sumsWithoutState({ net, w, x }: Cell, gate: number): readonly number[] {
  return [0, 1, 2].map((i) => {
    const row = 3 * gate + i;
    return x.reduce((sum, xk, k) => sum + w[net.C + k * net.C + row]! * xk, w[row]!);
  });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 14);
}

describe('a GRU', () => {
  it('keeps its state while z is open', () => {
    const cell = cellWith('gru', { z: OPEN });
    expectClose(after(cell), [...cell.state]);
  });

  it('takes the candidate while z is shut, and forgets the state while r is shut, too', () => {
    const cell = cellWith('gru', { z: SHUT, r: SHUT });
    expectClose(after(cell).slice(0, 3), sumsWithoutState(cell, 2).map(Math.tanh));
  });

  it('resets units of the state before the product with U, not units of the candidate', () => {
    const cell = cellWith('gru', { z: SHUT, r: OPEN });
    const { net, w, state } = cell;
    // Unit 0 of the first layer is reset, the others are not.
    w[3] = SHUT;
    const expected = sumsWithoutState(cell, 2).map((sum, i) => {
      const columnOf = (j: number): number => net.layers[0]!.recurrentAt + j * net.C + 6;
      return Math.tanh(sum + w[columnOf(1) + i]! * state[1]! + w[columnOf(2) + i]! * state[2]!);
    });
    expectClose(after(cell).slice(0, 3), expected);
  });
});

describe('an LSTM', () => {
  it('keeps its cell while f is open and i shut, and shows it as o says', () => {
    const cell = cellWith('lstm', { i: SHUT, f: OPEN, o: OPEN });
    const { state } = cell;
    const kept = [0, 6].flatMap((at) => {
      const c = [...state.subarray(at + 3, at + 6)];
      return [...c.map(Math.tanh), ...c];
    });
    expectClose(after(cell), kept);
  });

  it('shows nothing while o is shut', () => {
    const h = after(cellWith('lstm', { o: SHUT }));
    expectClose([...h.slice(0, 3), ...h.slice(6, 9)], Array(6).fill(0));
    expect(Math.abs(h[3]!)).toBeGreaterThan(0.01);
  });

  it('takes what is new while i is open and f shut', () => {
    const cell = cellWith('lstm', { i: OPEN, f: SHUT });
    cell.state.fill(0, 0, 3);
    expectClose(after(cell).slice(3, 6), sumsWithoutState(cell, 3).map(Math.tanh));
  });
});

describe.each(['gru', 'lstm'] as const)('layers of a %s', (cell) => {
  it('read the state that the layer below has just got', () => {
    const { net, w, x, state } = cellWith(cell, {});
    const whole = forward(net, w, state, x, EXACT);
    const size = net.stateSize / 2;
    // The upper layer alone, as the first of a network that reads what the lower one shows.
    const upper = unpadded(shapeOf({ cell, hidden: 3, inputs: 3, skips: 0 }));
    const weights = w.slice(net.layers[1]!.biasAt, net.skipAt);
    const alone = forward(upper, weights, state.slice(size), whole.state.slice(0, 3), EXACT);
    expectClose([...alone.state], [...whole.state.subarray(size)]);
    const skipped = w[net.skipAt]! * x[0]!;
    expectClose([...alone.y], [whole.y[0]! - skipped]);
  });
});

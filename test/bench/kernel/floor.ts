// How near a training pass comes to what the processor could do at the most: the instructions that it can not do
// without, each at the rate at which vectors of four floats go through in a loop of nothing else. The parts are added
// up, although some of them could overlap, so 100 % is not out of reach in principle; a kernel beyond it would be new.

import { newLaneMemory } from '../../../src/kernel/memory.ts';
import { GATES, type Network } from '../../../src/kernel/network.ts';
import type { Contest } from './contest.ts';
import {
  ADD,
  costOf,
  DIVIDE,
  get,
  LEAST,
  MOST,
  MULTIPLY,
  MULTIPLY_ADD,
  multiplyAddCost,
  type Places,
  SQRT,
  set,
  tee,
} from './vectorLoop.ts';

export interface Floor {
  readonly rates: Rates;
  readonly shares: readonly Share[];
}

/** Of a training pass. */
interface Share {
  /** `gru 16` */
  readonly network: string;
  /** Microseconds. */
  readonly floor: number;
  /** The floor in relation to the time of our best, and to that of C with vectors of four floats. */
  readonly ours: number;
  readonly c128: number | undefined;
}

/** Nanoseconds for four floats. */
interface Rates {
  readonly multiplyAdd: number;
  /** The rational function of src/kernel/elementary.ts. */
  readonly tanh: number;
  /** A quotient by a square root. */
  readonly quotient: number;
  /** Floating-point operations a second, in units of 1e9, that `multiplyAdd` amounts to. */
  readonly gigaflops: number;
}

/** Arithmetic beside products and activations, vector operations for four units and a step, forward and backward. */
const BESIDE = { gru: 4 + 18, lstm: 4 + 20 };
/** Activations of a unit and step. */
const ACTIVATIONS = { gru: 3, lstm: 5 };
/** Norm, both averages, and the new weight, beside root and quotient. */
const ADAM = 9;

const TANH = [
  7.75, -7.75, -6.32474615e-9, 7.25239162e-6, 0.0027070303, 0.127220026, 0.999999283, 0.000198189876, 0.0228935021,
  0.460550694, 1,
];

/** Of the first backend, with what it timed. */
export function measureShares({ backends, networks, times }: Contest): Floor {
  const [best] = backends;
  if (best === undefined) throw new Error('no backend runs here');
  const rates = measureRates(best.open(newLaneMemory()).fused);
  const shares = networks.map((network): Share => {
    const floor = floorOf(network, rates);
    const name = `${network.shape.cell} ${network.H}`;
    const of = (who: string): number | undefined =>
      times.get(`train/${network.shape.cell}/${network.H}/${who}`)?.minimum;
    const c128 = of('c128');
    return {
      network: name,
      floor,
      ours: floor / (of(best.name) ?? Number.NaN),
      c128: c128 === undefined ? undefined : floor / c128,
    };
  });
  return { rates, shares };
}

function measureRates(fused: boolean): Rates {
  const multiplyAdd = multiplyAddCost(fused);
  return {
    multiplyAdd,
    tanh: costOf(TANH, (places) => tanhCode(places, fused)),
    quotient: costOf([1], ({ argument, constants: [one = 0] }) => [
      ...get(argument),
      ...[...get(argument), ...SQRT, ...get(one), ...ADD],
      ...DIVIDE,
    ]),
    gigaflops: 8 / multiplyAdd,
  };
}

/** Microseconds of a training pass of a network with one layer. */
function floorOf({ shape, H, I, O, L, weights }: Network, rates: Rates): number {
  const gates = GATES[shape.cell];
  // Forward, backward to the states, and into the gradient; inputs need no way back.
  const products = L * (3 * gates * H * H + 2 * gates * H * I + 3 * H * O);
  const vectors =
    products * rates.multiplyAdd +
    L * H * (ACTIVATIONS[shape.cell] * rates.tanh + BESIDE[shape.cell] * rates.multiplyAdd) +
    weights * (rates.quotient + ADAM * rates.multiplyAdd);
  return vectors / 4 / 1000;
}

function tanhCode({ constants, argument, spare }: Places, fused: boolean): number[] {
  const [high = 0, low = 0, p4 = 0, p3 = 0, p2 = 0, p1 = 0, p0 = 0, q3 = 0, q2 = 0, q1 = 0, q0 = 0] = constants;
  const [clamped, square] = spare;
  const horner = (...coefficients: number[]): number[] =>
    coefficients.flatMap((coefficient) =>
      fused
        ? [...get(square), ...get(coefficient), ...MULTIPLY_ADD]
        : [...get(square), ...MULTIPLY, ...get(coefficient), ...ADD],
    );
  return [
    ...[...get(argument), ...get(low), ...MOST, ...get(high), ...LEAST, ...tee(clamped)],
    ...[...get(clamped), ...MULTIPLY, ...set(square)],
    ...[...get(clamped), ...get(p4), ...horner(p3, p2, p1, p0), ...MULTIPLY],
    ...[...get(q3), ...horner(q2, q1, q0), ...DIVIDE],
  ];
}

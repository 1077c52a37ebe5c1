// Who runs: networks of equal numbers of weights, and of equal hidden size.

import type { Schedule } from '../../../src/forecast/schedule.ts';
import type { NetworkShape, NeuralCell } from '../../../src/kernel/network.ts';
import type { Contestant } from './course.ts';
import { INPUTS, TARGETS } from './features.ts';
import { parameters } from './sizes.ts';

const RATE = 0.003;
const STRIDE = 8;
const STUDENT = { kind: 'student', freedom: 4 } as const;

interface Choice {
  readonly cell?: NeuralCell;
  readonly hidden?: number;
  readonly layers?: number;
  readonly loss?: NetworkShape['loss'];
  readonly rate?: number;
  readonly schedule?: Schedule;
  readonly reads?: Contestant['reads'];
}

/** Networks with about as many weights as the first of them, a GRU of one layer. */
export interface Budget {
  readonly weights: number;
  readonly members: readonly [Contestant, ...Contestant[]];
}

export function budgets(): readonly [Budget, Budget] {
  return [budget(16), budget(32)];
}

function budget(hidden: number): Budget {
  const weights = parameters(shapeOf({ hidden }));
  const member = (cell: NeuralCell, layers: number): Contestant =>
    newContestant({ cell, layers, hidden: nearest(cell, layers, weights) });
  return { weights, members: [member('gru', 1), member('lstm', 1), member('gru', 2), member('lstm', 2)] };
}

/** The same hidden size in every cell, so that an LSTM and a second layer have more weights; and a small GRU. */
export function otherSizes(): readonly Contestant[] {
  return [
    newContestant({ hidden: 8 }),
    newContestant({ cell: 'lstm', hidden: 16 }),
    newContestant({ layers: 2, hidden: 16 }),
    newContestant({ cell: 'lstm', layers: 2, hidden: 16 }),
    newContestant({ cell: 'lstm', hidden: 32 }),
  ];
}

/** The GRU of the smaller budget with another loss. */
export function otherLoss(): Contestant {
  return newContestant({ loss: { kind: 'squared' } });
}

/** Networks that are told what the linear model forecasts. */
export function told(): readonly Contestant[] {
  const reads = 'ridge AR';
  const lstm = nearest('lstm', 1, parameters(shapeOf({})));
  return [
    newContestant({ reads }),
    newContestant({ reads, cell: 'lstm', hidden: lstm }),
    newContestant({ reads, hidden: 8 }),
  ];
}

/** A contestant at the learning rates of the sensitivity check, its own among them. */
export function atRates({ shape, schedule }: Contestant): readonly Contestant[] {
  return [0.001, RATE, 0.01].map((rate) => newContestant({ ...shape, schedule, rate }));
}

/** Next to the schedule of the other tables, a pass every 8 windows. */
export function otherSchedules(): readonly Contestant[] {
  return ([1, 4, 16, 32, 'auto'] as const).map((schedule) => newContestant({ schedule }));
}

function newContestant(choice: Choice): Contestant {
  const shape = shapeOf(choice);
  const { rate = RATE, schedule = STRIDE, reads = 'series' } = choice;
  const size = shape.layers === 1 ? `${shape.hidden}` : `${shape.layers}×${shape.hidden}`;
  const rest = [
    ...(shape.loss.kind === 'student' ? [] : [shape.loss.kind]),
    ...(reads === 'series' ? [] : ['on ridge AR']),
    ...(rate === RATE ? [] : [`rate ${rate}`]),
    ...(schedule === STRIDE ? [] : [schedule === 'auto' ? 'auto' : `every ${schedule}`]),
  ];
  return { name: [shape.cell.toUpperCase(), size, ...rest].join(' '), shape, rate, schedule, reads };
}

function shapeOf(choice: Choice): NetworkShape {
  const { cell = 'gru', hidden = 16, layers = 1, loss = STUDENT, reads = 'series' } = choice;
  const rest = { cell, hidden, layers, loss, targets: TARGETS, lookback: 32 };
  return reads === 'series'
    ? { ...rest, inputs: INPUTS, skips: 1 }
    : { ...rest, inputs: TARGETS + INPUTS, skips: TARGETS };
}

/** The hidden size whose number of weights is nearest to the budget. */
function nearest(cell: NeuralCell, layers: number, weights: number): number {
  const sizes = [...Array(125).keys()].map((i) => i + 4);
  const distance = (hidden: number): number => Math.abs(parameters(shapeOf({ cell, layers, hidden })) - weights);
  return sizes.reduce((best, hidden) => (distance(hidden) < distance(best) ? hidden : best));
}

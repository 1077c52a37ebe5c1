// Networks beside the plain one, to see how cost grows with what a user may choose.

import type { Network } from '../../../src/kernel/network.ts';
import type { Contestant } from './contestant.ts';
import { type Backend, newSeat } from './ours.ts';
import { detection, plain } from './workload.ts';

/** By name, for a number of hidden units. `plain` itself is timed among the peers. */
const SHAPES: readonly (readonly [string, (hidden: number) => Network])[] = [
  ['detection', (hidden) => detection('gru', hidden)],
  ['detection lstm', (hidden) => detection('lstm', hidden)],
  ['2 layers', (hidden) => plain('gru', hidden, { layers: 2 })],
  ['2 layers lstm', (hidden) => plain('lstm', hidden, { layers: 2 })],
  ['4 inputs', (hidden) => plain('gru', hidden, { inputs: 4 })],
  ['8 inputs', (hidden) => plain('gru', hidden, { inputs: 8 })],
  ['16 inputs', (hidden) => plain('gru', hidden, { inputs: 16 })],
  ['16 steps', (hidden) => plain('gru', hidden, { lookback: 16 })],
  ['64 steps', (hidden) => plain('gru', hidden, { lookback: 64 })],
];

/** At `shapes/NAME/HIDDEN/BACKEND/TASK`. The slow backend shows only what is asked of it: detection's shape. */
export function shapeContestants(backend: Backend, quick: boolean): Contestant[] {
  const shapes = SHAPES.filter(([name]) => backend.name === 'simd' || name === 'detection');
  const contestants: Contestant[] = [];
  for (const [name, network] of shapes) {
    for (const hidden of quick ? [16] : [16, 32]) {
      const seat = newSeat(backend, network(hidden));
      const place = `shapes/${name}/${hidden}/${backend.name}`;
      contestants.push({ place: `${place}/train`, run: seat.train, models: 1, every: 2 });
      contestants.push({ place: `${place}/infer`, run: seat.step, models: 1, every: 2 });
    }
  }
  return contestants;
}

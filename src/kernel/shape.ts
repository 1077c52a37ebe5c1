// The shape of a stream's slabs: what its settings choose, and what its forecaster always does.

import { type Baseline, INPUTS, type Shape, TARGETS } from './layout.ts';
import { NEURAL_CELLS, type NetworkShape, type NeuralCell } from './network.ts';

/** What settings say about a model; a baseline only has its cell. */
export interface ModelChoice extends Pick<NetworkShape, 'hidden' | 'layers' | 'lookback'> {
  readonly cell: NeuralCell | Baseline;
}

/** Forecasts and their scales, which the level reaches directly, too; trained by likelihood. */
export function shapeOf({ cell, hidden, layers, lookback }: ModelChoice, openWindows: number): Shape {
  if (!isNeural(cell)) return { cell, openWindows };
  return {
    cell,
    hidden,
    layers,
    lookback,
    inputs: INPUTS,
    targets: TARGETS,
    skips: 1,
    // Detection was measured with 4 degrees of freedom: robust, and not far from Gaussian.
    loss: { kind: 'student', freedom: 4 },
    openWindows,
  };
}

/** Whether a network forecasts, and a kernel computes it. */
export function isNeural(cell: NeuralCell | Baseline): cell is NeuralCell {
  return (NEURAL_CELLS as readonly string[]).includes(cell);
}

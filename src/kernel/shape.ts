// The shape of a stream's slabs: what its settings choose, and what its forecaster always does.

import { type Baseline, INPUTS, type Shape } from './layout.ts';
import { NEURAL_CELLS, type NetworkShape, type NeuralCell } from './network.ts';

/** What settings say about a model; a baseline only has its cell. */
export interface ModelChoice extends Pick<NetworkShape, 'hidden' | 'layers' | 'lookback'> {
  readonly cell: NeuralCell | Baseline;
}

/** One forecast of the next window, which the last change reaches directly, too; trained on squared errors. */
export function shapeOf({ cell, hidden, layers, lookback }: ModelChoice, openWindows: number): Shape {
  if (!isNeural(cell)) return { cell, openWindows };
  return {
    cell,
    hidden,
    layers,
    lookback,
    inputs: INPUTS,
    targets: 1,
    skips: 1,
    loss: { kind: 'squared' },
    openWindows,
  };
}

/** Whether a network forecasts, and a kernel computes it. */
export function isNeural(cell: NeuralCell | Baseline): cell is NeuralCell {
  return (NEURAL_CELLS as readonly string[]).includes(cell);
}

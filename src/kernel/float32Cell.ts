// What the JavaScript kernel asks of a cell. A cell works on one layer; `recurrent` is the place of the layer's
// recurrent columns among the weights.

import { GRU } from './float32Gru.ts';
import { LSTM } from './float32Lstm.ts';
import type { NeuralCell } from './network.ts';
import type { LayerPlaces, Scratch } from './scratch.ts';

export interface Cell {
  /**
   * All steps. The gates hold W x + b and the states (and cells) those before the first step; afterwards the gates are
   * gates, and the states and the inner numbers of every step are there.
   */
  readonly forward: (scratch: Scratch, H: number, places: LayerPlaces, recurrent: number, steps: number) => void;
  /** All steps back, from `fromAbove`: the derivatives by the sums inside the gates take the place of the gates. */
  readonly backward: (scratch: Scratch, H: number, places: LayerPlaces, recurrent: number, steps: number) => void;
  /** Gradient of the recurrent columns, to the place `to`, from what `backward` left. */
  readonly recurrentGradient: (scratch: Scratch, H: number, places: LayerPlaces, to: number, steps: number) => void;
}

export const CELLS = { gru: GRU, lstm: LSTM } as const satisfies Record<NeuralCell, Cell>;

// A series of several fields has a slot with an evidence part for each of them and one more, in which the fields are
// watched together, and one part for all of them:
//
//   together   float64   how levels, and residuals, of the fields go together
//              float32   input log | stored states             of the one network that forecasts all fields
//              uint8     which fields had a value, by row of the log

import { aligned } from './memory.ts';
import type { Network } from './network.ts';

/** A scalar of the slot for all: number of the last window in which fields agreed (detect/agreement.ts); 0 = never. */
export const AGREED_AT = 151;

/** Of a series with several fields: how many, and whether one network forecasts all of them. */
export interface Fields {
  readonly count: number;
  readonly isJoint: boolean;
}

/** What a series of several fields has more. */
export interface Together {
  readonly fields: number;
  /** One a field, and one for all together, the last. */
  readonly slots: number;
  /** None, one for all fields, or one for each. */
  readonly networks: number;
  /** Byte offsets within the part for all: lower triangles by rows, of levels and of residuals. */
  readonly levelsAt: number;
  readonly residualsAt: number;
  /** Used by the one network for all; a network for each field has its log in the field's evidence. */
  readonly logAt: number;
  readonly statesAt: number;
  /** L × fields: 1 where the row of the log has a value of the field. */
  readonly knownAt: number;
  readonly bytes: number;
}

/** A network stores a hidden state every `stride` rows of its log. */
export function togetherOf({ count, isJoint }: Fields, network: Network | undefined, stride: number): Together {
  const { L, I, stateSize } = isJoint && network !== undefined ? network : { L: 0, I: 0, stateSize: 0 };
  const triangle = 4 * count * (count + 1);
  const logAt = 2 * triangle;
  const statesAt = logAt + 4 * L * I;
  const knownAt = statesAt + (4 * L * stateSize) / stride;
  return {
    fields: count,
    slots: count + 1,
    networks: network === undefined ? 0 : isJoint ? 1 : count,
    levelsAt: 0,
    residualsAt: triangle,
    logAt,
    statesAt,
    knownAt,
    bytes: aligned(knownAt + L * count),
  };
}

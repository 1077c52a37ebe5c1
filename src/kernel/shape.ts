// The shape of a stream's slabs: what its settings choose, and what its forecaster always does.

import { type Baseline, INPUTS, type Shape, TARGETS } from './layout.ts';
import { NEURAL_CELLS, type NetworkShape, type NeuralCell } from './network.ts';
import type { Fields } from './together.ts';

/** What settings say about a model; a baseline only has its cell. */
export interface ModelChoice extends Pick<NetworkShape, 'hidden' | 'layers' | 'lookback'> {
  readonly cell: NeuralCell | Baseline;
  /** Of several fields: one network for all, or one for each. */
  readonly fields?: 'joint' | 'separate';
}

/** Most fields that one network forecasts: three forecasts a field, with scales, and 128 outputs. */
export const JOINT_FIELDS_MAX = 21;
/** Of so many fields the network sees what the seasonal profiles say. */
export const PROFILED_MAX = 4;
/** Inputs by field, and for the profiles of one. */
const INPUTS_PER_FIELD = 2;
const PROFILE_INPUTS = INPUTS - INPUTS_PER_FIELD;
/** The next change, the next level and the far one. */
const TARGETS_PER_FIELD = 3;

/** Forecasts and their scales, which the level reaches directly, too; trained by likelihood. */
export function shapeOf(choice: ModelChoice, openWindows: number, count = 1): Shape {
  const { cell, hidden, layers, lookback } = choice;
  const isJoint = count > 1 && count <= JOINT_FIELDS_MAX && isNeural(cell) && choice.fields === 'joint';
  const fields: { readonly fields?: Fields } = count === 1 ? {} : { fields: { count, isJoint } };
  if (!isNeural(cell)) return { cell, openWindows, ...fields };
  return {
    ...fields,
    cell,
    hidden,
    layers,
    lookback,
    inputs: isJoint ? INPUTS_PER_FIELD * count + PROFILE_INPUTS * Math.min(count, PROFILED_MAX) : INPUTS,
    targets: isJoint ? TARGETS_PER_FIELD * count : TARGETS,
    skips: isJoint ? count : 1,
    // Detection was measured with 4 degrees of freedom: robust, and not far from Gaussian.
    loss: { kind: 'student', freedom: 4 },
    openWindows,
  };
}

/** Whether a network forecasts, and a kernel computes it. */
export function isNeural(cell: NeuralCell | Baseline): cell is NeuralCell {
  return (NEURAL_CELLS as readonly string[]).includes(cell);
}

/**
 * Whether a share keeps one slab more: what its series have learned together, where new ones begin. A stream without
 * labels has one series, which nothing comes before.
 */
export function hasPrior(model: { cell: NeuralCell | Baseline; prior: 'stream' | 'none' }, labels: number): boolean {
  return isNeural(model.cell) && model.prior === 'stream' && labels > 0;
}

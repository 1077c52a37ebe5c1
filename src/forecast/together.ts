// How the fields of a series go together: the second moments of their levels, and of their residuals. What a step has
// unlike them is the squared Mahalanobis distance, per field (P. C. Mahalanobis 1936): large when several fields are a
// bit off, and when one no longer follows the others, though each for itself is as ever.

import { GAP, stepEnd, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress, firstSlot, togetherAddress } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';
import type { Together } from '../kernel/together.ts';
import { normalised } from './scaler.ts';

/** Windows that the moments remember: weight of the newest. */
const WEIGHT_MIN = 0.001;
/** A residual counts for at most so many usual ones. */
const RESIDUAL_MAX = 6;
/** Share of the moments between fields that is not believed: keeps the matrix regular when fields are copies. */
const SHRINKAGE = 0.1;
const FLOOR = 0.01;
const FIELDS_MAX = 256;

const levels = new Float64Array(FIELDS_MAX);
const residuals = new Float64Array(FIELDS_MAX);
const solution = new Float64Array(FIELDS_MAX);
const column = new Float64Array(FIELDS_MAX);
let factor = new Float64Array(0);

/** Writes the row of each step: `value` is the distance of the levels, `near` that less the one of the residuals. */
export function foreseeSteps(bank: Bank, wave: Wave): void {
  const { together } = bank.layout;
  if (together === undefined) return;
  const { f64 } = bank.lane;
  for (let step = 0; step < wave.steps; step++) {
    const row = wave.count + step;
    const from = wave.stepAt[step]!;
    const first = firstSlot(bank, wave.slot[from]!);
    const slot = first + together.fields;
    wave.slot[row] = slot;
    wave.startMs[row] = wave.startMs[from]!;
    wave.endMs[row] = wave.endMs[from]!;
    wave.offset[row] = wave.offset[from]!;
    wave.live[row] = wave.live[from]!;
    wave.learned[row] = f64[evidenceAddress(bank, slot) / 8 + AT.learned]!;
    wave.expected[row] = Number.NaN;
    wave.lower[row] = Number.NaN;
    wave.upper[row] = Number.NaN;
    wave.far[row] = Number.NaN;
    wave.usual[row] = 0;
    const isKnown = readStep(bank, wave, step, first, together.fields);
    wave.gap[row] = isKnown ? GAP.none : GAP.missing;
    const shared = togetherAddress(bank, first);
    wave.apart.fill(0, from, stepEnd(wave, step));
    const level = distance(f64, (shared + together.levelsAt) / 8, together.fields, levels, wave, step, first);
    const residual = distance(f64, (shared + together.residualsAt) / 8, together.fields, residuals, wave, step, first);
    wave.value[row] = isKnown ? level : Number.NaN;
    wave.near[row] = isKnown ? level - residual : Number.NaN;
  }
}

/** Learns how the fields go together; before the fields learn their windows. */
export function learnSteps(bank: Bank, wave: Wave): void {
  const { together } = bank.layout;
  if (together === undefined) return;
  const { f64 } = bank.lane;
  for (let step = 0; step < wave.steps; step++) {
    const row = wave.count + step;
    if (wave.gap[row] === GAP.missing) continue;
    const first = firstSlot(bank, wave.slot[row]!);
    const at = evidenceAddress(bank, wave.slot[row]!) / 8;
    readStep(bank, wave, step, first, together.fields);
    const weight = Math.max(WEIGHT_MIN, 1 / (f64[at + AT.learned]! + 1));
    const shared = togetherAddress(bank, first);
    learnMoments(f64, (shared + together.levelsAt) / 8, levels, together, weight);
    learnMoments(f64, (shared + together.residualsAt) / 8, residuals, together, weight);
    f64[at + AT.everyMs] = f64[evidenceAddress(bank, wave.slot[wave.stepAt[step]!]!) / 8 + AT.everyMs]!;
  }
}

/** Levels and residuals of a step in usual ones; 0 where there is none. False when no field has a value. */
function readStep(bank: Bank, wave: Wave, step: number, first: number, fields: number): boolean {
  const { f64 } = bank.lane;
  levels.fill(0, 0, fields);
  residuals.fill(0, 0, fields);
  let isKnown = false;
  for (let row = wave.stepAt[step]!; row < stepEnd(wave, step); row++) {
    if (wave.gap[row] === GAP.missing) continue;
    isKnown = true;
    const field = wave.slot[row]! - first;
    const at = evidenceAddress(bank, wave.slot[row]!) / 8;
    const value = wave.value[row]!;
    levels[field] = normalised(f64, at, value);
    const usual = Math.max(f64[at + AT.spread]!, 1e-9 * Math.abs(f64[at + AT.mean]!) + 1e-12);
    // The cell's own forecast, not the published mixture: what scoring watches does not change hands.
    const residual = f64[at + AT.hasForecast] === 1 ? (value - f64[at + AT.forecast]!) / usual : 0;
    residuals[field] = Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, residual));
  }
  return isKnown;
}

/** Root of the squared distance per field. Adds to `apart` of each row what its field has in the square. */
function distance(
  f64: Float64Array,
  moments: number,
  fields: number,
  vector: Float64Array,
  wave: Wave,
  step: number,
  first: number,
): number {
  decompose(f64, moments, fields);
  solve(vector, fields);
  let square = 0;
  for (let i = 0; i < fields; i++) square += vector[i]! * solution[i]!;
  for (let row = wave.stepAt[step]!; row < stepEnd(wave, step); row++) {
    // What the square would lose without the field: its deviation from what the others say of it, squared.
    const field = wave.slot[row]! - first;
    wave.apart[row]! += (solution[field]! * solution[field]!) / inverseAt(field, fields);
  }
  return Math.sqrt(Math.max(0, square) / fields);
}

/** Cholesky's factor of the moments, which are kept as a lower triangle by rows. */
function decompose(f64: Float64Array, moments: number, fields: number): void {
  const size = (fields * (fields + 1)) / 2;
  if (factor.length < size) factor = new Float64Array(size);
  for (let i = 0; i < fields; i++) {
    const rowI = (i * (i + 1)) / 2;
    for (let j = 0; j <= i; j++) {
      const rowJ = (j * (j + 1)) / 2;
      const moment = f64[moments + rowI + j]!;
      let sum = i === j ? moment + FLOOR : (1 - SHRINKAGE) * moment;
      for (let k = 0; k < j; k++) sum -= factor[rowI + k]! * factor[rowJ + k]!;
      factor[rowI + j] = i === j ? Math.sqrt(Math.max(sum, FLOOR * SHRINKAGE)) : sum / factor[rowJ + j]!;
    }
  }
}

/** The decomposed matrix times `solution` is `vector`. */
function solve(vector: Float64Array, fields: number): void {
  for (let i = 0; i < fields; i++) {
    const row = (i * (i + 1)) / 2;
    let sum = vector[i]!;
    for (let k = 0; k < i; k++) sum -= factor[row + k]! * solution[k]!;
    solution[i] = sum / factor[row + i]!;
  }
  for (let i = fields - 1; i >= 0; i--) {
    let sum = solution[i]!;
    for (let k = i + 1; k < fields; k++) sum -= factor[(k * (k + 1)) / 2 + i]! * solution[k]!;
    solution[i] = sum / factor[(i * (i + 1)) / 2 + i]!;
  }
}

/** The element of the inverse of the decomposed matrix on its diagonal. */
function inverseAt(field: number, fields: number): number {
  let sum = 0;
  for (let i = field; i < fields; i++) {
    const row = (i * (i + 1)) / 2;
    let rest = i === field ? 1 : 0;
    for (let k = field; k < i; k++) rest -= factor[row + k]! * column[k]!;
    column[i] = rest / factor[row + i]!;
    sum += column[i]! * column[i]!;
  }
  return sum;
}

function learnMoments(
  f64: Float64Array,
  moments: number,
  vector: Float64Array,
  { fields }: Together,
  weight: number,
): void {
  for (let i = 0; i < fields; i++) {
    const row = moments + (i * (i + 1)) / 2;
    for (let j = 0; j <= i; j++) f64[row + j]! += weight * (vector[i]! * vector[j]! - f64[row + j]!);
  }
}

// When a network trains: a pass over its log every so many windows. A fixed schedule spaces them evenly; `auto` trains
// often while there is much to learn, which is in the first windows and after the loss has risen as it usually does
// not, and seldom once the loss has long been as usual.
//
// How much is learned must not hang on how often: a pass that stands for more windows takes a larger step, in
// proportion. At one rate for all, a pass every 32 windows had 13 % more error than one every 8 on the streams of
// `npm run bench:cells`; in proportion 4 %, nearly all of it where regimes switch and where the series is chaotic.

import { AT, STRIDE } from '../kernel/layout.ts';

/**
 * Windows from one training pass to the next: a power of two, at most the lookback, because rows that leave the log
 * untrained are lost; or `auto`. No choice needs more memory: a pass always begins at the oldest row of the log, before
 * which the state is stored.
 */
export type Schedule = number | 'auto';

/** Strides of `auto`. The step of the dense one is not made smaller: it learns twice as much a window. */
const DENSE = 4;
const USUAL = STRIDE;
const SPARSE = 16;

/**
 * Windows since the last unrest up to which the stride is dense, and usual. On a plateau: from 256 to 512, and from 768
 * to 1536, the mean error of the benchmark moved by less than 1 %.
 */
const DENSE_WINDOWS = 384;
const USUAL_WINDOWS = 1024;
/**
 * The loss of a pass, itself a mean over the log, is unrest when it lies so many usual distances above the slow mean.
 * Errors are much the same from 3.5 to 5; below, calm series train more often than every 8 windows.
 */
const UNREST = 4;
/** The rate is in proportion as far as that was measured: up to a pass every 32 windows. */
const EVERY_MAX = 4;
/** Windows that the slow averages of the loss remember. */
const SLOW_WINDOWS = 512;

/** Whether a training pass is due now: a value has become known, but its row is not in the log yet. */
export function isDue(f64: Float64Array, at: number, schedule: Schedule): boolean {
  const rows = f64[at + AT.logCount]!;
  const stride = schedule === 'auto' ? strideNow(f64, at) : schedule;
  // A full log shrinks by STRIDE rows: so passes see it as long as it gets, or half a stride shorter every other time.
  if (rows === 0 || rows % Math.min(stride, STRIDE) !== 0) return false;
  return windowsSincePass(f64, at) >= stride;
}

/** Whether a pass that is due is taken where only every n-th is; 0 = none. */
export function isTaken(f64: Float64Array, at: number, schedule: Schedule, every: number): boolean {
  if (every <= 1) return every === 1;
  return windowsSincePass(f64, at) >= every * (schedule === 'auto' ? strideNow(f64, at) : schedule);
}

/** What the learning rate of a pass that is due is multiplied with; 1 for a pass every STRIDE windows. */
export function rateFactor(f64: Float64Array, at: number, schedule: Schedule, every = 1): number {
  if (schedule !== 'auto') return (schedule / STRIDE) * Math.min(every, EVERY_MAX);
  return Math.max(1, Math.min(SPARSE, windowsSincePass(f64, at)) / STRIDE);
}

/** Takes in the loss of a pass, before its update; it must be finite. The next pass is counted from here. */
export function learnLoss(f64: Float64Array, at: number, loss: number): void {
  const learned = f64[at + AT.learned]!;
  const windows = windowsSincePass(f64, at);
  // Averages per window, whatever the stride; plain means at first.
  const weight = Math.min(1, windows / Math.min(learned, SLOW_WINDOWS));
  const distance = f64[at + AT.trainedAt] === 0 ? 0 : loss - f64[at + AT.lossSlow]!;
  const usual = f64[at + AT.lossSpread]!;
  if (distance > UNREST * usual) f64[at + AT.restlessAt] = learned;
  f64[at + AT.lossSpread] = usual + weight * (Math.abs(distance) - usual);
  f64[at + AT.lossSlow]! += weight * (loss - f64[at + AT.lossSlow]!);
  f64[at + AT.loss] = loss;
  f64[at + AT.trainedAt] = learned;
}

/** A network that begins anew, with an empty log, is trained as one of a new series. */
export function restartSchedule(f64: Float64Array, at: number): void {
  f64[at + AT.trainedAt] = f64[at + AT.learned]!;
  f64[at + AT.restlessAt] = f64[at + AT.learned]!;
}

function strideNow(f64: Float64Array, at: number): number {
  const windows = f64[at + AT.learned]! - f64[at + AT.restlessAt]!;
  if (windows < DENSE_WINDOWS) return DENSE;
  return windows < USUAL_WINDOWS ? USUAL : SPARSE;
}

function windowsSincePass(f64: Float64Array, at: number): number {
  return f64[at + AT.learned]! - f64[at + AT.trainedAt]!;
}

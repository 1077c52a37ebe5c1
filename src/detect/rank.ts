// The rank of a window among the series' earlier episodes. Rarity alone rings as often as a heavy tail has rare
// windows; a window is news only if it beats the last hours, and each earlier peak of its size makes it less so. But
// what comes once a month is news each time, or a series that has lived long would be deaf.

import { log10 } from '../kernel/elementary.ts';
import { AT, BLOCKS, PEAKS } from '../kernel/layout.ts';

const HOURS_MS = 8 * 3_600_000;
/** One peak in so long makes the next of its size no less surprising. From 20 to 60 days it makes little difference. */
const MONTH_MS = 30 * 86_400_000;
const REACH_MIN = 24;
const REACH_MAX = 100;

/** What the window itself and the one before the series began take away. */
const LEAST = log10(2);

/** Windows that a candidate must exceed: about eight hours. */
export function reachOf(everyMs: number): number {
  return everyMs > 0 ? Math.max(REACH_MIN, Math.min(REACH_MAX, HOURS_MS / everyMs)) : REACH_MAX;
}

/**
 * Pooled surprise less the decades that earlier peaks of this size take away: with this one, and one more that may have
 * been before the series began (Laplace's rule of succession), over those that its age allows. Reads only.
 */
export function rankedSurprise(
  f64: Float64Array,
  f32: Float32Array,
  at: number,
  peaks: number,
  pooled: number,
): number {
  const count = f64[at + AT.peakCount]!;
  let higher = 0;
  for (let i = 0; i < count; i++) if (f32[peaks + i]! >= pooled) higher++;
  const months = (f64[at + AT.windows]! * f64[at + AT.everyMs]!) / MONTH_MS;
  return pooled - LEAST - (higher > months ? log10((higher + 2) / (months + 2)) : 0);
}

/** True when the window exceeds everything within its reach. */
export function isCandidate(f64: Float64Array, at: number, pooled: number): boolean {
  if (f64[at + AT.windows] === 0) return true;
  for (let i = 0; i < BLOCKS; i++) if (f64[at + AT.blockMax + i]! >= pooled) return false;
  return true;
}

/** Takes the window into the block maxima and, if it was a candidate, into the peaks. */
export function learnRank(
  f64: Float64Array,
  f32: Float32Array,
  at: number,
  peaks: number,
  pooled: number,
  candidate: boolean,
  reach: number,
): void {
  const n = f64[at + AT.windows]!;
  if (candidate) {
    const sameEpisode = f64[at + AT.lastPeakAt]! > 0 && n - (f64[at + AT.lastPeakAt]! - 1) <= reach;
    if (sameEpisode) {
      f64[at + AT.lastPeak] = Math.max(f64[at + AT.lastPeak]!, pooled);
    } else {
      if (f64[at + AT.lastPeakAt]! > 0) keepPeak(f64, f32, at, peaks, f64[at + AT.lastPeak]!);
      f64[at + AT.lastPeak] = pooled;
      f64[at + AT.lastPeakAt] = n + 1; // 0 = never
    }
  }
  const block = at + AT.blockMax + f64[at + AT.blockIndex]!;
  f64[block] = Math.max(f64[block]!, pooled);
  f64[at + AT.blockCount]! += 1;
  if (f64[at + AT.blockCount]! >= Math.max(1, Math.floor(reach / BLOCKS))) {
    f64[at + AT.blockCount] = 0;
    f64[at + AT.blockIndex] = (f64[at + AT.blockIndex]! + 1) % BLOCKS;
    f64[at + AT.blockMax + f64[at + AT.blockIndex]!] = 0;
  }
  f64[at + AT.windows] = n + 1;
}

/** Keeps the PEAKS largest. */
function keepPeak(f64: Float64Array, f32: Float32Array, at: number, peaks: number, peak: number): void {
  const count = f64[at + AT.peakCount]!;
  if (count < PEAKS) {
    f32[peaks + count] = peak;
    f64[at + AT.peakCount] = count + 1;
    return;
  }
  let least = 0;
  for (let i = 1; i < PEAKS; i++) if (f32[peaks + i]! < f32[peaks + least]!) least = i;
  if (peak > f32[peaks + least]!) f32[peaks + least] = peak;
}

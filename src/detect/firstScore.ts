// How long a series waited for its first score, in event time: from the start of its first window with a value to the
// end of the first window that is scored.

import { GAP, type Wave } from '../domain.ts';
import { evidenceAddress } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';
import { warmupWindowsOf } from '../kernel/warmup.ts';
import type { DetectState } from './detector.ts';

/** After the scores are known. Writes `scoredAfterMs`: NaN but on one window of each series. */
export function noteFirstScores({ bank, warmupWindows }: DetectState, wave: Wave): void {
  const { f64 } = bank.lane;
  for (let row = 0; row < wave.count; row++) {
    wave.scoredAfterMs[row] = Number.NaN;
    const at = evidenceAddress(bank, wave.slot[row]!) / 8;
    if (f64[at + AT.wasScored] === 1 || wave.gap[row] === GAP.missing) continue;
    // What this window taught stands in the slab already.
    if (wave.learned[row] === 0) f64[at + AT.firstStart] = wave.startMs[row]!;
    // A value outside the configured range has a score before the series has.
    const warming = wave.learned[row]! < warmupWindowsOf(warmupWindows, f64[at + AT.everyMs]!);
    if (warming || Number.isNaN(wave.score[row]!)) continue;
    f64[at + AT.wasScored] = 1;
    wave.scoredAfterMs[row] = wave.endMs[row]! - f64[at + AT.firstStart]!;
  }
}

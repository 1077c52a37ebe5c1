// Anomalies whose values are usual: they hang, or come at the wrong time of the day. No score of a window sees them.

import type { Wave } from '../domain.ts';
import { evidenceAddress } from '../kernel/bank.ts';
import { AT } from '../kernel/layout.ts';
import type { DetectSettings } from '../settings.ts';
import { deviates } from './policies.ts';
import { learnSeasonBreak, SEASON } from './season.ts';
import { learnRun, STUCK } from './stuck.ts';
import { raisedAlone, type ThresholdState } from './threshold.ts';

export interface Quiet {
  readonly kind: 'stuck' | 'season';
  /** In the window in which it becomes clear; else it lasts. */
  readonly begins: boolean;
}

/** Takes a window with a value of its own into what is known of runs and days; to be asked after `takeThreshold`. */
export function watchQuiet(
  state: ThresholdState & { readonly settings: DetectSettings },
  wave: Wave,
  row: number,
): Quiet | undefined {
  const { f64 } = state.bank.lane;
  const at = evidenceAddress(state.bank, wave.slot[row]!) / 8;
  const value = wave.value[row]!;
  const raised = raisedAlone(state, wave, row);
  const context = { learned: wave.learned[row]!, everyMs: f64[at + AT.everyMs]!, raised };
  const stuck = learnRun(f64, at, value, context);
  const counts = deviates(state.settings, value, wave.expected[row]!, wave.lower[row]!, wave.upper[row]!);
  const day = { startMs: wave.startMs[row]!, usual: wave.usual[row]!, counts };
  const season = learnSeasonBreak(f64, at, value, { ...context, ...day });
  if (stuck !== STUCK.no) return { kind: 'stuck', begins: stuck === STUCK.begins };
  return season === SEASON.no ? undefined : { kind: 'season', begins: season === SEASON.begins };
}

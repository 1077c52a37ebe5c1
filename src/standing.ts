// How the series of a share stand: ready or warming, silent, anomalous, and how good their forecasts are.

import { mutedUntilMs } from './detect/mute.ts';
import { allowedPerDay } from './detect/threshold.ts';
import { isOutdone } from './forecast/mixture.ts';
import { evidenceAddress, firstSlot } from './kernel/bank.ts';
import { AT } from './kernel/layout.ts';
import { warmupWindowsOf } from './kernel/warmup.ts';
import type { ShareReport } from './report/laneReport.ts';
import type { Share } from './share.ts';

/** A series is silent after so many windows at least: one that comes rarely is not silent in between. */
const QUIET_WINDOWS = 5;

/** How the series of a share stand. */
type Standing = Pick<
  ShareReport,
  'series' | 'warmingFor' | 'budgetPerDay' | 'warmupProgress' | 'coverage' | 'skill' | 'errorScaled' | 'trainingLoss'
>;

interface Stand extends Standing {
  /** How long nothing may come before somebody is silent: the partition, by its most frequent series. */
  readonly quietMs: number;
}

/** Counts and means over the series of a share, from their slabs. */
export function standingOf({ series, bank, window, stream, decode }: Share): Stand {
  const { f64 } = bank.lane;
  const { mute, threshold } = stream.detect;
  let [seen, ready, silent, anomalous, muted, onBaseline, scoredOnBaseline] = [0, 0, 0, 0, 0, 0, 0];
  const warmingFor = { interval: 0, windows: 0, samples: 0 };
  let [progress, coverage, loss, model, naive, step] = [0, 0, 0, 0, 0, 0];
  let everyMs = Number.POSITIVE_INFINITY;
  // One network for all fields keeps its loss in the series' last slot.
  const isJoint = bank.layout.shape.fields?.isJoint === true;
  for (const [slot, owner] of series.bySlot.entries()) {
    if (owner === undefined) continue;
    const at = evidenceAddress(bank, slot) / 8;
    const read = (index: number): number => f64[at + index] ?? 0;
    const networkAt = isJoint ? evidenceAddress(bank, firstSlot(bank, slot) + bank.perSeries - 1) / 8 : at;
    if (read(AT.seen) !== 1) continue;
    seen++;
    const warmupWindows = warmupWindowsOf(stream.model.warmupWindows, read(AT.everyMs));
    progress += Math.min(1, read(AT.learned) / warmupWindows);
    everyMs = Math.min(everyMs, read(AT.everyMs));
    const quietMs = Math.max(stream.limits.quietMs, QUIET_WINDOWS * read(AT.everyMs));
    const isSilent = read(AT.lastTimeMs) < window.watermark.ms - quietMs;
    if (isSilent) silent++;
    if (read(AT.open) === 1) anomalous++;
    if (mute.length > 0 && window.watermark.ms < mutedUntilMs(mute, decode.labelNames, owner.series.labels)) muted++;
    if (read(AT.learned) < warmupWindows) {
      warmingFor[isSilent ? 'samples' : read(AT.everyMs) === 0 ? 'interval' : 'windows']++;
      continue;
    }
    ready++;
    if (read(AT.leader) !== 0) onBaseline++;
    if (isOutdone(f64, at)) scoredOnBaseline++;
    coverage += read(AT.coverage);
    loss += f64[networkAt + AT.loss] ?? 0;
    // Errors of series of any size weigh the same.
    const scale = read(AT.naiveError) + read(AT.stepError) || 1;
    model += read(AT.modelError) / scale;
    naive += read(AT.naiveError) / scale;
    step += read(AT.stepError) / scale;
  }
  const mean = (sum: number, count: number): number | undefined => (count > 0 ? sum / count : undefined);
  return {
    series: { ready, warming: seen - ready, silent, anomalous, muted, onBaseline, scoredOnBaseline },
    budgetPerDay:
      threshold.kind === 'budget' ? ready * allowedPerDay(threshold, series.byKey.size, series.fields) : undefined,
    warmingFor,
    warmupProgress: mean(progress, seen),
    coverage: mean(coverage, ready),
    skill: naive > 0 ? 1 - model / naive : undefined,
    errorScaled: step > 0 ? model / step : undefined,
    trainingLoss: mean(loss, ready),
    quietMs: Math.max(stream.limits.quietMs, Number.isFinite(everyMs) ? QUIET_WINDOWS * everyMs : 0),
  };
}

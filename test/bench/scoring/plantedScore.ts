// What a detector made of planted anomalies: each stretch for itself, and the alarms outside of all.

import {
  type Background,
  dayToDay,
  echoOf,
  judgedFrom,
  type Planted,
  type PlantedKind,
  type PlantedSize,
} from './planting.ts';
import type { Episode } from './run.ts';

const DAY_S = 86_400;

export interface Outcome {
  readonly kind: PlantedKind;
  readonly size: PlantedSize;
  readonly standsOut: boolean;
  /** Stretches in the same series before this one. */
  readonly before: number;
  /** Episodes that opened within the stretch or its echo; found = one at least. */
  readonly episodes: number;
  /** Windows from the start of the stretch to the first of them; NaN when there is none. */
  readonly delay: number;
  /** Share of the stretch during which any episode was open. */
  readonly held: number;
  /** An older episode was open when the stretch began: what it hides cannot be found. */
  readonly wasOpen: boolean;
  /** Of the first one; undefined when there is none. */
  readonly evidence: string | undefined;
  readonly episodeKind: string | undefined;
}

export interface Judgement {
  readonly outcomes: readonly Outcome[];
  /** Openings outside of stretches, their echoes and what is excluded. */
  readonly falseAlarms: number;
  /** Time in which they could come. */
  readonly days: number;
}

/** `episodes` in order of time, none overlapping another. */
export function judge({ background, plantings }: Planted, episodes: readonly Episode[]): Judgement {
  const { everyS, excluded } = background;
  const outside = excluded.map((row) => 1 - row);
  outside.fill(0, 0, judgedFrom(background));
  const outcomes = plantings.map(({ kind, size, first, last, standsOut }, before): Outcome => {
    const end = last + 1 + echoOf(everyS);
    outside.fill(0, first, end);
    const own = episodes.filter((episode) => episode.first >= first && episode.first < end);
    const open = episodes.map((episode) => Math.min(last + 1, episode.end) - Math.max(first, episode.first));
    const held = open.reduce((sum, rows) => sum + Math.max(0, rows), 0) / (last + 1 - first);
    return {
      kind,
      size,
      standsOut,
      before,
      episodes: own.length,
      delay: own[0] === undefined ? Number.NaN : own[0].first - first,
      held,
      wasOpen: episodes.some((episode) => episode.first < first && episode.end > first),
      evidence: own[0]?.evidence,
      episodeKind: own[0]?.kind,
    };
  });
  const falseAlarms = episodes.filter(({ first }) => outside[first] === 1).length;
  return { outcomes, falseAlarms, days: (outside.reduce((sum, row) => sum + row, 0) * everyS) / DAY_S };
}

/**
 * How often a day a series as it is differs from the day before by `units` of its size: runs of such rows, where
 * stretches could be planted. What comes often is no anomaly, whatever planted it.
 */
export function naturalRuns(background: Background, units: number): number {
  const { values, everyS } = background;
  const day = DAY_S / everyS;
  const least = units * dayToDay(background, 0, values.length);
  const off = values.map((value, row) => Math.abs(value - (values[row - day] ?? value)) / least);
  const untouched = { background, values, plantings: [], nextTurn: 0 };
  return falseAlarmsADay([judge(untouched, runsAbove(off, 1))]);
}

export function falseAlarmsADay(judgements: readonly Judgement[]): number {
  const days = judgements.reduce((sum, judgement) => sum + judgement.days, 0);
  return judgements.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0) / days;
}

/** Runs of rows that score `threshold` or more, as the episodes of a detector that has none. */
export function runsAbove(scores: Float64Array, threshold: number): Episode[] {
  const all: Episode[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (!((scores[row] ?? 0) >= threshold)) continue;
    const first = row;
    while ((scores[row + 1] ?? 0) >= threshold) row++;
    all.push({ first, end: row + 1, kind: 'run', evidence: 'level' });
  }
  return all;
}

const LEAST = 1;
const MOST = 1e9;
const HALVINGS = 40;

/**
 * The threshold between 1 and 10⁹ with as many false alarms as `wanted`, but not more: by halving, which finds one of
 * several when runs merge.
 */
export function thresholdFor(
  all: readonly { readonly planted: Planted; readonly scores: Float64Array }[],
  wanted: number,
): number {
  let [low, high] = [LEAST, MOST];
  for (let i = 0; i < HALVINGS; i++) {
    const between = Math.sqrt(low * high);
    const count = all.reduce(
      (sum, { planted, scores }) => sum + judge(planted, runsAbove(scores, between)).falseAlarms,
      0,
    );
    if (count > wanted) low = between;
    else high = between;
  }
  return high;
}

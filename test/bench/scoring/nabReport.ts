// Scores of one detector on all files of NAB as a record, and many of them as tables.

import { dirname } from 'node:path';
import {
  bestPoints,
  countsAt,
  NAB_PROFILES,
  type NabProfileName,
  type NabScored,
  normalised,
  pointsAt,
} from './nabScore.ts';
import { mean } from './segments.ts';

export interface NamedScores extends NabScored {
  /** Folder and name. */
  readonly name: string;
}

export interface NabRun {
  readonly detector: string;
  readonly seed: number;
  readonly seconds: number;
  /** Fixed in advance; undefined for detectors without one. */
  readonly threshold: number | undefined;
  readonly rows: { readonly all: number; readonly windows: number; readonly dropped: number };
}

type ByProfile = Readonly<Record<NabProfileName, number>>;

/** Counts and scores at one threshold. */
interface Counts {
  readonly windows: number;
  readonly found: number;
  readonly falseRows: number;
  /** Standard profile. */
  readonly points: number;
  /** NaN without labelled windows: there is nothing to normalise by. */
  readonly score: number;
}

export interface NabReport extends NabRun {
  /** At the fixed threshold. */
  readonly shipped: ByProfile | undefined;
  readonly shippedCounts: Counts | undefined;
  /** Each profile at its own best threshold. */
  readonly best: ByProfile;
  readonly bestThreshold: ByProfile;
  readonly bestCounts: Counts;
  /** At the fixed threshold, or where there is none at the best one of the standard profile. */
  readonly folders: Readonly<Record<string, Counts>>;
}

export function nabReport(run: NabRun, files: readonly NamedScores[]): NabReport {
  const { threshold } = run;
  const windows = windowsOf(files);
  const bests = byProfile((profile) => bestPoints(files, NAB_PROFILES[profile]));
  const bestThreshold = byProfile((profile) => bests[profile].threshold);
  const at = threshold ?? bestThreshold.standard;
  const folders = grouped(files, ({ name }) => dirname(name));
  return {
    ...run,
    shipped:
      threshold === undefined
        ? undefined
        : byProfile((name) => normalised(pointsAt(files, NAB_PROFILES[name], threshold), windows, NAB_PROFILES[name])),
    shippedCounts: threshold === undefined ? undefined : counts(files, threshold),
    best: byProfile((profile) => normalised(bests[profile].points, windows, NAB_PROFILES[profile])),
    bestThreshold,
    bestCounts: counts(files, bestThreshold.standard),
    folders: Object.fromEntries([...folders].map(([folder, some]) => [folder, counts(some, at)])),
  };
}

type Row = Readonly<Record<string, string | number>>;

type Rows = Record<string, Row>;

/** For each detector, means over its seeds with the standard deviation: rows by detector, and rows by folder. */
export function summaries(reports: readonly NabReport[]): { shipped: Rows; best: Rows; folders: Rows } {
  const shipped: Rows = {};
  const best: Rows = {};
  const folders: Record<string, Record<string, string>> = {};
  for (const [detector, seeds] of grouped(reports, (report) => report.detector)) {
    const fixed = seeds.flatMap((report) => report.shipped ?? []);
    if (fixed.length > 0) {
      shipped[detector] = {
        ...spreads(fixed),
        ...countTexts(seeds.flatMap(({ shippedCounts }) => shippedCounts ?? [])),
      };
    }
    best[detector] = {
      ...spreads(seeds.map((report) => report.best)),
      ...countTexts(seeds.map(({ bestCounts }) => bestCounts)),
      threshold: seeds.map(({ bestThreshold }) => significant(bestThreshold.standard)).join(' '),
      seconds: Number(mean(seeds.map(({ seconds }) => seconds)).toFixed(1)),
    };
    for (const folder of Object.keys(seeds[0]?.folders ?? {})) {
      const all = seeds.flatMap((report) => report.folders[folder] ?? []);
      const score = mean(all.map((one) => one.score));
      const falseRows = mean(all.map((one) => one.falseRows)).toFixed(0);
      const row = folders[folder] ?? {};
      folders[folder] = row;
      row[detector] = Number.isNaN(score) ? `–, ${falseRows} false` : `${score.toFixed(1)}, ${falseRows} false`;
    }
  }
  return { shipped, best, folders };
}

function spreads(scores: readonly ByProfile[]): Row {
  return byProfile((profile) => spread(scores.map((score) => score[profile])));
}

/** Of the standard profile. */
function countTexts(all: readonly Counts[]): Row {
  const found = mean(all.map((one) => one.found)).toFixed(0);
  const falseRows = mean(all.map((one) => one.falseRows)).toFixed(0);
  return { found: `${found}/${all[0]?.windows ?? 0}`, 'false rows': Number(falseRows) };
}

function spread(values: readonly number[]): string {
  const middle = mean(values);
  if (values.length === 1) return middle.toFixed(2);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return `${middle.toFixed(2)} ± ${Math.sqrt(variance).toFixed(2)}`;
}

/** More digits near 1, where probabilities crowd. */
function significant(value: number): string {
  return Number(value.toPrecision(Math.abs(value - 1) < 0.001 ? 12 : 4)).toString();
}

function counts(files: readonly NabScored[], threshold: number): Counts {
  const windows = windowsOf(files);
  const points = pointsAt(files, NAB_PROFILES.standard, threshold);
  const score = windows === 0 ? Number.NaN : normalised(points, windows, NAB_PROFILES.standard);
  return { windows, ...countsAt(files, threshold), points, score };
}

function windowsOf(files: readonly NabScored[]): number {
  return files.reduce((sum, { places }) => sum + places.windows, 0);
}

function byProfile<T>(of: (profile: NabProfileName) => T): Record<NabProfileName, T> {
  return { standard: of('standard'), reward_low_FP: of('reward_low_FP'), reward_low_FN: of('reward_low_FN') };
}

function grouped<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}

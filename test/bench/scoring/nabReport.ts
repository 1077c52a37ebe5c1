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
  /** Of every profile at this threshold. NaN without labelled windows: there is nothing to normalise by. */
  readonly scores: ByProfile;
}

type Folders = Readonly<Record<string, Counts>>;

export interface NabReport extends NabRun {
  /** At the fixed threshold. */
  readonly shipped: ByProfile | undefined;
  readonly shippedCounts: Counts | undefined;
  /** Each profile at its own best threshold. */
  readonly best: ByProfile;
  readonly bestThreshold: ByProfile;
  readonly bestCounts: Counts;
  readonly shippedFolders: Folders | undefined;
  /** At the best threshold of the standard profile, for all files together. */
  readonly bestFolders: Folders;
}

export function nabReport(run: NabRun, files: readonly NamedScores[]): NabReport {
  const { threshold } = run;
  const windows = windowsOf(files);
  const bests = byProfile((profile) => bestPoints(files, NAB_PROFILES[profile]));
  const bestThreshold = byProfile((profile) => bests[profile].threshold);
  const shippedCounts = threshold === undefined ? undefined : counts(files, threshold);
  return {
    ...run,
    shipped: shippedCounts?.scores,
    shippedCounts,
    best: byProfile((profile) => normalised(bests[profile].points, windows, NAB_PROFILES[profile])),
    bestThreshold,
    bestCounts: counts(files, bestThreshold.standard),
    shippedFolders: threshold === undefined ? undefined : foldersAt(files, threshold),
    bestFolders: foldersAt(files, bestThreshold.standard),
  };
}

function foldersAt(files: readonly NamedScores[], threshold: number): Folders {
  const folders = grouped(files, ({ name }) => dirname(name));
  return Object.fromEntries([...folders].map(([folder, some]) => [folder, counts(some, threshold)]));
}

type Row = Readonly<Record<string, string | number>>;

type Rows = Record<string, Row>;

interface Summaries {
  readonly shipped: Rows;
  readonly best: Rows;
  readonly shippedFolders: Rows;
  readonly bestFolders: Rows;
}

/** A row for each detector: means over its seeds with the standard deviation; by folder without it. */
export function summaries(reports: readonly NabReport[]): Summaries {
  const rows = { shipped: {} as Rows, best: {} as Rows, shippedFolders: {} as Rows, bestFolders: {} as Rows };
  for (const [detector, seeds] of grouped(reports, (report) => report.detector)) {
    const fixed = seeds.flatMap((report) => report.shipped ?? []);
    if (fixed.length > 0) {
      rows.shipped[detector] = {
        ...spreads(fixed),
        ...countTexts(seeds.flatMap(({ shippedCounts }) => shippedCounts ?? [])),
      };
      const folders = seeds.map(({ shippedFolders }) => shippedFolders).filter((one) => one !== undefined);
      rows.shippedFolders[detector] = folderTexts(folders);
    }
    rows.best[detector] = {
      ...spreads(seeds.map((report) => report.best)),
      ...countTexts(seeds.map(({ bestCounts }) => bestCounts)),
      threshold: seeds.map(({ bestThreshold }) => significant(bestThreshold.standard)).join(' '),
      seconds: Number(mean(seeds.map(({ seconds }) => seconds)).toFixed(1)),
    };
    rows.bestFolders[detector] = folderTexts(seeds.map(({ bestFolders }) => bestFolders));
  }
  return rows;
}

function folderTexts(seeds: readonly Folders[]): Row {
  const row: Record<string, string> = {};
  for (const folder of Object.keys(seeds[0] ?? {})) {
    const all = seeds.flatMap((folders) => folders[folder] ?? []);
    const falseRows = mean(all.map((one) => one.falseRows)).toFixed(0);
    const scores = Object.values(byProfile((profile) => mean(all.map((one) => one.scores[profile]))));
    const text = scores.some(Number.isNaN) ? '–' : scores.map((score) => score.toFixed(1)).join(' / ');
    row[folder] = `${text}, ${falseRows}`;
  }
  return row;
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
  const points = byProfile((profile) => pointsAt(files, NAB_PROFILES[profile], threshold));
  const scores = byProfile((profile) =>
    windows === 0 ? Number.NaN : normalised(points[profile], windows, NAB_PROFILES[profile]),
  );
  return { windows, ...countsAt(files, threshold), points: points.standard, scores };
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

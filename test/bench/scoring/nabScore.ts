// The score of the Numenta Anomaly Benchmark, row by row as its authors define it: Lavin and Ahmad, "Evaluating
// Real-time Anomaly Detection Algorithms", ICMLA 2015, section II, and https://github.com/numenta/NAB, nab/sweeper.py.
//
// Each labelled window earns what its earliest detected row is worth, near 1 at the left edge and 0 at the right one;
// each detected row outside costs up to 1, less close behind a window. Rows of the probation count for nothing.

/** What a found window earns, what a missed one and what a false row costs. */
export interface NabProfile {
  readonly found: number;
  readonly missed: number;
  readonly falseRow: number;
}

export const NAB_PROFILES = {
  standard: { found: 1, missed: 1, falseRow: 0.11 },
  reward_low_FP: { found: 1, missed: 1, falseRow: 0.22 },
  reward_low_FN: { found: 1, missed: 2, falseRow: 0.11 },
} as const satisfies Record<string, NabProfile>;

export type NabProfileName = keyof typeof NAB_PROFILES;

const PROBATION_SHARE = 0.15;
const PROBATION_ROWS_MAX = 0.15 * 5000;

/** For `NabPlaces.window`. */
export const OUTSIDE = -1;
export const PROBATION = -2;

/** Where the rows of one file lie with regard to its labelled windows. */
export interface NabPlaces {
  readonly windows: number;
  /** Of each row: index of its window, OUTSIDE or PROBATION. */
  readonly window: Int32Array;
  /** Of each row: what a detection is worth before weights, −1 to 1. */
  readonly worth: Float64Array;
}

/** One file and what a detector said about each of its rows; higher is more anomalous. */
export interface NabScored {
  readonly places: NabPlaces;
  readonly scores: Float64Array;
}

export interface NabBest {
  /** Rows that score this or more are detections; infinite where none is best. */
  readonly threshold: number;
  readonly points: number;
}

/** 2σ(−5x) − 1: 0.987 one window width before the right edge, 0 at it, −1 from three widths behind it on. */
export function scaledSigmoid(position: number): number {
  return position >= 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

export function probationRows(rows: number): number {
  return Math.min(Math.floor(PROBATION_SHARE * rows), PROBATION_ROWS_MAX);
}

/**
 * Times are compared as they stand in the file: a window begins at the row with its first time and ends at the row with
 * its last. Where times repeat or step back, positions count from the first row with that time, as in NAB.
 */
export function placesOf(timesMs: ArrayLike<number>, labelled: readonly (readonly [number, number])[]): NabPlaces {
  const times = Array.from(timesMs);
  const window = new Int32Array(times.length);
  const worth = new Float64Array(times.length);
  const probation = probationRows(times.length);
  let begun = 0;
  let inside: { readonly right: number; readonly width: number; readonly toMs: number } | undefined;
  let before: { readonly right: number; readonly width: number } | undefined;
  for (const [row, timeMs] of times.entries()) {
    const next = labelled[begun];
    if (inside === undefined && next !== undefined && timeMs === next[0]) {
      const right = times.indexOf(next[1]);
      if (right < 0) throw new Error(`a window ends at ${next[1]}, where the file has no row`);
      inside = { right, width: right - times.indexOf(next[0]) + 1, toMs: next[1] };
      begun++;
    }
    if (inside !== undefined) worth[row] = scaledSigmoid(-(inside.right - row + 1) / inside.width);
    else if (before === undefined) worth[row] = -1;
    else worth[row] = scaledSigmoid(Math.abs(before.right - row) / (before.width - 1));
    if (row < probation) window[row] = PROBATION;
    else window[row] = inside === undefined ? OUTSIDE : begun - 1;
    if (inside !== undefined && timeMs === inside.toMs) {
      before = { right: row, width: inside.width };
      inside = undefined;
    }
  }
  return { windows: labelled.length, window, worth };
}

/** Points of all files together when rows that score `threshold` or more are detections. */
export function pointsAt(files: readonly NabScored[], profile: NabProfile, threshold: number): number {
  let points = 0;
  for (const { places, scores } of files) {
    const earned = emptyHanded(places, profile);
    for (let row = 0; row < scores.length; row++) {
      if (!((scores[row] ?? 0) >= threshold)) continue;
      const window = places.window[row] ?? PROBATION;
      if (window === PROBATION) continue;
      const gain = weighted(places, row, profile);
      if (window === OUTSIDE) points += gain;
      else earned.set(window, Math.max(earned.get(window) ?? gain, gain));
    }
    for (const gain of earned.values()) points += gain;
  }
  return points;
}

/** The best that one threshold for all files can do: what NAB publishes. It knows the labels; a product does not. */
export function bestPoints(files: readonly NabScored[], profile: NabProfile): NabBest {
  const rows: { readonly score: number; readonly file: number; readonly row: number }[] = [];
  const earned = files.map(({ places }) => emptyHanded(places, profile));
  for (const [file, { places, scores }] of files.entries()) {
    for (const [row, score] of scores.entries()) {
      if (places.window[row] !== PROBATION && !Number.isNaN(score)) rows.push({ score, file, row });
    }
  }
  rows.sort((a, b) => b.score - a.score);
  let points = 0;
  for (const windows of earned) for (const gain of windows.values()) points += gain;
  let best: NabBest = { threshold: Number.POSITIVE_INFINITY, points };
  for (const [i, { score, file, row }] of rows.entries()) {
    const places = files[file]?.places;
    const windows = earned[file];
    if (places === undefined || windows === undefined) continue;
    const window = places.window[row] ?? PROBATION;
    const gain = weighted(places, row, profile);
    const had = windows.get(window);
    if (window === OUTSIDE) points += gain;
    else if (had !== undefined && gain > had) {
      points += gain - had;
      windows.set(window, gain);
    }
    if (rows[i + 1]?.score !== score && points > best.points) best = { threshold: score, points };
  }
  return best;
}

/** 0 for a detector that says nothing, 100 for one that finds every window at its left edge and nothing else. */
export function normalised(points: number, windows: number, { found, missed }: NabProfile): number {
  return (100 * (points + windows * missed)) / (windows * (found + missed));
}

/** Labelled windows with a detected row, and detected rows outside of any. */
export function countsAt(files: readonly NabScored[], threshold: number): { found: number; falseRows: number } {
  let found = 0;
  let falseRows = 0;
  for (const { places, scores } of files) {
    const hit = new Set<number>();
    for (const [row, score] of scores.entries()) {
      const window = places.window[row] ?? PROBATION;
      if (!(score >= threshold) || window === PROBATION) continue;
      if (window === OUTSIDE) falseRows++;
      else hit.add(window);
    }
    found += hit.size;
  }
  return { found, falseRows };
}

/** What windows cost before anything is detected. One that lies in the probation as a whole cannot be missed. */
function emptyHanded({ window }: NabPlaces, { missed }: NabProfile): Map<number, number> {
  const earned = new Map<number, number>();
  for (const index of window) if (index >= 0) earned.set(index, -missed);
  return earned;
}

function weighted({ window, worth }: NabPlaces, row: number, { found, falseRow }: NabProfile): number {
  const unweighted = worth[row] ?? 0;
  return window[row] === OUTSIDE ? unweighted * falseRow : (unweighted * found) / scaledSigmoid(-1);
}

// How good the alarms were, held against labels. Pure functions over lists and running tallies; no file format, no
// detector: a benchmark may feed them from anywhere.

/** A run of labelled rows. */
export interface Segment {
  readonly startMs: number;
  /** Time of its last row. */
  endMs: number;
  rows: number;
}

/** From when to when somebody was told that something is wrong. */
export interface Alarm {
  readonly openedMs: number;
  /** End of the last window in which it stood. */
  readonly lastMs: number;
}

/** Point by point, with the rule of the AIOps challenge: see `observePoint`. */
export interface Points {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  /** The labelled run that is not over yet: its rows, and whether an alarm came in time. */
  rows: number;
  hit: boolean;
}

export interface EventCounts {
  readonly segments: number;
  readonly found: number;
  readonly alarms: number;
  readonly trueAlarms: number;
  /** Of the segments that were found: from their first row to the first alarm, ≥ 0. */
  readonly delaysMs: readonly number[];
}

/** A later alarm than so many rows behind the first labelled one is no help any more. */
const DELAY_ROWS = 7;

export function newPoints(): Points {
  return { truePositives: 0, falsePositives: 0, falseNegatives: 0, rows: 0, hit: false };
}

/**
 * Takes the next row. A labelled run counts as found in all of its rows when an alarm stands in its first row or one of
 * the DELAY_ROWS behind it, else as missed in all of them; other rows count as they are. The rule of the AIOps
 * challenge of 2018 (Ren et al., "Time-Series Anomaly Detection Service at Microsoft", KDD 2019).
 */
export function observePoint(points: Points, labelled: boolean, alarm: boolean): void {
  if (!labelled) {
    endRun(points);
    if (alarm) points.falsePositives++;
    return;
  }
  if (alarm && points.rows <= DELAY_ROWS) points.hit = true;
  points.rows++;
}

/** The last row was taken. */
export function endRun(points: Points): void {
  if (points.hit) points.truePositives += points.rows;
  else points.falseNegatives += points.rows;
  points.rows = 0;
  points.hit = false;
}

/** An alarm and a segment belong together when they share an instant. Both lists in order of their times. */
export function countEvents(segments: readonly Segment[], alarms: readonly Alarm[]): EventCounts {
  const delaysMs: number[] = [];
  for (const segment of segments) {
    const first = alarms.find((alarm) => overlap(segment, alarm));
    if (first !== undefined) delaysMs.push(Math.max(0, first.openedMs - segment.startMs));
  }
  const trueAlarms = alarms.filter((alarm) => segments.some((segment) => overlap(segment, alarm))).length;
  return { segments: segments.length, found: delaysMs.length, alarms: alarms.length, trueAlarms, delaysMs };
}

/**
 * Area below precision over recall as a sum of steps, ties as one step (as `average_precision_score` of scikit-learn).
 * `positives` and `negatives` are the scores of labelled and of other rows; both are sorted in place. NaN without
 * positives.
 */
export function averagePrecision(positives: Float32Array, negatives: Float32Array): number {
  positives.sort();
  negatives.sort();
  let area = 0;
  let low = negatives.length;
  for (let i = positives.length; i > 0; ) {
    const score = positives[i - 1] ?? 0;
    let ties = 0;
    while (i > 0 && positives[i - 1] === score) {
      i--;
      ties++;
    }
    while (low > 0 && (negatives[low - 1] ?? 0) >= score) low--;
    const hits = positives.length - i;
    area += (ties / positives.length) * (hits / (hits + negatives.length - low));
  }
  return positives.length === 0 ? Number.NaN : area;
}

/** NaN for 0 of 0. */
export function precisionRecallF1(
  truePositives: number,
  falsePositives: number,
  falseNegatives: number,
): { readonly precision: number; readonly recall: number; readonly f1: number } {
  return {
    precision: truePositives / (truePositives + falsePositives),
    recall: truePositives / (truePositives + falseNegatives),
    f1: (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives),
  };
}

/** The lower one of two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}

function overlap(segment: Segment, alarm: Alarm): boolean {
  return alarm.openedMs <= segment.endMs && (alarm.lastMs > segment.startMs || alarm.openedMs === segment.startMs);
}

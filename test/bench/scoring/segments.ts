// Measures on labelled series: by segment, by event and by point. A segment is a run of labelled rows. Never
// point-adjusted: there a random score finds almost everything (Kim et al., AAAI 2022).

/** One series with its labels and what a detector said. Rows before `from` were only learned and are not scored. */
export interface Labelled {
  readonly from: number;
  readonly labels: Uint8Array;
  /** Of each row; higher is more anomalous, 0 where nothing was said. */
  readonly scores: Float64Array;
  /** The same, but only rows that tell something new; see run.ts. */
  readonly alarms: Float64Array;
  readonly days: number;
}

export interface Segment {
  readonly first: number;
  readonly last: number;
}

export interface F1 {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface EventF1 extends F1 {
  readonly found: number;
  readonly segments: number;
  readonly falseAlarms: number;
  readonly falseAlarmsPerDay: number;
  /** Rows from the start of a found segment to its first alarm. NaN when none is found. */
  readonly delayMedian: number;
}

/** Thresholds that are tried for the best event F1: quantiles of all alarms, denser towards the highest. */
const THRESHOLDS_TRIED = 60;
const QUANTILE_STEP = 0.86;

/** Runs of labelled rows from `from` on; one that begins before it is cut there. */
export function segmentsOf(labels: Uint8Array, from: number): Segment[] {
  const segments: Segment[] = [];
  for (let row = from; row < labels.length; row++) {
    if (labels[row] !== 1) continue;
    const first = row;
    while (labels[row + 1] === 1) row++;
    segments.push({ first, last: row });
  }
  return segments;
}

/**
 * F1 over rows where a segment counts wholly as found if one of its first `delay` + 1 rows is detected, else wholly as
 * missed; rows outside count one by one. The rule of the AIOps challenge of 2018. Rows that score `threshold` or more
 * are detections.
 */
export function delayedF1At(all: readonly Labelled[], delay: number, threshold: number): F1 {
  const { steps, positives } = delayedSteps(all, delay);
  let hit = 0;
  let wrong = 0;
  for (const { score, rows, labelled } of steps) {
    if (!(score >= threshold)) continue;
    if (labelled) hit += rows;
    else wrong += rows;
  }
  return f1Of(threshold, hit, wrong, positives);
}

/** The best that one threshold for all series can do: it knows the labels. */
export function delayedF1Best(all: readonly Labelled[], delay: number): F1 {
  const { steps, positives } = delayedSteps(all, delay);
  steps.sort((a, b) => b.score - a.score);
  let hit = 0;
  let wrong = 0;
  let best = f1Of(Number.POSITIVE_INFINITY, 0, 0, positives);
  for (const [i, { score, rows, labelled }] of steps.entries()) {
    if (score <= 0) break;
    if (labelled) hit += rows;
    else wrong += rows;
    if (steps[i + 1]?.score === score) continue;
    const now = f1Of(score, hit, wrong, positives);
    if (now.f1 > best.f1) best = now;
  }
  return best;
}

/**
 * Alarms against segments: a segment is found by any alarm in it, each alarm outside of all is false. An alarm is a row
 * whose alarm score reaches the threshold while the row before does not, so that a run of such rows is one alarm.
 */
export function eventF1At(all: readonly Labelled[], threshold: number): EventF1 {
  let found = 0;
  let count = 0;
  let falseAlarms = 0;
  let days = 0;
  const delays: number[] = [];
  for (const { from, labels, alarms, days: own } of all) {
    const segments = segmentsOf(labels, from);
    count += segments.length;
    days += own;
    let at = 0;
    let lastFound = -1;
    for (let row = from; row < alarms.length; row++) {
      if (!((alarms[row] ?? 0) >= threshold) || (row > from && (alarms[row - 1] ?? 0) >= threshold)) continue;
      while ((segments[at]?.last ?? Number.POSITIVE_INFINITY) < row) at++;
      const segment = segments[at];
      if (segment === undefined || row < segment.first) falseAlarms++;
      else if (lastFound !== at) {
        lastFound = at;
        found++;
        delays.push(row - segment.first);
      }
    }
  }
  const precision = found + falseAlarms === 0 ? 0 : found / (found + falseAlarms);
  const recall = count === 0 ? 0 : found / count;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  const falseAlarmsPerDay = falseAlarms / days;
  return {
    threshold,
    precision,
    recall,
    f1,
    found,
    segments: count,
    falseAlarms,
    falseAlarmsPerDay,
    delayMedian: median(delays),
  };
}

/** The best of some sixty thresholds. */
export function eventF1Best(all: readonly Labelled[]): EventF1 {
  const said = all.flatMap(({ from, alarms }) => Array.from(alarms.subarray(from)).filter((score) => score > 0));
  const sorted = Float64Array.from(said).sort();
  let best = eventF1At(all, Number.POSITIVE_INFINITY);
  for (let i = 0; i < THRESHOLDS_TRIED && sorted.length > 0; i++) {
    const threshold = sorted[Math.floor((sorted.length - 1) * (1 - QUANTILE_STEP ** i))] ?? 0;
    const now = eventF1At(all, threshold);
    if (now.f1 > best.f1) best = now;
  }
  return best;
}

/** Area under precision over recall of rows, equal scores taken together. NaN without a labelled row. */
export function averagePrecision({ from, labels, scores }: Labelled): number {
  const rows = Array.from({ length: scores.length - from }, (_, i) => from + i);
  rows.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  let positives = 0;
  let area = 0;
  let fresh = 0;
  for (const [i, row] of rows.entries()) {
    fresh += labels[row] ?? 0;
    const next = rows[i + 1];
    if (next !== undefined && scores[next] === scores[row]) continue;
    positives += fresh;
    area += (fresh * positives) / (i + 1);
    fresh = 0;
  }
  return area / positives;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of an even count the upper one of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

interface Step {
  readonly score: number;
  readonly rows: number;
  readonly labelled: boolean;
}

/** Each segment as one step with the highest score of its first rows, each row outside as another. */
function delayedSteps(all: readonly Labelled[], delay: number): { steps: Step[]; positives: number } {
  const steps: Step[] = [];
  let positives = 0;
  for (const { from, labels, scores } of all) {
    for (const { first, last } of segmentsOf(labels, from)) {
      const soon = scores.subarray(first, Math.min(last, first + delay) + 1);
      const rows = last - first + 1;
      steps.push({ score: Math.max(...soon), rows, labelled: true });
      positives += rows;
    }
    for (let row = from; row < scores.length; row++) {
      if (labels[row] !== 1) steps.push({ score: scores[row] ?? 0, rows: 1, labelled: false });
    }
  }
  return { steps, positives };
}

function f1Of(threshold: number, hit: number, wrong: number, positives: number): F1 {
  const precision = hit + wrong === 0 ? 0 : hit / (hit + wrong);
  const recall = positives === 0 ? 0 : hit / positives;
  const total = hit + wrong + positives;
  return { threshold, precision, recall, f1: total === 0 ? 0 : (2 * hit) / total };
}

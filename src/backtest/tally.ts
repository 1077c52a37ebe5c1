// What is kept of one file to say how good it was, and the figures of one file or of all together.

import {
  type Alarm,
  averagePrecision,
  countEvents,
  endRun,
  median,
  newPoints,
  observePoint,
  type Points,
  precisionRecallF1,
  type Segment,
} from './figures.ts';

/** Rows before the first score are not judged: nobody could have told anything about them. */
export interface Tally {
  readonly hasLabels: boolean;
  readonly segments: Segment[];
  /** Labelled runs that ended before the first score. */
  segmentsInWarmup: number;
  /** Of all rows, whether they are judged or not. */
  readonly allSegments: Segment[];
  isLabelled: boolean;
  readonly points: Points;
  /** Scores of labelled and of other rows. */
  readonly positives: Scores;
  readonly negatives: Scores;
  readonly alarms: Alarm[];
  judgedFromMs: number;
  judgedToMs: number;
}

interface Scores {
  values: Float32Array;
  count: number;
}

/** Of one file, or of several together. NaN where nothing can be said. */
export interface Figures {
  readonly judgedDays: number;
  readonly alarms: number;
  readonly alarmsPerDay: number;
  /** Undefined without labels. */
  readonly labels:
    | {
        readonly segments: number;
        readonly segmentsInWarmup: number;
        readonly found: number;
        readonly falseAlarms: number;
        readonly eventPrecision: number;
        readonly eventRecall: number;
        readonly eventF1: number;
        readonly pointPrecision: number;
        readonly pointRecall: number;
        readonly pointF1: number;
        readonly averagePrecision: number;
        readonly falseAlarmsPerDay: number;
        readonly medianDelayMs: number;
      }
    | undefined;
}

const DAY_MS = 86_400_000;

export function newTally(hasLabels: boolean): Tally {
  return {
    hasLabels,
    segments: [],
    segmentsInWarmup: 0,
    allSegments: [],
    isLabelled: false,
    points: newPoints(),
    positives: { values: new Float32Array(1024), count: 0 },
    negatives: { values: new Float32Array(1024), count: 0 },
    alarms: [],
    judgedFromMs: Number.NaN,
    judgedToMs: Number.NaN,
  };
}

/** Takes the next row. `score` is NaN where there is none; `timeMs` NaN for a row that has no time. */
export function observeRow(tally: Tally, timeMs: number, labelled: boolean, score: number, alarm: boolean): void {
  if (!Number.isNaN(score)) {
    if (Number.isNaN(tally.judgedFromMs)) tally.judgedFromMs = timeMs;
    tally.judgedToMs = timeMs;
  }
  if (!tally.hasLabels || Number.isNaN(timeMs)) return;
  const isJudged = !Number.isNaN(tally.judgedFromMs);
  if (labelled) {
    extend(tally.allSegments, timeMs, tally.isLabelled);
    // A run that reaches out of the warm-up is judged from there on.
    if (isJudged) extend(tally.segments, timeMs, tally.isLabelled && tally.points.rows > 0);
  } else if (tally.isLabelled && tally.points.rows === 0) {
    tally.segmentsInWarmup++;
  }
  tally.isLabelled = labelled;
  if (!isJudged) return;
  observePoint(tally.points, labelled, alarm);
  if (!Number.isNaN(score)) keep(labelled ? tally.positives : tally.negatives, score);
}

/** The last row was taken; `alarms` in order. */
export function endTally(tally: Tally, alarms: readonly Alarm[]): void {
  if (tally.isLabelled && Number.isNaN(tally.judgedFromMs)) tally.segmentsInWarmup++;
  endRun(tally.points);
  tally.alarms.push(...alarms);
  trim(tally.positives);
  trim(tally.negatives);
}

/** Files without labels count for alarms, not for what labels say. Scores are pooled: they mean the same everywhere. */
export function figuresOf(tallies: readonly Tally[]): Figures {
  const judgedDays = tallies.reduce((days, one) => days + daysOf(one), 0);
  const alarms = tallies.reduce((count, one) => count + one.alarms.length, 0);
  const labelled = tallies.filter(({ hasLabels }) => hasLabels);
  return {
    judgedDays,
    alarms,
    alarmsPerDay: alarms / judgedDays,
    labels: labelled.length === 0 ? undefined : labelFigures(labelled),
  };
}

function labelFigures(tallies: readonly Tally[]): NonNullable<Figures['labels']> {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const events = tallies.map(({ segments, alarms }) => countEvents(segments, alarms));
  const total = (key: 'segments' | 'found' | 'alarms' | 'trueAlarms'): number =>
    events.reduce((count, one) => count + one[key], 0);
  const falseAlarms = total('alarms') - total('trueAlarms');
  const eventPrecision = total('trueAlarms') / total('alarms');
  const eventRecall = total('found') / total('segments');
  const points = precisionRecallF1(
    sum(({ points }) => points.truePositives),
    sum(({ points }) => points.falsePositives),
    sum(({ points }) => points.falseNegatives),
  );
  return {
    segments: total('segments'),
    segmentsInWarmup: sum(({ segmentsInWarmup }) => segmentsInWarmup),
    found: total('found'),
    falseAlarms,
    eventPrecision,
    eventRecall,
    eventF1: harmonic(eventPrecision, eventRecall),
    pointPrecision: points.precision,
    pointRecall: points.recall,
    pointF1: points.f1,
    averagePrecision: averagePrecision(
      joined(tallies.map(({ positives }) => positives)),
      joined(tallies.map(({ negatives }) => negatives)),
    ),
    falseAlarmsPerDay: falseAlarms / sum(daysOf),
    medianDelayMs: median(events.flatMap(({ delaysMs }) => delaysMs)),
  };
}

function daysOf({ judgedFromMs, judgedToMs }: Tally): number {
  return Number.isNaN(judgedFromMs) ? 0 : (judgedToMs - judgedFromMs) / DAY_MS;
}

/** NaN when either is; 0 when both are 0. */
function harmonic(a: number, b: number): number {
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}

function extend(segments: Segment[], timeMs: number, continues: boolean): void {
  const last = segments.at(-1);
  if (!continues || last === undefined) {
    segments.push({ startMs: timeMs, endMs: timeMs, rows: 1 });
    return;
  }
  last.endMs = Math.max(last.endMs, timeMs);
  last.rows++;
}

function keep(scores: Scores, score: number): void {
  if (scores.count === scores.values.length) {
    const grown = new Float32Array(2 * scores.count);
    grown.set(scores.values);
    scores.values = grown;
  }
  scores.values[scores.count++] = score;
}

/** A copy, because whoever ranks scores sorts them. */
function joined(parts: readonly Scores[]): Float32Array {
  const all = new Float32Array(parts.reduce((count, part) => count + part.count, 0));
  let at = 0;
  for (const { values, count } of parts) {
    all.set(values, at);
    at += count;
  }
  return all;
}

function trim(scores: Scores): void {
  scores.values = scores.values.slice(0, scores.count);
}

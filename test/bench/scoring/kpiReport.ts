// Measures of one detector on labelled series as a record, and as the row of a table.

import {
  averagePrecision,
  delayedF1At,
  delayedF1Best,
  type EventF1,
  eventF1At,
  eventF1Best,
  type F1,
  type Labelled,
  mean,
} from './segments.ts';

/** Rows from the start of a segment within which it must be found: the rule of the challenge for minutes. */
const DELAY_ROWS = 7;

interface KpiRun {
  readonly detector: string;
  readonly seed: number;
  readonly seconds: number;
  /** Fixed in advance; undefined for detectors without one. */
  readonly threshold: number | undefined;
}

export interface KpiReport extends KpiRun {
  readonly shipped: F1 | undefined;
  readonly best: F1;
  readonly shippedEvents: EventF1 | undefined;
  readonly bestEvents: EventF1;
  readonly averagePrecision: number;
}

export function kpiReport(run: KpiRun, all: readonly Labelled[]): KpiReport {
  const { threshold } = run;
  return {
    ...run,
    shipped: threshold === undefined ? undefined : delayedF1At(all, DELAY_ROWS, threshold),
    best: delayedF1Best(all, DELAY_ROWS),
    shippedEvents: threshold === undefined ? undefined : eventF1At(all, threshold),
    bestEvents: eventF1Best(all),
    averagePrecision: mean(all.map(averagePrecision).filter((area) => !Number.isNaN(area))),
  };
}

export function kpiRow(report: KpiReport): Readonly<Record<string, string>> {
  const { shipped, best, shippedEvents, bestEvents } = report;
  return {
    'F1@7 shipped': f1Text(shipped),
    'F1@7 best': `${f1Text(best)} at ${Number(best.threshold.toPrecision(3))}`,
    'events shipped': eventText(shippedEvents),
    'events best': eventText(bestEvents),
    AP: report.averagePrecision.toFixed(3),
    seconds: report.seconds.toFixed(0),
  };
}

function f1Text(f1: F1 | undefined): string {
  if (f1 === undefined) return '–';
  return `${f1.f1.toFixed(3)} (P ${f1.precision.toFixed(2)}, R ${f1.recall.toFixed(2)})`;
}

function eventText(events: EventF1 | undefined): string {
  if (events === undefined) return '–';
  const { found, segments, falseAlarmsPerDay, delayMedian } = events;
  const counts = `${found}/${segments}, ${falseAlarmsPerDay.toFixed(2)} false/day, delay ${delayMedian}`;
  return `${f1Text(events)} ${counts}`;
}

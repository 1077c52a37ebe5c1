// What the main thread tells of all lanes: their reports come in, the exposition, health and progress go out.

import type { Clock, Log } from '../ports.ts';
import type { HttpSettings, Settings } from '../settings.ts';
import { type Condition, newCondition } from './condition.ts';
import { writeFamilies } from './exposition.ts';
import { families, type Picture, type ProcessFacts } from './families.ts';
import { liveness, readiness } from './health.ts';
import { type Listener, startHttp } from './http.ts';
import type { LaneReport } from './laneReport.ts';
import { accept, laneEnded, type Merge, newMerge } from './merge.ts';
import { observeProcess } from './processMetrics.ts';
import { newRows, orphanRows, type Rows, rowCounts, snapshotRows, sweepRows, updateRows } from './rows.ts';
import { type Later, newScraping, type Rendering, type Scraping } from './scrape.ts';
import { laneViews, type StreamView, shareViews, streamViews } from './views.ts';

export interface Report {
  /** Written by the supervisor: stopping, lanes that are given up. */
  readonly condition: Condition;
  accept(report: LaneReport): void;
  /** Call once when a lane's thread is gone, before the first report of the next one. */
  laneEnded(lane: number): void;
  /** One view for each stream, for the terminal. */
  streams(): StreamView[];
  /** Opens /metrics, /healthz and /readyz; rejects with `port_busy`. */
  listen(settings: HttpSettings): Promise<Listener>;
}

type Told = Pick<Settings, 'lanes' | 'streams' | 'metrics'>;

/** Lanes are numbered from 0. Opens nothing before `listen`. */
export function newReport(settings: Told, facts: ProcessFacts, clock: Clock, log: Log, later?: Later): Report {
  const { detail, seriesBudget } = settings.metrics;
  const names = settings.streams.map(({ name }) => name);
  const merge = newMerge(names, settings.lanes);
  const rows = newRows(settings.streams, seriesBudget, log);
  const condition = newCondition();
  const processText = observeProcess();
  const scraping: Scraping = newScraping(render, clock, later);

  function render(): Rendering {
    const seen = snapshotRows(rows, clock.monotonic());
    const all = families(picture(merge, rows, condition, { rows: seen, detail, facts, scrapes: scraping.stats() }));
    async function* text(): AsyncGenerator<string> {
      yield* writeFamilies(all);
      yield await processText();
    }
    return { text: text(), shown: () => sweepRows(rows, seen) };
  }

  return {
    condition,
    accept(report) {
      accept(merge, report);
      if (detail !== 'none') updateRows(rows, report, clock.monotonic());
    },
    laneEnded(lane) {
      laneEnded(merge, lane);
      orphanRows(rows, lane);
    },
    streams: () => streamViews(merge),
    listen: (http) =>
      startHttp({
        settings: http,
        log,
        metrics: scraping.answer,
        liveness: () => liveness(condition),
        readiness: () => readiness(condition, merge),
      }),
  };
}

function picture(
  merge: Merge,
  rows: Rows,
  { still }: Condition,
  rest: Omit<Picture, 'streams' | 'shares' | 'lanes'>,
): Picture {
  const streams = streamViews(merge).map((view) => {
    const { exported, withheld, split } = rowCounts(rows, view.stream);
    // A lane sees the splits within itself, the rows those between lanes, too; their sum would count some twice.
    return { ...view, exported, withheld, split: Math.max(view.split, split) };
  });
  return { ...rest, streams, shares: shareViews(merge), lanes: laneViews(merge, still) };
}

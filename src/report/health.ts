// Whether gruard lives, and whether it is ready. Liveness must not depend on Kafka: else an outage of the brokers would
// restart every instance, and each would restore and replay when they come back.

import type { Condition } from './condition.ts';
import type { Merge } from './merge.ts';
import { warmupLine } from './terminal.ts';
import { streamViews } from './views.ts';

export interface Verdict {
  readonly ok: boolean;
  /** For people, one line for each thing that is missing. */
  readonly text: string;
}

/** The main loop turns, or nobody would read this; so only lanes that are given up count. */
export function liveness(condition: Condition): Verdict {
  if (condition.fatal.size === 0) return { ok: true, text: 'ok' };
  return { ok: false, text: [...condition.fatal].map(([lane, why]) => `lane ${lane}: ${why}`).join('\n') };
}

/** So many checkpoints in a row may fail: one or two are a hiccup of the disk or the brokers. */
const FAILURES_MAX = 2;

/**
 * Every lane has joined its group, restored its partitions and can write checkpoints, and nobody asked to stop. Streams
 * that warm up are told, too, but are ready to take what comes.
 */
export function readiness(condition: Condition, merge: Merge): Verdict {
  if (condition.stopping) return { ok: false, text: 'stopping' };
  const missing: string[] = [];
  for (const [lane, { report, ended }] of [...merge.lanes].sort(([a], [b]) => a - b)) {
    const still = condition.still.get(lane);
    if (still !== undefined) missing.push(`lane ${lane}: has not moved for ${still.seconds} s, ${still.where}`);
    else if (report === undefined)
      missing.push(`lane ${lane}: ${ended ? 'ended, waits to be started anew' : 'starting'}`);
    else if (!report.connected || !report.ready) missing.push(`lane ${lane}: ${whatIsMissing(report)}`);
    else if (report.checkpoint.failuresInARow > FAILURES_MAX) {
      const { failuresInARow, failure } = report.checkpoint;
      const why = failure === undefined ? '' : ` (${failure.text})`;
      missing.push(`lane ${lane}: degraded, ${failuresInARow} checkpoints in a row failed${why}; the older one stays`);
    }
  }
  if (missing.length > 0) return { ok: false, text: missing.join('\n') };
  const warming = streamViews(merge).filter((stream) => stream.warming > 0);
  return { ok: true, text: ['ready', ...warming.map((stream) => warmupLine(stream))].join('\n') };
}

function whatIsMissing(report: { readonly connected: boolean; readonly waitingFor: string | undefined }): string {
  return report.waitingFor ?? (report.connected ? 'restores its partitions' : 'joins its consumer group');
}

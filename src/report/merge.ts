// What all lanes told, in one place. It keeps the latest report of each lane, and the totals of what ended: a lane that
// was restarted and a partition that was handed over begin to count anew, and no counter may fall because of it.

import type { LaneReport, ShareReport } from './laneReport.ts';
import {
  addCounters,
  addLane,
  addStream,
  beganAnew,
  type LaneTotals,
  laneTotalsOf,
  newLaneTotals,
  newStreamTotals,
  type StreamTotals,
} from './totals.ts';

/** One lane over all its lives; written by `accept` and `laneEnded` only. */
interface LaneTally {
  /** Undefined before the first report of this life. */
  report: LaneReport | undefined;
  /** Waits for its first report after an end. */
  ended: boolean;
  restarts: number;
  /** Of earlier lives. */
  readonly past: LaneTotals;
}

export interface Merge {
  /** By number, from 0; the configured lanes are there from the start. */
  readonly lanes: Map<number, LaneTally>;
  /** Of ended lanes and given-away partitions, by stream; the configured streams are there from the start. */
  readonly past: Map<string, StreamTotals>;
  /** Records lost to retention in earlier ownerships, by share. */
  readonly pastGaps: Map<string, number>;
}

export function newMerge(streams: readonly string[], lanes: number): Merge {
  return {
    lanes: new Map(Array.from({ length: lanes }, (_, lane) => [lane, newLaneTally()])),
    past: new Map(streams.map((stream) => [stream, newStreamTotals()])),
    pastGaps: new Map(),
  };
}

/** Takes a lane's newest report. Between two lives of a lane, `laneEnded` must be called. */
export function accept(merge: Merge, report: LaneReport): void {
  const tally = tallyOf(merge, report.lane);
  if (tally.ended) tally.restarts += 1;
  tally.ended = false;
  if (tally.report !== undefined) {
    const shares = new Map(report.shares.map((share) => [shareKey(share), share]));
    for (const before of tally.report.shares) {
      const now = shares.get(shareKey(before));
      if (now === undefined || beganAnew(before.counters, now.counters)) endShare(merge, before);
    }
  }
  tally.report = report;
  // The newest report stands last, so that of two lanes that tell of one share the new owner wins.
  merge.lanes.delete(report.lane);
  merge.lanes.set(report.lane, tally);
}

/** The lane's thread is gone: what it counted becomes past. A report that follows counts as a restart. */
export function laneEnded(merge: Merge, lane: number): void {
  const tally = tallyOf(merge, lane);
  if (tally.ended) tally.restarts += 1;
  tally.ended = true;
  if (tally.report === undefined) return;
  for (const share of tally.report.shares) endShare(merge, share);
  for (const stream of tally.report.streams) addStream(pastOf(merge, stream.stream), stream);
  addLane(tally.past, laneTotalsOf(tally.report));
  tally.report = undefined;
}

/** Where a share is counted: the same for every owner of it. */
export function shareKey(share: ShareReport): string {
  return JSON.stringify([share.stream, share.topic, share.partition]);
}

function endShare(merge: Merge, share: ShareReport): void {
  addCounters(pastOf(merge, share.stream).counters, share.counters);
  const key = shareKey(share);
  merge.pastGaps.set(key, (merge.pastGaps.get(key) ?? 0) + share.offsetGap);
}

function newLaneTally(): LaneTally {
  return { report: undefined, ended: false, restarts: 0, past: newLaneTotals() };
}

function tallyOf(merge: Merge, lane: number): LaneTally {
  const tally = merge.lanes.get(lane) ?? newLaneTally();
  merge.lanes.set(lane, tally);
  return tally;
}

function pastOf(merge: Merge, stream: string): StreamTotals {
  const past = merge.past.get(stream) ?? newStreamTotals();
  merge.past.set(stream, past);
  return past;
}

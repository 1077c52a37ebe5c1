// Runs records through a share as a lane does, by the real feed and the real pipeline, but without threads and clocks.

import {
  type AnomalyEvent,
  newWave,
  type RecordBatch,
  type RejectReason,
  type SourceRecord,
} from '../../src/domain.ts';
import { newFeed } from '../../src/feed.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { type LaneMemory, newLaneMemory } from '../../src/kernel/memory.ts';
import { pipeline, type Work } from '../../src/pipeline.ts';
import type { ShareSnapshot } from '../../src/ports.ts';
import { anomalyEvent } from '../../src/report/events.ts';
import type { StreamSettings } from '../../src/settings.ts';
import { DETECTOR_VERSION, dissolveShare, freezeShare, newShare, type Share, thawShare } from '../../src/share.ts';
import { labelsOf } from '../../src/summary.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from './streams.ts';

/** A row of a wave, after all stages. */
interface ClosedWindow {
  readonly key: string;
  readonly field: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number;
  readonly gap: number;
  readonly expected: number;
  readonly score: number;
}

export interface Outcome {
  readonly events: AnomalyEvent[];
  readonly windows: ClosedWindow[];
  readonly rejects: {
    readonly offset: number;
    readonly reason: RejectReason | 'non_finite';
    readonly detail: string;
  }[];
}

const PARTITION = { topic: 'topic', partition: 0 } as const;

/** One for each memory, as in a lane. */
const kernels = new WeakMap<LaneMemory, Kernel>();

/** A share without a past. Whoever builds many gives them one memory, and dissolves them. */
export function emptyShare(stream: StreamSettings, memory: LaneMemory = newLaneMemory()): Share {
  const kernel = kernels.get(memory) ?? newFloat32Kernel(memory);
  kernels.set(memory, kernel);
  return newShare(stream, PARTITION, memory, kernel, 0);
}

/** A snapshot whose slabs stay: a frozen share lends them one by one. */
export function kept(snapshot: ShareSnapshot): ShareSnapshot {
  return { ...snapshot, series: snapshot.series.map((entry) => ({ ...entry, slab: entry.slab.slice() })) };
}

/** What a restart makes of a share: another one, from copied bytes. The old one is gone. */
export function restarted(share: Share): Share {
  const snapshot = kept(freezeShare(share));
  dissolveShare(share);
  const again = emptyShare(share.stream, share.bank.lane);
  thawShare(again, snapshot);
  return again;
}

export function batchOf(records: readonly SourceRecord[]): RecordBatch {
  return { ...PARTITION, records, endOffset: undefined };
}

export function newOutcome(): Outcome {
  return { events: [], windows: [], rejects: [] };
}

/** Delivers batches one by one; after the last one, `flush` closes what has a sample. Adds to `outcome`. */
export async function deliver(
  share: Share,
  batches: readonly (readonly SourceRecord[])[],
  options: {
    readonly waveRows?: number;
    readonly flush?: boolean;
    readonly outcome?: Outcome;
    /** Sees every wave after all stages. */
    readonly collect?: (work: Work) => void;
    /** With a clock other work gets its turns, as in a lane. */
    readonly monotonic?: () => number;
  } = {},
): Promise<Outcome> {
  const outcome = options.outcome ?? newOutcome();
  const feed = newFeed(options.monotonic ?? (() => 0), () => {});
  const wave = newWave(options.waveRows ?? 256);
  const done = new Promise<void>((resolve, reject) => {
    const report = (work: Work): Work => {
      options.collect?.(work);
      return collect(work, outcome);
    };
    pipeline(feed.works, { timed: (_stage, step) => step, report }).subscribe({ error: reject, complete: resolve });
  });
  const push = (records: readonly SourceRecord[], flush: boolean): Promise<void> => {
    const reject: Work['reject'] = ({ offset }, reason, detail) => outcome.rejects.push({ offset, reason, detail });
    const work = { share, batch: batchOf(records), reject, wave, changes: [], flush, decoded: false, done: false };
    return Promise.race([feed.push([work]), done]);
  };
  for (const records of batches) await push(records, false);
  if (options.flush === true) await push([], true);
  feed.end();
  await done;
  return outcome;
}

/** Events and rows of one wave. */
export function collect(work: Work, outcome: Outcome): Work {
  const { share, wave } = work;
  const ownerOf = (row: number): NonNullable<(typeof share.series.bySlot)[number]> => {
    const owner = share.series.bySlot[wave.slot[row] ?? -1];
    if (owner === undefined) throw new Error(`row ${row} of the wave is about a series that is gone`);
    return owner;
  };
  for (let row = 0; row < wave.count; row++) {
    const { series, field } = ownerOf(row);
    const read = (column: ArrayLike<number>): number => column[row] ?? Number.NaN;
    outcome.windows.push({
      key: series.key,
      field: share.decode.fieldNames[field] ?? '',
      startMs: read(wave.startMs),
      endMs: read(wave.endMs),
      value: read(wave.value),
      gap: read(wave.gap),
      expected: read(wave.expected),
      score: read(wave.score),
    });
  }
  for (const change of work.changes) {
    const { series, field } = ownerOf(change.row);
    const source = {
      stream: share.stream,
      partition: share.partition,
      key: series.key,
      labels: labelsOf(share, series.labels),
      field: share.decode.fieldNames[field] ?? '',
      file: work.batch.file,
      detectorVersion: DETECTOR_VERSION,
    };
    outcome.events.push(anomalyEvent(source, wave, change));
  }
  return work;
}

export const START = Date.UTC(2026, 10, 23);

export function small(changes: Parameters<typeof streamSettings>[0] = {}): StreamSettings {
  const window = { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0, ...changes.window } as const;
  return streamSettings({ model: SMALL_MODEL, ...changes, window });
}

/** One record a minute for each host; `shape` gives the value. */
export function minutes(
  from: number,
  to: number,
  hosts: readonly string[],
  shape = (i: number) => 10 + (i % 7),
): SourceRecord[] {
  const records: SourceRecord[] = [];
  for (let i = from; i < to; i++) {
    for (const [n, h] of hosts.entries()) {
      const value = new TextEncoder().encode(JSON.stringify({ h, t: START + i * MINUTE, v: shape(i + n) }));
      records.push({ offset: i * 10 + n, timestampMs: undefined, key: null, value });
    }
  }
  return records;
}

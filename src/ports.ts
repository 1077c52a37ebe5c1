// The borders of the deterministic core, as contracts. Everything that awaits, has a clock or touches the outside
// stands behind one of these.

import type { AnomalyEvent, PartitionId, RecordBatch, RejectReason, SourceRecord } from './domain.ts';

/** Where reading of a partition starts. */
export type StartPosition =
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'earliest' | 'latest' }
  /** The first record whose timestamp is not older than this Unix time. */
  | { readonly kind: 'timestamp'; readonly ms: number };

/**
 * The lane as its source sees it. The source calls these one at a time, never while `deliver` is pending; but one
 * `take` may go on beside the others, as long as they are not about its partition.
 */
export interface PartitionOwner {
  /**
   * Restores the partition's state and answers where to read on. Called once for each gained partition, before its
   * first record. `committed` is the group's committed offset, where the source knows one. `reaches` asks whether the
   * partition has ever held everything below an offset; where it has not, it was created anew. Absent = it has.
   */
  take(
    partition: PartitionId,
    committed: number | undefined,
    reaches?: (offset: number) => Promise<boolean>,
  ): Promise<StartPosition>;
  /** Forgets the partition without writing: somebody else may own it already. Safe for an unknown partition. */
  drop(partition: PartitionId): void;
  /** Checkpoints every owned partition, within the deadline. Failing costs a replay, never correctness. */
  settle(deadlineMs: number): Promise<void>;
  /** Processes one batch whole; resolves when the pipeline asks for the next one. One call at a time. */
  deliver(batch: RecordBatch): Promise<void>;
}

/**
 * Where records come from. `run` is called once. It takes partitions, then delivers their records in order of offset,
 * beginning at the position that `take` answered, and resolves when the input ended or after `stop`. It rejects only
 * on what no retry can mend.
 */
export interface RecordSource {
  run(owner: PartitionOwner): Promise<void>;
  /** Positions below which state is durable: information for lag tools. Never throws; may do nothing. */
  commit(positions: readonly (PartitionId & { readonly offset: number })[]): Promise<void>;
  /** Ends `run`: finishes the batch in hand, settles the owner, leaves the group. Safe before `run` and twice. */
  stop(): Promise<void>;
}

/**
 * Where anomaly events go. `publish` only queues and keeps the order. `flush` resolves when everything published
 * before the call is acknowledged, and retries as long as it takes; it rejects only after `stop`.
 */
export interface EventSink {
  publish(event: AnomalyEvent, key: string, timestampMs: number): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Where rejected records go, whole. Same rules as `EventSink`. */
export interface RejectSink {
  reject(from: PartitionId, record: SourceRecord, reason: RejectReason | 'non_finite', detail: string): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** What one stream keeps of one input partition, frozen. */
export interface ShareSnapshot {
  readonly uid: string;
  /** Offset of the next record that the stream has not seen. */
  readonly position: number;
  /** Hash of the model-relevant configuration. */
  readonly configHash: string;
  /** Hash of the slab layout: another one cannot be read. */
  readonly layoutHash: string;
  /** Everything partition-wide: watermark, witnesses, next serial; opaque to the store. */
  readonly block: Uint8Array;
  /** In any order; all slabs of one share have the same length. */
  readonly series: readonly SeriesSnapshot[];
}

export interface SeriesSnapshot {
  /** Names series and field; unique in its share. */
  readonly key: string;
  /** Of a snapshot to save: read it once; it holds until the next slab of the share is read. */
  readonly slab: Uint8Array;
  /**
   * False only where the slab is the same as in the newest snapshot of the partition that is sealed: the one that
   * `save` resolved for last, or, before that, the one that `open` answered. Absent = true.
   */
  readonly changed?: boolean;
}

/** One input partition, frozen at one point of its records. */
export interface Snapshot {
  readonly shares: readonly ShareSnapshot[];
}

/**
 * Durable snapshots. One writer a partition: `open` claims it with a higher epoch. `save` resolves when the snapshot is
 * sealed, i.e. survives power loss, and replaces the older one as a whole, though only what changed may be written; it
 * rejects (and leaves the older one) on any failure, with `state_taken` when somebody else has claimed the partition
 * since. Never two saves of one partition at a time.
 */
export interface CheckpointStore {
  /** The newest snapshot that is whole; undefined when there is none. Damaged ones are set aside and counted. */
  open(partition: PartitionId): Promise<{ readonly snapshot: Snapshot | undefined; readonly epoch: number }>;
  save(partition: PartitionId, snapshot: Snapshot): Promise<{ readonly bytes: number }>;
  /** Ends ownership; nothing is written. Safe when not open. */
  close(partition: PartitionId): void;
}

/** A record of a log of state; without a value it deletes its key. */
export interface StateMessage {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  /** Of a deletion: epoch and number of the checkpoint that deletes, since there is no value that could tell them. */
  readonly deletedBy?: { readonly epoch: number; readonly number: number } | undefined;
}

/**
 * Compacted logs, one for each input partition: at least the last record of each key stays, records keep their order
 * and offsets. Anybody may append to any of them at any time.
 */
export interface StateLog {
  /**
   * Appends in this order and resolves with the offset of the last one once all are durable. When it rejects, any
   * number of the first ones may be in the log, now or later; some may come twice, long after it resolved.
   */
  append(partition: PartitionId, messages: readonly StateMessage[]): Promise<number>;
  /**
   * Tells all records from offset `from` up to the end as it is at the call, in order; resolves with that end. What it
   * tells holds until `onRecord` returns.
   */
  read(
    partition: PartitionId,
    from: number,
    onRecord: (record: StateMessage & { readonly offset: number }) => void,
  ): Promise<number>;
  stop(): Promise<void>;
}

/** The two clocks of the rim. Nothing below the lane may see either. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds since an arbitrary instant; never goes back. */
  monotonic(): number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One structured log line. `code` is from `errors.ts` or a short event name; no record values above debug. */
export type Log = (level: LogLevel, code: string, message: string, fields?: Readonly<Record<string, unknown>>) => void;

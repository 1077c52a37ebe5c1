// What a consumer gets from one fetch of one partition, in place of kafkajs's own batch: the same questions, answered
// from the batches' headers, so that compaction, transactions and empty batches do not hold the position up.

import type { FetchedRecord } from './fetchedRecord.ts';
import type { BatchFault, RecordSet } from './recordSet.ts';
import { withoutAborted } from './recordSet.ts';

/** What is known of a partition when its records are read: what kafkajs's own batch holds, too. */
export interface FetchedFrom {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
}

/** A fetch of one partition, with the methods that kafkajs's runner calls. */
export class FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly fetchedOffset: string;
  /** Committed records from the asked-for offset on. */
  readonly messages: readonly FetchedRecord[];
  /** What stands behind them cannot be read. */
  readonly fault: BatchFault | undefined;
  /** Offset behind everything that was looked at. */
  readonly #next: number;

  constructor(read: RecordSet, from: FetchedFrom) {
    const offset = Number(from.fetchedOffset);
    const set = withinPartition(read, offset, Number(from.highWatermark));
    this.topic = from.topic;
    this.partition = from.partition;
    this.highWatermark = from.highWatermark;
    this.fetchedOffset = from.fetchedOffset;
    const committed = withoutAborted(set, from.abortedTransactions);
    const first = committed[0];
    // A batch comes whole, also when it was asked for from its middle on.
    const isEarly = first !== undefined && first.offset < offset;
    this.messages = isEarly ? committed.filter((record) => record.offset >= offset) : committed;
    this.#next = Math.max(offset, set.next ?? offset);
    this.fault = set.fault === undefined ? undefined : believable(set.fault, this.#next, Number(from.highWatermark));
  }

  /** A fault is something to process, too. */
  isEmpty(): boolean {
    return this.messages.length === 0 && this.fault === undefined;
  }

  /** Nothing for a user, but the position moves. */
  isEmptyDueToFiltering(): boolean {
    return this.isEmpty() && this.#next > Number(this.fetchedOffset);
  }

  firstOffset(): string | null {
    const [first] = this.messages;
    return first === undefined ? null : String(first.offset);
  }

  /** The position is moved behind this one. */
  lastOffset(): string {
    if (this.#next > Number(this.fetchedOffset)) return String(this.#next - 1);
    return this.fault === undefined ? String(Number(this.highWatermark) - 1) : String(this.#next - 1);
  }

  offsetLag(): string {
    return String(Number(this.highWatermark) - 1 - Number(this.lastOffset()));
  }

  offsetLagLow(): string {
    const first = this.firstOffset();
    return first === null ? '0' : String(Number(this.highWatermark) - 1 - Number(first));
  }
}

/** No checksum covers the first offset of a batch: with one that is too high, all records up to it would be lost. */
function withinPartition(set: RecordSet, offset: number, highWatermark: number): RecordSet {
  if (set.next === undefined || set.next <= highWatermark) return set;
  const detail = `says it has offsets up to ${set.next - 1}, and the partition ends at ${highWatermark}`;
  const fault: BatchFault = { reason: 'corrupt', detail, offset, next: undefined, bytes: new Uint8Array() };
  return { records: [], spans: [], next: undefined, fault };
}

/** A damaged header must not lead the position back, or beyond what the partition holds. */
function believable(fault: BatchFault, position: number, highWatermark: number): BatchFault {
  const { next } = fault;
  const holds = next !== undefined && next > position && next <= highWatermark;
  return { ...fault, offset: Math.max(fault.offset, position), next: holds ? next : undefined };
}

// What one fetch returned of one partition: record batches of format 2, the only one that brokers of the last years
// write. Headers of batches are read and checked here, their records in fetchedRecord.ts.

import { OutputLimitError } from './codecError.ts';
import { BATCH_BYTES_MAX, type Codec } from './codecs.ts';
import { crc32c } from './crc32c.ts';
import { type FetchedRecord, MalformedError, readRecords } from './fetchedRecord.ts';

/** A record batch that could not be read. */
export interface BatchFault {
  /** `bomb`: more bytes or records than one batch may hold; `corrupt`: not what a producer writes. */
  readonly reason: 'bomb' | 'corrupt';
  readonly detail: string;
  /** Offset that the batch begins with. */
  readonly offset: number;
  /** Offset behind its last record; undefined where its header cannot be believed. */
  readonly next: number | undefined;
  /** The batch as it was fetched, or what there is of it. */
  readonly bytes: Uint8Array;
}

/** Where the records of one batch stand among all, and what tells whether they were committed. */
interface BatchSpan {
  /** Index of its first record, and behind its last one. */
  readonly from: number;
  readonly end: number;
  /** Offset of its last record, compacted or not. */
  readonly lastOffset: number;
  /** Undefined without a transaction. */
  readonly producerId: string | undefined;
  /** Ends a transaction; its records are none of a user. */
  readonly control: boolean;
}

export interface RecordSet {
  readonly records: FetchedRecord[];
  /** Batches that matter to transactions; empty where there is none. */
  readonly spans: readonly BatchSpan[];
  /** Offset behind the last batch that was read whole, had it records or not; undefined without one. */
  readonly next: number | undefined;
  /** What is behind it was not read. */
  readonly fault: BatchFault | undefined;
}

/** What the partitions of one fetch may still unpack together; counted down by each. */
export interface FetchBudget {
  bytes: number;
  records: number;
}

export interface ReadOptions {
  /** Compares each batch with its checksum. */
  readonly verifyCrc: boolean;
  readonly budget: FetchBudget;
  /** The codec of a batch's attributes. */
  readonly codecOf: (codec: number) => Codec | undefined;
}

/** Unpacked batches of one fetch are in memory at the same time. */
const FETCH_BYTES_MAX = 64 << 20;
/** Ten times what the producers' defaults make; each takes some 100 bytes of memory, however short. */
const RECORDS_MAX = 1_000_000;

const BATCH_OVERHEAD = 12;
const HEADER_BYTES = 61;
const AT = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
} as const;
const FLAGS = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;
const MAGIC = 2;
/** Length, attributes, two deltas, two lengths and a count. */
const RECORD_BYTES_MIN = 7;

export function newFetchBudget(): FetchBudget {
  return { bytes: FETCH_BYTES_MAX, records: RECORDS_MAX };
}

/** True where the first batch has a format from before Kafka 0.11, which another reader knows. */
export function isOlderFormat(bytes: Uint8Array, at = 0): boolean {
  const magic = bytes[at + AT.magic];
  return magic === 0 || magic === 1;
}

/**
 * Reads batch after batch, up to the first that cannot be read, is cut off, has an older format, or would pass what
 * the fetch may unpack; the next fetch begins there. Rejects on no input.
 */
export async function readRecordSet(bytes: Buffer, options: ReadOptions): Promise<RecordSet> {
  const records: FetchedRecord[] = [];
  const spans: BatchSpan[] = [];
  let next: number | undefined;
  for (let at = 0; at < bytes.length; ) {
    const header = headerAt(bytes, at, next ?? 0);
    if (header === 'cut off' || header === 'older') {
      if (next !== undefined) break;
      return { records, spans, next, fault: faultOf(bytes, at, undefined, new MalformedError(`is ${header}`)) };
    }
    const from = records.length;
    try {
      if (typeof header === 'string') throw new MalformedError(header);
      if (!(await readBatch(bytes, header, options, records))) break;
    } catch (error) {
      records.length = from;
      return {
        records,
        spans,
        next,
        fault: faultOf(bytes, at, typeof header === 'string' ? undefined : header, error),
      };
    }
    const { control, producerId, lastOffset } = header;
    if (control) records.length = from;
    if (producerId !== undefined) spans.push({ from, end: records.length, lastOffset, producerId, control });
    next = lastOffset + 1;
    at = header.end;
  }
  return { records, spans, next, fault: undefined };
}

interface Header {
  readonly at: number;
  readonly end: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly control: boolean;
  readonly producerId: string | undefined;
  readonly count: number;
}

/** The header of the batch at `at`; or why there is none, or what is wrong with it. */
function headerAt(bytes: Buffer, at: number, offsetMin: number): Header | string {
  const left = bytes.length - at;
  if (isOlderFormat(bytes, at)) return 'older';
  if (left < HEADER_BYTES) return 'cut off';
  if (bytes[at + AT.magic] !== MAGIC) return 'has an unknown format';
  const length = bytes.readInt32BE(at + AT.length);
  if (length < HEADER_BYTES - BATCH_OVERHEAD) return `says it has ${length} bytes`;
  const end = at + BATCH_OVERHEAD + length;
  if (end > bytes.length) return 'cut off';
  const baseOffset = Number(bytes.readBigInt64BE(at));
  const lastOffset = baseOffset + bytes.readInt32BE(at + AT.lastOffsetDelta);
  if (baseOffset < offsetMin || lastOffset < baseOffset || !Number.isSafeInteger(lastOffset + 1)) {
    return `says it has the offsets ${baseOffset} to ${lastOffset}`;
  }
  const attributes = bytes.readInt16BE(at + AT.attributes);
  const control = (attributes & FLAGS.control) !== 0;
  const inTransaction = control || (attributes & FLAGS.transactional) !== 0;
  const producerId = inTransaction ? String(bytes.readBigInt64BE(at + AT.producerId)) : undefined;
  return { at, end, baseOffset, lastOffset, attributes, control, producerId, count: bytes.readInt32BE(at + AT.count) };
}

/** Appends the records of a batch. False where the fetch has no room for it any more. */
async function readBatch(
  bytes: Buffer,
  header: Header,
  { verifyCrc, budget, codecOf }: ReadOptions,
  records: FetchedRecord[],
): Promise<boolean> {
  const { at, end, count, attributes } = header;
  if (verifyCrc && !hasItsCrc(bytes, header)) throw new MalformedError('is not what its checksum was made of');
  if (count < 0 || count > header.lastOffset - header.baseOffset + 1)
    throw new MalformedError(`says it has ${count} records`);
  if (count > RECORDS_MAX) throw new TooManyError(count);
  if (count > budget.records) return false;
  let body = bytes.subarray(at + HEADER_BYTES, end);
  const codec = attributes & FLAGS.codec;
  if (codec !== 0 && count > 0) {
    const unpacking = codecOf(codec);
    if (unpacking === undefined) throw new MalformedError(`has an unknown codec, ${codec}`);
    // Before it is known how much it is: several may be unpacked at a time.
    if (budget.bytes < BATCH_BYTES_MAX) return false;
    body = await unpacking.decompress(body, BATCH_BYTES_MAX);
    budget.bytes -= body.length;
  }
  if (count * RECORD_BYTES_MIN > body.length) throw new MalformedError(`has no room for ${count} records`);
  budget.records -= count;
  const { baseOffset, lastOffset } = header;
  readRecords(body, count, records, {
    baseOffset,
    lastOffset,
    firstTimestampMs: Number(bytes.readBigInt64BE(at + AT.firstTimestamp)),
    appendTimestampMs:
      (attributes & FLAGS.logAppendTime) === 0 ? undefined : Number(bytes.readBigInt64BE(at + AT.maxTimestamp)),
  });
  return true;
}

function hasItsCrc(bytes: Buffer, { at, end }: Header): boolean {
  return crc32c(bytes, at + AT.attributes, end) === bytes.readUInt32BE(at + AT.crc);
}

function faultOf(bytes: Buffer, at: number, header: Header | undefined, error: unknown): BatchFault {
  const isBomb = error instanceof OutputLimitError || error instanceof TooManyError;
  const told = error instanceof Error ? error.message : String(error);
  // Which side is to blame: who wrote the batch, or who stored or sent it.
  const crc = header === undefined || isBomb || hasItsCrc(bytes, header) ? '' : ' (its checksum is wrong)';
  const offset = bytes.length - at >= 8 ? Number(bytes.readBigInt64BE(at)) : 0;
  return {
    reason: isBomb ? 'bomb' : 'corrupt',
    detail: `${told}${crc}`,
    offset,
    next: header === undefined ? undefined : header.lastOffset + 1,
    bytes: bytes.subarray(at, header?.end ?? bytes.length),
  };
}

class TooManyError extends Error {
  constructor(count: number) {
    super(`holds ${count} records, more than ${RECORDS_MAX}`);
    this.name = 'TooManyError';
  }
}

/**
 * Without the records of aborted transactions. `aborted` names each one that lies within what was fetched, with its
 * first offset: it lasts until its producer's next control batch.
 */
export function withoutAborted(
  { records, spans }: RecordSet,
  aborted: readonly { readonly producerId: string; readonly firstOffset: string }[],
): readonly FetchedRecord[] {
  if (aborted.length === 0 || spans.length === 0) return records;
  const waiting = [...aborted].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const active = new Set<string>();
  const kept: FetchedRecord[] = [];
  let from = 0;
  for (const { from: spanFrom, end, lastOffset, producerId = '', control } of spans) {
    for (let first = waiting[0]; first !== undefined && Number(first.firstOffset) <= lastOffset; first = waiting[0]) {
      active.add(first.producerId);
      waiting.shift();
    }
    if (control) {
      active.delete(producerId);
    } else if (active.has(producerId)) {
      for (let i = from; i < spanFrom; i++) kept.push(records[i] as FetchedRecord);
      from = end;
    }
  }
  for (let i = from; i < records.length; i++) kept.push(records[i] as FetchedRecord);
  return kept;
}

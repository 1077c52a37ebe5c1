// The records of one batch. One object a record: key, value and headers are cut out of the batch when they are asked
// for, and numbers are numbers. Nothing here awaits, so the place of reading can be a variable of this module.

import type { SourceRecord } from '../domain.ts';

/** Bytes that no producer writes. The message says what is wrong, without their values. */
export class MalformedError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'MalformedError';
  }
}

/** What the records of a batch share. */
export interface BatchContext {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly firstTimestampMs: number;
  /** The broker's time, where the topic has that in place of the producers'. */
  readonly appendTimestampMs: number | undefined;
}

type Header = Buffer | null;

/** Where the next byte is read. */
let cursor = 0;

/** A view into its batch: whoever keeps it keeps the whole batch in memory. */
export class FetchedRecord implements SourceRecord {
  readonly offset: number;
  readonly timestampMs: number | undefined;
  readonly #bytes: Buffer;
  readonly #keyFrom: number;
  /** −1 = there is no key; the same for the value. */
  readonly #keyEnd: number;
  readonly #valueFrom: number;
  readonly #valueEnd: number;

  constructor(bytes: Buffer, offset: number, timestampMs: number | undefined, places: RecordPlaces) {
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.#bytes = bytes;
    this.#keyFrom = places.keyFrom;
    this.#keyEnd = places.keyEnd;
    this.#valueFrom = places.valueFrom;
    this.#valueEnd = places.valueEnd;
  }

  get key(): Buffer | null {
    return this.#keyEnd < 0 ? null : this.#bytes.subarray(this.#keyFrom, this.#keyEnd);
  }

  get value(): Buffer | null {
    return this.#valueEnd < 0 ? null : this.#bytes.subarray(this.#valueFrom, this.#valueEnd);
  }

  /** A name that occurs more than once has a list. Without a prototype, because names come from outside. */
  get headers(): Readonly<Record<string, Header | readonly Header[]>> {
    const headers: Record<string, Header | Header[]> = Object.create(null);
    const bytes = this.#bytes;
    // Headers stand behind the value, and behind the length of one that is not there.
    cursor = this.#valueEnd < 0 ? this.#valueFrom : this.#valueEnd;
    for (let left = varint(bytes); left > 0; left--) {
      const name = bytesHere(bytes)?.toString() ?? '';
      const value = bytesHere(bytes);
      const before = headers[name];
      if (before === undefined) headers[name] = value;
      else headers[name] = [...(Array.isArray(before) ? before : [before]), value];
    }
    return headers;
  }
}

interface RecordPlaces {
  keyFrom: number;
  keyEnd: number;
  valueFrom: number;
  valueEnd: number;
}

/** Filled anew for each record. */
const places: RecordPlaces = { keyFrom: 0, keyEnd: 0, valueFrom: 0, valueEnd: 0 };

/** Appends `count` records, which must fill `body` exactly. Throws MalformedError. */
export function readRecords(body: Buffer, count: number, records: FetchedRecord[], context: BatchContext): void {
  const { baseOffset, lastOffset, firstTimestampMs, appendTimestampMs } = context;
  let offsetMin = baseOffset;
  cursor = 0;
  for (let i = 0; i < count; i++) {
    const length = varint(body);
    const end = cursor + length;
    if (length < 0 || end > body.length) throw new MalformedError('has a record that is longer than the batch');
    cursor++; // attributes, which have no meaning yet
    const timestampMs = appendTimestampMs ?? firstTimestampMs + varlong(body);
    if (appendTimestampMs !== undefined) varlong(body);
    const offset = baseOffset + varint(body);
    if (offset < offsetMin || offset > lastOffset) throw new MalformedError('has offsets out of order');
    offsetMin = offset + 1;
    const keyLength = varint(body);
    places.keyFrom = cursor;
    places.keyEnd = keyLength < 0 ? -1 : advance(keyLength, end);
    const valueLength = varint(body);
    places.valueFrom = cursor;
    places.valueEnd = valueLength < 0 ? -1 : advance(valueLength, end);
    const headers = varint(body);
    if (headers !== 0) passHeaders(body, headers, end);
    if (cursor !== end) throw new MalformedError('has a record of another length than it says');
    records.push(new FetchedRecord(body, offset, timestampMs >= 0 ? timestampMs : undefined, places));
  }
  if (cursor !== body.length) throw new MalformedError('has bytes behind its last record');
}

function passHeaders(body: Buffer, count: number, end: number): void {
  // Two lengths each; also what keeps a count from being a loop without an end.
  if (count < 0 || count * 2 > end - cursor) throw new MalformedError('has a record with a wrong number of headers');
  for (let i = 0; i < count; i++) {
    const nameLength = varint(body);
    if (nameLength < 0) throw new MalformedError('has a header without a name');
    advance(nameLength, end);
    const valueLength = varint(body);
    if (valueLength >= 0) advance(valueLength, end);
  }
}

function advance(length: number, end: number): number {
  cursor += length;
  if (cursor > end) throw new MalformedError('has a field that is longer than its record');
  return cursor;
}

/** Null where the length is negative. */
function bytesHere(bytes: Buffer): Buffer | null {
  const length = varint(bytes);
  if (length < 0) return null;
  const from = cursor;
  cursor += length;
  return bytes.subarray(from, cursor);
}

/** A whole number of 32 bits, signs folded in: 0, −1, 1, −2 … */
function varint(bytes: Buffer): number {
  let byte = byteHere(bytes);
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  for (let shift = 7; shift < 35; shift += 7) {
    byte = byteHere(bytes);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (shift === 28 && byte > 0x0f) break;
      return (value >>> 1) ^ -(value & 1);
    }
  }
  throw new MalformedError('has a number of more than 32 bits');
}

/** The same with 64 bits; beyond 2^53 the nearest number. */
function varlong(bytes: Buffer): number {
  let byte = byteHere(bytes);
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  let weight = 0x80;
  for (let count = 1; count < 10; count++) {
    byte = byteHere(bytes);
    value += (byte & 0x7f) * weight;
    weight *= 0x80;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  throw new MalformedError('has a number of more than 64 bits');
}

function byteHere(bytes: Buffer): number {
  const byte = bytes[cursor++];
  if (byte === undefined) throw new MalformedError('ends within a record');
  return byte;
}

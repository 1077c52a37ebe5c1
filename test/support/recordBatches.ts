// Record batches as brokers store them, made byte by byte: by nothing that reads them.

import { gzipSync, zstdCompressSync } from 'node:zlib';
import { CODECS } from '../../src/source/codecs.ts';
import { crc32c } from '../../src/source/crc32c.ts';
import { newFetchBudget, type RecordSet, readRecordSet } from '../../src/source/recordSet.ts';

export interface TestRecord {
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: string | null])[];
  /** From the batch's base offset; as it stands in the list without one. */
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
}

export interface TestBatch {
  readonly baseOffset: number;
  readonly records: readonly TestRecord[];
  /** Larger than the last record's where the tail was compacted away. */
  readonly lastOffsetDelta?: number;
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly firstTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly logAppendTime?: boolean;
  readonly producerId?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** In place of the number of records. */
  readonly count?: number;
  /** In place of what the records would be. */
  readonly body?: Buffer;
}

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export function recordBatch(batch: TestBatch): Buffer {
  const { baseOffset, records, codec = 'none', firstTimestamp = 1_700_000_000_000 } = batch;
  const plain = Buffer.concat(records.map(recordBytes));
  const body = batch.body ?? pack(codec, plain);
  const bytes = Buffer.alloc(61 + body.length);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  const flags = (batch.logAppendTime ? 8 : 0) | (batch.transactional ? 16 : 0) | (batch.control ? 32 : 0);
  bytes.writeInt16BE(codecs.indexOf(codec) | flags, 21);
  bytes.writeInt32BE(batch.lastOffsetDelta ?? Math.max(0, records.length - 1), 23);
  bytes.writeBigInt64BE(BigInt(firstTimestamp), 27);
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp ?? firstTimestamp), 35);
  bytes.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43);
  bytes.writeInt16BE(0, 51);
  bytes.writeInt32BE(-1, 53);
  bytes.writeInt32BE(batch.count ?? records.length, 57);
  body.copy(bytes, 61);
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

/** Ends the transaction of a producer. */
export function controlBatch(baseOffset: number, producerId: number, kind: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1]);
  const records = [{ key, value: Buffer.alloc(6) }];
  return recordBatch({ baseOffset, records, producerId, transactional: true, control: true });
}

export function manyRecords(count: number, text: (n: number) => string = String): TestRecord[] {
  return Array.from({ length: count }, (_, n) => ({ value: text(n) }));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Buffer.from([...bytes, Number(left)]);
}

/** A whole record behind its length. */
export function recordBytes(record: TestRecord, index: number): Buffer {
  const { key = null, value = null, headers = [], offsetDelta = index, timestampDelta = index } = record;
  const head = [Buffer.from([0]), varint(timestampDelta), varint(offsetDelta), field(key), field(value)];
  const tail = headers.flatMap(([name, text]) => [field(name), field(text)]);
  const bytes = Buffer.concat([...head, varint(headers.length), ...tail]);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function field(value: string | Buffer | null): Buffer {
  if (value === null) return varint(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function pack(codec: TestBatch['codec'], bytes: Buffer): Buffer {
  if (codec === 'gzip') return gzipSync(bytes);
  if (codec === 'zstd') return zstdCompressSync(bytes);
  if (codec === 'snappy') return snappy(bytes);
  if (codec === 'lz4') return lz4(bytes);
  return bytes;
}

/** Raw Snappy without any compression: one literal. */
export function snappy(bytes: Buffer): Buffer {
  const length = Buffer.alloc(5);
  length[0] = 63 << 2;
  length.writeUInt32LE(Math.max(0, bytes.length - 1), 1);
  return Buffer.concat([unsigned(bytes.length), ...(bytes.length === 0 ? [] : [length, bytes])]);
}

/** The Java library's framing of chunks. */
export function xerial(chunks: readonly Buffer[]): Buffer {
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const framed = chunks.flatMap((chunk) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(chunk.length);
    return [length, chunk];
  });
  return Buffer.concat([head, ...framed]);
}

/** An LZ4 frame of uncompressed blocks. */
export function lz4(bytes: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) blocks.push(lz4Block(bytes.subarray(at, at + 65_536), false));
  return lz4Frame(blocks);
}

export function lz4Frame(blocks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]), ...blocks, Buffer.alloc(4)]);
}

export function lz4Block(bytes: Buffer, compressed: boolean): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length + (compressed ? 0 : 0x80000000));
  return Buffer.concat([head, bytes]);
}

export function unsigned(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}

export function readBatches(bytes: Buffer, verifyCrc = false, budget = newFetchBudget()): Promise<RecordSet> {
  return readRecordSet(bytes, { verifyCrc, budget, codecOf: (codec) => CODECS.get(codec) });
}

/** The same batch at another offset, which its checksum does not cover. */
export function rebased(bytes: Buffer, offset: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeBigInt64BE(BigInt(offset), 0);
  return copy;
}

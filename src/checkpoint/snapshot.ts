// A snapshot as bytes and back, without I/O:
//
//   header · record per slab · block of the partition · footer           (header and footer: frame.ts)
//   record   u32 key length, u32 slab length, key, slab, u32 crc32 of all before; key = u16 uid length, uid, series key
//   block    u32 length, lines of the shares (block.ts), u32 crc32 of all before
//
// A base has a record for every slab, a delta for those that changed since the checkpoint before it. The same snapshot,
// kind, epoch and number always give the same bytes.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SeriesSnapshot, ShareSnapshot, Snapshot } from '../ports.ts';
import { type DeltaLine, decodeDeltaLines, decodeLines, encodeLines, type ShareLine } from './block.ts';
import { decodeText, encodeText, joined, newCursor, Unreadable, u32Bytes, viewOf } from './bytes.ts';
import {
  damaged,
  decodeFooter,
  decodeHeader,
  encodeFooter,
  encodeHeader,
  type Fault,
  FOOTER_BYTES,
  footerCrc,
  HEADER_BYTES,
  type Header,
} from './frame.ts';

/** Which checkpoint of which partition a snapshot becomes. */
export interface Generation {
  readonly partition: number;
  readonly epoch: number;
  readonly number: number;
}

/** What a delta stands on. */
export interface Before {
  /** CRC of the footer of the checkpoint before it. */
  readonly footerCrc: number;
  /** By uid: keys that it had and that are gone. */
  readonly gone: ReadonlyMap<string, readonly string[]>;
}

export type DecodedSnapshot =
  | {
      readonly ok: true;
      readonly header: Header;
      readonly footerCrc: number;
      /** Of a delta: only what it has. */
      readonly snapshot: Snapshot;
      /** Of a delta. */
      readonly lines: readonly DeltaLine[];
    }
  | Fault;

/** Key and slab length in front, CRC behind. */
const RECORD_FRAME_BYTES = 12;
/** Decoded in one step. */
const STEP_BYTES = 8 * 1024 * 1024;

/**
 * The file, piece by piece, a base unless it is told what was `before`; answers the CRC of its footer. A slab is read
 * when its turn comes. Throws on what could not be read back: two shares of one uid, slabs of one share with different
 * lengths, ill-formed text.
 */
export function* encodeSnapshot(
  snapshot: Snapshot,
  generation: Generation,
  before?: Before,
): Generator<Uint8Array, number> {
  const shares = snapshot.shares
    .map((share) => ({ share, series: written(share, before) }))
    .sort((a, b) => compareText(a.share.uid, b.share.uid));
  const positions = shares.map(({ share }) => share.position);
  assertReadable(shares.map(({ share }) => share));
  const header = encodeHeader({
    ...generation,
    kind: before === undefined ? 'base' : 'delta',
    layout: layoutOf(snapshot.shares),
    position: positions.length === 0 ? 0 : Math.min(...positions),
    slabs: shares.reduce((sum, { series }) => sum + series.length, 0),
    previous: before?.footerCrc ?? 0,
  });
  let fileBytes = HEADER_BYTES + FOOTER_BYTES;
  let records = 0;
  let chain = crc32(header.subarray(HEADER_BYTES - 4));
  yield header;
  for (const { share, series } of shares) {
    const uidBytes = encodeText(share.uid);
    let slabBytes: number | undefined;
    for (const entry of series) {
      const { slab } = entry;
      slabBytes ??= slab.length;
      if (slab.length !== slabBytes) throw new Error(`slabs of ${share.uid} differ in length`);
      const front = recordFront(uidBytes, encodeText(entry.key), slab.length);
      const crc = u32Bytes(crc32(slab, crc32(front)));
      chain = crc32(crc, chain);
      fileBytes += front.length + slab.length + crc.length;
      records++;
      yield front;
      yield slab;
      yield crc;
    }
  }
  const block = encodeBlock(shares.map(({ share, series }) => lineOf(share, series.length, before)));
  const crc = u32Bytes(crc32(block));
  chain = crc32(crc, chain);
  fileBytes += block.length + crc.length;
  yield block;
  yield crc;
  const footer = encodeFooter({ records, fileBytes, chain });
  yield footer;
  return footerCrc(footer);
}

/**
 * Reads a whole file back. Never throws, whatever the bytes are, and copies no slab: those of the answer lie in `file`.
 */
export function decodeSnapshot(file: Uint8Array): DecodedSnapshot {
  const steps = decoding(file);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same in steps of a few milliseconds. */
export function* decoding(file: Uint8Array): Generator<void, DecodedSnapshot> {
  const front = decodeHeader(file.subarray(0, HEADER_BYTES));
  if (!front.ok) return front;
  const footer = file.subarray(Math.max(0, file.length - FOOTER_BYTES));
  const end = decodeFooter(footer, file.length);
  if (!end.ok) return end;
  const { header } = front;
  const body = file.subarray(HEADER_BYTES, file.length - FOOTER_BYTES);
  try {
    const records = yield* decodeRecords(body, header.slabs);
    const { lines, crc } = decodeBlock(body.subarray(records.bytes), header.kind);
    const chain = crc32(crc, crc32(records.crcs, crc32(file.subarray(HEADER_BYTES - 4, HEADER_BYTES))));
    if (end.footer.chain !== chain || end.footer.records !== header.slabs) throw new Unreadable('CRC of all records');
    const shares = sharesOf(lines, records.series);
    if (layoutOf(shares) !== header.layout) throw new Unreadable('hash of the layouts');
    const deltaLines = lines.filter((line): line is DeltaLine => 'gone' in line);
    return { ok: true, header, footerCrc: footerCrc(footer), snapshot: { shares }, lines: deltaLines };
  } catch (error) {
    if (error instanceof Unreadable) return damaged(error.message);
    throw error;
  }
}

function written({ series }: ShareSnapshot, before: Before | undefined): readonly SeriesSnapshot[] {
  return before === undefined ? series : series.filter(({ changed }) => changed !== false);
}

function lineOf(share: ShareSnapshot, records: number, before: Before | undefined): ShareLine | DeltaLine {
  const { series, ...rest } = share;
  if (before === undefined) return { ...rest, records };
  return { ...rest, records, live: series.length, gone: before.gone.get(share.uid) ?? [] };
}

type SeriesOfUid = Map<string, { key: string; slab: Uint8Array }[]>;

function* decodeRecords(
  body: Uint8Array,
  count: number,
): Generator<void, { readonly series: SeriesOfUid; readonly bytes: number; readonly crcs: Uint8Array }> {
  if (count > body.length / RECORD_FRAME_BYTES) throw new Unreadable('more records than fit in the file');
  const view = viewOf(body);
  const series: SeriesOfUid = new Map();
  const crcs = new Uint8Array(count * 4);
  let at = 0;
  let stepEnd = STEP_BYTES;
  for (let record = 0; record < count; record++) {
    if (at >= stepEnd) {
      stepEnd = at + STEP_BYTES;
      yield;
    }
    if (body.length - at < RECORD_FRAME_BYTES) throw new Unreadable(`record ${record} is cut off`);
    const keyBytes = view.getUint32(at, true);
    const slabBytes = view.getUint32(at + 4, true);
    // Sums of two u32 are exact in a double, so a huge length cannot wrap round into the file.
    const slabAt = at + 8 + keyBytes;
    const crcAt = slabAt + slabBytes;
    if (keyBytes < 2 || crcAt + 4 > body.length) throw new Unreadable(`record ${record} is longer than the file`);
    if (view.getUint32(crcAt, true) !== crc32(body.subarray(at, crcAt)))
      throw new Unreadable(`CRC of record ${record}`);
    crcs.set(body.subarray(crcAt, crcAt + 4), record * 4);
    const uidEnd = at + 10 + view.getUint16(at + 8, true);
    if (uidEnd > slabAt) throw new Unreadable(`key of record ${record}`);
    const uid = decodeText(body.subarray(at + 10, uidEnd));
    const list = series.get(uid) ?? [];
    if (list[0] !== undefined && list[0].slab.length !== slabBytes)
      throw new Unreadable(`slab length of record ${record}`);
    list.push({ key: decodeText(body.subarray(uidEnd, slabAt)), slab: body.subarray(slabAt, crcAt) });
    series.set(uid, list);
    at = crcAt + 4;
  }
  return { series, bytes: at, crcs };
}

function decodeBlock(
  bytes: Uint8Array,
  kind: Header['kind'],
): { readonly lines: readonly (ShareLine | DeltaLine)[]; readonly crc: Uint8Array } {
  const view = viewOf(bytes);
  if (bytes.length < 12 || view.getUint32(0, true) !== bytes.length - 4) throw new Unreadable('length of the block');
  const crcAt = bytes.length - 4;
  if (view.getUint32(crcAt, true) !== crc32(bytes.subarray(0, crcAt))) throw new Unreadable('CRC of the block');
  const cursor = newCursor(bytes, 4, crcAt);
  const lines = kind === 'base' ? decodeLines(cursor) : decodeDeltaLines(cursor);
  if (cursor.at !== crcAt) throw new Unreadable('more in the block than belongs there');
  return { lines, crc: bytes.subarray(crcAt) };
}

function sharesOf(lines: readonly ShareLine[], series: SeriesOfUid): ShareSnapshot[] {
  const shares = new Map<string, ShareSnapshot>();
  let used = 0;
  for (const { uid, position, configHash, layoutHash, records, block } of lines) {
    const own = series.get(uid) ?? [];
    if (own.length !== records) throw new Unreadable(`share ${shares.size} in the block`);
    if (shares.has(uid)) throw new Unreadable('a uid twice');
    if (own.length > 0) used++;
    shares.set(uid, { uid, position, configHash, layoutHash, block, series: own });
  }
  if (used !== series.size) throw new Unreadable('records and block disagree');
  return [...shares.values()];
}

function encodeBlock(lines: readonly (ShareLine | DeltaLine)[]): Uint8Array {
  const bytes = encodeLines(lines);
  return joined([u32Bytes(4 + bytes.length), bytes]);
}

function recordFront(uid: Uint8Array, key: Uint8Array, slabBytes: number): Uint8Array {
  const front = new Uint8Array(10 + uid.length + key.length);
  const view = viewOf(front);
  view.setUint32(0, 2 + uid.length + key.length, true);
  view.setUint32(4, slabBytes, true);
  view.setUint16(8, uid.length, true);
  front.set(uid, 10);
  front.set(key, 10 + uid.length);
  return front;
}

function assertReadable(shares: readonly ShareSnapshot[]): void {
  for (const [index, { uid, position }] of shares.entries()) {
    if (shares[index - 1]?.uid === uid) throw new Error(`two shares of ${uid}`);
    if (!Number.isSafeInteger(position) || position < 0) throw new Error(`position ${position} of ${uid}`);
    if (encodeText(uid).length > 0xffff) throw new Error('a uid of more than 65535 bytes');
  }
}

function layoutOf(shares: readonly ShareSnapshot[]): bigint {
  const pairs = shares.map(({ uid, layoutHash }) => [uid, layoutHash] as const);
  pairs.sort(([a], [b]) => compareText(a, b));
  return viewOf(createHash('sha256').update(JSON.stringify(pairs)).digest()).getBigUint64(0, true);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

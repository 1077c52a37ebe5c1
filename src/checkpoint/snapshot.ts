// A snapshot as bytes and back, without I/O:
//
//   header · record per slab · block of the partition · footer           (header and footer: frame.ts)
//   record   u32 key length, u32 slab length, key, slab, u32 crc32 of all before; key = u16 uid length, uid, series key
//   block    u32 length, u32 shares; per share, by uid: uid, u64 position, configHash, layoutHash, u32 series, block,
//            each text or block with a u32 length in front; u32 crc32 of all before
//
// The same snapshot, epoch and number always give the same bytes.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ShareSnapshot, Snapshot } from '../ports.ts';
import {
  damaged,
  decodeFooter,
  decodeHeader,
  encodeFooter,
  encodeHeader,
  type Fault,
  FOOTER_BYTES,
  HEADER_BYTES,
  type Header,
  viewOf,
  wholeAt,
} from './frame.ts';

/** Which checkpoint of which partition a snapshot becomes. */
export interface Generation {
  readonly partition: number;
  readonly epoch: number;
  readonly number: number;
}

export type DecodedSnapshot = { readonly ok: true; readonly snapshot: Snapshot; readonly header: Header } | Fault;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Key and slab length in front, CRC behind. */
const RECORD_FRAME_BYTES = 12;

/**
 * The file, piece by piece; slabs are not copied, so they must not change before the last piece is taken. Throws on
 * what could not be read back: two shares of one uid, slabs of one share with different lengths, ill-formed text.
 */
export function* encodeSnapshot(snapshot: Snapshot, generation: Generation): Generator<Uint8Array, void> {
  const shares = [...snapshot.shares].sort((a, b) => compareText(a.uid, b.uid));
  assertReadable(shares);
  const header = encodeHeader({
    ...generation,
    kind: 'base',
    layout: layoutOf(shares),
    position: shares.length === 0 ? 0 : Math.min(...shares.map((share) => share.position)),
    slabs: shares.reduce((sum, share) => sum + share.series.length, 0),
    previous: 0,
  });
  let fileBytes = HEADER_BYTES + FOOTER_BYTES;
  let records = 0;
  let chain = crc32(header.subarray(HEADER_BYTES - 4));
  yield header;
  for (const { uid, series } of shares) {
    const uidBytes = encodeText(uid);
    for (const { key, slab } of series) {
      const front = recordFront(uidBytes, encodeText(key), slab.length);
      const crc = u32Bytes(crc32(slab, crc32(front)));
      chain = crc32(crc, chain);
      fileBytes += front.length + slab.length + crc.length;
      records++;
      yield front;
      yield slab;
      yield crc;
    }
  }
  const block = encodeBlock(shares);
  const crc = u32Bytes(crc32(block));
  chain = crc32(crc, chain);
  fileBytes += block.length + crc.length;
  yield block;
  yield crc;
  yield encodeFooter({ records, fileBytes, chain });
}

/**
 * Reads a whole file back. Never throws, whatever the bytes are, and copies no slab: those of the answer lie in `file`.
 */
export function decodeSnapshot(file: Uint8Array): DecodedSnapshot {
  const front = decodeHeader(file.subarray(0, HEADER_BYTES));
  if (!front.ok) return front;
  const end = decodeFooter(file.subarray(Math.max(0, file.length - FOOTER_BYTES)), file.length);
  if (!end.ok) return end;
  const { header } = front;
  if (header.kind !== 'base') return damaged('is a delta, not a base');
  const body = file.subarray(HEADER_BYTES, file.length - FOOTER_BYTES);
  try {
    const records = decodeRecords(body, header.slabs);
    const { shares, crc } = decodeBlock(body.subarray(records.bytes), records.series);
    const chain = crc32(crc, crc32(records.crcs, crc32(file.subarray(HEADER_BYTES - 4, HEADER_BYTES))));
    if (end.footer.chain !== chain || end.footer.records !== header.slabs) throw new Unreadable('CRC of all records');
    if (layoutOf(shares) !== header.layout) throw new Unreadable('hash of the layouts');
    return { ok: true, snapshot: { shares }, header };
  } catch (error) {
    if (error instanceof Unreadable) return damaged(error.message);
    throw error;
  }
}

/** Thrown and caught in this file only: the reading functions below are nested too deep to hand a value up. */
class Unreadable extends Error {}

type SeriesOfUid = Map<string, { key: string; slab: Uint8Array }[]>;

function decodeRecords(
  body: Uint8Array,
  count: number,
): { readonly series: SeriesOfUid; readonly bytes: number; readonly crcs: Uint8Array } {
  if (count > body.length / RECORD_FRAME_BYTES) throw new Unreadable('more records than fit in the file');
  const view = viewOf(body);
  const series: SeriesOfUid = new Map();
  const crcs = new Uint8Array(count * 4);
  let at = 0;
  for (let record = 0; record < count; record++) {
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
  series: SeriesOfUid,
): { readonly shares: readonly ShareSnapshot[]; readonly crc: Uint8Array } {
  const view = viewOf(bytes);
  if (bytes.length < 12 || view.getUint32(0, true) !== bytes.length - 4) throw new Unreadable('length of the block');
  const crcAt = bytes.length - 4;
  if (view.getUint32(crcAt, true) !== crc32(bytes.subarray(0, crcAt))) throw new Unreadable('CRC of the block');
  let at = 8;
  const take = (length: number): number => {
    if (length > crcAt - at) throw new Unreadable('the block is cut off');
    at += length;
    return at - length;
  };
  const u32 = (): number => view.getUint32(take(4), true);
  const part = (): Uint8Array => {
    const length = u32();
    const from = take(length);
    return bytes.subarray(from, from + length);
  };
  const shares: ShareSnapshot[] = [];
  for (let count = view.getUint32(4, true); count > 0; count--) {
    const uid = decodeText(part());
    const position = wholeAt(view, take(8));
    const configHash = decodeText(part());
    const layoutHash = decodeText(part());
    const own = series.get(uid) ?? [];
    if (position === undefined || own.length !== u32()) throw new Unreadable(`share ${shares.length} in the block`);
    if (!series.delete(uid) && shares.some((share) => share.uid === uid)) throw new Unreadable('a uid twice');
    shares.push({ uid, position, configHash, layoutHash, block: part(), series: own });
  }
  if (at !== crcAt || series.size > 0) throw new Unreadable('records and block disagree');
  return { shares, crc: bytes.subarray(crcAt) };
}

function encodeBlock(shares: readonly ShareSnapshot[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const text = (value: string): void => {
    const bytes = encodeText(value);
    parts.push(u32Bytes(bytes.length), bytes);
  };
  for (const share of shares) {
    text(share.uid);
    const position = new Uint8Array(8);
    viewOf(position).setBigUint64(0, BigInt(share.position), true);
    parts.push(position);
    text(share.configHash);
    text(share.layoutHash);
    parts.push(u32Bytes(share.series.length), u32Bytes(share.block.length), share.block);
  }
  const length = parts.reduce((sum, piece) => sum + piece.length, 12);
  const block = new Uint8Array(length - 4);
  viewOf(block).setUint32(0, length - 4, true);
  viewOf(block).setUint32(4, shares.length, true);
  let at = 8;
  for (const piece of parts) {
    block.set(piece, at);
    at += piece.length;
  }
  return block;
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
  for (const [index, { uid, position, series }] of shares.entries()) {
    if (shares[index - 1]?.uid === uid) throw new Error(`two shares of ${uid}`);
    if (!Number.isSafeInteger(position) || position < 0) throw new Error(`position ${position} of ${uid}`);
    if (encodeText(uid).length > 0xffff) throw new Error('a uid of more than 65535 bytes');
    const length = series[0]?.slab.length;
    if (series.some(({ slab }) => slab.length !== length)) throw new Error(`slabs of ${uid} differ in length`);
  }
}

function layoutOf(shares: readonly ShareSnapshot[]): bigint {
  const text = JSON.stringify(shares.map(({ uid, layoutHash }) => [uid, layoutHash]));
  return viewOf(createHash('sha256').update(text).digest()).getBigUint64(0, true);
}

/** Lone surrogates have no UTF-8: two keys would become one. */
function encodeText(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new Error(`ill-formed text ${JSON.stringify(text)}`);
  return utf8Encoder.encode(text);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (error) {
    throw new Unreadable('text that is not UTF-8', { cause: error });
  }
}

function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

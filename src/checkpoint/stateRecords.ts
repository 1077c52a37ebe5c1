// The records of a log of state as bytes, little endian, and back.
//
//   slab        key `s:0:` or `s:1:` and a JSON list of stream uid and series key; value
//               0 magic GRSB, 4 u16 version, 6 u16 flags (1 = the series is gone), 8 u64 number of the checkpoint,
//               16 u32 epoch, 20 u32 length, 24 slab, u32 crc32 over key and all before
//   checkpoint  key `__checkpoint`; value
//               0 magic GRCP, 4 u16 version, 6 u16 flags (1 = nothing was saved yet), 8 u64 number, 16 u64 offset of
//               this epoch's claim (all ones in the claim itself), 24 u32 epoch, 28 u32 live series, 32 u32 xor of the
//               crc32 of their names, 36 u32 writer, 40 u32 length, 44 lines (block.ts), u32 crc32 as above

import { crc32 } from 'node:zlib';
import { decodeLines, encodeLines, type ShareLine } from './block.ts';
import { decodeText, encodeText, newCursor, Unreadable, viewOf, wholeAt } from './bytes.ts';

const VERSION = 1;
const SLAB_MAGIC = 0x42535247; // "GRSB"
const CHECKPOINT_MAGIC = 0x50435247; // "GRCP"
const SLAB_FRONT = 24;
const CHECKPOINT_FRONT = 44;
const CRC_BYTES = 4;
const FLAG = 1;
const OWN_OFFSET = 0xffffffffffffffffn;

export const CHECKPOINT_KEY: Uint8Array = encodeText('__checkpoint');

/** Which of the two keys of a series. */
export type Side = 0 | 1;

/** What names a series in the log, whichever side. */
export function seriesName(uid: string, key: string): string {
  return JSON.stringify([uid, key]);
}

export function slabKey(side: Side, name: string): Uint8Array {
  return encodeText(`s:${side}:${name}`);
}

/** Undefined for a key that is not a slab's. */
export function readSlabKey(
  key: Uint8Array,
): { readonly side: Side; readonly name: string; readonly uid: string; readonly key: string } | undefined {
  try {
    const [, side, name = ''] = /^s:([01]):(.*)$/s.exec(decodeText(key)) ?? [];
    const parts: unknown = JSON.parse(name);
    if (!Array.isArray(parts) || parts.length !== 2) return undefined;
    const [uid, own] = parts as unknown[];
    if (typeof uid !== 'string' || typeof own !== 'string' || seriesName(uid, own) !== name) return undefined;
    return { side: side === '0' ? 0 : 1, name, uid, key: own };
  } catch {
    return undefined;
  }
}

export interface SlabRecord {
  readonly number: number;
  readonly epoch: number;
  /** Undefined: the series is gone with this checkpoint. */
  readonly slab: Uint8Array | undefined;
}

export function encodeSlab(key: Uint8Array, { number, epoch, slab }: SlabRecord): Uint8Array {
  const length = slab?.length ?? 0;
  const value = new Uint8Array(SLAB_FRONT + length + CRC_BYTES);
  const view = viewOf(value);
  view.setUint32(0, SLAB_MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, slab === undefined ? FLAG : 0, true);
  view.setBigUint64(8, BigInt(number), true);
  view.setUint32(16, epoch, true);
  view.setUint32(20, length, true);
  if (slab !== undefined) value.set(slab, SLAB_FRONT);
  return sign(key, value);
}

export interface CheckpointRecord {
  readonly number: number;
  readonly epoch: number;
  /** Of this epoch; undefined in the claim itself. */
  readonly claimOffset: number | undefined;
  /** Tells two claims of one epoch apart. */
  readonly writer: number;
  readonly live: number;
  readonly names: number;
  /** Nothing was saved yet: there is no state. */
  readonly empty: boolean;
  readonly lines: readonly ShareLine[];
}

export function encodeCheckpoint(record: CheckpointRecord): Uint8Array {
  const lines = encodeLines(record.lines);
  const value = new Uint8Array(CHECKPOINT_FRONT + lines.length + CRC_BYTES);
  const view = viewOf(value);
  view.setUint32(0, CHECKPOINT_MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, record.empty ? FLAG : 0, true);
  view.setBigUint64(8, BigInt(record.number), true);
  view.setBigUint64(16, record.claimOffset === undefined ? OWN_OFFSET : BigInt(record.claimOffset), true);
  view.setUint32(24, record.epoch, true);
  view.setUint32(28, record.live, true);
  view.setUint32(32, record.names, true);
  view.setUint32(36, record.writer, true);
  view.setUint32(40, lines.length, true);
  value.set(lines, CHECKPOINT_FRONT);
  return sign(CHECKPOINT_KEY, value);
}

/** `newer`: of a version that this program does not know; `undefined`: damaged. */
export type Read<T> = { readonly kind: 'read'; readonly record: T } | { readonly kind: 'newer' } | undefined;

/** Copies nothing: the slab lies in `value`. */
export function decodeSlab(key: Uint8Array, value: Uint8Array): Read<SlabRecord> {
  const view = opened(key, value, SLAB_MAGIC, SLAB_FRONT);
  if (view === undefined || view === 'newer') return view === undefined ? undefined : { kind: 'newer' };
  const number = wholeAt(view, 8);
  if (number === undefined || view.getUint32(20, true) !== value.length - SLAB_FRONT - CRC_BYTES) return undefined;
  const gone = view.getUint16(6, true) === FLAG;
  const slab = gone ? undefined : value.subarray(SLAB_FRONT, value.length - CRC_BYTES);
  return { kind: 'read', record: { number, epoch: view.getUint32(16, true), slab } };
}

export function decodeCheckpoint(value: Uint8Array): Read<CheckpointRecord> {
  const view = opened(CHECKPOINT_KEY, value, CHECKPOINT_MAGIC, CHECKPOINT_FRONT);
  if (view === undefined || view === 'newer') return view === undefined ? undefined : { kind: 'newer' };
  const number = wholeAt(view, 8);
  const claimOffset = view.getBigUint64(16, true) === OWN_OFFSET ? undefined : wholeAt(view, 16);
  const end = value.length - CRC_BYTES;
  if (number === undefined || view.getUint32(40, true) !== end - CHECKPOINT_FRONT) return undefined;
  try {
    const cursor = newCursor(value, CHECKPOINT_FRONT, end);
    // A copy: what is read from the log does not stay.
    const lines = decodeLines(cursor).map((line) => ({ ...line, block: line.block.slice() }));
    if (cursor.at !== end) return undefined;
    const [epoch, live, names, writer] = [24, 28, 32, 36].map((at) => view.getUint32(at, true)) as [
      number,
      number,
      number,
      number,
    ];
    const empty = view.getUint16(6, true) === FLAG;
    return { kind: 'read', record: { number, epoch, claimOffset, writer, live, names, empty, lines } };
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** To be xored over all series: finds one that is missing. */
export function nameHash(name: string): number {
  return crc32(encodeText(name));
}

function sign(key: Uint8Array, value: Uint8Array): Uint8Array {
  const at = value.length - CRC_BYTES;
  viewOf(value).setUint32(at, crc32(value.subarray(0, at), crc32(key)), true);
  return value;
}

function opened(key: Uint8Array, value: Uint8Array, magic: number, front: number): DataView | 'newer' | undefined {
  if (value.length < front + CRC_BYTES) return undefined;
  const view = viewOf(value);
  const at = value.length - CRC_BYTES;
  if (view.getUint32(0, true) !== magic) return undefined;
  if (view.getUint32(at, true) !== crc32(value.subarray(0, at), crc32(key))) return undefined;
  return view.getUint16(4, true) > VERSION ? 'newer' : view;
}

// LZ4 frames, read only. Written here because the packages that read them either bring a binary for each platform or
// allocate what a frame asks for; this one knows the exact size of the output before it allocates.

import { DamagedError, OutputLimitError } from './codecError.ts';

const MAGIC = 0x184d2204;
const VERSION = 1;
const UNCOMPRESSED_FLAG = 0x80000000;
const LENGTH_MORE = 15;
const MATCH_MIN = 4;
/** Shorter copies are faster byte by byte than by a call. */
const CALL_BYTES_MIN = 48;

interface Block {
  readonly from: number;
  readonly end: number;
  readonly compressed: boolean;
}

/**
 * What one frame holds. Throws OutputLimitError where that is more than `limit` bytes, and DamagedError where it is no
 * frame. Checksums are not looked at: Kafka's record batches have one of their own.
 */
export function unpackLz4(bytes: Uint8Array, limit: number): Buffer {
  const blocks = blocksOf(bytes);
  let size = 0;
  for (const block of blocks) {
    size += block.compressed ? unpackedSize(bytes, block) : block.end - block.from;
    if (size > limit) throw new OutputLimitError(limit);
  }
  const output = Buffer.allocUnsafe(size);
  let to = 0;
  for (const block of blocks) {
    if (block.compressed) {
      to = unpackBlock(bytes, block, output, to);
    } else {
      output.set(bytes.subarray(block.from, block.end), to);
      to += block.end - block.from;
    }
  }
  return output;
}

function blocksOf(bytes: Uint8Array): readonly Block[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC) throw new DamagedError('is no LZ4 frame');
  const flags = view.getUint8(4);
  if (flags >>> 6 !== VERSION || (flags & 1) === 1) throw new DamagedError('is an LZ4 frame of an unknown kind');
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  const contentSize = (flags & 0x08) === 0 ? 0 : 8;
  const blocks: Block[] = [];
  for (let at = 7 + contentSize; ; ) {
    if (at + 4 > bytes.length) throw new DamagedError('is an LZ4 frame without its end');
    const word = view.getUint32(at, true);
    if (word === 0) return blocks;
    const from = at + 4;
    const end = from + (word % UNCOMPRESSED_FLAG);
    if (end + blockChecksum > bytes.length) throw new DamagedError('has an LZ4 block that is cut off');
    blocks.push({ from, end, compressed: word < UNCOMPRESSED_FLAG });
    at = end + blockChecksum;
  }
}

/** Walks over the sequences of a block without copying anything. */
function unpackedSize(bytes: Uint8Array, { from, end }: Block): number {
  let size = 0;
  let at = from;
  while (at < end) {
    const token = bytes[at++] ?? 0;
    let length = token >>> 4;
    if (length === LENGTH_MORE) {
      const more = lengthFrom(bytes, at, end);
      at += Math.floor(more / 255) + 1;
      length += more;
    }
    at += length;
    size += length;
    if (at >= end) break;
    at += 2;
    length = token & 15;
    if (length === LENGTH_MORE) {
      const more = lengthFrom(bytes, at, end);
      at += Math.floor(more / 255) + 1;
      length += more;
    }
    size += length + MATCH_MIN;
  }
  if (at !== end) throw new DamagedError('has an LZ4 block that ends in a sequence');
  return size;
}

/** A length is written as bytes of 255 and one that is less. */
function lengthFrom(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === 255) at++;
  if (at >= end) throw new DamagedError('has an LZ4 block that ends in a length');
  return (at - from) * 255 + (bytes[at] ?? 0);
}

/** `unpackedSize` has walked here before: lengths fit, only distances can be wrong. Answers where the output ends. */
function unpackBlock(bytes: Uint8Array, { from, end }: Block, output: Uint8Array, start: number): number {
  let at = from;
  let to = start;
  while (at < end) {
    const token = bytes[at++] ?? 0;
    let length = token >>> 4;
    if (length === LENGTH_MORE) {
      const more = lengthFrom(bytes, at, end);
      at += Math.floor(more / 255) + 1;
      length += more;
    }
    copyBytes(bytes, at, output, to, length);
    at += length;
    to += length;
    if (at >= end) break;
    const distance = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    at += 2;
    length = token & 15;
    if (length === LENGTH_MORE) {
      const more = lengthFrom(bytes, at, end);
      at += Math.floor(more / 255) + 1;
      length += more;
    }
    to = copyBack(output, to, distance, length + MATCH_MIN);
  }
  return to;
}

/** Copies what the caller knows to be there. */
export function copyBytes(bytes: Uint8Array, at: number, output: Uint8Array, to: number, length: number): void {
  if (length < CALL_BYTES_MIN) for (let i = 0; i < length; i++) output[to + i] = bytes[at + i] ?? 0;
  else output.set(bytes.subarray(at, at + length), to);
}

/** Repeats `length` bytes from `distance` before `to`, which may overlap with what they become. Answers the new end. */
export function copyBack(output: Uint8Array, to: number, distance: number, length: number): number {
  const from = to - distance;
  if (distance === 0 || from < 0) throw new DamagedError('repeats what is not there');
  if (length >= CALL_BYTES_MIN && distance >= length) output.copyWithin(to, from, from + length);
  else for (let i = 0; i < length; i++) output[to + i] = output[from + i] ?? 0;
  return to + length;
}

// Snappy, read only, in both framings that Kafka's producers write: raw, and the Java library's (xerial). Written here
// because the output's size stands in front: a reader is short, and nothing is allocated that is over a limit.

import { DamagedError, OutputLimitError } from './codecError.ts';
import { copyBack, copyBytes } from './lz4.ts';

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic and two version numbers. */
const XERIAL_HEADER_BYTES = 16;
const LENGTH_BYTES_MAX = 5;
/** Literals up to this length say it in their tag, longer ones in 1 to 4 bytes behind it. */
const SHORT_LITERAL_MAX = 60;

interface Chunk {
  readonly bytes: Uint8Array;
  /** Where the elements begin, behind the size. */
  readonly from: number;
  readonly size: number;
}

/** Throws OutputLimitError where they hold more than `limit` bytes, and DamagedError where they are no Snappy. */
export function unpackSnappy(bytes: Uint8Array, limit: number): Buffer {
  const chunks = isXerial(bytes) ? xerialChunks(bytes) : [chunkOf(bytes)];
  const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  if (size > limit) throw new OutputLimitError(limit);
  const output = Buffer.allocUnsafe(size);
  let to = 0;
  for (const chunk of chunks) {
    unpackChunk(chunk, output.subarray(to, to + chunk.size));
    to += chunk.size;
  }
  return output;
}

function isXerial(bytes: Uint8Array): boolean {
  return bytes.length >= XERIAL_HEADER_BYTES && XERIAL_MAGIC.equals(bytes.subarray(0, XERIAL_MAGIC.length));
}

function xerialChunks(bytes: Uint8Array): readonly Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  let at = XERIAL_HEADER_BYTES;
  while (at < bytes.length) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new DamagedError('has a Snappy chunk that is cut off');
    chunks.push(chunkOf(bytes.subarray(at + 4, end)));
    at = end;
  }
  return chunks;
}

function chunkOf(bytes: Uint8Array): Chunk {
  let size = 0;
  for (let from = 0; from < LENGTH_BYTES_MAX; from++) {
    const byte = bytes[from];
    if (byte === undefined) break;
    size += (byte & 127) * 2 ** (7 * from);
    if (byte < 128) return { bytes, from: from + 1, size };
  }
  throw new DamagedError('has a Snappy chunk without a size');
}

function unpackChunk({ bytes, from }: Chunk, output: Uint8Array): void {
  let at = from;
  let to = 0;
  while (at < bytes.length) {
    const tag = bytes[at++] ?? 0;
    if ((tag & 3) === 0) {
      let length = (tag >>> 2) + 1;
      if (length > SHORT_LITERAL_MAX) {
        const width = length - SHORT_LITERAL_MAX;
        length = littleEndian(bytes, at, width) + 1;
        at += width;
      }
      if (at + length > bytes.length || to + length > output.length) throw new DamagedError('has a Snappy overrun');
      copyBytes(bytes, at, output, to, length);
      at += length;
      to += length;
      continue;
    }
    const width = (tag & 3) === 3 ? 4 : tag & 3;
    const length = width === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const distance = littleEndian(bytes, at, width) + (width === 1 ? (tag >>> 5) * 256 : 0);
    at += width;
    if (to + length > output.length) throw new DamagedError('has a Snappy overrun');
    to = copyBack(output, to, distance, length);
  }
  if (to !== output.length) throw new DamagedError('has a Snappy chunk of another size than it says');
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  if (at + width > bytes.length) throw new DamagedError('has a Snappy element that is cut off');
  const low = bytes[at] ?? 0;
  if (width === 1) return low;
  const two = low | ((bytes[at + 1] ?? 0) << 8);
  if (width === 2) return two;
  const three = two | ((bytes[at + 2] ?? 0) << 16);
  return width === 3 ? three : (three | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}

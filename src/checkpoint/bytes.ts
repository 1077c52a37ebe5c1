// Numbers and texts as bytes, little endian, and back.

/** Thrown and caught within this folder only: what reads is nested too deep to hand a value up. */
export class Unreadable extends Error {}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An unsigned 64-bit number; undefined when a double cannot hold it. */
export function wholeAt(view: DataView, at: number): number | undefined {
  const value = view.getBigUint64(at, true);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

export function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

export function u64Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** Lone surrogates have no UTF-8: two keys would become one. */
export function encodeText(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new Error(`ill-formed text ${JSON.stringify(text)}`);
  return utf8Encoder.encode(text);
}

export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (error) {
    throw new Unreadable('text that is not UTF-8', { cause: error });
  }
}

/** Parts one behind the other, as one piece. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Takes parts off one by one; throws `Unreadable` rather than read beyond `end`. */
export interface Cursor {
  readonly at: number;
  u32(): number;
  /** An unsigned 64-bit number that a double holds. */
  whole(): number;
  /** A part with its length, u32, in front; not copied. */
  part(): Uint8Array;
  text(): string;
}

export function newCursor(bytes: Uint8Array, from: number, end: number): Cursor {
  const view = viewOf(bytes);
  let at = from;
  const take = (length: number): number => {
    if (length > end - at) throw new Unreadable('the block is cut off');
    at += length;
    return at - length;
  };
  const u32 = (): number => view.getUint32(take(4), true);
  const part = (): Uint8Array => {
    const length = u32();
    const start = take(length);
    return bytes.subarray(start, start + length);
  };
  return {
    get at() {
      return at;
    },
    u32,
    whole() {
      const value = wholeAt(view, take(8));
      if (value === undefined) throw new Unreadable('a number beyond what can be');
      return value;
    },
    part,
    text: () => decodeText(part()),
  };
}

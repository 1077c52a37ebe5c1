// What encloses a checkpoint file: 64 bytes in front, 24 behind, little endian. Both can be checked before a byte
// between them is read. Magic, version, header length and header CRC stay where they are in every version: else an
// older gruard could not tell a newer file from a damaged one.

import { crc32 } from 'node:zlib';
import { viewOf, wholeAt } from './bytes.ts';

export const HEADER_BYTES = 64;
export const FOOTER_BYTES = 24;
const VERSION = 1;
const HEADER_MAGIC = 0x54535247; // "GRST"
const FOOTER_MAGIC = 0x47525354; // "TSRG"
const AT_HEADER_CRC = HEADER_BYTES - 4;
const AT_FOOTER_CRC = FOOTER_BYTES - 4;

/** A base holds every live slab; a delta what changed since the file before it. */
const KINDS = ['base', 'delta'] as const;
type Kind = (typeof KINDS)[number];

export interface Header {
  readonly kind: Kind;
  /** Hash over the layouts of all shares. */
  readonly layout: bigint;
  readonly partition: number;
  readonly epoch: number;
  /** Of the checkpoint; rises with every attempt. */
  readonly number: number;
  /** Smallest position of all shares; 0 without shares. */
  readonly position: number;
  readonly slabs: number;
  /** CRC of the previous file's footer; 0 in a base. */
  readonly previous: number;
}

export interface Footer {
  readonly records: number;
  readonly fileBytes: number;
  /** CRC over the CRCs of the header, of every record and of the block, in this order. */
  readonly chain: number;
}

/** `newer`: whole, but of a format version that this program does not know. */
export interface Fault {
  readonly ok: false;
  readonly fault: 'damaged' | 'newer';
  readonly detail: string;
}

export function damaged(detail: string): Fault {
  return { ok: false, fault: 'damaged', detail };
}

export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, HEADER_MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint8(6, KINDS.indexOf(header.kind));
  view.setBigUint64(8, header.layout, true);
  view.setUint32(16, header.partition, true);
  view.setUint32(20, header.epoch, true);
  view.setBigUint64(24, BigInt(header.number), true);
  view.setBigUint64(32, BigInt(header.position), true);
  view.setUint32(40, header.slabs, true);
  view.setUint32(44, header.previous, true);
  view.setUint32(AT_HEADER_CRC, crc32(bytes.subarray(0, AT_HEADER_CRC)), true);
  return bytes;
}

/** `bytes`: the first `HEADER_BYTES` of a file. */
export function decodeHeader(bytes: Uint8Array): { readonly ok: true; readonly header: Header } | Fault {
  if (bytes.length < HEADER_BYTES) return damaged('shorter than a header');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== HEADER_MAGIC) return damaged('does not begin like a checkpoint');
  if (view.getUint32(AT_HEADER_CRC, true) !== crc32(bytes.subarray(0, AT_HEADER_CRC)))
    return damaged('CRC of the header');
  // Only now: a flipped bit in the version must not look like a newer gruard.
  const version = view.getUint16(4, true);
  if (version > VERSION) {
    return { ok: false, fault: 'newer', detail: `has format version ${version}, this gruard reads up to ${VERSION}` };
  }
  const kind = KINDS[view.getUint8(6)];
  const number = wholeAt(view, 24);
  const position = wholeAt(view, 32);
  if (version < 1 || kind === undefined || number === undefined || position === undefined) {
    return damaged('impossible value in the header');
  }
  const header: Header = {
    kind,
    layout: view.getBigUint64(8, true),
    partition: view.getUint32(16, true),
    epoch: view.getUint32(20, true),
    number,
    position,
    slabs: view.getUint32(40, true),
    previous: view.getUint32(44, true),
  };
  return { ok: true, header };
}

export function encodeFooter(footer: Footer): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, FOOTER_MAGIC, true);
  view.setUint32(4, footer.records, true);
  view.setBigUint64(8, BigInt(footer.fileBytes), true);
  view.setUint32(16, footer.chain, true);
  view.setUint32(AT_FOOTER_CRC, crc32(bytes.subarray(0, AT_FOOTER_CRC)), true);
  return bytes;
}

/** `bytes`: the last `FOOTER_BYTES` of a file of `fileBytes`. */
export function decodeFooter(
  bytes: Uint8Array,
  fileBytes: number,
): { readonly ok: true; readonly footer: Footer } | Fault {
  if (bytes.length < FOOTER_BYTES || fileBytes < HEADER_BYTES + FOOTER_BYTES) return damaged('shorter than a footer');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== FOOTER_MAGIC) return damaged('does not end like a checkpoint');
  if (view.getUint32(AT_FOOTER_CRC, true) !== crc32(bytes.subarray(0, AT_FOOTER_CRC)))
    return damaged('CRC of the footer');
  const written = wholeAt(view, 8);
  if (written !== fileBytes) return damaged(`has ${fileBytes} bytes, ${written} were written`);
  return { ok: true, footer: { records: view.getUint32(4, true), fileBytes, chain: view.getUint32(16, true) } };
}

/** Names a file to the delta that stands on it. */
export function footerCrc(footer: Uint8Array): number {
  return viewOf(footer).getUint32(AT_FOOTER_CRC, true);
}

// What a checkpoint says about a partition beside its slabs:
//
//   u32 shares; per share, by uid: uid, u64 position, configHash, layoutHash, u32 records, block
//   in a delta, per share, behind its block: u32 series that live, u32 count of those that are gone, their keys
//
// each text or block with a u32 length in front.

import type { ShareSnapshot } from '../ports.ts';
import { type Cursor, encodeText, joined, u32Bytes, u64Bytes } from './bytes.ts';

/** A share without its slabs. */
export interface ShareLine extends Omit<ShareSnapshot, 'series'> {
  /** Slabs of it that are written beside this. */
  readonly records: number;
}

/** What a delta says in addition. */
export interface DeltaLine extends ShareLine {
  /** Series after this delta. */
  readonly live: number;
  /** Keys that the checkpoint before had and this one has not. */
  readonly gone: readonly string[];
}

export function encodeLines(lines: readonly (ShareLine | DeltaLine)[]): Uint8Array {
  const parts: Uint8Array[] = [u32Bytes(lines.length)];
  const part = (bytes: Uint8Array): void => void parts.push(u32Bytes(bytes.length), bytes);
  for (const line of lines) {
    part(encodeText(line.uid));
    parts.push(u64Bytes(line.position));
    part(encodeText(line.configHash));
    part(encodeText(line.layoutHash));
    parts.push(u32Bytes(line.records));
    part(line.block);
    if (!('gone' in line)) continue;
    parts.push(u32Bytes(line.live), u32Bytes(line.gone.length));
    for (const key of line.gone) part(encodeText(key));
  }
  return joined(parts);
}

/** Throws `Unreadable` on what `encodeLines` never wrote. */
export function decodeLines(cursor: Cursor): ShareLine[] {
  return Array.from(eachLine(cursor));
}

export function decodeDeltaLines(cursor: Cursor): DeltaLine[] {
  const lines: DeltaLine[] = [];
  for (const line of eachLine(cursor)) {
    const live = cursor.u32();
    const gone: string[] = [];
    for (let count = cursor.u32(); count > 0; count--) gone.push(cursor.text());
    lines.push({ ...line, live, gone });
  }
  return lines;
}

/** Whoever takes a line reads what stands behind it before the next one. */
function* eachLine(cursor: Cursor): Generator<ShareLine, void> {
  for (let count = cursor.u32(); count > 0; count--) {
    const uid = cursor.text();
    const position = cursor.whole();
    const configHash = cursor.text();
    const layoutHash = cursor.text();
    const records = cursor.u32();
    yield { uid, position, configHash, layoutHash, records, block: cursor.part() };
  }
}

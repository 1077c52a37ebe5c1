import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/checkpoint/bytes.ts';
import {
  type CheckpointRecord,
  decodeCheckpoint,
  decodeSlab,
  encodeCheckpoint,
  encodeSlab,
  readSlabKey,
  seriesName,
  slabKey,
} from '../../src/checkpoint/stateRecords.ts';
import { bytesOf } from './snapshots.ts';

const text = fc.string({ unit: 'grapheme' });
const u32 = fc.nat(2 ** 32 - 1);
const RECORD: CheckpointRecord = {
  number: 17,
  epoch: 3,
  claimOffset: 1_000,
  writer: 99,
  live: 2,
  names: 0xdeadbeef,
  empty: false,
  lines: [{ uid: 's', position: 9, configHash: 'c', layoutHash: 'l', block: Uint8Array.of(7), records: 2 }],
};

describe('keys of slabs', () => {
  it('name stream and series, and nothing else is one', () => {
    fc.assert(
      fc.property(text, text, (uid, key) => {
        const name = seriesName(uid, key);
        expect(readSlabKey(slabKey(1, name))).toEqual({ side: 1, name, uid, key });
      }),
    );
    for (const other of [
      '__checkpoint',
      's:2:["a","b"]',
      's:0:["a"]',
      's:0:["a","b","c"]',
      's:0: ["a","b"]',
      's:0:x',
    ]) {
      expect(readSlabKey(Buffer.from(other)), other).toBeUndefined();
    }
    expect(readSlabKey(Uint8Array.of(0xff))).toBeUndefined();
  });
});

describe('records of a log of state', () => {
  it('come back equal', () => {
    const key = slabKey(0, seriesName('a', 'b'));
    fc.assert(
      fc.property(fc.maxSafeNat(), u32, fc.option(fc.uint8Array(), { nil: undefined }), (number, epoch, slab) => {
        const read = decodeSlab(key, encodeSlab(key, { number, epoch, slab }));
        expect(read).toEqual({ kind: 'read', record: { number, epoch, slab } });
      }),
    );
    for (const record of [RECORD, { ...RECORD, claimOffset: undefined, empty: true, lines: [] }]) {
      expect(decodeCheckpoint(encodeCheckpoint(record))).toEqual({ kind: 'read', record });
    }
  });

  it('are damaged when any byte changes, under another key, and when bytes are missing', () => {
    const key = slabKey(0, seriesName('a', 'b'));
    const slab = encodeSlab(key, { number: 1, epoch: 2, slab: bytesOf(1, 30) });
    const checkpoint = encodeCheckpoint(RECORD);
    const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
      const fresh = bytes.slice();
      fresh[at] = (fresh[at] ?? 0) ^ 0x10;
      return fresh;
    };
    for (let at = 0; at < slab.length; at++) {
      expect(decodeSlab(key, flipped(slab, at))).toBeUndefined();
      expect(decodeSlab(key, slab.slice(0, at))).toBeUndefined();
    }
    for (let at = 0; at < checkpoint.length; at++) {
      expect(decodeCheckpoint(flipped(checkpoint, at))).toBeUndefined();
      expect(decodeCheckpoint(checkpoint.slice(0, at))).toBeUndefined();
    }
    expect(decodeSlab(slabKey(1, seriesName('a', 'b')), slab)).toBeUndefined();
  });

  it('keep their layout: what was written once must stay readable', () => {
    const key = slabKey(0, seriesName('a', 'b'));
    const hex = (bytes: Uint8Array): unknown =>
      Buffer.from(bytes)
        .toString('hex')
        .match(/.{1,64}/g);
    expect(hex(encodeSlab(key, { number: 5, epoch: 2, slab: Uint8Array.of(1, 2, 3) }))).toMatchInlineSnapshot(`
      [
        "47525342010000000500000000000000020000000300000001020311726bef",
      ]
    `);
    expect(hex(encodeCheckpoint(RECORD))).toMatchInlineSnapshot(`
      [
        "47524350010000001100000000000000e8030000000000000300000002000000",
        "efbeadde63000000240000000100000001000000730900000000000000010000",
        "0063010000006c020000000100000007ac84ab1a",
      ]
    `);
  });

  it('of a newer version are neither read nor taken for damaged', () => {
    const value = encodeCheckpoint(RECORD);
    viewOf(value).setUint16(4, 2, true);
    // Whoever wrote it signed it.
    expect(decodeCheckpoint(signed('__checkpoint', value))).toEqual({ kind: 'newer' });
  });
});

function signed(key: string, value: Uint8Array): Uint8Array {
  const at = value.length - 4;
  viewOf(value).setUint32(at, crc32(value.subarray(0, at), crc32(key)), true);
  return value;
}

import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOOTER_BYTES, HEADER_BYTES } from '../../src/checkpoint/frame.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/checkpoint/snapshot.ts';
import type { ShareSnapshot, Snapshot } from '../../src/ports.ts';
import { bytesOf, snapshotAt } from './snapshots.ts';

const GENERATION = { partition: 3, epoch: 2, number: 17 };

/** The file as one piece of memory. */
function encoded(snapshot: Snapshot, generation = GENERATION): Uint8Array {
  return new Uint8Array(Buffer.concat([...encodeSnapshot(snapshot, generation)]));
}

const text = fc.string({ unit: 'grapheme' });
const block = fc.uint8Array({ maxLength: 60 });
const share = fc.integer({ min: 0, max: 40 }).chain((slabBytes) =>
  fc.record({
    uid: text,
    position: fc.maxSafeNat(),
    configHash: text,
    layoutHash: text,
    block,
    series: fc.array(fc.record({ key: text, slab: fc.uint8Array({ minLength: slabBytes, maxLength: slabBytes }) }), {
      maxLength: 5,
    }),
  }),
);
const snapshots = fc.record({ shares: fc.uniqueArray(share, { selector: ({ uid }) => uid, maxLength: 4 }) });

describe('a snapshot as bytes', () => {
  it('comes back equal, its shares in order of uid', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const read = decodeSnapshot(encoded(snapshot));
        if (!read.ok) throw new Error(read.detail);
        const byUid = [...snapshot.shares].sort((a, b) => (a.uid < b.uid ? -1 : 1));
        expect(read.snapshot).toEqual({ shares: byUid });
        const positions = snapshot.shares.map(({ position }) => position);
        expect(read.header).toMatchObject({
          ...GENERATION,
          kind: 'base',
          position: positions.length === 0 ? 0 : Math.min(...positions),
          slabs: snapshot.shares.reduce((sum, { series }) => sum + series.length, 0),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is the same bytes for the same snapshot, in whatever order its shares come', () => {
    const { shares } = snapshotAt(5);
    expect(encoded({ shares: [...shares].reverse() })).toEqual(encoded({ shares }));
    expect(encoded({ shares }, { ...GENERATION, number: 18 })).not.toEqual(encoded({ shares }));
  });

  it('keeps its layout: what was written once must stay readable', () => {
    const file = encoded({ shares: [shareOf('s', 9, [{ key: 'k', slab: Uint8Array.of(1, 2, 3) }])] });
    expect(
      Buffer.from(file)
        .toString('hex')
        .match(/.{1,64}/g),
    ).toMatchInlineSnapshot(`
      [
        "4752535401000000349e6f5eac9133e403000000020000001100000000000000",
        "09000000000000000100000000000000000000000000000000000000c7c19339",
        "04000000030000000100736b01020323b8929a28000000010000000100000073",
        "09000000000000000100000063010000006c0100000001000000070a91cf4d54",
        "535247010000009700000000000000a769d8efc7eff5dd",
      ]
    `);
  });

  it('is damaged when any byte of it changes, and when any number of bytes is missing', () => {
    const file = encoded(snapshotAt(5));
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(decodeSnapshot(changed)).toMatchObject({ ok: false, fault: 'damaged' });
      expect(decodeSnapshot(file.slice(0, at))).toMatchObject({ ok: false, fault: 'damaged' });
    }
  });

  it('is damaged when two records of it are exchanged, or parts of two files joined', () => {
    const file = encoded(snapshotAt(5));
    const [one, two] = [recordAt(file, 0), recordAt(file, 1)];
    const swapped = file.slice();
    swapped.set(file.subarray(two.from, two.end), one.from);
    swapped.set(file.subarray(one.from, one.end), two.from);
    expect(decodeSnapshot(swapped)).toMatchObject({ detail: 'CRC of all records' });
    const other = encoded(snapshotAt(5), { ...GENERATION, number: 18 });
    const joined = Uint8Array.from([...other.subarray(0, HEADER_BYTES), ...file.subarray(HEADER_BYTES)]);
    expect(decodeSnapshot(joined)).toMatchObject({ detail: 'CRC of all records' });
  });

  it.each([
    ['slab length', 4, 'record 0 is longer than the file'],
    ['key length', 0, 'record 0 is longer than the file'],
  ])('allocates nothing for a %s that exceeds the file', (_, at, detail) => {
    const file = encoded(snapshotAt(5));
    new DataView(file.buffer).setUint32(HEADER_BYTES + at, 0xffffffff, true);
    expect(decodeSnapshot(file)).toEqual({ ok: false, fault: 'damaged', detail });
  });

  it('allocates nothing for more records than can be', () => {
    const file = encoded(snapshotAt(5));
    const view = new DataView(file.buffer);
    view.setUint32(40, 0xffffffff, true);
    view.setUint32(HEADER_BYTES - 4, crc32(file.subarray(0, HEADER_BYTES - 4)), true);
    expect(decodeSnapshot(file)).toMatchObject({ detail: 'more records than fit in the file' });
  });

  it('says what is wrong with any bytes, and never throws, however right their ends are', () => {
    const file = encoded(snapshotAt(5));
    const head = file.subarray(0, HEADER_BYTES);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (middle) => {
        expect(decodeSnapshot(middle).ok).toBe(false);
        const framed = Uint8Array.from([...head, ...middle, ...file.subarray(file.length - FOOTER_BYTES)]);
        const view = new DataView(framed.buffer, framed.length - FOOTER_BYTES);
        view.setUint32(8, framed.length, true);
        view.setUint32(20, crc32(framed.subarray(framed.length - FOOTER_BYTES, framed.length - 4)), true);
        expect(decodeSnapshot(framed).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('copies no slab when it is read', () => {
    const file = encoded(snapshotAt(5));
    const read = decodeSnapshot(file);
    expect(read.ok && read.snapshot.shares[0]?.series[0]?.slab.buffer).toBe(file.buffer);
  });

  it.each([
    ['two shares of one uid', [shareOf('a', 1), shareOf('a', 2)], 'two shares of a'],
    ['a position that is not whole', [shareOf('a', 1.5)], 'position 1.5 of a'],
    ['a negative position', [shareOf('a', -1)], 'position -1 of a'],
    ['slabs of different length', [shareOf('a', 1, [slab('k', 1), slab('l', 2)])], 'slabs of a differ in length'],
    ['a lone surrogate', [shareOf('a', 1, [slab('\ud800', 1)])], 'ill-formed text "\\ud800"'],
    ['a huge uid', [shareOf('u'.repeat(70_000), 1)], 'a uid of more than 65535 bytes'],
  ])('refuses to write %s', (_, shares, message) => {
    expect(() => encoded({ shares })).toThrow(message);
  });
});

function shareOf(uid: string, position: number, series: ShareSnapshot['series'] = []): ShareSnapshot {
  return { uid, position, configHash: 'c', layoutHash: 'l', block: Uint8Array.of(7), series };
}

function slab(key: string, length: number): ShareSnapshot['series'][number] {
  return { key, slab: bytesOf(1, length) };
}

function recordAt(file: Uint8Array, index: number): { readonly from: number; readonly end: number } {
  const view = new DataView(file.buffer);
  let from = HEADER_BYTES;
  for (let skipped = 0; ; skipped++) {
    const end = from + 12 + view.getUint32(from, true) + view.getUint32(from + 4, true);
    if (skipped === index) return { from, end };
    from = end;
  }
}

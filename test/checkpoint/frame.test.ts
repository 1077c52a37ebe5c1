import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeFooter, decodeHeader, encodeFooter, encodeHeader, type Header } from '../../src/checkpoint/frame.ts';

const HEADER: Header = {
  kind: 'base',
  layout: 0xfedc_ba98_7654_3210n,
  partition: 99_999,
  epoch: 0xffff_fffe,
  number: Number.MAX_SAFE_INTEGER,
  position: 2 ** 53 - 2,
  slabs: 1_000_000,
  previous: 0x1234_5678,
};

/** The header with other bytes at `at`, its CRC mended. */
function altered(at: number, bytes: readonly number[]): Uint8Array {
  const header = encodeHeader(HEADER);
  header.set(bytes, at);
  new DataView(header.buffer).setUint32(60, crc32(header.subarray(0, 60)), true);
  return header;
}

describe('the frame of a checkpoint file', () => {
  it.each(['base', 'delta'] as const)('brings the header of a %s back', (kind) => {
    expect(decodeHeader(encodeHeader({ ...HEADER, kind }))).toEqual({ ok: true, header: { ...HEADER, kind } });
  });

  it('has 64 bytes in front that begin with GRST, and 24 behind that begin with TSRG', () => {
    const header = encodeHeader(HEADER);
    const footer = encodeFooter({ records: 1, fileBytes: 200, chain: 2 });
    expect([header.length, Buffer.from(header.subarray(0, 4)).toString()]).toEqual([64, 'GRST']);
    expect([footer.length, Buffer.from(footer.subarray(0, 4)).toString()]).toEqual([24, 'TSRG']);
  });

  it('tells a newer version from damage: only a header with the right CRC is newer', () => {
    expect(decodeHeader(altered(4, [2, 0]))).toEqual({
      ok: false,
      fault: 'newer',
      detail: 'has format version 2, this gruard reads up to 1',
    });
    const flipped = encodeHeader(HEADER);
    flipped[4] = 2;
    expect(decodeHeader(flipped)).toMatchObject({ fault: 'damaged' });
  });

  it.each([
    ['another beginning', 0, [0], 'does not begin like a checkpoint'],
    ['version 0', 4, [0, 0], 'impossible value in the header'],
    ['an unknown kind', 6, [9], 'impossible value in the header'],
    ['a number that no double holds', 24, [0, 0, 0, 0, 0, 0, 0x20, 0], 'impossible value in the header'],
    ['a position that no double holds', 32, [255, 255, 255, 255, 255, 255, 255, 255], 'impossible value in the header'],
  ])('calls a header with %s damaged, though its CRC is right', (_, at, bytes, detail) => {
    expect(decodeHeader(altered(at, bytes))).toEqual({ ok: false, fault: 'damaged', detail });
  });

  it('calls a footer damaged when the file is longer or shorter than it was written', () => {
    const footer = encodeFooter({ records: 3, fileBytes: 500, chain: 9 });
    expect(decodeFooter(footer, 500)).toEqual({ ok: true, footer: { records: 3, fileBytes: 500, chain: 9 } });
    expect(decodeFooter(footer, 499)).toMatchObject({ detail: 'has 499 bytes, 500 were written' });
    expect(decodeFooter(footer.subarray(1), 500)).toMatchObject({ detail: 'shorter than a footer' });
    expect(decodeFooter(footer.slice().fill(0, 20), 500)).toMatchObject({ detail: 'CRC of the footer' });
    expect(decodeFooter(new Uint8Array(24), 500)).toMatchObject({ detail: 'does not end like a checkpoint' });
  });
});

import { expect, it } from 'vitest';
import { encodeText, joined, newCursor, Unreadable, u32Bytes, u64Bytes } from '../../src/checkpoint/bytes.ts';

it('reads back what was written, in order', () => {
  const text = encodeText('ä\u{1f600}');
  const bytes = joined([u32Bytes(7), u64Bytes(Number.MAX_SAFE_INTEGER), u32Bytes(text.length), text]);
  const cursor = newCursor(bytes, 0, bytes.length);
  expect([cursor.u32(), cursor.whole(), cursor.text(), cursor.at]).toEqual([
    7,
    Number.MAX_SAFE_INTEGER,
    'ä\u{1f600}',
    bytes.length,
  ]);
});

it('reads nothing beyond the end, and no text or number that cannot be', () => {
  const bytes = joined([u32Bytes(0xffffffff), u32Bytes(0xffffffff), u32Bytes(1), Uint8Array.of(0xff)]);
  expect(() => newCursor(bytes, 0, bytes.length).part()).toThrow(Unreadable);
  expect(() => newCursor(bytes, 0, bytes.length).whole()).toThrow(Unreadable);
  expect(() => newCursor(bytes, 8, bytes.length).text()).toThrow('not UTF-8');
  expect(() => newCursor(bytes, 8, 10).u32()).toThrow('cut off');
});

it('refuses a text that has no UTF-8', () => {
  expect(() => encodeText('\ud800')).toThrow('ill-formed text "\\ud800"');
});

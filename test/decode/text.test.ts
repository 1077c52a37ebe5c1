import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, textOf } from '../../src/decode/text.ts';

describe('textOf', () => {
  it('gives back every well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.startsWith('\uFEFF'));
        expect(textOf(Buffer.from(text))).toBe(text);
      }),
    );
  });

  it('swallows one byte order mark', () => {
    expect(textOf(Buffer.from('\uFEFF{}'))).toBe('{}');
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a cut character', [0x61, 0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a byte that UTF-8 does not have', [0xff]],
  ])('refuses %s', (_what, bytes) => {
    expect(textOf(Uint8Array.from(bytes))).toBeUndefined();
    expect(textOf(Buffer.from('fine'))).toBe('fine');
  });
});

describe('cleanText', () => {
  it('leaves ordinary text alone', () => {
    expect(cleanText('web-7 größer 🚀 "quoted" \\ \u0085')).toBe('web-7 größer 🚀 "quoted" \\ \u0085');
  });

  it('drops control characters, line ends among them', () => {
    expect(cleanText('a\u0000b\nc\r\td\u001be\u007ff')).toBe('abcdef');
  });

  it('replaces halves of surrogate pairs and keeps whole ones', () => {
    expect(cleanText('a\ud83db\u0001🚀\ude80')).toBe('a\uFFFDb🚀\uFFFD');
  });

  it('always gives text that survives UTF-8 and has no control characters', () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 });
    fc.assert(
      fc.property(units, (codes) => {
        const clean = cleanText(String.fromCharCode(...codes));
        expect(Buffer.from(clean).toString()).toBe(clean);
        for (const character of clean) {
          expect(character >= ' ' && character !== '\u007f').toBe(true);
        }
      }),
    );
  });
});

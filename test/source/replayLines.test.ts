import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeader, newLineCutter } from '../../src/source/replayLines.ts';

function linesOf(chunks: readonly Uint8Array[], lineBytesMax = 1000): string[] {
  const lines: string[] = [];
  const take = (line: Uint8Array): void => {
    lines.push(Buffer.from(line).toString('latin1'));
  };
  const cutter = newLineCutter(lineBytesMax);
  for (const chunk of chunks) cutter.push(chunk, take);
  cutter.end(take);
  return lines;
}

describe('newLineCutter', () => {
  it('cuts at line feeds, drops carriage returns before them, and keeps empty lines', () => {
    expect(linesOf([Buffer.from('a\nb\r\n\n\r\nc\rd\n')])).toEqual(['a', 'b', '', '', 'c\rd']);
  });

  it('gives the last line without its line end, but no empty one behind a line end', () => {
    expect(linesOf([Buffer.from('a\nb')])).toEqual(['a', 'b']);
    expect(linesOf([Buffer.from('a\n')])).toEqual(['a']);
    expect(linesOf([])).toEqual([]);
  });

  it('gives the same lines wherever the chunks end', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (content, cuts) => {
        const bytes = Buffer.from(content);
        const chunks: Uint8Array[] = [];
        let from = 0;
        for (const cut of cuts.sort((a, b) => a - b)) {
          chunks.push(bytes.subarray(from, cut));
          from = Math.max(from, cut);
        }
        chunks.push(bytes.subarray(from));
        expect(linesOf(chunks)).toEqual(linesOf([bytes]));
      }),
    );
  });

  it('cuts a line that is too long one byte above the limit, in one chunk or many', () => {
    const long = Buffer.from(`${'x'.repeat(50)}\nshort\n`);
    const pieces = Array.from(long, (byte) => Uint8Array.of(byte));
    expect(linesOf([long], 10)).toEqual(['x'.repeat(11), 'short']);
    expect(linesOf(pieces, 10)).toEqual(['x'.repeat(11), 'short']);
  });

  it('leaves earlier lines as they are when the chunk they came from is gone', () => {
    const chunk = Buffer.from('begun');
    const lines: Uint8Array[] = [];
    const cutter = newLineCutter(100);
    cutter.push(chunk, (line) => lines.push(line));
    chunk.fill(0);
    cutter.push(Buffer.from(' and ended\n'), (line) => lines.push(line));
    expect(Buffer.from(lines[0] ?? []).toString()).toBe('begun and ended');
  });
});

describe('isHeader', () => {
  it.each(['timestamp,value', 'a', ' time , "load, in %"', '\uFEFFts,v', 'time,x1', '"ts","v"', 'a,,b'])(
    'takes %j for a header',
    (line) => {
      expect(isHeader(Buffer.from(line))).toBe(true);
    },
  );

  it.each(['2026-11-23 17:00:00,5', 'web-7,51.5', 'web-7,-3', 'x,.5', 'x, +1', 'x,"7"', '\uFEFF1,2', 'x,y,0'])(
    'takes %j for data',
    (line) => {
      expect(isHeader(Buffer.from(line))).toBe(false);
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeFamilies } from '../../src/report/exposition.ts';
import { labelText, labelValue } from '../../src/report/labels.ts';
import { parseExposition } from '../support/exposition.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '\r', '\0', ',', '=', '{', '}', ' ', 'a', '\uD800', '\uDC00', '\u{1F600}'),
  }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

async function throughTheFormat(labels: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  let text = '';
  const lines = [{ labels: labelText(labels), value: 1 }];
  for await (const piece of writeFamilies([{ name: 'gruard_value', lines }])) text += piece;
  const [line] = parseExposition(Buffer.from(text).toString()).lines;
  return line?.labels ?? {};
}

describe('labelText', () => {
  it('gives back any text as it was cleaned, after writing and reading', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (series, host) => {
        const read = await throughTheFormat({ series, host });
        expect(read).toEqual({ series: labelValue(series), host: labelValue(host) });
      }),
    );
  });

  it('keeps distinct what prom-client takes for one', async () => {
    const one = await throughTheFormat({ a: '1,b:2', b: '3' });
    const other = await throughTheFormat({ a: '1', b: '2,b:3' });
    expect(one).not.toEqual(other);
  });
});

describe('labelValue', () => {
  it('leaves printable text of up to 128 characters alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 128 }), (text) => {
        expect(labelValue(text)).toBe(text);
      }),
    );
  });

  it('leaves no control character but newline, no lone surrogate and no endless text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = labelValue(text);
        expect(value).not.toMatch(/(?!\n)\p{Cc}|\p{Surrogate}/u);
        expect(value.length).toBeLessThanOrEqual(128 + 9);
      }),
    );
  });

  it('tells long values apart that begin alike', () => {
    const [one, other] = [labelValue(`${'x'.repeat(200)}1`), labelValue(`${'x'.repeat(200)}2`)];
    expect(one).toMatch(/^x{128}~[0-9a-f]{8}$/);
    expect(one).not.toBe(other);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, newCsvDecoder } from '../../src/decode/csv.ts';
import type { DecodeSettings } from '../../src/settings.ts';
import { CONTEXT, only, record, settings } from './support.ts';

/** `time,host,value,other` */
function decoder(changes: Partial<DecodeSettings> = {}) {
  const csv = settings({
    format: 'csv',
    labels: [{ label: 'host', path: [1] }],
    time: { kind: 'path', path: [0], unit: 's' },
    fields: [{ field: 'value', path: [2] }],
    ...changes,
  });
  return newCsvDecoder(csv, CONTEXT);
}
const decode = decoder();
const schema = (detail: string) => ({ kind: 'rejected', reason: 'schema', detail });

describe('cellsOf', () => {
  it.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['', ['']],
    [',', ['', '']],
    ['a,,', ['a', '', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"say ""hi""",""', ['say "hi"', '']],
    ['""""', ['"']],
    ['"two\nlines",x', ['two\nlines', 'x']],
    [' a , b', [' a ', ' b']],
    ['5" pipe,"x"', ['5" pipe', 'x']],
    ['"x",', ['x', '']],
  ])('cuts %j', (line, cells) => {
    expect(cellsOf(line, 10)).toEqual(cells);
  });

  it.each([
    ['"a', 'has a quote that is never closed'],
    ['x,"a""', 'has a quote that is never closed'],
    ['"a"b,c', 'has text behind a closing quote'],
    ['a\nb', 'has more than one line'],
    ['"a",b\nc', 'has more than one line'],
  ])('refuses %j', (line, problem) => {
    expect(cellsOf(line, 10)).toBe(problem);
  });

  it('cuts no more cells than are wanted, but still sees what is wrong behind them', () => {
    expect(cellsOf('a,b,c', 2)).toEqual(['a', 'b']);
    expect(cellsOf('"a",b,c', 2)).toEqual(['a', 'b']);
    expect(cellsOf('a,b,"c', 2)).toBe('has a quote that is never closed');
  });

  it('gives back any cells that were written by the rules of RFC 4180', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', '\n', '\r', '5'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), (cells) => {
        const line = cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
        expect(cellsOf(line, 10)).toEqual(cells);
      }),
    );
  });
});

describe('newCsvDecoder', () => {
  it.each(['1458229140,web-7,51.5,x', '2016-03-17 15:39:00,"web-7", 51.5 ,x\r\n', '\uFEFF1458229140,web-7,5.15e1\n'])(
    'reads %j',
    (line) => {
      expect(only(decode(record(line)))).toEqual({
        labels: ['web-7'],
        field: 0,
        timeMs: 1_458_229_140_000,
        value: 51.5,
      });
    },
  );

  it('takes words for what is not finite as samples', () => {
    expect(only(decode(record('5,a,NaN'))).value).toBeNaN();
    expect(only(decode(record('5,a,-inf'))).value).toBe(-Infinity);
  });

  it.each([
    ['5,a,abc', '$[2]: is a text, not a number'],
    ['5,a,0x10', '$[2]: is a text, not a number'],
    ['5,a,', '$[2]: is empty'],
    ['5,a, ', '$[2]: is empty'],
    ['5,a', '$[2]: missing'],
    ['5', '$[1]: missing'],
    [',a,1', '$[0]: is empty'],
    ['noon,a,1', '$[0]: is neither a date nor a number'],
    ['1795453694148,a,1', '$[0]: is outside 1970 to 2100 in s; is `unit: ms` meant?'],
  ])('refuses %j by its shape', (line, detail) => {
    expect(decode(record(line))).toEqual(schema(detail));
  });

  it.each(['', '\n', '\r\n', '5,"a,1', '5,a,1\n6,a,2\n'])('refuses %j as no line of CSV', (line) => {
    expect(decode(record(line))).toMatchObject({ reason: 'parse' });
  });

  it('has an empty cell for an empty label', () => {
    expect(only(decode(record('5,,1'))).labels).toEqual(['']);
  });

  it('has empty cells for absent fields', () => {
    const two = decoder({
      fields: [
        { field: 'a', path: [2] },
        { field: 'b', path: [3] },
      ],
    });
    expect(only(two(record('5,x,,7')))).toMatchObject({ field: 1, value: 7 });
    expect(two(record('5,x,,'))).toEqual(schema('none of $[2], $[3] is there'));
  });

  it.each([
    ['cpu', 'cpu', 'samples'],
    ['disk', 'cpu', 'filtered'],
    ['7.0', 7, 'samples'],
    ['8', 7, 'filtered'],
    ['true', true, 'samples'],
    ['1', true, 'filtered'],
    ['', null, 'samples'],
    ['x', null, 'filtered'],
  ])('compares a cell %j with %j', (cell, equals, kind) => {
    const filtering = decoder({ where: [{ path: [3], equals }] });
    expect(filtering(record(`5,a,1,${cell}`)).kind).toBe(kind);
  });

  it('filters a line that lacks the column', () => {
    expect(decoder({ where: [{ path: [9], equals: null }] })(record('5,a,1')).kind).toBe('filtered');
  });
});

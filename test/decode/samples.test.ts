import { describe, expect, it } from 'vitest';
import { newJsonDecoder } from '../../src/decode/json.ts';
import type { Decoded } from '../../src/domain.ts';
import type { DecodeSettings } from '../../src/settings.ts';
import { CONTEXT, only, record, settings } from './support.ts';

function decode(value: unknown, changes: Partial<DecodeSettings> = {}, context = CONTEXT): Decoded {
  return newJsonDecoder(settings(changes), context)(record(JSON.stringify(value)));
}

const schema = (detail: string): Decoded => ({ kind: 'rejected', reason: 'schema', detail });
const TWO_FIELDS = {
  fields: [
    { field: 'p50', path: ['a'] },
    { field: 'p99', path: ['b'] },
  ],
};

describe('where', () => {
  const where = [
    { path: ['name'], equals: 'cpu' },
    { path: ['ok'], equals: true },
  ];

  it('lets records pass for which all conditions hold', () => {
    expect(only(decode({ ts: 5, v: 1, name: 'cpu', ok: true }, { where })).value).toBe(1);
  });

  it.each([{ name: 'cpu', ok: 'true' }, { name: 'cpu', ok: 1 }, { name: 'disk', ok: true }, { ok: true }, {}, []])(
    'filters %j, whatever else is wrong with it',
    (value) => {
      expect(decode(value, { where })).toEqual({ kind: 'filtered' });
    },
  );

  it('tells null from missing', () => {
    const isNull = { where: [{ path: ['deleted'], equals: null }] };
    expect(decode({ ts: 5, v: 1, deleted: null }, isNull).kind).toBe('samples');
    expect(decode({ ts: 5, v: 1 }, isNull).kind).toBe('filtered');
  });
});

describe('labels', () => {
  const labels = [
    { label: 'host', path: ['tags', 'host'] },
    { label: 'shard', path: '$partition' as const },
  ];

  it.each([
    ['web-7', 'web-7'],
    ['', ''],
    [7, '7'],
    [-0.5, '-0.5'],
    [1e21, '1e+21'],
    [false, 'false'],
    ['a\nb\u0000', 'ab'],
    ['\ud800', '\uFFFD'],
  ])('reads %j as %j', (host, text) => {
    const sample = only(decode({ ts: 5, v: 1, tags: { host } }, { labels }, { partition: 3, firstOffset: 0 }));
    expect(sample.labels).toEqual([text, '3']);
  });

  it.each([
    [{}, '$.tags.host: missing'],
    [{ host: null }, '$.tags.host: is null'],
    [{ host: {} }, '$.tags.host: is an object, not a text, number or boolean'],
    [{ host: ['a'] }, '$.tags.host: is an array, not a text, number or boolean'],
    [{ host: 'x'.repeat(300) }, 'the labels are longer than 256 bytes as `name="value"`'],
  ])('refuses tags %j', (tags, detail) => {
    expect(decode({ ts: 5, v: 1, tags }, { labels })).toEqual(schema(detail));
  });

  it('may be none at all', () => {
    expect(only(decode({ ts: 5, v: 1 })).labels).toEqual([]);
  });

  it('never come from a prototype', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      const detail = `$.${name}: missing`;
      expect(decode({ ts: 5, v: 1 }, { labels: [{ label: 'a', path: [name] }] })).toEqual(schema(detail));
    }
  });
});

describe('time', () => {
  it('comes from the record where no path is set', () => {
    const decoder = newJsonDecoder(settings({ time: { kind: 'record' } }), CONTEXT);
    expect(only(decoder(record('{"v":1}', { timestampMs: 1234 }))).timeMs).toBe(1234);
    expect(decoder(record('{"v":1}'))).toEqual(schema('the record has no timestamp; set `time`'));
    expect(decoder(record('{"v":1}', { timestampMs: -1 }))).toEqual(
      schema("the record's timestamp is outside 1970 to 2100 in ms"),
    );
  });

  it('is counted from the first record of a topic, or the first data line of a file', () => {
    const time = { kind: 'counted', startMs: 1_000_000, everyMs: 300_000 } as const;
    const timeAt = (offset: number, firstOffset: number): number => {
      const decoder = newJsonDecoder(settings({ time }), { partition: 0, firstOffset });
      return only(decoder(record('{"v":1}', { offset }))).timeMs;
    };
    expect([timeAt(0, 0), timeAt(7, 0)]).toEqual([1_000_000, 3_100_000]);
    expect([timeAt(2, 2), timeAt(3, 2)]).toEqual([1_000_000, 1_300_000]);
  });

  it('is read in the configured unit', () => {
    const seconds = { time: { kind: 'path', path: ['ts'], unit: 's' } } as const;
    expect(only(decode({ ts: 1_458_229_140, v: 1 }, seconds)).timeMs).toBe(1_458_229_140_000);
    expect(only(decode({ ts: '2016-03-17T15:39:00Z', v: 1 }, seconds)).timeMs).toBe(1_458_229_140_000);
  });

  it.each([
    [{ v: 1 }, '$.ts: missing'],
    [{ ts: null, v: 1 }, '$.ts: is null'],
    [{ ts: true, v: 1 }, '$.ts: is a boolean, not a time'],
    [{ ts: 'yesterday', v: 1 }, '$.ts: is a text, but neither a date nor a number'],
    [{ ts: -1, v: 1 }, '$.ts: is outside 1970 to 2100 in ms'],
    [{ ts: 1_795_453_694_148_000, v: 1 }, '$.ts: is outside 1970 to 2100 in ms; is `unit: us` meant?'],
  ])('of %j is refused', (value, detail) => {
    expect(decode(value)).toEqual(schema(detail));
  });
});

describe('values', () => {
  it('give a sample for each field that is there, all with the same labels', () => {
    const decoded = decode({ ts: 5, a: 1, b: 2 }, TWO_FIELDS);
    expect(decoded).toEqual({
      kind: 'samples',
      samples: [
        { labels: [], field: 0, timeMs: 5, value: 1 },
        { labels: [], field: 1, timeMs: 5, value: 2 },
      ],
    });
  });

  it('may lack some of several fields, but not all', () => {
    expect(only(decode({ ts: 5, b: 2 }, TWO_FIELDS))).toMatchObject({ field: 1, value: 2 });
    expect(only(decode({ ts: 5, a: 1, b: null }, TWO_FIELDS))).toMatchObject({ field: 0, value: 1 });
    expect(decode({ ts: 5, b: null }, TWO_FIELDS)).toEqual(schema('none of $.a, $.b is there'));
  });

  it.each([
    [{ ts: 5 }, '$.v: missing'],
    [{ ts: 5, v: null }, '$.v: is null'],
    [{ ts: 5, v: '51.5' }, '$.v: is a string, not a number'],
    [{ ts: 5, v: [5] }, '$.v: is an array, not a number'],
    [{ ts: 5, v: true }, '$.v: is a boolean, not a number'],
    [{ ts: 5, v: {} }, '$.v: is an object, not a number'],
  ])('of %j are refused', (value, detail) => {
    expect(decode(value)).toEqual(schema(detail));
  });

  it('of a wrong type refuse the record even when other fields are fine', () => {
    expect(decode({ ts: 5, a: 1, b: 'two' }, TWO_FIELDS)).toEqual(schema('$.b: is a string, not a number'));
  });

  it('are 1 where records are counted and no path is set', () => {
    expect(only(decode({ ts: 5 }, { fields: [{ field: 'value', path: undefined }] })).value).toBe(1);
  });

  it('beyond float32 become infinite, so that they are dropped and counted as samples', () => {
    expect(only(decode({ ts: 5, v: 3.4e38 })).value).toBe(Infinity);
    expect(only(decode({ ts: 5, v: -1e300 })).value).toBe(-Infinity);
    expect(only(decode({ ts: 5, v: 5e-324 })).value).toBe(5e-324);
  });
});

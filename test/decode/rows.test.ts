import { describe, expect, it } from 'vitest';
import { newDecoder } from '../../src/decode/decoder.ts';
import { type DecodeState, decodeBatch, newSampleRows } from '../../src/decode/rows.ts';
import { newCounters, type SourceRecord } from '../../src/domain.ts';
import { batchOf } from '../support/shares.ts';
import { CONTEXT, record, settings } from './support.ts';

const FIELDS = ['p', 'q'];

function newState(): DecodeState {
  const decode = settings({
    labels: [{ label: 'h', path: ['h'] }],
    fields: FIELDS.map((field) => ({ field, path: [field] })),
    where: [{ path: ['kind'], equals: 'wanted' }],
  });
  return {
    decoder: newDecoder(decode, CONTEXT),
    labelNames: ['h'],
    fieldNames: FIELDS,
    counters: newCounters(),
    rows: newSampleRows(),
  };
}

const json = (offset: number, fields: object): SourceRecord =>
  record(JSON.stringify({ kind: 'wanted', h: 'a', ts: 1000 * offset, ...fields }), { offset });

/** Decodes records and answers with the rows, and with what was handed on. */
function decode(state: DecodeState, records: readonly SourceRecord[], from = 0) {
  const rejects: (readonly [number, string, string])[] = [];
  decodeBatch(state, batchOf(records), from, ({ offset }, reason, detail) => rejects.push([offset, reason, detail]));
  const { count, keys, labels, field, timeMs, value, offset } = state.rows;
  const rows = Array.from({ length: count }, (_, row) => [
    keys[row],
    labels[row]?.[0],
    field[row],
    timeMs[row],
    value[row],
    offset[row],
  ]);
  return { rows, rejects };
}

describe('the records of a batch', () => {
  it('become a row for each sample, in order', () => {
    const { rows, rejects } = decode(newState(), [json(5, { p: 1, q: 2 }), json(7, { q: 3, h: 'b' })]);
    expect(rows).toEqual([
      ['h="a"', 'a', 0, 5000, 1, 5],
      ['h="a"', 'a', 1, 5000, 2, 5],
      ['h="b"', 'b', 1, 7000, 3, 7],
    ]);
    expect(rejects).toEqual([]);
  });

  it('are passed by below the position, without being counted', () => {
    const state = newState();
    const records = [4, 5, 6].map((offset) => json(offset, { p: offset }));
    expect(decode(state, records, 6).rows.map((row) => row[5])).toEqual([6]);
    expect(state.counters.recordsReceived).toBe(1);
  });

  it('replace the rows of the batch before, be there fewer or more', () => {
    const state = newState();
    const batch = (size: number) => Array.from({ length: size }, (_, i) => json(i, { p: i, q: 100 - i }));
    for (const size of [3, 1, 50, 2]) {
      state.rows.taken = 99;
      const { rows } = decode(state, batch(size));
      expect(rows).toHaveLength(2 * size);
      expect(rows.at(-1)?.slice(2, 5)).toEqual([1, 1000 * (size - 1), 101 - size]);
      expect(state.rows.taken).toBe(0);
    }
  });

  it('are handed on and counted by reason when they cannot be decoded; the others go on', () => {
    const state = newState();
    const { rows, rejects } = decode(state, [
      record('no JSON', { offset: 1 }),
      record(null, { offset: 2 }),
      json(3, { p: 'text' }),
      json(4, { p: 1 }),
    ]);
    expect(rows).toHaveLength(1);
    expect(rejects.map(([offset, reason]) => [offset, reason])).toEqual([
      [1, 'parse'],
      [2, 'null'],
      [3, 'schema'],
    ]);
    expect(state.counters).toMatchObject({
      recordsReceived: 4,
      recordsDecoded: 1,
      recordsRejected: { parse: 1, null: 1, schema: 1, too_large: 0, bomb: 0 },
      samplesDecoded: 1,
    });
  });

  it('count as filtered samples when `where` does not match', () => {
    const state = newState();
    expect(decode(state, [json(1, { p: 1, kind: 'other' })])).toEqual({ rows: [], rejects: [] });
    expect(state.counters).toMatchObject({ recordsDecoded: 1, samplesDecoded: 1, samplesDropped: { filtered: 1 } });
  });

  it('are handed on once when values are not finite, and the samples stay, to be dropped and counted', () => {
    const state = newState();
    const text = '{"kind":"wanted","h":"a","ts":0,"p":1e400,"q":-1e400}';
    const { rows, rejects } = decode(state, [record(text, { offset: 8 })]);
    expect(rows.map((row) => row[4])).toEqual([Infinity, -Infinity]);
    expect(rejects).toEqual([[8, 'non_finite', 'p: not a finite number']]);
    expect(state.counters).toMatchObject({ recordsDecoded: 1, samplesDecoded: 2 });
  });
});

import { describe, expect, it } from 'vitest';
import { newDecoder } from '../../src/decode/decoder.ts';
import { type DecodeState, decodeBatch, newSampleRows } from '../../src/decode/rows.ts';
import type { SourceRecord } from '../../src/domain.ts';
import { newCounters } from '../../src/domain.ts';
import { CONTEXT, record, settings } from './support.ts';

function newState(): DecodeState {
  const chosen = settings({
    labels: [{ label: 'host', path: ['host'] }],
    where: [{ path: ['kind'], equals: 'cpu' }],
    fields: [
      { field: 'user', path: ['user'] },
      { field: 'system', path: ['system'] },
    ],
  });
  return {
    decoder: newDecoder(chosen, CONTEXT),
    labelNames: ['host'],
    fieldNames: ['user', 'system'],
    counters: newCounters(),
    rows: newSampleRows(),
  };
}

const cpu = (ts: number, values: object): string => JSON.stringify({ kind: 'cpu', host: 'a', ts, ...values });

/** Decodes records with these values at offsets 10, 11, …; answers what was rejected. */
function decode(state: DecodeState, values: readonly (string | null)[], from = 0): string[] {
  const told: string[] = [];
  const records: SourceRecord[] = values.map((value, i) => record(value, { offset: 10 + i }));
  const batch = { topic: 't', partition: 0, records, endOffset: undefined };
  decodeBatch(state, batch, from, ({ offset }, reason, detail) => told.push(`${offset} ${reason}: ${detail}`));
  return told;
}

describe('decodeBatch', () => {
  it('lays the samples of all records out as columns, in their order', () => {
    const state = newState();
    expect(decode(state, [cpu(5, { user: 1, system: 2 }), cpu(6, { system: 3 })])).toEqual([]);
    const { rows } = state;
    expect(rows.count).toBe(3);
    expect(rows.keys).toEqual(['host="a"', 'host="a"', 'host="a"']);
    expect([...rows.field.subarray(0, 3)]).toEqual([0, 1, 1]);
    expect([...rows.timeMs.subarray(0, 3)]).toEqual([5, 5, 6]);
    expect([...rows.value.subarray(0, 3)]).toEqual([1, 2, 3]);
    expect([...rows.offset.subarray(0, 3)]).toEqual([10, 10, 11]);
  });

  it('begins anew with each batch, whatever its size', () => {
    const state = newState();
    decode(state, [cpu(5, { user: 1 }), cpu(6, { user: 2 })]);
    decode(state, [cpu(7, { user: 3 })]);
    expect([state.rows.count, state.rows.taken, state.rows.value[0]]).toEqual([1, 0, 3]);
    decode(state, []);
    expect(state.rows.count).toBe(0);
  });

  it('skips records below the position, uncounted', () => {
    const state = newState();
    decode(state, [cpu(5, { user: 1 }), cpu(6, { user: 2 })], 11);
    expect([state.rows.count, state.rows.value[0], state.counters.recordsReceived]).toEqual([1, 2, 1]);
  });

  it('counts every record by what became of it, and hands on what it rejects', () => {
    const state = newState();
    const { counters } = state;
    const told = decode(state, [
      cpu(5, { user: 1, system: 2 }),
      null,
      '{',
      cpu(6, {}),
      '{"kind":"disk"}',
      '{"kind":"cpu","host":"a","ts":7,"user":1e400}',
    ]);
    expect(told).toEqual([
      '11 null: the record has no value',
      '12 parse: is not JSON',
      '13 schema: none of $.user, $.system is there',
      '15 non_finite: user: not a finite number',
    ]);
    expect(counters.recordsReceived).toBe(6);
    expect(counters.recordsDecoded).toBe(3);
    expect(counters.recordsRejected).toEqual({ parse: 1, too_large: 0, null: 1, schema: 1, bomb: 0 });
    expect([counters.samplesDecoded, counters.samplesDropped.filtered]).toEqual([4, 1]);
    // The sample that is not finite is still a row: the next stage drops and counts it.
    expect([state.rows.count, state.rows.value[2]]).toEqual([3, Infinity]);
  });
});

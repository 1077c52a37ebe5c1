import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/backtest/columns.ts';

const of = (header: string, ...rows: readonly string[]) =>
  columnsOf(
    'a.csv',
    header.split(','),
    rows.map((row) => row.split(',')),
  );

describe('the columns of a file', () => {
  it('are time, values and a label', () => {
    expect(of('timestamp,value,label', '2026-01-01 00:00:00,1,0')).toEqual({
      time: { column: 0, unit: 'ms', format: 'YYYY-MM-DD HH:MM:SS, read as UTC' },
      values: [{ column: 1, name: 'value' }],
      label: 2,
      ignored: [],
      cells: 3,
    });
  });

  it('may stand in any order and have other names', () => {
    const columns = of('host,cpu,Time,memory,is_anomaly', 'web-1,3,1700000000,4,0');
    expect(columns.time.column).toBe(2);
    expect(columns.values.map(({ name }) => name)).toEqual(['cpu', 'memory']);
    expect(columns).toMatchObject({ label: 4, ignored: ['host'] });
  });

  it('have time first where no name says otherwise', () => {
    expect(of('t,x', '2026-01-01,1')).toMatchObject({ time: { column: 0 }, values: [{ column: 1, name: 'x' }] });
  });

  it('get names where they have none, or the same', () => {
    expect(of('time,,x,x', '0,1,2,3').values.map(({ name }) => name)).toEqual(['column2', 'x', 'x_4']);
  });

  it('are values when most of their cells are numbers', () => {
    expect(of('time,a,b', '0,1,x', '1,,y', '2,missing,3', '3,2,z')).toMatchObject({
      values: [{ name: 'a' }],
      ignored: ['b'],
    });
  });

  it.each([
    ['2026-01-01T00:00:00Z', 'ms', 'ISO 8601'],
    ['2026-01-01T00:00:00+02:00', 'ms', 'ISO 8601'],
    ['2026-01-01T00:00:00', 'ms', 'ISO 8601, read as UTC'],
    ['2026-01-01 00:00:00', 'ms', 'YYYY-MM-DD HH:MM:SS, read as UTC'],
    ['2026-01-01', 'ms', 'YYYY-MM-DD, read as UTC'],
    ['0', 's', 'epoch seconds'],
    ['1491041280', 's', 'epoch seconds'],
    ['1491041280.5', 's', 'epoch seconds'],
    ['1491041280000', 'ms', 'epoch milliseconds'],
    ['1491041280000000', 'us', 'epoch microseconds'],
    ['1491041280000000000', 'ns', 'epoch nanoseconds'],
  ])('have times like %s', (cell, unit, format) => {
    expect(of('timestamp,value', `${cell},1`).time).toEqual({ column: 0, unit, format });
  });

  it('take the format from the first time that there is', () => {
    expect(of('timestamp,value', ',1', 'soon,2', '1491041280,3').time.unit).toBe('s');
  });

  it('need a time and a number', () => {
    expect(() => of('timestamp,value', 'soon,1')).toThrow('a.csv: column "timestamp" holds no time');
    expect(() => of('timestamp,host', '0,web-1')).toThrow('a.csv: there is no column of numbers');
    expect(() => of('timestamp')).toThrow('there is no column of numbers');
  });
});

import { describe, expect, it } from 'vitest';
import { bindPath } from '../../src/config/columns.ts';

function bind(format: 'json' | 'number' | 'csv', path: string, columns?: string[]) {
  const complaints: string[] = [];
  const bound = bindPath({ format, columns }, path, ['value'], (code, _path, what) =>
    complaints.push(`${code} ${what}`),
  );
  return { bound, complaints };
}

describe('a path', () => {
  it('into JSON stays as it is', () => {
    expect(bind('json', '$.a[0]')).toEqual({ bound: ['a', 0], complaints: [] });
  });

  it('into a number is the number', () => {
    expect(bind('number', '$')).toEqual({ bound: [], complaints: [] });
    expect(bind('number', '$.a').complaints).toEqual([expect.stringContaining('no parts')]);
  });

  it('into CSV is a column, by number or by name', () => {
    expect(bind('csv', '$[2]')).toEqual({ bound: [2], complaints: [] });
    expect(bind('csv', '$.host', ['time', 'host'])).toEqual({ bound: [1], complaints: [] });
    expect(bind('csv', "$['my host']", ['my host'])).toEqual({ bound: [0], complaints: [] });
  });

  it.each([
    ['$', undefined, 'one column'],
    ['$.a.b', ['a'], 'one column'],
    ['$.a', undefined, 'no columns are named'],
    ['$.b', ['a'], 'no column "b": the columns are a'],
    ['$[1]', ['a'], 'is column 1, counted from 0, of 1'],
    ['$.z', Array.from({ length: 500 }, (_, i) => `column${i}`), 'column11 …'],
  ])('into CSV is refused: %s of %j', (path, columns, what) => {
    expect(bind('csv', path, columns).complaints).toEqual([expect.stringContaining(what)]);
  });
});

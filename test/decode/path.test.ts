import { describe, expect, it } from 'vitest';
import { pathText, walk } from '../../src/decode/path.ts';

describe('walk', () => {
  it.each([
    [{ a: { b: [1, { c: 2 }] } }, ['a', 'b', 1, 'c'], 2],
    [5, [], 5],
    [['x', 'y'], [1], 'y'],
    [{ '0': 'zero' }, ['0'], 'zero'],
    [{ a: null }, ['a'], null],
  ])('finds the value in %j at %j', (root, path, value) => {
    expect(walk(root, path)).toBe(value);
  });

  it.each([
    [{ a: 1 }, ['b']],
    [{ a: null }, ['a', 'b']],
    [{ a: 'text' }, ['a', 'length']],
    [{ a: 'text' }, ['a', 0]],
    [{ a: [1, 2] }, ['a', 'length']],
    [{ a: [1, 2] }, ['a', '0']],
    [{ a: [1, 2] }, ['a', 2]],
    [{ '0': 'zero' }, [0]],
    [{}, ['constructor']],
    [{}, ['__proto__']],
    [{ a: {} }, ['a', 'toString', 'name']],
  ])('finds nothing in %j at %j', (root, path) => {
    expect(walk(root, path)).toBeUndefined();
  });

  it('takes a key called __proto__ for the data that it is', () => {
    expect(walk(JSON.parse('{"__proto__":{"v":7}}'), ['__proto__', 'v'])).toBe(7);
  });
});

describe('pathText', () => {
  it('writes paths as the configuration does', () => {
    expect(pathText([])).toBe('$');
    expect(pathText(['tags', 'host'])).toBe('$.tags.host');
    expect(pathText(['@timestamp'])).toBe('$.@timestamp');
    expect(pathText([2, 'odd name'])).toBe('$[2]["odd name"]');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPathFault, parsePath } from '../../src/config/paths.ts';
import { pathText } from '../../src/decode/path.ts';

describe('a path', () => {
  it.each([
    ['$', []],
    ['$.a.b', ['a', 'b']],
    ['$.a-b.c_d.@e', ['a-b', 'c_d', '@e']],
    ['$[0]', [0]],
    ['$.list[2].x', ['list', 2, 'x']],
    ["$['odd key']", ['odd key']],
    ["$['it\\'s']['a\\\\b']", ["it's", 'a\\b']],
    ['$["odd \\"key\\" \\u00e4"].x', ['odd "key" ä', 'x']],
    ["$['']", ['']],
    ['$.größe', ['größe']],
    ['$.__proto__', ['__proto__']],
  ])('%s names its steps', (text, path) => {
    expect(parsePath(text)).toEqual(path);
  });

  it.each([
    ['', 'begin with $'],
    ['a.b', 'begin with $'],
    ['$a', 'neither .name'],
    ['$.', 'no name behind the dot at 2'],
    ['$..a', 'no name behind the dot at 2'],
    ['$.a..b', 'no name behind the dot at 4'],
    ['$.*', 'wildcards'],
    ['$[*]', 'neither .name'],
    ['$[-1]', 'neither .name'],
    ['$[10000]', 'index above 9999'],
    ['$[0', 'neither .name'],
    ["$['a", 'neither .name'],
    ['$["\\q"]', 'escape'],
    ['$.a b', 'neither .name'],
    ['$.a ', 'neither .name'],
    [`$${'.a'.repeat(33)}`, 'more than 32 steps'],
  ])('%j is refused with its reason', (text, reason) => {
    expect(parsePath(text)).toEqual({ fault: expect.stringContaining(reason) });
  });

  it('is read as records of events write it', () => {
    const step = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 9999 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (path) => {
        expect(parsePath(pathText(path))).toEqual(path);
      }),
    );
  });

  it('never fails, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parsePath(`$${text}`);
        return isPathFault(parsed) ? parsed.fault.length > 0 : parsed.length > 0 || text === '';
      }),
    );
  });
});

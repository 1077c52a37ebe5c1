import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { DEPTH_MAX, tooDeepAt } from '../../src/config/bounds.ts';

describe('depth', () => {
  it.each([
    ['brackets', (n: number) => `${'['.repeat(n)}x${']'.repeat(n)}`],
    ['braces', (n: number) => `${'{a: '.repeat(n)}x${'}'.repeat(n)}`],
    ['dashes in one line', (n: number) => `${'- '.repeat(n - 1)}x`],
    ['indented keys', (n: number) => Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('of %s is bounded', (_name, nested) => {
    expect(tooDeepAt(nested(DEPTH_MAX))).toBeUndefined();
    expect(tooDeepAt(nested(DEPTH_MAX + 1))).toBeDefined();
    expect(tooDeepAt(nested(2000))).toBeDefined();
  });

  it('points at the first place beyond', () => {
    expect(tooDeepAt('['.repeat(100))).toBe(DEPTH_MAX);
    expect(tooDeepAt(`a: "${'['.repeat(100)}"\nb: ${'['.repeat(100)}`)).toBe(105 + 4 + DEPTH_MAX);
  });

  it.each([
    `a: "${'['.repeat(100)}"`,
    `a: '${'{'.repeat(100)}'`,
    `# ${'['.repeat(100)}\na: 1`,
    `a: b${'['.repeat(100)}`,
    `${'a: [b]\n'.repeat(100)}`,
    `${'- a:\n    - b\n'.repeat(100)}`,
    `a: |\n${'  - x\n'.repeat(100)}`,
  ])('takes no text or comment for nesting', (text) => {
    expect(tooDeepAt(text)).toBeUndefined();
  });

  it('cannot be hidden behind brackets in texts', () => {
    expect(tooDeepAt('["]", '.repeat(100))).toBeDefined();
    expect(tooDeepAt("[']', ".repeat(100))).toBeDefined();
  });

  it('lets pass what people nest', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 6, values: [fc.integer(), fc.string(), fc.boolean()] }), (value) => {
        expect(tooDeepAt(stringify(value))).toBeUndefined();
      }),
    );
  });
});

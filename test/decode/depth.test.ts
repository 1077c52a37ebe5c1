import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestsDeeper } from '../../src/decode/depth.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('nestsDeeper', () => {
  it('counts arrays and objects', () => {
    expect(nestsDeeper(bytes('[{"a":[1]}]'), 3)).toBe(false);
    expect(nestsDeeper(bytes('[{"a":[1]}]'), 2)).toBe(true);
    expect(nestsDeeper(bytes('[[],[],[],[]]'), 2)).toBe(false);
  });

  it('does not count brackets inside of texts', () => {
    expect(nestsDeeper(bytes('["[[[[", "\\"[[[[", "\\\\", "{"]'), 1)).toBe(false);
    expect(nestsDeeper(bytes('["\\\\",[[]]]'), 2)).toBe(true);
  });

  it('agrees with the depth of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 0, max: 8 }), (value, depthMax) => {
        expect(nestsDeeper(bytes(JSON.stringify(value)), depthMax)).toBe(depthOf(value) > depthMax);
      }),
    );
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((deepest, inner) => Math.max(deepest, depthOf(inner)), 0);
}

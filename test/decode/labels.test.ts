import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKey, fitsKey, KEY_BYTES_MAX } from '../../src/decode/labels.ts';

describe('canonicalKey', () => {
  it('writes names and values as Prometheus does', () => {
    expect(canonicalKey(['host', 'region'], ['web-7', 'eu'])).toBe('host="web-7",region="eu"');
    expect(canonicalKey([], [])).toBe('');
    expect(canonicalKey(['path'], ['C:\\x "y"\nz'])).toBe('path="C:\\\\x \\"y\\"\\nz"');
  });

  it('tells any two different label sets apart', () => {
    const value = fc.string({ unit: fc.constantFrom('"', '\\', '\n', ',', '=', 'a', 'n'), maxLength: 6 });
    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) => {
        const same = a === c && b === d;
        expect(canonicalKey(['a', 'b'], [a, b]) === canonicalKey(['a', 'b'], [c, d])).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('fitsKey', () => {
  it('answers as the bytes of the key do', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '"', 'é', '€', '🚀'), maxLength: 130 });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const names = ['host', 'region'];
        const bytes = Buffer.byteLength(canonicalKey(names, [a, b]));
        expect(fitsKey(names, [a, b])).toBe(bytes <= KEY_BYTES_MAX);
      }),
    );
  });

  it('draws the line at 256 bytes', () => {
    const around = 'h=""'.length;
    expect(fitsKey(['h'], ['x'.repeat(256 - around)])).toBe(true);
    expect(fitsKey(['h'], ['x'.repeat(257 - around)])).toBe(false);
  });
});

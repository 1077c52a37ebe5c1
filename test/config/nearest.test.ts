import fc from 'fast-check';
import { expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/config/nearest.ts';

const keys = ['uid', 'topic', 'window', 'every', 'value', 'values'];

it.each([
  ['windows', 'window'],
  ['Window', 'window'],
  ['topci', 'topic'],
  ['evrey', 'every'],
  ['valeus', 'values'],
  ['id', 'uid'],
])('means by %s the key %s', (word, key) => {
  expect(nearest(word, keys)).toBe(key);
});

it.each(['colour', 'xyz', '', 'windowsill', 'a'.repeat(100_000)])('does not guess at %s', (word) => {
  expect(nearest(word, keys)).toBeUndefined();
});

it('counts a swap of neighbours as one', () => {
  expect(editDistance('ab', 'ba')).toBe(1);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});

it('is a distance where it matters', () => {
  const word = fc.string({ maxLength: 6 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

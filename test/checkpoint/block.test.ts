import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeDeltaLines, decodeLines, encodeLines } from '../../src/checkpoint/block.ts';
import { newCursor } from '../../src/checkpoint/bytes.ts';

const text = fc.string({ unit: 'grapheme' });
const line = {
  uid: text,
  position: fc.maxSafeNat(),
  configHash: text,
  layoutHash: text,
  records: fc.nat(),
  block: fc.uint8Array({ maxLength: 20 }),
};

it('lines of a base and of a delta come back equal', () => {
  const bases = fc.array(fc.record(line));
  const deltas = fc.array(fc.record({ ...line, live: fc.nat(), gone: fc.array(text) }));
  fc.assert(
    fc.property(bases, deltas, (base, delta) => {
      const [one, other] = [encodeLines(base), encodeLines(delta)];
      expect(decodeLines(newCursor(one, 0, one.length))).toEqual(base);
      expect(decodeDeltaLines(newCursor(other, 0, other.length))).toEqual(delta);
    }),
    { numRuns: 200 },
  );
});

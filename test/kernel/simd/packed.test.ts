import { describe, expect, it } from 'vitest';
import { COLUMNS, compiled, fill, OUT, START, UNTOUCHED, X } from './compiled.ts';

const { f32, call } = compiled(`
  export { pack, packedProduct } from '$simd/packed';
  export { products } from '$simd/product';
`);

describe('packedProduct', () => {
  const cases = [8, 16, 40].flatMap((vectors) => [1, 2, 7, 64].map((count) => ({ vectors, count })));

  it.each(cases)('of $count columns of $vectors vectors is what products gives', ({ vectors, count }) => {
    fill(f32);
    const width = 4 * vectors;
    const [packed, wanted] = [OUT + 2 * width, OUT + width];
    const columns = [4 * COLUMNS, 16 * vectors] as const;
    call['pack']!(4 * packed, ...columns, count, vectors);
    expect(f32[packed + count * width]).toBe(UNTOUCHED);
    call['products']!(4 * wanted, 0, 4 * START, 0, ...columns, 4 * X, 0, 12, count, vectors, 1);
    const sums = (): number[] => [...f32.subarray(OUT, OUT + width)];
    call['packedProduct']!(4 * OUT, 4 * START, 4 * packed, 4 * X, 12, count, vectors, 0);
    expect(sums()).toEqual([...f32.subarray(wanted, wanted + width)]);
    call['packedProduct']!(4 * OUT, 4 * START, 4 * packed, 4 * X, 12, count, vectors, 1);
    // Backwards the terms are added in the opposite order.
    sums().forEach((sum, i) => {
      expect(Math.abs(sum - f32[wanted + i]!)).toBeLessThanOrEqual(2 * (count + 1) * 2 ** -24 * (count + 1));
    });
  });
});

import { describe, expect, it } from 'vitest';
import { COLUMNS, compiled, fill, OUT, START, UNTOUCHED, X } from './compiled.ts';

const { f32, call } = compiled(`export { products, transpose } from '$simd/product';`);

describe('products', () => {
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 16, 23];
  const cases = sizes.flatMap((vectors) => [1, 2, 3, 4, 7, 8, 32].map((count) => ({ vectors, count })));

  it.each(cases)('of $count columns of $vectors vectors are sums, whatever the tiles', ({ vectors, count }) => {
    fill(f32);
    const width = 4 * vectors;
    const rows = 6;
    const stride = width + 4;
    const [xRow, step] = [37, 3];
    const address = (index: number): number => 4 * index;
    call['products']!(
      address(OUT),
      4 * width,
      address(START),
      4 * width,
      address(COLUMNS),
      4 * stride,
      address(X),
      4 * xRow,
      4 * step,
      count,
      vectors,
      rows,
    );
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < width; i++) {
        let sum = f32[START + r * width + i]!;
        let size = Math.abs(sum);
        for (let k = 0; k < count; k++) {
          const term = f32[COLUMNS + k * stride + i]! * f32[X + r * xRow + k * step]!;
          sum += term;
          size += Math.abs(term);
        }
        // Every sum rounds once a term, and the tiles add up at most four partial sums.
        expect(Math.abs(f32[OUT + r * width + i]! - sum)).toBeLessThanOrEqual((count + 4) * 2 ** -24 * size);
      }
    }
    expect(f32[OUT + rows * width]).toBe(UNTOUCHED);
  });

  it('add to what is there when it is both start and result', () => {
    fill(f32);
    f32.fill(1, OUT, OUT + 8);
    const first = f32[COLUMNS]!;
    call['products']!(4 * OUT, 0, 4 * OUT, 0, 4 * COLUMNS, 32, 4 * X, 0, 4, 1, 2, 1);
    expect(f32[OUT]).toBeCloseTo(1 + first * f32[X]!, 6);
  });
});

describe('transpose', () => {
  it.each([
    [4, 4],
    [8, 12],
    [16, 48],
  ])('turns %i rows of %i', (rows, columns) => {
    fill(f32);
    call['transpose']!(4 * OUT, 4 * COLUMNS, rows, columns);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) expect(f32[OUT + c * rows + r]).toBe(f32[COLUMNS + r * columns + c]);
    }
    expect(f32[OUT + rows * columns]).toBe(UNTOUCHED);
  });
});

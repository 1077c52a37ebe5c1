// Products with columns that are laid out in the order in which they are read: for those that the first cache does not
// hold, and that are used many times.

import { tile8 } from './product';

/**
 * `product` with columns that `pack` has laid out, `vectors` a multiple of eight. Every other time `back`, from the
 * last byte to the first: of more columns than the first cache holds, those used last are still there. Only packed is
 * that worth something: columns a power of two apart share a few sets of the cache, and push each other out.
 */
export function packedProduct(
  out: usize, start: usize, packed: usize, x: usize, step: usize, count: i32, vectors: i32, back: bool
): void {
  const bytes = <usize>count << 7;
  if (back) {
    const end = <usize>vectors << 4;
    out += end; start += end; packed += (<usize>vectors >> 3) * bytes - 128;
    x += <usize>(count - 1) * step;
    for (; vectors > 0; vectors -= 8) {
      out -= 128; start -= 128;
      tile8(out, start, packed, -128, x, -step, count);
      packed -= bytes;
    }
  } else {
    for (; vectors > 0; vectors -= 8) {
      tile8(out, start, packed, 128, x, step, count);
      out += 128; start += 128; packed += bytes;
    }
  }
}

/** Lays out columns for `packedProduct`: the first eight vectors of all columns, then the next eight of all. */
export function pack(to: usize, columns: usize, stride: usize, count: i32, vectors: i32): void {
  for (; vectors > 0; vectors -= 8, columns += 128) {
    let from = columns;
    for (const end = from + <usize>count * stride; from != end; from += stride) {
      v128.store(to, v128.load(from)); v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32); v128.store(to, v128.load(from, 48), 48);
      v128.store(to, v128.load(from, 64), 64); v128.store(to, v128.load(from, 80), 80);
      v128.store(to, v128.load(from, 96), 96); v128.store(to, v128.load(from, 112), 112);
      to += 128;
    }
  }
}

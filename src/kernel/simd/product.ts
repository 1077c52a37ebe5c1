// The two products of which a pass consists. A tile keeps eight sums in registers, four numbers each: a multiply-add
// takes four cycles and two start in each, so eight must be under way. Every load is used by the next instruction, or
// V8 would hold them all at once and run out of its fifteen registers; so the order of the lines matters.
//
// Addresses and strides are bytes, `vectors` and `count` are numbers of vectors and of terms.

import { add, madd } from './vector';

/**
 * out = start + Σ_k column_k · x_k over `count` columns, `stride` apart; the numbers x_k are `step` apart.
 * Inlined, because a call costs a good part of a small product; elsewhere use `products` with one row.
 */
@inline export function product(
  out: usize, start: usize, columns: usize, stride: usize, x: usize, step: usize, count: i32, vectors: i32
): void {
  while (vectors >= 8) {
    tile8(out, start, columns, stride, x, step, count);
    out += 128; start += 128; columns += 128; vectors -= 8;
  }
  if (vectors >= 4) {
    tile4(out, start, columns, stride, x, step, count);
    out += 64; start += 64; columns += 64; vectors -= 4;
  }
  if (vectors >= 2) {
    tile2(out, start, columns, stride, x, step, count);
    out += 32; start += 32; columns += 32; vectors -= 2;
  }
  if (vectors > 0) tile1(out, start, columns, stride, x, step, count);
}

@inline export function tile8(
  out: usize, start: usize, columns: usize, stride: usize, x: usize, step: usize, count: i32
): void {
  let a = v128.load(start), b = v128.load(start, 16), c = v128.load(start, 32), d = v128.load(start, 48);
  let e = v128.load(start, 64), f = v128.load(start, 80), g = v128.load(start, 96), h = v128.load(start, 112);
  const end = columns + <usize>count * stride;
  while (columns != end) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(columns), s, a);
    b = madd(v128.load(columns, 16), s, b);
    c = madd(v128.load(columns, 32), s, c);
    d = madd(v128.load(columns, 48), s, d);
    e = madd(v128.load(columns, 64), s, e);
    f = madd(v128.load(columns, 80), s, f);
    g = madd(v128.load(columns, 96), s, g);
    h = madd(v128.load(columns, 112), s, h);
    columns += stride;
    x += step;
  }
  v128.store(out, a); v128.store(out, b, 16); v128.store(out, c, 32); v128.store(out, d, 48);
  v128.store(out, e, 64); v128.store(out, f, 80); v128.store(out, g, 96); v128.store(out, h, 112);
}

/** Two columns at a time, in sums of their own. */
@inline function tile4(
  out: usize, start: usize, columns: usize, stride: usize, x: usize, step: usize, count: i32
): void {
  let a = v128.load(start), b = v128.load(start, 16), c = v128.load(start, 32), d = v128.load(start, 48);
  let e = f32x4.splat(0), f = e, g = e, h = e;
  const end = columns + <usize>(count & ~1) * stride;
  while (columns != end) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(columns), s, a);
    b = madd(v128.load(columns, 16), s, b);
    c = madd(v128.load(columns, 32), s, c);
    d = madd(v128.load(columns, 48), s, d);
    columns += stride;
    x += step;
    const r = v128.load32_splat(x);
    e = madd(v128.load(columns), r, e);
    f = madd(v128.load(columns, 16), r, f);
    g = madd(v128.load(columns, 32), r, g);
    h = madd(v128.load(columns, 48), r, h);
    columns += stride;
    x += step;
  }
  if (count & 1) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(columns), s, a);
    b = madd(v128.load(columns, 16), s, b);
    c = madd(v128.load(columns, 32), s, c);
    d = madd(v128.load(columns, 48), s, d);
  }
  v128.store(out, add(a, e)); v128.store(out, add(b, f), 16);
  v128.store(out, add(c, g), 32); v128.store(out, add(d, h), 48);
}

/** Four columns at a time. */
@inline function tile2(
  out: usize, start: usize, columns: usize, stride: usize, x: usize, step: usize, count: i32
): void {
  let a = v128.load(start), b = v128.load(start, 16);
  let c = f32x4.splat(0), d = c, e = c, f = c, g = c, h = c;
  let end = columns + <usize>(count & ~3) * stride;
  while (columns != end) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(columns), s, a);
    b = madd(v128.load(columns, 16), s, b);
    columns += stride; x += step;
    const r = v128.load32_splat(x);
    c = madd(v128.load(columns), r, c);
    d = madd(v128.load(columns, 16), r, d);
    columns += stride; x += step;
    const q = v128.load32_splat(x);
    e = madd(v128.load(columns), q, e);
    f = madd(v128.load(columns, 16), q, f);
    columns += stride; x += step;
    const p = v128.load32_splat(x);
    g = madd(v128.load(columns), p, g);
    h = madd(v128.load(columns, 16), p, h);
    columns += stride; x += step;
  }
  end = columns + <usize>(count & 3) * stride;
  while (columns != end) {
    const s = v128.load32_splat(x);
    a = madd(v128.load(columns), s, a);
    b = madd(v128.load(columns, 16), s, b);
    columns += stride; x += step;
  }
  v128.store(out, add(add(a, c), add(e, g)));
  v128.store(out, add(add(b, d), add(f, h)), 16);
}

@inline function tile1(
  out: usize, start: usize, columns: usize, stride: usize, x: usize, step: usize, count: i32
): void {
  let a = v128.load(start);
  let b = f32x4.splat(0), c = b, d = b;
  let end = columns + <usize>(count & ~3) * stride;
  while (columns != end) {
    a = madd(v128.load(columns), v128.load32_splat(x), a);
    columns += stride; x += step;
    b = madd(v128.load(columns), v128.load32_splat(x), b);
    columns += stride; x += step;
    c = madd(v128.load(columns), v128.load32_splat(x), c);
    columns += stride; x += step;
    d = madd(v128.load(columns), v128.load32_splat(x), d);
    columns += stride; x += step;
  }
  end = columns + <usize>(count & 3) * stride;
  while (columns != end) {
    a = madd(v128.load(columns), v128.load32_splat(x), a);
    columns += stride; x += step;
  }
  v128.store(out, add(add(a, b), add(c, d)));
}

/**
 * Several rows at once: out_r = start_r + Σ_k column_k · x_{r,k}. Rows of `out`, `start` and x are `outRow`, `startRow`
 * and `xRow` apart. Four rows share every load of a column.
 */
export function products(
  out: usize, outRow: usize, start: usize, startRow: usize, columns: usize, stride: usize,
  x: usize, xRow: usize, step: usize, count: i32, vectors: i32, rows: i32
): void {
  if (count == 1) return outer(out, outRow, start, startRow, columns, x, xRow, vectors, rows);
  for (; rows >= 4; rows -= 4) {
    let o = out, s = start, c = columns;
    let v = vectors;
    for (; v >= 2; v -= 2) {
      block2(o, outRow, s, startRow, c, stride, x, xRow, step, count);
      o += 32; s += 32; c += 32;
    }
    if (v > 0) block1(o, outRow, s, startRow, c, stride, x, xRow, step, count);
    out += outRow << 2; start += startRow << 2; x += xRow << 2;
  }
  for (; rows > 0; rows--) {
    product(out, start, columns, stride, x, step, count, vectors);
    out += outRow; start += startRow; x += xRow;
  }
}

/** The same with a single column. */
@inline function outer(
  out: usize, outRow: usize, start: usize, startRow: usize, columns: usize, x: usize, xRow: usize,
  vectors: i32, rows: i32
): void {
  const bytes = <usize>vectors << 4;
  for (; rows > 0; rows--) {
    const s = v128.load32_splat(x);
    for (let v: usize = 0; v < bytes; v += 16) {
      v128.store(out + v, madd(v128.load(columns + v), s, v128.load(start + v)));
    }
    out += outRow; start += startRow; x += xRow;
  }
}

@inline function block2(
  out: usize, outRow: usize, start: usize, startRow: usize, columns: usize, stride: usize,
  x: usize, xRow: usize, step: usize, count: i32
): void {
  let a = v128.load(start), b = v128.load(start, 16);
  start += startRow;
  let c = v128.load(start), d = v128.load(start, 16);
  start += startRow;
  let e = v128.load(start), f = v128.load(start, 16);
  start += startRow;
  let g = v128.load(start), h = v128.load(start, 16);
  const end = columns + <usize>count * stride;
  let y = x + xRow, z = y + xRow, w = z + xRow;
  while (columns != end) {
    const p = v128.load(columns), q = v128.load(columns, 16);
    let s = v128.load32_splat(x);
    a = madd(p, s, a);
    b = madd(q, s, b);
    s = v128.load32_splat(y);
    c = madd(p, s, c);
    d = madd(q, s, d);
    s = v128.load32_splat(z);
    e = madd(p, s, e);
    f = madd(q, s, f);
    s = v128.load32_splat(w);
    g = madd(p, s, g);
    h = madd(q, s, h);
    columns += stride;
    x += step; y += step; z += step; w += step;
  }
  v128.store(out, a); v128.store(out, b, 16);
  out += outRow;
  v128.store(out, c); v128.store(out, d, 16);
  out += outRow;
  v128.store(out, e); v128.store(out, f, 16);
  out += outRow;
  v128.store(out, g); v128.store(out, h, 16);
}

@inline function block1(
  out: usize, outRow: usize, start: usize, startRow: usize, columns: usize, stride: usize,
  x: usize, xRow: usize, step: usize, count: i32
): void {
  let a = v128.load(start), b = v128.load(start + startRow);
  let c = v128.load(start + 2 * startRow), d = v128.load(start + 3 * startRow);
  const end = columns + <usize>count * stride;
  let y = x + xRow, z = y + xRow, w = z + xRow;
  while (columns != end) {
    const p = v128.load(columns);
    a = madd(p, v128.load32_splat(x), a);
    b = madd(p, v128.load32_splat(y), b);
    c = madd(p, v128.load32_splat(z), c);
    d = madd(p, v128.load32_splat(w), d);
    columns += stride;
    x += step; y += step; z += step; w += step;
  }
  v128.store(out, a); v128.store(out + outRow, b);
  v128.store(out + 2 * outRow, c); v128.store(out + 3 * outRow, d);
}

/**
 * to[c·rows + r] = from[r·columns + c], both in numbers; both sides multiples of four. Written row by row and read down
 * the columns: the other way round a pass takes 3 to 4 % longer at H = 64.
 */
export function transpose(to: usize, from: usize, rows: i32, columns: i32): void {
  const fromRow = <usize>columns << 2, toRow = <usize>rows << 2;
  for (let c = 0; c < columns; c += 4) {
    for (let r = 0; r < rows; r += 4) {
      let p = from + <usize>r * fromRow + (<usize>c << 2);
      const w = v128.load(p), x = v128.load(p + fromRow);
      p += 2 * fromRow;
      const y = v128.load(p), z = v128.load(p + fromRow);
      const wx = v128.shuffle<i32>(w, x, 0, 4, 1, 5), wxHigh = v128.shuffle<i32>(w, x, 2, 6, 3, 7);
      const yz = v128.shuffle<i32>(y, z, 0, 4, 1, 5), yzHigh = v128.shuffle<i32>(y, z, 2, 6, 3, 7);
      let q = to + <usize>c * toRow + (<usize>r << 2);
      v128.store(q, v128.shuffle<i64>(wx, yz, 0, 2));
      v128.store(q + toRow, v128.shuffle<i64>(wx, yz, 1, 3));
      q += 2 * toRow;
      v128.store(q, v128.shuffle<i64>(wxHigh, yzHigh, 0, 2));
      v128.store(q + toRow, v128.shuffle<i64>(wxHigh, yzHigh, 1, 3));
    }
  }
}

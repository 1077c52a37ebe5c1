// The two products of which a pass consists. A tile keeps its sums in local variables, which V8 keeps in registers: a
// plain loop that adds into an array stores and loads every partial sum. All numbers lie in one array `f`, for one
// array costs V8 one base and one length; they are float64, so that nothing is converted on the way.
//
// `| 0` says that an index is an int32: V8 need not ask whether a sum of two is one. That, with tiles small enough for
// its registers, is a third of the time (measured at H = 16: a tile of eight spills the indices of its loads).
//
// `out`, `start`, `columns` and `x` are the index of a first number, `stride`, `step` and `…Row` distances. What is
// called `length` is a multiple of 4.

/** out[i] = start[i] + Σ_k columns[k·stride + i]·x[k·step] for i < length, k < count. `start` may be `out`. */
export function product(
  f: Float64Array,
  out: number,
  start: number,
  columns: number,
  stride: number,
  x: number,
  step: number,
  count: number,
  length: number,
): void {
  const dp = stride | 0;
  const dq = step | 0;
  const end = count | 0;
  for (let i = 0; i < length; i += 4) {
    const from = start + i;
    let a = f[from]!;
    let b = f[from + 1]!;
    let c = f[from + 2]!;
    let d = f[from + 3]!;
    for (let k = 0, p = columns + i, q = x; k < end; k++, p = (p + dp) | 0, q = (q + dq) | 0) {
      const s = f[q]!;
      a += f[p]! * s;
      b += f[(p + 1) | 0]! * s;
      c += f[(p + 2) | 0]! * s;
      d += f[(p + 3) | 0]! * s;
    }
    const to = out + i;
    f[to] = a;
    f[to + 1] = b;
    f[to + 2] = c;
    f[to + 3] = d;
  }
}

/**
 * Several rows at once: out[r·outRow + i] = start[r·startRow + i] + Σ_k columns[k·stride + i]·x[r·xRow + k·step] for
 * r < rows. Two rows share every load of a column.
 */
export function products(
  f: Float64Array,
  out: number,
  outRow: number,
  start: number,
  startRow: number,
  columns: number,
  stride: number,
  x: number,
  xRow: number,
  step: number,
  count: number,
  length: number,
  rows: number,
): void {
  const dp = stride | 0;
  const dq = step | 0;
  const dr = xRow | 0;
  const end = count | 0;
  const pairs = rows & ~1;
  for (let row = 0; row < pairs; row += 2) {
    const y = x + row * xRow;
    for (let i = 0; i < length; i += 4) {
      const from = start + row * startRow + i;
      let a = f[from]!;
      let b = f[from + 1]!;
      let c = f[from + 2]!;
      let d = f[from + 3]!;
      let e = f[from + startRow]!;
      let g = f[from + startRow + 1]!;
      let h = f[from + startRow + 2]!;
      let j = f[from + startRow + 3]!;
      for (let k = 0, p = columns + i, q = y; k < end; k++, p = (p + dp) | 0, q = (q + dq) | 0) {
        const s = f[q]!;
        const u = f[(q + dr) | 0]!;
        const m0 = f[p]!;
        const m1 = f[(p + 1) | 0]!;
        const m2 = f[(p + 2) | 0]!;
        const m3 = f[(p + 3) | 0]!;
        a += m0 * s;
        b += m1 * s;
        c += m2 * s;
        d += m3 * s;
        e += m0 * u;
        g += m1 * u;
        h += m2 * u;
        j += m3 * u;
      }
      const to = out + row * outRow + i;
      f[to] = a;
      f[to + 1] = b;
      f[to + 2] = c;
      f[to + 3] = d;
      f[to + outRow] = e;
      f[to + outRow + 1] = g;
      f[to + outRow + 2] = h;
      f[to + outRow + 3] = j;
    }
  }
  if (pairs === rows) return;
  product(f, out + pairs * outRow, start + pairs * startRow, columns, stride, x + pairs * xRow, step, count, length);
}

/** to[c·rows + r] = from[r·columns + c] */
export function transpose(f: Float64Array, to: number, from: number, rows: number, columns: number): void {
  for (let r = 0, p = from; r < rows; r++) {
    for (let c = 0, q = to + r; c < columns; c++, p++, q += rows) f[q] = f[p]!;
  }
}

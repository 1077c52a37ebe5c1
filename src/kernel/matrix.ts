// The two matrix products of the float32 kernel. Each keeps eight sums in local variables, which V8 keeps in registers:
// a plain loop that adds into an array takes twice the time, because it stores and loads every partial sum (measured at
// H = 16). Rows come in fours (a layout pads H), so tiles of eight and one of four cover them.
//
// Every `*At` is the index of a first element; a stride is the distance of columns (M, out) or of steps (A, B).

/** out[i] += Σ_j M[j·stride + i]·v[j] for i < rows, j < columns. */
export function addProduct(
  M: Float32Array,
  at: number,
  stride: number,
  rows: number,
  v: Float32Array,
  vAt: number,
  columns: number,
  out: Float32Array,
  outAt: number,
): void {
  const vEnd = vAt + columns;
  let i = 0;
  for (; i + 8 <= rows; i += 8) {
    const o = outAt + i;
    let a = out[o]!;
    let b = out[o + 1]!;
    let c = out[o + 2]!;
    let d = out[o + 3]!;
    let e = out[o + 4]!;
    let f = out[o + 5]!;
    let g = out[o + 6]!;
    let h = out[o + 7]!;
    for (let q = vAt, p = at + i; q < vEnd; q++, p += stride) {
      const s = v[q]!;
      a += M[p]! * s;
      b += M[p + 1]! * s;
      c += M[p + 2]! * s;
      d += M[p + 3]! * s;
      e += M[p + 4]! * s;
      f += M[p + 5]! * s;
      g += M[p + 6]! * s;
      h += M[p + 7]! * s;
    }
    out[o] = a;
    out[o + 1] = b;
    out[o + 2] = c;
    out[o + 3] = d;
    out[o + 4] = e;
    out[o + 5] = f;
    out[o + 6] = g;
    out[o + 7] = h;
  }
  if (i === rows) return;
  const o = outAt + i;
  let a = out[o]!;
  let b = out[o + 1]!;
  let c = out[o + 2]!;
  let d = out[o + 3]!;
  for (let q = vAt, p = at + i; q < vEnd; q++, p += stride) {
    const s = v[q]!;
    a += M[p]! * s;
    b += M[p + 1]! * s;
    c += M[p + 2]! * s;
    d += M[p + 3]! * s;
  }
  out[o] = a;
  out[o + 1] = b;
  out[o + 2] = c;
  out[o + 3] = d;
}

/** out[c·outStride + r] = Σ_t A[t·aStride + r]·B[t·bStride + c] for r < rows, c < columns, t < steps. */
export function sumOuter(
  A: Float32Array,
  aAt: number,
  aStride: number,
  rows: number,
  B: Float32Array,
  bAt: number,
  bStride: number,
  columns: number,
  steps: number,
  out: Float32Array,
  outAt: number,
  outStride: number,
): void {
  const pairs = columns & ~1;
  for (let column = 0; column < pairs; column += 2) {
    for (let row = 0; row < rows; row += 4) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      let e = 0;
      let f = 0;
      let g = 0;
      let h = 0;
      for (let t = 0, p = aAt + row, q = bAt + column; t < steps; t++, p += aStride, q += bStride) {
        const s0 = B[q]!;
        const s1 = B[q + 1]!;
        const a0 = A[p]!;
        const a1 = A[p + 1]!;
        const a2 = A[p + 2]!;
        const a3 = A[p + 3]!;
        a += a0 * s0;
        b += a1 * s0;
        c += a2 * s0;
        d += a3 * s0;
        e += a0 * s1;
        f += a1 * s1;
        g += a2 * s1;
        h += a3 * s1;
      }
      const o = outAt + column * outStride + row;
      out[o] = a;
      out[o + 1] = b;
      out[o + 2] = c;
      out[o + 3] = d;
      out[o + outStride] = e;
      out[o + outStride + 1] = f;
      out[o + outStride + 2] = g;
      out[o + outStride + 3] = h;
    }
  }
  if (pairs < columns) {
    sumScaled(A, aAt, aStride, rows, B, bAt + pairs, bStride, steps, out, outAt + pairs * outStride);
  }
}

/** out[r] = Σ_t A[t·aStride + r]·B[t·bStride] for r < rows, t < steps. */
function sumScaled(
  A: Float32Array,
  aAt: number,
  aStride: number,
  rows: number,
  B: Float32Array,
  bAt: number,
  bStride: number,
  steps: number,
  out: Float32Array,
  outAt: number,
): void {
  for (let row = 0; row < rows; row += 4) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let t = 0, p = aAt + row, q = bAt; t < steps; t++, p += aStride, q += bStride) {
      const s = B[q]!;
      a += A[p]! * s;
      b += A[p + 1]! * s;
      c += A[p + 2]! * s;
      d += A[p + 3]! * s;
    }
    const o = outAt + row;
    out[o] = a;
    out[o + 1] = b;
    out[o + 2] = c;
    out[o + 3] = d;
  }
}

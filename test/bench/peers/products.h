// The products of a training pass. Every size that decides how many registers a loop needs is a constant once the
// functions are inlined, so gcc unrolls the loops over registers and keeps the sums in them.

#include "vectors.h"

#define UNROLL _Pragma("GCC unroll 32")

/** Sums that must be under way at once to keep two multiply-add units of latency 4 busy. */
#define SUMS 8

/** out (vectors · WIDTH) += m (n columns, stride apart) · x (n). */
INLINE void add_product_block(float *out, const float *m, int stride, const float *x, int n, const int vectors) {
    const int ways = vectors >= SUMS ? 1 : vectors >= SUMS / 2 ? 2 : vectors >= SUMS / 4 ? 4 : 8;
    vec sums[2 * SUMS];
    UNROLL for (int i = 0; i < ways * vectors; i++) sums[i] = splat(0);
    for (int j = 0; j < n; j += ways)
        UNROLL for (int way = 0; way < ways; way++)
            UNROLL for (int v = 0; v < vectors; v++)
                sums[way * vectors + v] += load(m + (j + way) * stride + v * WIDTH) * x[j + way];
    UNROLL for (int v = 0; v < vectors; v++) {
        vec s = sums[v];
        UNROLL for (int way = 1; way < ways; way++) s += sums[way * vectors + v];
        store(out + v * WIDTH, load(out + v * WIDTH) + s);
    }
}

/** out (rows) += m (n columns of rows numbers, stride apart) · x (n). n is a multiple of 8, rows one of WIDTH. */
INLINE void add_product(float *out, const float *m, int stride, const int rows, const float *x, const int n) {
    const int vectors = rows / WIDTH;
    for (int v = 0; v + SUMS <= vectors; v += SUMS)
        add_product_block(out + v * WIDTH, m + v * WIDTH, stride, x, n, SUMS);
    const int rest = vectors % SUMS;
    const int at = (vectors - rest) * WIDTH;
    if (rest > 0) add_product_block(out + at, m + at, stride, x, n, rest);
}

/** A tile of the sum of outer products: tile column c, vector v is the sum over t of d[t][v] · x[t][c]. */
INLINE void outer_tile(float *out, int out_stride, const float *d, int d_stride, const float *x, int x_stride, int steps,
                       const int vectors, const int columns) {
    vec sums[32], row[4];
    UNROLL for (int i = 0; i < vectors * columns; i++) sums[i] = splat(0);
    for (int t = 0; t < steps; t++) {
        UNROLL for (int v = 0; v < vectors; v++) row[v] = load(d + t * d_stride + v * WIDTH);
        UNROLL for (int c = 0; c < columns; c++) {
            const vec factor = splat(x[t * x_stride + c]);
            UNROLL for (int v = 0; v < vectors; v++) sums[c * vectors + v] += row[v] * factor;
        }
    }
    UNROLL for (int c = 0; c < columns; c++)
        UNROLL for (int v = 0; v < vectors; v++) store(out + c * out_stride + v * WIDTH, sums[c * vectors + v]);
}

/**
 * The tile's sides are what was fastest on processors with 32 vector registers.
 * out (columns × rows, columns out_stride apart) = sum over t of d[t] (rows) ⊗ x[t] (columns): a weight's gradient is
 * the sum over all steps of what arrived there times what it multiplied.
 */
INLINE void outer_products(float *out, int out_stride, const float *d, int d_stride, const int rows, const float *x,
                           int x_stride, const int columns, int steps) {
    const int vectors = rows / WIDTH;
    const int high = vectors % 4 == 0 && WIDTH == 4 ? 4 : vectors % 2 == 0 ? 2 : 1;
    const int wide = columns % 16 == 0 && high == 1 ? 16 : columns % 8 == 0 && high <= 2 ? 8 : columns % 4 == 0 ? 4 : 2;
    for (int c = 0; c < columns; c += wide)
        for (int v = 0; v < vectors; v += high)
            outer_tile(out + c * out_stride + v * WIDTH, out_stride, d + v * WIDTH, d_stride, x + c, x_stride, steps, high,
                       wide);
}

// A peer for the benchmark of the kernel: the training pass of one LSTM in C, as gru.c. Hochreiter & Schmidhuber 1997
// with the forget gate of Gers et al. 2000, no peepholes; a column is [i | f | o | g], the state [h | c].

#define GATES 4
#define STATES 2
#include "peer.h"

/** Of every step: h and c before it (and after the last), tanh c after it, gates, derivatives by the gates' sums. */
static float states[(STEPS + 1) * HIDDEN] ALIGNED, memories[(STEPS + 1) * HIDDEN] ALIGNED,
    tanhs[STEPS * HIDDEN] ALIGNED, gates[STEPS * COLUMN] ALIGNED, slopes[STEPS * COLUMN] ALIGNED;
/** [1 | x] of every step. */
static float rims[STEPS * 2] ALIGNED;

INLINE void cell(const float *h, const float *c, float x, float *gate, float *tanh_c, float *h_after, float *c_after) {
    float sums[COLUMN] ALIGNED;
    begin_sums(sums, x);
    add_product(sums, weights + RECURRENT_AT, COLUMN, COLUMN, h, HIDDEN);
    FOR_UNITS(k) {
        const vec i = sigmoid_of(load(sums + k)), f = sigmoid_of(load(sums + HIDDEN + k));
        const vec o = sigmoid_of(load(sums + 2 * HIDDEN + k)), g = tanh_of(load(sums + 3 * HIDDEN + k));
        const vec after = f * load(c + k) + i * g, t = tanh_of(after);
        store(gate + k, i);
        store(gate + HIDDEN + k, f);
        store(gate + 2 * HIDDEN + k, o);
        store(gate + 3 * HIDDEN + k, g);
        store(tanh_c + k, t);
        store(c_after + k, after);
        store(h_after + k, o * t);
    }
}

static float forward(const float *before, float x, float *after) {
    float gate[COLUMN] ALIGNED, tanh_c[HIDDEN] ALIGNED;
    cell(before, before + HIDDEN, x, gate, tanh_c, after, after + HIDDEN);
    return head(after);
}

/** From dh and dc (HIDDEN each), derivatives by the state after step t, to those by the one before; fills slopes[t]. */
INLINE void back_through_cell(int t, float *dh, float *dc) {
    const float *gate = gates + t * COLUMN;
    float *da = slopes + t * COLUMN;
    FOR_UNITS(k) {
        const vec i = load(gate + k), f = load(gate + HIDDEN + k);
        const vec o = load(gate + 2 * HIDDEN + k), g = load(gate + 3 * HIDDEN + k);
        const vec tanh_c = load(tanhs + t * HIDDEN + k), d = load(dh + k);
        const vec by_c = load(dc + k) + d * o * (1.0f - tanh_c * tanh_c);
        store(da + k, by_c * g * i * (1.0f - i));
        store(da + HIDDEN + k, by_c * load(memories + t * HIDDEN + k) * f * (1.0f - f));
        store(da + 2 * HIDDEN + k, d * tanh_c * o * (1.0f - o));
        store(da + 3 * HIDDEN + k, by_c * i * (1.0f - g * g));
        store(dc + k, by_c * f);
        store(dh + k, splat(0));
    }
    add_product(dh, rows, HIDDEN, HIDDEN, da, COLUMN);
}

static float gradient_of(void) {
    float loss = 0, errors[STEPS];
    transpose_recurrent();
    memcpy(states, start, 4 * HIDDEN);
    memcpy(memories, start + HIDDEN, 4 * HIDDEN);
    for (int t = 0; t < STEPS; t++) {
        float *h = states + t * HIDDEN, *c = memories + t * HIDDEN;
        cell(h, c, inputs[t], gates + t * COLUMN, tanhs + t * HIDDEN, h + HIDDEN, c + HIDDEN);
        const float e = head(h + HIDDEN) - targets[t];
        loss += 0.5f * e * e / STEPS;
        errors[t] = e / STEPS;
        rims[2 * t] = 1;
        rims[2 * t + 1] = inputs[t];
    }

    float dh[HIDDEN] ALIGNED, dc[HIDDEN] ALIGNED, dhead[HIDDEN] ALIGNED, dbias = 0;
    FOR_UNITS(k) store(dh + k, splat(0)), store(dc + k, splat(0)), store(dhead + k, splat(0));
    for (int t = STEPS - 1; t >= 0; t--) {
        const vec dy = splat(errors[t]);
        FOR_UNITS(k) {
            store(dh + k, load(dh + k) + dy * load(weights + HEAD_AT + k));
            store(dhead + k, load(dhead + k) + dy * load(states + (t + 1) * HIDDEN + k));
        }
        dbias += errors[t];
        back_through_cell(t, dh, dc);
    }

    outer_products(gradient, COLUMN, slopes, COLUMN, COLUMN, rims, 2, 2, STEPS);
    outer_products(gradient + RECURRENT_AT, COLUMN, slopes, COLUMN, COLUMN, states, HIDDEN, HIDDEN, STEPS);
    memcpy(gradient + HEAD_AT, dhead, sizeof dhead);
    gradient[HEAD_BIAS_AT] = dbias;
    return loss;
}

// A peer for the benchmark of the kernel: the training pass of one GRU in C, as a careful programmer writes it for one
// processor, vectorised over the hidden units. Cho et al. 2014, eq. 5–8; a column is [z | r | n].

#define GATES 3
#define STATES 1
#include "peer.h"

/** Of every step: states before it (and after the last), gates [z | r | n], r∘h, derivatives by the gates' sums. */
static float states[(STEPS + 1) * HIDDEN] ALIGNED, gates[STEPS * COLUMN] ALIGNED, reset[STEPS * HIDDEN] ALIGNED,
    slopes[STEPS * COLUMN] ALIGNED;
/** [1 | x] of every step. */
static float rims[STEPS * 2] ALIGNED;

INLINE void cell(const float *before, float x, float *gate, float *rh, float *after) {
    float sums[COLUMN] ALIGNED;
    const float *u = weights + RECURRENT_AT;
    begin_sums(sums, x);
    add_product(sums, u, COLUMN, 2 * HIDDEN, before, HIDDEN);
    FOR_UNITS(i) {
        const vec r = sigmoid_of(load(sums + HIDDEN + i));
        store(gate + HIDDEN + i, r);
        store(rh + i, r * load(before + i));
    }
    FOR_UNITS(i) store(gate + i, sigmoid_of(load(sums + i)));
    add_product(sums + 2 * HIDDEN, u + 2 * HIDDEN, COLUMN, HIDDEN, rh, HIDDEN);
    FOR_UNITS(i) {
        const vec z = load(gate + i), n = tanh_of(load(sums + 2 * HIDDEN + i));
        store(gate + 2 * HIDDEN + i, n);
        store(after + i, n + z * (load(before + i) - n));
    }
}

static float forward(const float *before, float x, float *after) {
    float gate[COLUMN] ALIGNED, rh[HIDDEN] ALIGNED;
    cell(before, x, gate, rh, after);
    return head(after);
}

/** From dh (HIDDEN), the derivative by the state after step t, to that by the state before it; fills slopes[t]. */
INLINE void back_through_cell(int t, float *dh) {
    const float *h = states + t * HIDDEN, *gate = gates + t * COLUMN;
    float *da = slopes + t * COLUMN, drh[HIDDEN] ALIGNED;
    FOR_UNITS(i) {
        const vec z = load(gate + i), n = load(gate + 2 * HIDDEN + i), d = load(dh + i);
        store(da + 2 * HIDDEN + i, d * (1.0f - z) * (1.0f - n * n));
        store(da + i, d * (load(h + i) - n) * z * (1.0f - z));
        store(dh + i, d * z);
        store(drh + i, splat(0));
    }
    add_product(drh, rows + 2 * HIDDEN * HIDDEN, HIDDEN, HIDDEN, da + 2 * HIDDEN, HIDDEN);
    FOR_UNITS(i) {
        const vec r = load(gate + HIDDEN + i), d = load(drh + i);
        store(da + HIDDEN + i, d * load(h + i) * r * (1.0f - r));
        store(dh + i, load(dh + i) + d * r);
    }
    add_product(dh, rows, HIDDEN, HIDDEN, da, 2 * HIDDEN);
}

static float gradient_of(void) {
    float loss = 0, errors[STEPS];
    transpose_recurrent();
    memcpy(states, start, sizeof start);
    for (int t = 0; t < STEPS; t++) {
        float *after = states + (t + 1) * HIDDEN;
        cell(states + t * HIDDEN, inputs[t], gates + t * COLUMN, reset + t * HIDDEN, after);
        const float e = head(after) - targets[t];
        loss += 0.5f * e * e / STEPS;
        errors[t] = e / STEPS;
        rims[2 * t] = 1;
        rims[2 * t + 1] = inputs[t];
    }

    float dh[HIDDEN] ALIGNED, dhead[HIDDEN] ALIGNED, dbias = 0;
    FOR_UNITS(i) store(dh + i, splat(0)), store(dhead + i, splat(0));
    for (int t = STEPS - 1; t >= 0; t--) {
        const vec dy = splat(errors[t]);
        FOR_UNITS(i) {
            store(dh + i, load(dh + i) + dy * load(weights + HEAD_AT + i));
            store(dhead + i, load(dhead + i) + dy * load(states + (t + 1) * HIDDEN + i));
        }
        dbias += errors[t];
        back_through_cell(t, dh);
    }

    float *recurrent = gradient + RECURRENT_AT;
    outer_products(gradient, COLUMN, slopes, COLUMN, COLUMN, rims, 2, 2, STEPS);
    outer_products(recurrent, COLUMN, slopes, COLUMN, 2 * HIDDEN, states, HIDDEN, HIDDEN, STEPS);
    outer_products(recurrent + 2 * HIDDEN, COLUMN, slopes + 2 * HIDDEN, COLUMN, HIDDEN, reset, HIDDEN, HIDDEN, STEPS);
    memcpy(gradient + HEAD_AT, dhead, sizeof dhead);
    gradient[HEAD_BIAS_AT] = dbias;
    return loss;
}

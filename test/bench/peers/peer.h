// What the peers in C share: the network's places, one update by Adam, and the child process that the benchmark asks
// for bursts of work. A peer is one file that sets GATES and STATES and gives `forward` and `gradient_of`.
//
//   HIDDEN, STEPS, WIDTH   by -D; one input, one output, squared loss
//
// Weights and state lie as in src/kernel/network.ts. The file named as the only argument holds, as float32: weights,
// the state before the pass (STATE), inputs (STEPS), targets (STEPS).

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "products.h"

#ifndef HIDDEN
#define HIDDEN 16
#endif
#ifndef STEPS
#define STEPS 32
#endif

enum {
    COLUMN = GATES * HIDDEN,
    STATE = STATES * HIDDEN,
    BIAS_AT = 0,
    INPUT_AT = COLUMN,
    RECURRENT_AT = 2 * COLUMN,
    HEAD_AT = RECURRENT_AT + HIDDEN * COLUMN,
    HEAD_BIAS_AT = HEAD_AT + HIDDEN,
    USED = HEAD_BIAS_AT + 1,
    WEIGHTS = (USED + 15) / 16 * 16,
};

#define FOR_UNITS(i) for (int i = 0; i < HIDDEN; i += WIDTH)

static float weights[WEIGHTS] ALIGNED, gradient[WEIGHTS] ALIGNED, first[WEIGHTS] ALIGNED, second[WEIGHTS] ALIGNED;
static float start[STATE] ALIGNED, inputs[STEPS] ALIGNED, targets[STEPS] ALIGNED;
static double first_filled, second_filled;

/** Recurrent weights by rows: row r, a gate's unit, holds what it takes from each of the HIDDEN states. */
static float rows[COLUMN * HIDDEN] ALIGNED;

typedef float four __attribute__((vector_size(16)));

INLINE four load4(const float *p) { return *(const four *)p; }
INLINE void store4(float *p, four v) { *(four *)p = v; }

/** In tiles of 4 × 4: number by number it would take up to a third of the pass. */
INLINE void transpose_recurrent(void) {
    for (int r = 0; r < COLUMN; r += 4)
        for (int j = 0; j < HIDDEN; j += 4) {
            const float *from = weights + RECURRENT_AT + j * COLUMN + r;
            float *to = rows + r * HIDDEN + j;
            const four a = load4(from), b = load4(from + COLUMN);
            const four c = load4(from + 2 * COLUMN), d = load4(from + 3 * COLUMN);
            const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            const four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            store4(to, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
            store4(to + HIDDEN, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
            store4(to + 2 * HIDDEN, __builtin_shufflevector(AB, CD, 0, 1, 4, 5));
            store4(to + 3 * HIDDEN, __builtin_shufflevector(AB, CD, 2, 3, 6, 7));
        }
}

INLINE float head(const float *h) {
    vec s = splat(0);
    FOR_UNITS(i) s += load(h + i) * load(weights + HEAD_AT + i);
    return sum(s) + weights[HEAD_BIAS_AT];
}

/** sums (COLUMN) = bias + input weights · x. */
INLINE void begin_sums(float *sums, float x) {
    for (int i = 0; i < COLUMN; i += WIDTH)
        store(sums + i, load(weights + BIAS_AT + i) + load(weights + INPUT_AT + i) * x);
}

/** One step: from `before` (STATE) to `after`, which may be the same. Returns the forecast. */
static float forward(const float *before, float x, float *after);

/** Loss of a pass; fills `gradient`. */
static float gradient_of(void);

/** Kingma & Ba 2015 on the gradient clipped to the global norm `clip` (Pascanu 2013). */
static void update(float clip, float rate) {
    vec squares[4] = {splat(0), splat(0), splat(0), splat(0)};
    int i = 0;
    for (; i + 4 * WIDTH <= WEIGHTS; i += 4 * WIDTH)
        UNROLL for (int k = 0; k < 4; k++) {
            const vec g = load(gradient + i + k * WIDTH);
            squares[k] += g * g;
        }
    for (; i < WEIGHTS; i += WIDTH) squares[0] += load(gradient + i) * load(gradient + i);
    const float norm2 = sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
    if (!(norm2 < 1e12f)) return;
    const float norm = __builtin_sqrtf(norm2);
    const float scale = norm > clip ? clip / norm : 1.0f;

    first_filled = 0.9 * first_filled + 0.1;
    second_filled = 0.999 * second_filled + 0.001;
    // The corrections of both averages, taken out of the loop.
    const double root_filled = __builtin_sqrt(second_filled);
    const vec pace = splat((float)(rate * root_filled / first_filled)), small = splat((float)(1e-8 * root_filled));
    const vec g1 = splat(0.1f * scale), g2 = splat(0.001f * scale * scale);
    for (i = 0; i < WEIGHTS; i += WIDTH) {
        const vec g = load(gradient + i);
        const vec m = 0.9f * load(first + i) + g * g1;
        const vec v = 0.999f * load(second + i) + g * g * g2;
        store(first + i, m);
        store(second + i, v);
        store(weights + i, load(weights + i) - pace * m / (root(v) + small));
    }
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * t.tv_sec + 1e-3 * t.tv_nsec;
}

static void read_file(const char *name) {
    FILE *file = fopen(name, "rb");
    const int ok = file != NULL && fread(weights, 4, WEIGHTS, file) == WEIGHTS && fread(start, 4, STATE, file) == STATE &&
                   fread(inputs, 4, STEPS, file) == STEPS && fread(targets, 4, STEPS, file) == STEPS;
    if (!ok) {
        fprintf(stderr, "%s: not the weights, state, inputs and targets of this network\n", name);
        exit(1);
    }
    fclose(file);
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    first_filled = second_filled = 0;
}

/**
 * Answers a line of standard input with one of standard output. Every command starts from the numbers in the file:
 *   gradient N   after N updates: loss, then the gradient
 *   train N      N passes with update: microseconds
 *   step N       N steps: microseconds
 */
int main(int count, char **arguments) {
    char command[16];
    long n;
    if (count != 2) return 1;
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); // denormal numbers are zero, as in the kernels
#endif
    while (scanf("%15s %ld", command, &n) == 2) {
        read_file(arguments[1]);
        if (strcmp(command, "gradient") == 0) {
            for (long i = 0; i < n; i++) gradient_of(), update(1.0f, 1e-3f);
            printf("%.9g", gradient_of());
            for (int i = 0; i < USED; i++) printf(" %.9g", gradient[i]);
        } else {
            volatile float sink = 0;
            float state[STATE] ALIGNED;
            memcpy(state, start, sizeof state);
            const int trains = strcmp(command, "train") == 0;
            double from = 0;
            // The first turn fills the caches and is not counted.
            for (long i = -1 - n / 8; i < n; i++) {
                if (i == 0) from = now();
                if (trains) sink = gradient_of(), update(1.0f, 1e-4f);
                else sink = forward(state, inputs[i & 15], state);
            }
            (void)sink;
            printf("%.3f", now() - from);
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}

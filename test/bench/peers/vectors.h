// Vectors of WIDTH floats by gcc's vector extension, and the activation functions on them.

#ifndef WIDTH
#define WIDTH 4
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#define ALIGNED __attribute__((aligned(64)))

typedef float vec __attribute__((vector_size(4 * WIDTH)));

INLINE vec splat(float x) { return x - (vec){0}; }
INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }

INLINE float sum(vec v) {
    float s = 0;
    for (int i = 0; i < WIDTH; i++) s += v[i];
    return s;
}

// C has no vector form of ?: and of sqrtf, so these name the instruction where they can.
#if defined(__x86_64__) && WIDTH == 4
INLINE vec least(vec a, vec b) { return _mm_min_ps(a, b); }
INLINE vec most(vec a, vec b) { return _mm_max_ps(a, b); }
INLINE vec root(vec a) { return _mm_sqrt_ps(a); }
#elif defined(__x86_64__) && WIDTH == 8
INLINE vec least(vec a, vec b) { return _mm256_min_ps(a, b); }
INLINE vec most(vec a, vec b) { return _mm256_max_ps(a, b); }
INLINE vec root(vec a) { return _mm256_sqrt_ps(a); }
#elif defined(__x86_64__) && WIDTH == 16
INLINE vec least(vec a, vec b) { return _mm512_min_ps(a, b); }
INLINE vec most(vec a, vec b) { return _mm512_max_ps(a, b); }
INLINE vec root(vec a) { return _mm512_sqrt_ps(a); }
#else
INLINE vec least(vec a, vec b) {
    for (int i = 0; i < WIDTH; i++) a[i] = a[i] < b[i] ? a[i] : b[i];
    return a;
}
INLINE vec most(vec a, vec b) {
    for (int i = 0; i < WIDTH; i++) a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
}
INLINE vec root(vec a) {
    for (int i = 0; i < WIDTH; i++) a[i] = __builtin_sqrtf(a[i]);
    return a;
}
#endif

/** The rational function of src/kernel/elementary.ts. */
INLINE vec tanh_of(vec x) {
    const vec c = least(most(x, splat(-7.75f)), splat(7.75f));
    const vec u = c * c;
    const vec p = (((-6.32474615e-9f * u + 7.25239162e-6f) * u + 0.0027070303f) * u + 0.127220026f) * u + 0.999999283f;
    const vec q = ((0.000198189876f * u + 0.0228935021f) * u + 0.460550694f) * u + 1.0f;
    return c * p / q;
}

INLINE vec sigmoid_of(vec x) { return 0.5f + 0.5f * tanh_of(0.5f * x); }

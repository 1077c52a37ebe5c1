// Vectors of four float32 and the functions of a network on them.
//
// Constants are read from memory: V8 builds a constant vector in three instructions at every use, two of them on the
// one port that also shuffles; a load that fills all lanes is one. Built in place they cost 13 % of a pass at H = 16.

/** tanh(x) = x·P(x²)/Q(x²), P of degree 4 and Q of degree 3; as in ../elementary.ts. Then the same for σ, see below. */
const TABLE = memory.data<f32>(
  [
    7.75, -7.75,
    -6.32474615e-9, 7.25239162e-6, 0.0027070303, 0.127220026, 0.999999283,
    0.000198189876, 0.0228935021, 0.460550694, 1,
    // σ(x) = ½ + ½·tanh(x/2) = ½ + x·P(x²/4)/4 / Q(x²/4): every coefficient is divided by a power of two, exactly.
    15.5, -15.5,
    -6.32474615e-9 / 1024, 7.25239162e-6 / 256, 0.0027070303 / 64, 0.127220026 / 16, 0.999999283 / 4,
    0.000198189876 / 64, 0.0228935021 / 16, 0.460550694 / 4, 0.5,
    // exp: 1/ln 2, ln 2 in two parts, Taylor's series from 1/720 down to 1/2.
    1.44269504, 0.693359375, -0.000212194440, 0.00138888889, 0.00833333333, 0.0416666667, 0.166666667,
    // log: artanh's series, 2/9, 2/7, 2/5, 2/3, 2.
    0.222222222, 0.285714286, 0.4, 0.666666667, 2,
    // Flushes denormals: see `flush`.
    1e-20
  ],
  16
);

@inline export function constant(index: usize): v128 { return v128.load32_splat(TABLE + (index << 2)); }
@inline export function one(): v128 { return constant(10); }
@inline export function half(): v128 { return constant(21); }

/** a·b + c, rounded once where the machine can: see `fused` in index.ts. */
@inline export function madd(a: v128, b: v128, c: v128): v128 { return f32x4.relaxed_madd(a, b, c); }
/** c − a·b */
@inline export function nmadd(a: v128, b: v128, c: v128): v128 { return f32x4.relaxed_nmadd(a, b, c); }
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }

/** Within ± bound. NaN stays NaN, because x is the first operand of both. */
@inline export function clamp(x: v128, low: v128, high: v128): v128 { return f32x4.pmin(f32x4.pmax(x, low), high); }

@inline export function tanh(value: v128): v128 {
  const x = clamp(value, constant(1), constant(0));
  const u = mul(x, x);
  const p = madd(madd(madd(madd(constant(2), u, constant(3)), u, constant(4)), u, constant(5)), u, constant(6));
  const q = madd(madd(madd(constant(7), u, constant(8)), u, constant(9)), u, one());
  return f32x4.div(mul(x, p), q);
}

@inline export function sigmoid(value: v128): v128 {
  const x = clamp(value, constant(12), constant(11));
  const u = mul(x, x);
  const p = madd(madd(madd(madd(constant(13), u, constant(14)), u, constant(15)), u, constant(16)), u, constant(17));
  const q = madd(madd(madd(constant(18), u, constant(19)), u, constant(20)), u, one());
  return add(half(), f32x4.div(mul(x, p), q));
}

/** e^x for |x| ≤ 80, relative error below 3e-7. x = k·ln 2 + r; the exponent bits take k (Cody, Waite 1980, ch. 6). */
@inline export function exp(x: v128): v128 {
  const k = f32x4.nearest(mul(x, constant(22)));
  const r = nmadd(k, constant(24), nmadd(k, constant(23), x));
  const p = madd(madd(madd(madd(constant(25), r, constant(26)), r, constant(27)), r, constant(28)), r, half());
  const y = add(one(), madd(mul(r, r), p, r));
  return i32x4.add(y, i32x4.shl(i32x4.trunc_sat_f32x4_s(k), 23));
}

/** ln x for finite x ≥ 1e-30, absolute error below 3e-7. x = 2^k·m, √½ ≤ m < √2; ln m = 2·artanh((m − 1)/(m + 1)). */
@inline export function log(x: v128): v128 {
  const k = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const m = i32x4.sub(x, i32x4.shl(k, 23));
  const s = f32x4.div(sub(m, one()), add(m, one()));
  const w = mul(s, s);
  const p = madd(madd(madd(madd(constant(29), w, constant(30)), w, constant(31)), w, constant(32)), w, constant(33));
  const e = f32x4.convert_i32x4_s(k);
  return madd(e, constant(23), madd(e, constant(24), mul(s, p)));
}

/** Sets numbers below 1e-27 to zero, so that none becomes denormal: those cost up to a hundred times the cycles. */
@inline export function flush(x: v128): v128 { return sub(add(x, constant(34)), constant(34)); }

@inline export function sum(a: v128): f32 {
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3));
}

// Exponentials and their kin on real lanes: no branches, no calls. Tests/KernelChecks/Functions.c
// holds their errors.
#ifndef EXP
#define HORNER(x, terms)                                                                           \
  NAME(horner)(x, NAME(terms), (int)(sizeof(NAME(terms)) / sizeof(*NAME(terms))))
#define CONSTANT(x) SPLAT(NAME(x))
#define EXP(x) NAME(exp)(x)
#define EXPM1(x) NAME(expm1)(x)
#define LOG(x) NAME(log_of_sum)(x, ZERO)
#define LOG1P(x) NAME(log1p)(x)
#define TANH(x) NAME(tanh)(x)
#define SIGMOID(x) NAME(sigmoid)(x)
#define SOFTPLUS(x) NAME(softplus)(x)
#define ERF(x) NAME(erf)(x)
#define NORMAL_CDF(x) NAME(normal_cdf)(x)
#define NORMAL_PDF(x) (SPLAT(0.39894228040143268) * NORMAL(x))
#define NORMAL(x) NAME(gaussian)(x, SPLAT(-0.5), CONSTANT(tail_end))
#define GAUSSIAN(x) NAME(gaussian)(x, -ONE, CONSTANT(erfc_end))
#define POW(x, y) NAME(pow)(x, y)
#define NOT_A_NUMBER __builtin_nan("")
#endif

INLINE V NAME(horner)(V x, const REAL *terms, int count) {
  V y = SPLAT(terms[count - 1]);
#pragma clang loop unroll(full)
  for (int i = count - 2; i >= 0; i--) y = FMA(y, x, SPLAT(terms[i]));
  return y;
}
// What a * b lost when it was rounded to `product`.
INLINE V NAME(product_error)(V a, V b, V product) {
#if HAS_FMA
  return FMA(a, b, -product);
#else
  V a_high = FROM_BITS(BITS(a) & (INT)NAME(upper_half)), a_low = a - a_high;
  V b_high = FROM_BITS(BITS(b) & (INT)NAME(upper_half)), b_low = b - b_high;
  return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
#endif
}
// a b + c for a small c, rounded once as it were.
INLINE V NAME(product_plus)(V a, V b, V c) {
#if HAS_FMA
  return FMA(a, b, c);
#else
  V product = a * b;
  return product + (NAME(product_error)(a, b, product) + c);
#endif
}

// To the nearest integer, for small numbers.
INLINE V NAME(nearest)(V x) { return (x + CONSTANT(rounder)) - CONSTANT(rounder); }
// 2^n for an integer n in the range of normal exponents.
INLINE V NAME(power_of_two)(V n) {
  return FROM_BITS(BITS(n + SPLAT(NAME(rounder) + NAME(bias))) << FRACTION_BITS);
}
// y 2^n for an integer n, whose power itself may be too small or too large while the product is not.
INLINE V NAME(scaled)(V y, V n) {
#if ISA_LEVEL == 2 && COMPUTE_BITS == 32
  return __builtin_ia32_scalefps512_mask(y, n, y, (unsigned short)-1, 4);
#elif ISA_LEVEL == 2
  return __builtin_ia32_scalefpd512_mask(y, n, y, (unsigned char)-1, 4);
#else
  V half = NAME(nearest)(n * SPLAT(0.5));
  return y * NAME(power_of_two)(half) * NAME(power_of_two)(n - half);
#endif
}
// n for which x - n ln 2 is small
INLINE V NAME(octaves)(V x) {
  return FMA(x, SPLAT(1.4426950408889634), CONSTANT(rounder)) - CONSTANT(rounder);
}
// x - n ln 2
INLINE V NAME(exp_rest)(V x, V n) {
  return FMA(-n, CONSTANT(ln2_low), FMA(-n, CONSTANT(ln2_high), x));
}
// exp(r) - 1 for a small r
INLINE V NAME(exp_growth)(V r) { return FMA(r * r, HORNER(r, exp_terms), r); }
// exp(x) from exp_least to exp_greatest
INLINE V NAME(exp_within)(V x) {
  V n = NAME(octaves)(x);
  return NAME(scaled)(NAME(exp_growth)(NAME(exp_rest)(x, n)) + ONE, n);
}
INLINE V NAME(exp)(V x) {
  return NAME(exp_within)(CLAMP(x, CONSTANT(exp_least), CONSTANT(exp_greatest)));
}
INLINE V NAME(expm1)(V x) {
  V clamped = CLAMP(x, SPLAT(-FRACTION_BITS), CONSTANT(exp_greatest));
  V n = NAME(octaves)(clamped), y = NAME(exp_growth)(NAME(exp_rest)(clamped, n));
  V half_scale = NAME(power_of_two)(n - ONE);
  V scaled = FMA(half_scale, y, half_scale - SPLAT(0.5));
  return COPY_SIGN(SELECT(EQ(n, ZERO), y, scaled + scaled), x);
}

// u = m 2^n with m from sqrt(1/2) to sqrt(2), for u > 0.
INLINE V NAME(split_exponent)(V u, V *n) {
  M tiny = LT(u, CONSTANT(smallest_normal));
  V large = SPLAT((UINT)1 << FRACTION_BITS);
  M root = BITS(SPLAT(0.70710678118654752));
  M biased = BITS(SELECT(tiny, u * large, u)) - root + BITS(ONE);
  M exponent = (M)((NAME(words))biased >> FRACTION_BITS);
  V power = FROM_BITS(exponent + BITS(large)) - (large + CONSTANT(bias));
  *n = SELECT(tiny, power - SPLAT(FRACTION_BITS), power);
  return FROM_BITS((biased & (INT)(((UINT)1 << FRACTION_BITS) - 1)) + root);
}
// log(u) + c for a c that is small beside u.
INLINE V NAME(log_of_sum)(V u, V c) {
  V n, f = NAME(split_exponent)(u, &n) - ONE;
  V s = f / (f + SPLAT(2)), square = s * s, half = SPLAT(0.5) * f * f;
  V rest = s * FMA(square, HORNER(square, log_terms), half) + FMA(n, CONSTANT(ln2_low), c);
  V y = FMA(n, CONSTANT(ln2_high), f - (half - rest));
  V special = SELECT(EQ(u, ZERO), -CONSTANT(infinity), SELECT(LT(u, ZERO), SPLAT(NOT_A_NUMBER), u));
  return SELECT(GT(u, ZERO) & LT(u, CONSTANT(infinity)), y, special);
}
INLINE V NAME(log1p)(V x) {
  V u = ONE + x;
  V lost = SELECT(GT(ABS(x), ONE), ONE - (u - x), x - (u - ONE));
  return SELECT(EQ(x, ZERO), x, NAME(log_of_sum)(u, lost / u));
}

INLINE V NAME(tanh)(V x) {
  V a = CLAMP(ABS(x), ZERO, CONSTANT(tanh_end)), z = a * a;
  V near = FMA(a * z, HORNER(z, tanh_terms), a);
  V far = ONE - SPLAT(2) / (NAME(exp_within)(a + a) + ONE);
  return COPY_SIGN(SELECT(LT(a, SPLAT(0.625)), near, far), x);
}
INLINE V NAME(sigmoid)(V x) {
  V e = EXP(-ABS(x));
  return SELECT(LT(x, ZERO), e, ONE) / (ONE + e);
}
INLINE V NAME(softplus)(V x) { return MAXIMUM(x, ZERO) + LOG1P(EXP(-ABS(x))); }

// exp(factor x^2) for a factor of -1 or -1/2, which is zero beyond the end. What is lost by the rounding
// of x^2, which exp would magnify, is made good.
INLINE V NAME(gaussian)(V x, V factor, V end) {
  V b = CLAMP(ABS(x), ZERO, end), scaled = b * factor, square = scaled * b;
  V n = NAME(octaves)(square), lost = NAME(product_error)(scaled, b, square);
  V rest = FMA(-n, CONSTANT(ln2_high), square) + FMA(-n, CONSTANT(ln2_low), lost);
  return NAME(scaled)(NAME(exp_growth)(rest) + ONE, n);
}
// exp(a^2) erfc(a) for a >= 0
INLINE V NAME(scaled_erfc)(V a) {
  V b = CLAMP(a, ZERO, CONSTANT(erfc_end)), pivot = CONSTANT(erfc_pivot);
  V inverse = ONE / (b + pivot), t = (b - pivot) * inverse;
  // The polynomial is steep, so that the last place of t counts.
  V residue = FMA(-t, b, FMA(t + ONE, -pivot, b));
  return HORNER(FMA(inverse, residue, t), erfc_terms) * inverse;
}
INLINE V NAME(erf)(V x) {
  V a = ABS(x), square = x * x;
  V near = FMA(a, HORNER(square, erf_terms), a);
  V far = ONE - NAME(scaled_erfc)(a) * GAUSSIAN(a);
  return COPY_SIGN(SELECT(LT(a, ONE), near, far), x);
}
INLINE V NAME(normal_cdf)(V x) {
  V b = CLAMP(ABS(x), ZERO, CONSTANT(tail_end)), pivot = CONSTANT(tail_pivot);
  // Of (b - pivot) / (b + pivot) the last place counts, as the polynomial is steep: what the inverse
  // lacks is made good.
  V inverse = ONE / (b + pivot), lost = FMA(-inverse, b, FMA(-inverse, pivot, ONE));
  V t = FMA(inverse, -pivot - pivot, ONE);
  V tail = HORNER(FMA(t - ONE, lost, t), tail_terms) * inverse;
  V e = NORMAL(x);
  tail = NAME(product_plus)(tail, e, tail * (e * lost));
  return SELECT(GT(x, ZERO), ONE - tail, tail);
}

// a^y for 0 < a < infinity
#if COMPUTE_BITS == 32
#define DOUBLES(x) TK_PASTE3(x, ISA, f64)
typedef REAL NAME(half_lanes) __attribute__((vector_size(LANE_BYTES / 2)));

INLINE V NAME(pow_magnitude)(V a, V y) {
  NAME(half_lanes) bases[2], powers[2];
  __builtin_memcpy(bases, &a, sizeof a);
  __builtin_memcpy(powers, &y, sizeof y);
  for (int i = 0; i < 2; i++) {
    DOUBLES(lanes) base = __builtin_convertvector(bases[i], DOUBLES(lanes));
    DOUBLES(lanes) power = __builtin_convertvector(powers[i], DOUBLES(lanes));
    DOUBLES(lanes) log = DOUBLES(log_of_sum)(base, DOUBLES(splat)(0));
    powers[i] = __builtin_convertvector(DOUBLES(exp)(power * log), NAME(half_lanes));
  }
  __builtin_memcpy(&y, powers, sizeof y);
  return y;
}
#else
// log(a) as a sum, by the series of log((1 + s) / (1 - s)) in twice the precision.
INLINE V NAME(long_log)(V a, V *low) {
  V n, m = NAME(split_exponent)(a, &n), f = m - ONE;
  V t = ONE + m, t_low = m - (t - ONE);
  V s = f / t, p = s * t;
  V s_low = (((f - p) - NAME(product_error)(s, t, p)) - s * t_low) / t;
  V z = s * s, z_low = NAME(product_error)(s, s, z) + (s + s) * s_low;
  V third = SPLAT(0x1.5555555555555p-1);
  V rest = FMA(z, HORNER(z, log_tail_terms), SPLAT(0x1.5555555555555p-55));
  V q = third + rest, q_low = (third - q) + rest;
  V w = z * q, w_low = NAME(product_error)(z, q, w) + (z * q_low + z_low * q);
  V cubic = s * w, cubic_low = NAME(product_error)(s, w, cubic) + (s * w_low + s_low * w);
  V log = (s + s) + cubic;
  V log_low = ((s + s) - log) + cubic + (s_low + s_low + cubic_low);
  V whole = n * CONSTANT(ln2_high), sum = whole + log;
  V sum_low = ((whole - sum) + log) + (log_low + n * CONSTANT(ln2_low));
  V high = sum + sum_low;
  *low = (sum - high) + sum_low;
  return high;
}
INLINE V NAME(pow_magnitude)(V a, V y) {
  V log_low, log = NAME(long_log)(a, &log_low);
  // A larger power is zero or infinite all the same, and its products stay finite.
  y = CLAMP(y, SPLAT(-0x1p64), SPLAT(0x1p64));
  V p = y * log, p_low = NAME(product_error)(y, log, p) + y * log_low;
  V e = EXP(p);
  return SELECT(EQ(e, CONSTANT(infinity)), e, FMA(e, p_low, e));
}
#endif

INLINE V NAME(pow)(V x, V y) {
  V a = ABS(x), infinity = CONSTANT(infinity), half = y * SPLAT(0.5);
  M integer = EQ(FLOOR(y), y), odd = integer & NE(FLOOR(half), half);
  M grows = GT(a, ONE) ^ LT(y, ZERO);
  V r = NAME(pow_magnitude)(a, y);
  r = SELECT(EQ(a, ZERO) | EQ(a, infinity), SELECT(grows, infinity, ZERO), r);
  r = SELECT(EQ(a, ONE), ONE, r);
  r = FROM_BITS(BITS(r) ^ (BITS(x) & odd & BITS(SPLAT(-0.0))));
  r = SELECT(LT(x, ZERO) & GT(a, ZERO) & LT(a, infinity) & ~integer, SPLAT(NOT_A_NUMBER), r);
  r = SELECT(NE(x, x) | NE(y, y), x + y, r);
  return SELECT(EQ(x, ONE) | EQ(y, ZERO), ONE, r);
}

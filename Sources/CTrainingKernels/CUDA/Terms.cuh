// The words of the tables in scalars: V is float, double or int64. Where they differ in accuracy from the library of
// CUDA, the words are those of the processor's kernels.
#pragma once

#define SPLAT(x) V(x)
#define ZERO V(0)
#define ONE V(1)
#define SELECT(mask, a, b) ((mask) ? (a) : (b))
#define LT(a, b) ((a) < (b))
#define LE(a, b) ((a) <= (b))
#define GT(a, b) ((a) > (b))
#define GE(a, b) ((a) >= (b))
#define EQ(a, b) ((a) == (b))
#define NE(a, b) ((a) != (b))
#define FMA(a, b, c) fused(a, b, c)
#define ABS(x) magnitude(x)
#define SIGN(x) signOf(x)
#define CLAMP(x, least, greatest) clamped(x, least, greatest)
#define MAXIMUM(a, b) larger(a, b)
#define MINIMUM(a, b) smaller(a, b)
#define SQUARE(x) squared(x)
#define CUBE(x) cubed(x)
#define REMAINDER(a, b) remainderOf(a, b)
#define FLOOR_DIVIDE(a, b) floorDivided(a, b)

DEVICE float fused(float a, float b, float c) { return fmaf(a, b, c); }
DEVICE double fused(double a, double b, double c) { return fma(a, b, c); }
DEVICE float magnitude(float x) { return fabsf(x); }
DEVICE double magnitude(double x) { return fabs(x); }
DEVICE int64 magnitude(int64 x) { return x < 0 ? -x : x; }
template <class V> DEVICE V signOf(V x) { return x > ZERO ? ONE : x < ZERO ? -ONE : ZERO; }
template <class V> DEVICE V clamped(V x, V least, V greatest) {
  V raised = x < least ? least : x;
  return raised > greatest ? greatest : raised;
}
// NaN wins.
template <class V> DEVICE V larger(V a, V b) { return a > b || a != a ? a : b; }
template <class V> DEVICE V smaller(V a, V b) { return a < b || a != a ? a : b; }
template <class V> DEVICE V squared(V x) { return x * x; }
template <class V> DEVICE V cubed(V x) { return x * x * x; }

// FUNCTION(word, ofFloat, ofDouble): a function of the library, by the table's word.
#define FUNCTION(name, ofFloat, ofDouble)          \
  DEVICE float name(float x) { return ofFloat(x); } \
  DEVICE double name(double x) { return ofDouble(x); }
#define SQRT(x) squareRoot(x)
#define EXP(x) exponential(x)
#define EXPM1(x) exponentialMinus1(x)
#define LOG(x) logarithm(x)
#define LOG1P(x) logarithmPlus1(x)
#define TANH(x) hyperbolicTangent(x)
#define ERF(x) errorFunction(x)
#define NORMAL_CDF(x) normalShare(x)
#define SIN(x) sine(x)
#define COS(x) cosine(x)
#define TAN(x) tangent(x)
#define ASIN(x) arcSine(x)
#define ACOS(x) arcCosine(x)
#define ATAN(x) arcTangent(x)
#define FLOOR(x) floored(x)
#define ROUND(x) nearest(x)
FUNCTION(squareRoot, sqrtf, sqrt)
FUNCTION(exponential, expf, exp)
FUNCTION(exponentialMinus1, expm1f, expm1)
FUNCTION(logarithm, logf, log)
FUNCTION(logarithmPlus1, log1pf, log1p)
FUNCTION(hyperbolicTangent, tanhf, tanh)
FUNCTION(errorFunction, erff, erf)
FUNCTION(sine, sinf, sin)
FUNCTION(cosine, cosf, cos)
FUNCTION(tangent, tanf, tan)
FUNCTION(arcSine, asinf, asin)
FUNCTION(arcCosine, acosf, acos)
FUNCTION(arcTangent, atanf, atan)
FUNCTION(floored, floorf, floor)
FUNCTION(nearest, rintf, rint)
#ifdef __CUDACC_RTC__
FUNCTION(normalShare, normcdff, normcdf)
#else
DEVICE double normalShare(double x) { return (double)(0.5L * erfcl(-0.707106781186547524400844L * (long double)x)); }
DEVICE float normalShare(float x) { return (float)(0.5 * erfc(-0.70710678118654752 * (double)x)); }
#endif
#undef FUNCTION
#define POW(x, y) power(x, y)
#define ATAN2(y, x) arcTangent(y, x)
#define COPY_SIGN(magnitude, sign) withSign(magnitude, sign)
DEVICE float power(float x, float y) { return powf(x, y); }
DEVICE double power(double x, double y) { return pow(x, y); }
DEVICE float arcTangent(float y, float x) { return atan2f(y, x); }
DEVICE double arcTangent(double y, double x) { return atan2(y, x); }
DEVICE float withSign(float magnitude, float sign) { return copysignf(magnitude, sign); }
DEVICE double withSign(double magnitude, double sign) { return copysign(magnitude, sign); }
DEVICE float truncatedRemainder(float a, float b) { return fmodf(a, b); }
DEVICE double truncatedRemainder(double a, double b) { return fmod(a, b); }

template <class V> DEVICE V remainderOf(V a, V b) {
  V r = truncatedRemainder(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
template <class V> DEVICE V floorDivided(V a, V b) {
  if (b == 0) return a / b;
  V r = truncatedRemainder(a, b), quotient = (a - r) / b;
  if (r != 0 && (r < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return withSign(V(0), a / b);
  V whole = floored(quotient);
  return quotient - whole > V(0.5) ? whole + 1 : whole;
}
// Divisors 0 and -1 would trap on some machines, the latter for the least integer alone.
template <> DEVICE int64 floorDivided(int64 a, int64 b) {
  if (b == 0) return 0;
  if (b == -1) return -a;
  int64 quotient = a / b, r = a - quotient * b;
  return r != 0 && (r < 0) != (b < 0) ? quotient - 1 : quotient;
}
template <> DEVICE int64 remainderOf(int64 a, int64 b) { return b == 0 ? 0 : a - floorDivided(a, b) * b; }

// Where functions end: squares beyond make exp zero, and cubes may not overflow.
template <class V> struct Ends;
template <> struct Ends<float> { static constexpr float gaussian = 10.2f, normal = 14.5f; };
template <> struct Ends<double> { static constexpr double gaussian = 28, normal = 39; };

#define NORMAL_PDF(x) (SPLAT(0.39894228040143268) * bell(x, SPLAT(-0.5), Ends<V>::normal))
#define GAUSSIAN(x) bell(x, -ONE, Ends<V>::gaussian)
// exp(factor x^2). What is lost by the rounding of x^2, which exp would magnify, is made good.
template <class V> DEVICE V bell(V x, V factor, V end) {
  V b = CLAMP(ABS(x), ZERO, end), scaled = b * factor, square = scaled * b;
  V e = EXP(square);
  return FMA(e, FMA(scaled, b, -square), e);
}

#define SIGMOID(x) sigmoid(x)
#define SOFTPLUS(x) softplus(x)
template <class V> DEVICE V sigmoid(V x) {
  V e = EXP(-ABS(x));
  return SELECT(LT(x, ZERO), e, ONE) / (ONE + e);
}
template <class V> DEVICE V softplus(V x) { return MAXIMUM(x, ZERO) + LOG1P(EXP(-ABS(x))); }

// Klambauer et al. 2017, "Self-normalizing neural networks": lambda, and lambda alpha.
#define SELU_SCALE SPLAT(1.0507009873554805)
#define SELU_SLOPE SPLAT(1.7580993408473766)

// (1 + tanh(u)) / 2 = sigmoid(2 u), for the 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3) of GELU and its
// derivatives. Beyond the bound the gate is 0 or 1.
#define GELU_TANH_GATE(x) geluTanhGate(x)
#define GELU_TANH_SLOPE(x) geluTanhSlope(x)
#define GELU_TANH_BEND(x) geluTanhBend(x)
#define GELU_LINEAR 1.5957691216057308
#define GELU_CUBIC 0.07135481627260025
template <class V> DEVICE V geluTanhGate(V x) {
  x = CLAMP(x, SPLAT(-100), SPLAT(100));
  constexpr V linear = V(GELU_LINEAR), cubicFactor = V(GELU_CUBIC);
  // What a constant lost when it was rounded.
  constexpr V lostOfLinear = V(GELU_LINEAR - (double)linear - 9.96930880911092e-17);
  constexpr V lostOfCubic = V(GELU_CUBIC - (double)cubicFactor - 6.175149918155315e-19);
  // The exponential turns a rounding of a large exponent into many of its own: all of them are
  // summed up and made good.
  V square = x * x, cubic = cubicFactor * square, factor = linear + cubic;
  V exponent = x * factor, added = factor - linear;
  V lost = FMA(cubicFactor, FMA(x, x, -square), FMA(cubicFactor, square, -cubic));
  lost = FMA(square, lostOfCubic, lost) + (cubic - added) + (linear - (factor - added));
  lost = FMA(x, factor, -exponent) + x * (lost + lostOfLinear);
  V e = EXP(-ABS(exponent));
  e = FMA(e, SELECT(LT(x, ZERO), lost, -lost), e);
  return SELECT(LT(x, ZERO), e, ONE) / (ONE + e);
}
template <class V> DEVICE V geluTanhSlope(V x) {
  x = CLAMP(x, SPLAT(-100), SPLAT(100));
  return FMA(x * x, SPLAT(3 * GELU_CUBIC), SPLAT(GELU_LINEAR));
}
template <class V> DEVICE V geluTanhBend(V x) { return CLAMP(x, SPLAT(-100), SPLAT(100)) * SPLAT(6 * GELU_CUBIC); }

// First and second derivative of x sigmoid(v(x)), given the sigmoid, v' and v''.
#define SLOPE_OF_GATED(x, gate, slope) slopeOfGated(x, gate, slope)
#define BEND_OF_GATED(x, gate, slope, bend) bendOfGated(x, gate, slope, bend)
template <class V> DEVICE V slopeOfGated(V x, V gate, V slope) { return gate + x * (gate * (ONE - gate)) * slope; }
template <class V> DEVICE V bendOfGated(V x, V gate, V slope, V bend) {
  V change = gate * (ONE - gate);
  return change * (slope + slope) + x * change * ((ONE - gate - gate) * slope * slope + bend);
}

// With e = exp(x), tanh(log(1 + e)) = n / (n + 2) for n = e (e + 2). Beyond the bound it is 1.
#define TANH_SOFTPLUS(x) tanhSoftplus(x)
#define MISH_SLOPE(x) mishSlope(x)
#define MISH_BEND(x) mishBend(x)
#define MISH_END SPLAT(22)
template <class V> DEVICE V mishTerm(V x) {
  V e = EXP(SELECT(GT(x, MISH_END), MISH_END, x));
  return e * (e + SPLAT(2));
}
template <class V> DEVICE V tanhSoftplus(V x) {
  V n = mishTerm(x);
  return n / (n + SPLAT(2));
}
// 1 - tanh(log(1 + e))^2
template <class V> DEVICE V mishChange(V x) {
  V n = mishTerm(x);
  return SELECT(GT(x, MISH_END), ZERO, SPLAT(4) * (n + ONE) / SQUARE(n + SPLAT(2)));
}
template <class V> DEVICE V mishSlope(V x) { return TANH_SOFTPLUS(x) + x * SIGMOID(x) * mishChange(x); }
template <class V> DEVICE V mishBend(V x) {
  V s = SIGMOID(x), change = mishChange(x) * s;
  return change * (SPLAT(2) + x * (ONE - s - (s + s) * TANH_SOFTPLUS(x)));
}

// x - tanh(x), by the series of tanh where x is small: (tanh(x) - x) / x^3 in x^2 for |x| <= 0.625, fitted at Chebyshev
// nodes.
#define TANHSHRINK(x) tanhshrink(x)
DEVICE float tanhTerms(float z) {
  float y = fmaf(z, 0.00229274482f, -0.00834394526f);
  y = fmaf(y, z, 0.0217689183f);
  y = fmaf(y, z, -0.0539592579f);
  y = fmaf(y, z, 0.133333042f);
  return fmaf(y, z, -0.333333343f);
}
DEVICE double tanhTerms(double z) {
  double y = fma(z, 6.485163482793113e-06, -3.1201101425797402e-05);
  y = fma(y, z, 9.2571161295567687e-05);
  y = fma(y, z, -0.0002375906496055562);
  y = fma(y, z, 0.00058966065777570434);
  y = fma(y, z, -0.0014557754120478055);
  y = fma(y, z, 0.0035921217511549622);
  y = fma(y, z, -0.0088632351032408782);
  y = fma(y, z, 0.021869488519008305);
  y = fma(y, z, -0.053968253967896992);
  y = fma(y, z, 0.13333333333333042);
  return fma(y, z, -0.33333333333333331);
}
template <class V> DEVICE V tanhshrink(V x) {
  V a = ABS(x), z = a * a;
  return SELECT(LT(a, SPLAT(0.625)), ZERO - x * z * tanhTerms(z), x - TANH(x));
}

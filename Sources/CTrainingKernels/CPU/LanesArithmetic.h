// Words that tables use for integers and reals alike, and rounding and division for each.
#ifndef SIGN
#define SIGN(x) NAME(sign)(x)
#define CLAMP(x, least, greatest) NAME(clamp)(x, least, greatest)
#define MAXIMUM(a, b) NAME(maximum)(a, b)
#define MINIMUM(a, b) NAME(minimum)(a, b)
#define SQUARE(x) NAME(square)(x)
#define CUBE(x) NAME(cube)(x)
#define COPY_SIGN(magnitude, sign) NAME(copy_sign)(magnitude, sign)
#define ROUND(x) NAME(round)(x)
#define FLOOR(x) NAME(floor)(x)
#define REMAINDER(a, b) NAME(remainder)(a, b)
#define FLOOR_DIVIDE(a, b) NAME(floor_divide)(a, b)
#endif

INLINE V NAME(sign)(V x) { return SELECT(GT(x, ZERO), ONE, SELECT(LT(x, ZERO), -ONE, ZERO)); }
INLINE V NAME(clamp)(V x, V least, V greatest) {
  V raised = SELECT(LT(x, least), least, x);
  return SELECT(GT(raised, greatest), greatest, raised);
}
// NaN wins.
INLINE V NAME(maximum)(V a, V b) { return SELECT(GT(a, b) | NE(a, a), a, b); }
INLINE V NAME(minimum)(V a, V b) { return SELECT(LT(a, b) | NE(a, a), a, b); }
INLINE V NAME(square)(V x) { return x * x; }
INLINE V NAME(cube)(V x) { return x * x * x; }

#if IS_REAL
#include "LanesTerms.h"

INLINE V NAME(copy_sign)(V magnitude, V sign) {
  M bit = BITS(SPLAT(-0.0));
  return FROM_BITS((BITS(magnitude) & ~bit) | (BITS(sign) & bit));
}
// To the nearest integer, ties to even.
INLINE V NAME(round)(V x) {
  V large = SPLAT((UINT)1 << FRACTION_BITS);
  return SELECT(LT(ABS(x), large), COPY_SIGN((ABS(x) + large) - large, x), x);
}
INLINE V NAME(floor)(V x) {
  V nearest = ROUND(x);
  return SELECT(GT(nearest, x), nearest - ONE, nearest);
}
// C's fmod is exact however far apart a and b are, which no short sequence of lanes is.
INLINE V NAME(truncated_remainder)(V a, V b) {
  for (int64_t i = 0; i < LANES; i++) a[i] = (REAL)__builtin_fmod((double)a[i], (double)b[i]);
  return a;
}
INLINE V NAME(remainder)(V a, V b) {
  V r = NAME(truncated_remainder)(a, b);
  return SELECT(NE(r, ZERO) & (LT(r, ZERO) ^ LT(b, ZERO)), r + b, r);
}
INLINE V NAME(floor_divide)(V a, V b) {
  V r = NAME(truncated_remainder)(a, b);
  V quotient = (a - r) / b;
  quotient = SELECT(NE(r, ZERO) & (LT(r, ZERO) ^ LT(b, ZERO)), quotient - ONE, quotient);
  V floored = FLOOR(quotient);
  floored = SELECT(GT(quotient - floored, SPLAT(0.5)), floored + ONE, floored);
  floored = SELECT(EQ(quotient, ZERO), COPY_SIGN(ZERO, a / b), floored);
  return SELECT(EQ(b, ZERO), a / b, floored);
}
#else
// Divisors 0 and -1 would trap, the latter for the least integer alone.
INLINE V NAME(floor_divide)(V a, V b) {
  M unsafe = EQ(b, ZERO) | EQ(b, -ONE);
  V divisor = SELECT(unsafe, ONE, b);
  V quotient = a / divisor, r = a - quotient * divisor;
  V floored = SELECT(NE(r, ZERO) & (LT(r, ZERO) ^ LT(b, ZERO)), quotient - ONE, quotient);
  return SELECT(EQ(b, ZERO), ZERO, SELECT(EQ(b, -ONE), -a, floored));
}
INLINE V NAME(remainder)(V a, V b) {
  return SELECT(EQ(b, ZERO), ZERO, a - FLOOR_DIVIDE(a, b) * b);
}
#endif

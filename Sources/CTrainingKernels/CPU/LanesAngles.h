// Sines and their kin on real lanes. Angles beyond angle_end are handed to the C library one by
// one, which reduces them exactly.
#ifndef SIN
#define SIN(x) NAME(sin)(x)
#define COS(x) NAME(cos)(x)
#define TAN(x) NAME(tan)(x)
#define ATAN2(y, x) NAME(atan2)(y, x)
#define ATAN(x) ATAN2(x, ONE)
#define ASIN(x) ATAN2(x, SQRT((ONE - (x)) * (ONE + (x))))
#define ACOS(x) ATAN2(SQRT((ONE - (x)) * (ONE + (x))), x)
#define DEFINE_FAR(name)                                                                           \
  static __attribute__((noinline, unused)) V NAME(name##_far)(V x, V near) {                       \
    for (int64_t i = 0; i < LANES; i++)                                                            \
      if (!(__builtin_fabs((double)x[i]) <= NAME(angle_end)))                                      \
        near[i] = (REAL)__builtin_##name((double)x[i]);                                            \
    return near;                                                                                   \
  }
#endif
DEFINE_FAR(sin)
DEFINE_FAR(cos)
DEFINE_FAR(tan)

// x - n pi/2, as a sum.
INLINE V NAME(turned)(V x, V n, V *low) {
#if COMPUTE_BITS == 32
  NAME(half_lanes) angles[2], turns[2];
  __builtin_memcpy(angles, &x, sizeof x);
  __builtin_memcpy(turns, &n, sizeof n);
  for (int i = 0; i < 2; i++) {
    DOUBLES(lanes) angle = __builtin_convertvector(angles[i], DOUBLES(lanes));
    DOUBLES(lanes) turn = __builtin_convertvector(turns[i], DOUBLES(lanes));
    angle -= turn * DOUBLES(half_pi_parts)[0];
    angle -= turn * DOUBLES(half_pi_parts)[1];
    angles[i] = __builtin_convertvector(angle, NAME(half_lanes));
  }
  __builtin_memcpy(&x, angles, sizeof x);
  *low = ZERO;
  return x;
#else
  // The products are exact; each difference is kept with what it lost.
  V a = x - n * SPLAT(NAME(half_pi_parts)[0]);
  V b = n * SPLAT(NAME(half_pi_parts)[1]), c = n * SPLAT(NAME(half_pi_parts)[2]);
  V first = a - b, a_part = first + b;
  V first_lost = (a - a_part) - (b - (a_part - first));
  V second = first - c, first_part = second + c;
  V second_lost = (first - first_part) - (c - (first_part - second));
  V lost = (first_lost + second_lost) - n * SPLAT(NAME(half_pi_parts)[3]);
  V high = second + lost;
  *low = (second - high) + lost;
  return high;
#endif
}
// Sine and cosine of x up to the quadrant's exchange and signs.
INLINE M NAME(quadrant)(V x, V *sine, V *cosine) {
  V n = NAME(nearest)(x * SPLAT(0.63661977236758134)), low;
  V r = NAME(turned)(x, n, &low);
  V z = r * r, half = SPLAT(0.5) * z, w = ONE - half;
  *sine = r + FMA(z * r, HORNER(z, sin_terms), low * w);
  *cosine = w + (((ONE - w) - half) + (z * z * HORNER(z, cos_terms) - r * low));
  return BITS(n + CONSTANT(rounder));
}
// The sine of x + turns pi/2.
INLINE V NAME(sine)(V x, INT turns) {
  V s, c;
  M quadrant = NAME(quadrant)(x, &s, &c) + turns;
  V y = SELECT(NE(quadrant & 1, quadrant & 0), c, s);
  return FROM_BITS(BITS(y) ^ ((quadrant & 2) << (COMPUTE_BITS - 2)));
}
INLINE bool NAME(is_far)(V x) {
  return __builtin_reduce_or(GT(ABS(x), CONSTANT(angle_end))) != 0;
}
INLINE V NAME(sin)(V x) {
  V y = SELECT(EQ(x, ZERO), x, NAME(sine)(x, 0));
  return NAME(is_far)(x) ? NAME(sin_far)(x, y) : y;
}
INLINE V NAME(cos)(V x) {
  V y = NAME(sine)(x, 1);
  return NAME(is_far)(x) ? NAME(cos_far)(x, y) : y;
}
INLINE V NAME(tan)(V x) {
  V s, c;
  M quadrant = NAME(quadrant)(x, &s, &c), odd = NE(quadrant & 1, quadrant & 0);
  V y = SELECT(EQ(x, ZERO), x, SELECT(odd, -c, s) / SELECT(odd, s, c));
  return NAME(is_far)(x) ? NAME(tan_far)(x, y) : y;
}

INLINE V NAME(atan2)(V y, V x) {
  V a = ABS(x), b = ABS(y);
  M steep = GT(b, a);
  V small = SELECT(steep, a, b), large = SELECT(steep, b, a);
  V t = SELECT(EQ(small, large), SELECT(EQ(a, ZERO), ZERO, ONE), small / large), z = t * t;
  V r = FMA(t * z, HORNER(z, atan_terms), t);
  V half_pi = SPLAT(1.5707963267948966);
  V half_pi_low = SPLAT(1.5707963267948966 - (REAL)1.5707963267948966 + 6.123233995736766e-17);
  r = SELECT(steep, half_pi - (r - half_pi_low), r);
  r = SELECT(BITS(x) < 0, (half_pi + half_pi) - (r - (half_pi_low + half_pi_low)), r);
  return SELECT(NE(x, x) | NE(y, y), x + y, COPY_SIGN(r, y));
}

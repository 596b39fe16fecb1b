// One loop a row of Tables/Update.h. Products and sums of a row round on their own unless it says
// FMA.
#pragma clang fp contract(off)
#ifndef LERP
#define LERP(a, b, weight) NAME(lerp)(a, b, weight)
#define H0 SPLAT(h[0])
#define H1 SPLAT(h[1])
#define H2 SPLAT(h[2])
#define H3 SPLAT(h[3])
#define H4 SPLAT(h[4])
#define H5 SPLAT(h[5])
#define H6 SPLAT(h[6])
#define H7 SPLAT(h[7])
#define S0 s[0]
#define S1 s[1]
#define S2 s[2]
#endif

// From the nearer end, as PyTorch does it.
INLINE V NAME(lerp)(V a, V b, V weight) {
  V near_a = FMA(weight, b - a, a), near_b = FMA(a - b, ONE - weight, b);
  return SELECT(LT(ABS(weight), SPLAT(0.5)), near_a, near_b);
}
INLINE V NAME(read)(const REAL *p, int64_t count) {
  return count >= LANES ? LOAD(p) : LOAD_TAIL(p, count, 1);
}
INLINE void NAME(write)(REAL *p, V v, int64_t count) {
  if (count >= LANES) STORE(p, v);
  else STORE_TAIL(p, v, count);
}

#define UPDATE(name, states, scalar_count, ...)                                                    \
  static void NAME(update_##name)(const double *scalars, REAL *parameter, const REAL *gradient,    \
    void *const *state, int64_t begin, int64_t end) {                                              \
    REAL h[scalar_count];                                                                          \
    for (int k = 0; k < scalar_count; k++) h[k] = (REAL)scalars[k];                                \
    for (int64_t i = begin, count; count = end - i, i < end; i += LANES) {                         \
      V p = NAME(read)(parameter + i, count), s[TK_MAX_STATES];                                    \
      V g = NAME(read)(gradient + i, count) * SPLAT(h[scalar_count - 1]);                          \
      for (int k = 0; k < states; k++) s[k] = NAME(read)((REAL *)state[k] + i, count);             \
      __VA_ARGS__                                                                                  \
      NAME(write)(parameter + i, p, count);                                                        \
      for (int k = 0; k < states; k++) NAME(write)((REAL *)state[k] + i, s[k], count);             \
    }                                                                                              \
  }
#include "../Tables/Update.h"

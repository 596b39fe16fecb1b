// Sixteen sums whatever the width of a vector, and no fused products: every level adds the same
// numbers in the same order.
#include "LanesArithmetic.h"
#include "LanesMath.h"
#include "Stage.h"

#pragma clang fp contract(off)
#ifndef WIDE
#define WIDE NAME(wide)
#define VECTORS (TK_SUMS * sizeof(REAL) / LANE_BYTES)
#endif

// As many doubles as V has lanes.
typedef double WIDE __attribute__((vector_size(LANE_BYTES / sizeof(REAL) * sizeof(double))));
typedef struct NAME(sums) {
  WIDE powers[VECTORS];
  V largest[VECTORS];
  M finite[VECTORS], zeros[VECTORS];   // counts below zero, as a mask's lane is -1
} NAME(sums);

// A is the magnitude in double.
#define DEFINE_MEASURE(name, power_of_a)                                                           \
  static void NAME(add_##name)(                                                                    \
    int64_t n, const REAL *x, double power, double scale, NAME(sums) *all) {                       \
    NAME(sums) s = *all;                                                                           \
    for (int64_t i = 0; i < n; i += TK_SUMS)                                                       \
      for (size_t k = 0; k < VECTORS; k++) {                                                       \
        V magnitude = ABS(LOAD(x + i + (int64_t)k * LANES));                                       \
        M finite = LT(magnitude, CONSTANT(infinity));                                              \
        V known = SELECT(finite, magnitude, ZERO);                                                 \
        WIDE A = __builtin_convertvector(magnitude, WIDE) * scale;                                 \
        s.powers[k] += power_of_a;                                                                 \
        s.largest[k] = SELECT(GT(known, s.largest[k]), known, s.largest[k]);                       \
        s.finite[k] += finite;                                                                     \
        s.zeros[k] += EQ(magnitude, ZERO);                                                         \
      }                                                                                            \
    (void)power;                                                                                   \
    *all = s;                                                                                      \
  }
DEFINE_MEASURE(magnitudes, A)
DEFINE_MEASURE(squares, A * A)
DEFINE_MEASURE(cubes, A * A * A)
#if COMPUTE_BITS == 64
DEFINE_MEASURE(powers, POW(A, SPLAT(power)))
#else
#define add_powers add_squares
#endif
#undef DEFINE_MEASURE

// `padding` zeros beside n elements were added.
static tk_statistics NAME(folded)(const NAME(sums) *all, int64_t n, int64_t padding) {
  double powers[TK_SUMS];
  REAL largest[TK_SUMS];
  INT finite[TK_SUMS], zeros[TK_SUMS];
  __builtin_memcpy(powers, all->powers, sizeof powers);
  __builtin_memcpy(largest, all->largest, sizeof largest);
  __builtin_memcpy(finite, all->finite, sizeof finite);
  __builtin_memcpy(zeros, all->zeros, sizeof zeros);
  for (int half = TK_SUMS / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) powers[i] += powers[i + half];
  tk_statistics found = {.power_sum = powers[0], .non_finite = n + padding, .zeros = -padding};
  for (int i = 0; i < TK_SUMS; i++) {
    if (largest[i] > found.largest) found.largest = largest[i];
    found.non_finite += finite[i], found.zeros -= zeros[i];
  }
  return found;
}

static tk_statistics NAME(measure)(
  tk_dtype dtype, double power, double scale, const void *x, int64_t n) {
  void (*add)(int64_t, const REAL *, double, double, NAME(sums) *) =
    power == 1   ? NAME(add_magnitudes)
    : power == 2 ? NAME(add_squares)
    : power == 3 ? NAME(add_cubes)
                 : NAME(add_powers);
  NAME(sums) all = {0};
  int64_t whole = dtype == REAL_DTYPE ? n / TK_SUMS * TK_SUMS : 0;
  if (whole) add(whole, x, power, scale, &all);
  _Alignas(64) REAL buffer[TK_CHUNK];
  for (int64_t at = whole, count; at < n; at += count) {
    count = n - at < TK_CHUNK ? n - at : TK_CHUNK;
    int64_t padded = (count + TK_SUMS - 1) / TK_SUMS * TK_SUMS;
    for (int64_t i = count; i < padded; i++) buffer[i] = 0;
    NAME(tk_widen)(dtype, count, (const char *)x + at * tk_element_size(dtype), 1, buffer);
    add(padded, buffer, power, scale, &all);
  }
  return NAME(folded)(&all, n, (n + TK_SUMS - 1) / TK_SUMS * TK_SUMS - n);
}
#undef add_powers

// One loop a row of Tables/Update.h. Products and sums of a row round on their own unless it says
// FMA.
#include "Stage.h"
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
#define H8 SPLAT(h[8])
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
      [[maybe_unused]] V g = NAME(read)(gradient + i, count) * SPLAT(h[scalar_count - 1]);         \
      for (int k = 0; k < states; k++) s[k] = NAME(read)((REAL *)state[k] + i, count);             \
      __VA_ARGS__                                                                                  \
      NAME(write)(parameter + i, p, count);                                                        \
      for (int k = 0; k < states; k++) NAME(write)((REAL *)state[k] + i, s[k], count);             \
    }                                                                                              \
  }
#include "../Tables/Update.h"

#if COMPUTE_BITS == 32
// n elements as float32: in the buffer, or in their place where they are that already.
static float *NAME(widened)(const tk_rounded *operand, int64_t at, int64_t n, float *buffer) {
  if (operand->dtype == tk_float32) return (float *)operand->elements + at;
  const uint16_t *elements = (uint16_t *)operand->elements + at;
  NAME(tk_widen)(operand->dtype, n, elements, 1, buffer);
  if (operand->rounding != tk_round_compensated) return buffer;
  const int16_t *rest = operand->compensation + at;
  if (operand->dtype == tk_float16)
    for (int64_t i = 0; i < n; i++) buffer[i] = tk_half_with_rest(buffer[i], rest[i]);
  else
    for (int64_t i = 0; i < n; i++) buffer[i] = tk_bfloat_with_rest(buffer[i], rest[i]);
  return buffer;
}
// Eight elements a block of the stream, whatever the cut; the low half of a word comes first.
static void NAME(narrow_at_random)(const tk_rounded *operand, int64_t at, int64_t n,
  const float *x) {
  uint16_t *elements = (uint16_t *)operand->elements + at;
  uint32_t words[TK_CHUNK / 2 + 8];
  uint16_t random[TK_CHUNK + 16];
  int64_t first = at & ~(int64_t)7, count = (at - first + n + 1) / 2;
  tk_philox generator = operand->generator;
  generator.position += (uint64_t)first / 8;
  tk_philox_words(generator, words, 0, count);
  for (int64_t i = 0; i < count; i++) {
    random[2 * i] = (uint16_t)words[i];
    random[2 * i + 1] = (uint16_t)(words[i] >> 16);
  }
  const uint16_t *from = random + (at - first);
  if (operand->dtype == tk_float16)
    for (int64_t i = 0; i < n; i++) elements[i] = tk_float_to_half_by(x[i], from[i]);
  else
    for (int64_t i = 0; i < n; i++) elements[i] = tk_float_to_bfloat_by(x[i], from[i]);
}
static void NAME(narrow)(const tk_rounded *operand, int64_t at, int64_t n, const float *x) {
  if (operand->dtype == tk_float32) return;
  uint16_t *elements = (uint16_t *)operand->elements + at;
  int16_t *rest = operand->compensation ? operand->compensation + at : NULL;
  if (operand->rounding == tk_round_stochastic) NAME(narrow_at_random)(operand, at, n, x);
  else if (operand->rounding == tk_round_nearest)
    NAME(tk_narrow)(operand->dtype, n, x, elements, 1);
  else if (operand->dtype == tk_float16)
    for (int64_t i = 0; i < n; i++) elements[i] = tk_float_to_half_and_rest(x[i], &rest[i]);
  else
    for (int64_t i = 0; i < n; i++) elements[i] = tk_float_to_bfloat_and_rest(x[i], &rest[i]);
}
// A chunk at a time, which stays in the nearest cache.
static void NAME(update_rounded)(tk_update row, const double *scalars, const tk_rounded *weights,
  tk_dtype dtype, const void *gradient, const tk_rounded *states, int64_t begin, int64_t end) {
  float p[TK_CHUNK], g[TK_CHUNK], s[TK_MAX_STATES][TK_CHUNK];
  int32_t count = tk_update_describe(row).states;
  for (int64_t at = begin, n; at < end; at += n) {
    n = end - at < TK_CHUNK ? end - at : TK_CHUNK;
    void *state[TK_MAX_STATES];
    for (int k = 0; k < count; k++) state[k] = NAME(widened)(&states[k], at, n, s[k]);
    float *parameter = NAME(widened)(weights, at, n, p);
    const void *from = (const char *)gradient + at * tk_element_size(dtype);
    if (dtype != tk_float32) NAME(tk_widen)(dtype, n, from, 1, g);
    tk_update_run(row, tk_float32, scalars, parameter, dtype == tk_float32 ? from : g, state, 0, n);
    NAME(narrow)(weights, at, n, p);
    for (int k = 0; k < count; k++) NAME(narrow)(&states[k], at, n, s[k]);
  }
}
#endif

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
static void NAME(widen_weights)(const tk_half_weights *weights, int64_t at, int64_t n, float *p) {
  const uint16_t *elements = (uint16_t *)weights->elements + at;
  NAME(tk_widen)(weights->dtype, n, elements, 1, p);
  if (weights->rounding != tk_round_compensated) return;
  const int16_t *rest = weights->compensation + at;
  if (weights->dtype == tk_float16)
    for (int64_t i = 0; i < n; i++) p[i] = tk_half_with_rest(p[i], rest[i]);
  else
    for (int64_t i = 0; i < n; i++) p[i] = tk_bfloat_with_rest(p[i], rest[i]);
}
// Eight elements a block of the stream, whatever the cut.
static void NAME(narrow_at_random)(const tk_half_weights *weights, int64_t at, int64_t n,
  const float *p) {
  uint16_t *elements = (uint16_t *)weights->elements + at;
  uint32_t words[TK_CHUNK / 2 + 8];
  int64_t first = at & ~(int64_t)7;
  tk_philox generator = weights->generator;
  generator.position += (uint64_t)first / 8;
  tk_philox_words(generator, words, 0, (at - first + n + 1) / 2);
  for (int64_t i = 0, k = at - first; i < n; i++, k++) {
    uint32_t random = words[k / 2] >> (k % 2 * 16) & 0xffff;
    elements[i] = weights->dtype == tk_float16 ? tk_float_to_half_by(p[i], random)
                                               : tk_float_to_bfloat_by(p[i], random);
  }
}
static void NAME(narrow_weights)(const tk_half_weights *weights, int64_t at, int64_t n,
  const float *p) {
  uint16_t *elements = (uint16_t *)weights->elements + at;
  int16_t *rest = weights->compensation ? weights->compensation + at : NULL;
  if (weights->rounding == tk_round_stochastic) NAME(narrow_at_random)(weights, at, n, p);
  else if (weights->rounding == tk_round_nearest)
    NAME(tk_narrow)(weights->dtype, n, p, elements, 1);
  else if (weights->dtype == tk_float16)
    for (int64_t i = 0; i < n; i++) elements[i] = tk_float_to_half_and_rest(p[i], &rest[i]);
  else
    for (int64_t i = 0; i < n; i++) elements[i] = tk_float_to_bfloat_and_rest(p[i], &rest[i]);
}
// A chunk at a time, which stays in the nearest cache.
static void NAME(update_half)(tk_update row, const double *scalars, const tk_half_weights *weights,
  tk_dtype dtype, const void *gradient, void *const *states, int64_t begin, int64_t end) {
  float p[TK_CHUNK], g[TK_CHUNK];
  for (int64_t at = begin, n; at < end; at += n) {
    n = end - at < TK_CHUNK ? end - at : TK_CHUNK;
    void *s[TK_MAX_STATES];
    for (int k = 0; k < tk_update_describe(row).states; k++) s[k] = (float *)states[k] + at;
    NAME(widen_weights)(weights, at, n, p);
    const void *from = (const char *)gradient + at * tk_element_size(dtype);
    if (dtype != tk_float32) NAME(tk_widen)(dtype, n, from, 1, g);
    tk_update_run(row, tk_float32, scalars, p, dtype == tk_float32 ? from : g, s, 0, n);
    NAME(narrow_weights)(weights, at, n, p);
  }
}
#endif

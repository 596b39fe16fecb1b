#include "LanesArithmetic.h"
#include "Stage.h"
#if IS_REAL
#include "LanesFolds.h"
#include "LanesMath.h"
#include "RowChunks.h"

// b where a is NaN
INLINE V NAME(greater)(V a, V b) { return SELECT(GT(a, b), a, b); }
// The greatest number of a row; NaN is none, as the sum of exponentials will be NaN with it.
static REAL NAME(greatest)(NAME(row) *x, int64_t n) {
  V found[4];
  for (int k = 0; k < 4; k++) found[k] = -CONSTANT(infinity);
  for (int64_t first = 0, count; first < n; first += count) {
    count = NAME(chunk)(n - first);
    const REAL *from = NAME(take)(x, first, count);
    int64_t i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES)
      for (int k = 0; k < 4; k++) found[k] = NAME(greater)(LOAD(from + i + k * LANES), found[k]);
    for (; i < count; i += LANES) found[0] = NAME(greater)(LOAD(from + i), found[0]);
  }
  for (int k = 1; k < 4; k++) found[0] = NAME(greater)(found[k], found[0]);
  return NAME(greatest_of_lanes)(found[0]);
}
DEFINE_ROW_SUM(sum_of_products, A * B)
DEFINE_ROW_SUM(sum_of_row, A)

// y = the function of A, B and two numbers P and Q.
#define DEFINE_MAP(name, value)                                                                    \
  static void NAME(name)(                                                                          \
    NAME(row) *a, NAME(row) *b, REAL p, REAL q, const NAME(result) *y, int64_t n) {                \
    V P = SPLAT(p), Q = SPLAT(q);                                                                  \
    for (int64_t first = 0, count; first < n; first += count) {                                    \
      count = NAME(chunk)(n - first);                                                              \
      const REAL *as = NAME(take)(a, first, count), *bs = b ? NAME(take)(b, first, count) : as;    \
      REAL *to = NAME(lanes_of)(y, first, count);                                                  \
      bool far = NAME(go_far)(y, to);                                                              \
      for (int64_t i = 0; i < count; i += LANES) {                                                 \
        V A = LOAD(as + i), B = LOAD(bs + i);                                                      \
        PUT(to + i, value, far);                                                                   \
        (void)B;                                                                                   \
      }                                                                                            \
      NAME(finish)(y, first, count, to);                                                           \
    }                                                                                              \
    (void)Q;                                                                                       \
  }
DEFINE_MAP(softmax_row, EXP(A - P) * Q)
DEFINE_MAP(scaled_row, A * P)
DEFINE_MAP(log_softmax_row, (A - P) - Q)
DEFINE_MAP(softmax_slope, B * (A - P))
DEFINE_MAP(log_softmax_slope, A - EXP(B) * P)
#undef DEFINE_MAP

// The sum of exp(x - greatest), which y takes in whole lanes where there is a y. The next row is fetched meanwhile, as
// memory would wait for arithmetic otherwise, and then arithmetic for memory.
static REAL NAME(exponentials)(NAME(row) *x, REAL greatest, REAL *y, int64_t n) {
  V sum = ZERO, P = SPLAT(greatest);
  int64_t size = tk_element_size(x->dtype);
  for (int64_t first = 0, count; first < n; first += count) {
    count = NAME(chunk)(n - first);
    const REAL *from = NAME(take)(x, first, count);
    V part = ZERO;
    for (int64_t i = 0; i < count; i += LANES) {
      __builtin_prefetch(x->data + (n + first + i) * size);
      V e = EXP(LOAD(from + i) - P);
      part = part + e;
      if (y) STORE(y + first + i, e);
    }
    sum = sum + part;
  }
  return NAME(sum_of_lanes)(sum);
}
static void NAME(softmax)(bool logarithm, tk_dtype dtype, const char *x, char *y, int64_t n,
  bool far, int64_t begin, int64_t end) {
  int64_t bytes = n * tk_element_size(dtype);
  REAL buffers[2][TK_CHUNK], raised[TK_HELD];
  for (int64_t i = begin; i < end; i++) {
    NAME(row) row = {x + i * bytes, dtype, n, -NAME(infinity), buffers[0], false};
    NAME(result) to = {y + i * bytes, dtype, far, buffers[1]};
    REAL greatest = NAME(greatest)(&row, n);
    // In the result's memory where it may be: what lies like x does not get in the way of its reads.
    bool in_place = dtype == REAL_DTYPE && !far && n % LANES == 0;
    if (!logarithm && (in_place || n <= TK_HELD)) {
      REAL *held_at = in_place ? (REAL *)to.data : raised;
      REAL sum = NAME(exponentials)(&row, greatest, held_at, n);
      NAME(row) held = {(const char *)held_at, REAL_DTYPE, n, 0, buffers[0], false};
      NAME(scaled_row)(&held, NULL, 1 / sum, 0, &to, n);
      continue;
    }
    REAL sum = NAME(exponentials)(&row, greatest, NULL, n);
    if (logarithm) NAME(log_softmax_row)(&row, NULL, greatest, LOG(SPLAT(sum))[0], &to, n);
    else NAME(softmax_row)(&row, NULL, greatest, 1 / sum, &to, n);
  }
  tk_settle(far);
}
static void NAME(softmax_backward)(bool logarithm, tk_dtype dtype, const char *g, const char *y,
  char *dx, int64_t n, bool far, int64_t begin, int64_t end) {
  int64_t bytes = n * tk_element_size(dtype);
  REAL buffers[3][TK_CHUNK];
  for (int64_t i = begin; i < end; i++) {
    NAME(row) gradient = {g + i * bytes, dtype, n, 0, buffers[0], false};
    NAME(row) result = {y + i * bytes, dtype, n, 0, buffers[1], false};
    NAME(result) to = {dx + i * bytes, dtype, far, buffers[2]};
    if (logarithm) {
      REAL sum = NAME(sum_of_row)(&gradient, NULL, 0, n);
      NAME(log_softmax_slope)(&gradient, &result, sum, 0, &to, n);
    } else {
      REAL sum = NAME(sum_of_products)(&gradient, &result, 0, n);
      NAME(softmax_slope)(&gradient, &result, sum, 0, &to, n);
    }
  }
  tk_settle(far);
}

static void NAME(surprise)(tk_dtype dtype, const char *x, const int64_t *labels, REAL *y, int64_t n,
  int64_t begin, int64_t end) {
  int64_t size = tk_element_size(dtype);
  REAL buffer[TK_CHUNK], labelled;
  for (int64_t i = begin; i < end; i++) {
    NAME(row) row = {x + i * n * size, dtype, n, -NAME(infinity), buffer, false};
    REAL greatest = NAME(greatest)(&row, n);
    REAL sum = NAME(exponentials)(&row, greatest, NULL, n);
    NAME(tk_widen)(dtype, 1, row.data + labels[i] * size, 1, &labelled);
    y[i] = LOG(SPLAT(sum))[0] - (labelled - greatest);
  }
}
static void NAME(surprise_backward)(tk_dtype dtype, const char *x, const int64_t *labels,
  const REAL *g, char *dx, int64_t n, bool far, int64_t begin, int64_t end) {
  int64_t size = tk_element_size(dtype);
  REAL buffers[2][TK_CHUNK], labelled;
  for (int64_t i = begin; i < end; i++) {
    char *to = dx + i * n * size;
    if (g[i] == 0) {
      memset(to, 0, (size_t)(n * size));
      continue;
    }
    NAME(row) row = {x + i * n * size, dtype, n, -NAME(infinity), buffers[0], false};
    NAME(result) result = {to, dtype, far, buffers[1]};
    REAL greatest = NAME(greatest)(&row, n);
    REAL share = g[i] / NAME(exponentials)(&row, greatest, NULL, n);
    NAME(tk_widen)(dtype, 1, row.data + labels[i] * size, 1, &labelled);
    NAME(softmax_row)(&row, NULL, greatest, share, &result, n);
    labelled = EXP(SPLAT(labelled - greatest))[0] * share - g[i];
    NAME(tk_narrow)(dtype, 1, &labelled, to + labels[i] * size, 1);
  }
  tk_settle(far);
}
#endif

#if COMPUTE_BITS == 64
// Integers wrap around.
#if IS_REAL
#define PLUS(a, b) ((a) + (b))
#else
#define PLUS(a, b) (int64_t)((uint64_t)(a) + (uint64_t)(b))
#endif
static void NAME(cumulative_sum)(tk_dtype dtype, const char *x, char *y, tk_dtype y_dtype,
  int64_t n, int64_t begin, int64_t end) {
  int32_t size = tk_element_size(dtype), y_size = tk_element_size(y_dtype);
  REAL buffer[TK_CHUNK];
  for (int64_t row = begin; row < end; row++) {
    REAL sum = 0;
    for (int64_t first = row * n, last = first + n, count; first < last; first += count) {
      count = last - first < TK_CHUNK ? last - first : TK_CHUNK;
      NAME(tk_widen)(dtype, count, x + first * size, 1, buffer);
      for (int64_t i = 0; i < count; i++) buffer[i] = sum = PLUS(sum, buffer[i]);
      NAME(tk_narrow)(y_dtype, count, buffer, y + first * y_size, 1);
    }
  }
}
#undef PLUS
#endif

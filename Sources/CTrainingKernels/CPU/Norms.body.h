#include "LanesArithmetic.h"
#include "Stage.h"
#if IS_REAL
#include "LanesFolds.h"
#include "RowChunks.h"

DEFINE_ROW_SUM(sum_of_row, A)
DEFINE_ROW_SUM(sum_of_distances, (A - P) * (A - P))

// Padding takes no part in a sum of distances when it is the place that they are taken from.
static void NAME(pad)(NAME(row) *x, REAL padding) {
  x->padding = padding;
  for (int64_t i = x->length; x->held && i % LANES; i++) x->buffer[i] = padding;
}

static void NAME(standardize)(const tk_standardization *rule, const char *x, int64_t n,
  double epsilon, int64_t begin, int64_t end) {
  REAL buffers[5][TK_CHUNK], *roots = rule->roots;
  NAME(row) weight = {rule->weight, REAL_DTYPE, n, 0, buffers[1], false};
  NAME(row) bias = {rule->bias, REAL_DTYPE, n, 0, buffers[2], false};
  int64_t size = tk_element_size(rule->dtype), kept_size = tk_element_size(rule->values_dtype);
  int64_t y_size = tk_element_size(rule->y_dtype);
  for (int64_t i = begin; i < end; i++) {
    NAME(row) row = {x + i * n * size, rule->dtype, n, 0, buffers[0], false};
    char *kept = (char *)rule->values + i * n * kept_size;
    char *y = rule->y ? (char *)rule->y + i * n * y_size : NULL;
    NAME(result) values = {kept, rule->values_dtype, rule->far, buffers[3]};
    NAME(result) scaled = {y, rule->y_dtype, rule->far, buffers[4]};
    REAL mean = rule->centered ? NAME(sum_of_row)(&row, NULL, 0, n) / (REAL)n : 0;
    NAME(pad)(&row, mean);
    REAL square = NAME(sum_of_distances)(&row, NULL, mean, n) / (REAL)n;
    REAL root = roots[i] = 1 / SQRT(SPLAT(square + (REAL)epsilon))[0];
    V P = SPLAT(mean), R = SPLAT(root);
    for (int64_t first = 0, count; first < n; first += count) {
      count = NAME(chunk)(n - first);
      const REAL *from = NAME(take)(&row, first, count);
      const REAL *ws = rule->weight ? NAME(take)(&weight, first, count) : NULL;
      const REAL *bs = rule->bias ? NAME(take)(&bias, first, count) : NULL;
      REAL *vs = NAME(lanes_of)(&values, first, count);
      REAL *ys = y ? NAME(lanes_of)(&scaled, first, count) : NULL;
      bool values_far = NAME(go_far)(&values, vs), y_far = y && NAME(go_far)(&scaled, ys);
      for (int64_t k = 0; k < count; k += LANES) {
        V value = (LOAD(from + k) - P) * R;
        PUT(vs + k, value, values_far);
        // Rounded before the sum, as the operations one by one do it.
        if (ws) value = value * LOAD(ws + k);
        if (bs) value = value + LOAD(bs + k);
        if (ys) PUT(ys + k, value, y_far);
      }
      NAME(finish)(&values, first, count, vs);
      if (y) NAME(finish)(&scaled, first, count, ys);
    }
  }
  tk_settle(rule->far);
}

// Adds lanes to sums, as many as there are of `left`.
INLINE void NAME(add_to)(REAL *sums, V v, int64_t left) {
  if (left >= LANES) return STORE(sums, LOAD(sums) + v);
  STORE_TAIL(sums, LOAD_TAIL(sums, left, 0) + v, left);
}
static void NAME(standardize_backward)(const tk_standardization *rule, tk_dtype g_dtype,
  const char *g, char *dx, REAL *dw, REAL *db, int64_t n, int64_t begin, int64_t end) {
  REAL buffers[4][TK_CHUNK];
  const REAL *roots = rule->roots;
  NAME(row) weight = {rule->weight, REAL_DTYPE, n, 0, buffers[2], false};
  int64_t size = tk_element_size(rule->dtype), kept_size = tk_element_size(rule->values_dtype);
  int64_t g_size = tk_element_size(g_dtype);
  if (dw) memset(dw, 0, (size_t)n * sizeof *dw);
  if (db) memset(db, 0, (size_t)n * sizeof *db);
  for (int64_t i = begin; i < end; i++) {
    NAME(row) gradient = {g + i * n * g_size, g_dtype, n, 0, buffers[0], false};
    const char *kept = (const char *)rule->values + i * n * kept_size;
    NAME(row) value = {kept, rule->values_dtype, n, 0, buffers[1], false};
    V along = ZERO, across = ZERO;
    for (int64_t first = 0, count; first < n; first += count) {
      count = NAME(chunk)(n - first);
      const REAL *gs = NAME(take)(&gradient, first, count), *vs = NAME(take)(&value, first, count);
      const REAL *ws = rule->weight ? NAME(take)(&weight, first, count) : NULL;
      V along_part = ZERO, across_part = ZERO;
      for (int64_t k = 0; k < count; k += LANES) {
        V g = LOAD(gs + k), v = LOAD(vs + k), inner = ws ? g * LOAD(ws + k) : g;
        along_part = along_part + inner * v;
        across_part = across_part + inner;
        if (dw) NAME(add_to)(dw + first + k, g * v, count - k);
        if (db) NAME(add_to)(db + first + k, g, count - k);
      }
      along = along + along_part;
      across = across + across_part;
    }
    if (!dx) continue;
    V A = SPLAT(NAME(sum_of_lanes)(along) / (REAL)n), R = SPLAT(roots[i]);
    NAME(result) slopes = {dx + i * n * size, rule->dtype, rule->far, buffers[3]};
    V M = SPLAT(rule->centered ? NAME(sum_of_lanes)(across) / (REAL)n : 0);
    for (int64_t first = 0, count; first < n; first += count) {
      count = NAME(chunk)(n - first);
      const REAL *gs = NAME(take)(&gradient, first, count), *vs = NAME(take)(&value, first, count);
      const REAL *ws = rule->weight ? NAME(take)(&weight, first, count) : NULL;
      REAL *to = NAME(lanes_of)(&slopes, first, count);
      bool far = NAME(go_far)(&slopes, to);
      for (int64_t k = 0; k < count; k += LANES) {
        V inner = ws ? LOAD(gs + k) * LOAD(ws + k) : LOAD(gs + k);
        PUT(to + k, (inner - LOAD(vs + k) * A - M) * R, far);
      }
      NAME(finish)(&slopes, first, count, to);
    }
  }
  tk_settle(rule->far);
}
static void NAME(square_distances)(
  tk_dtype dtype, const char *x, REAL *y, int64_t n, int64_t begin, int64_t end) {
  int64_t bytes = n * tk_element_size(dtype);
  REAL buffer[TK_CHUNK];
  for (int64_t i = begin; i < end; i++) {
    NAME(row) row = {x + i * bytes, dtype, n, 0, buffer, false};
    REAL mean = NAME(sum_of_row)(&row, NULL, 0, n) / (REAL)n;
    NAME(pad)(&row, mean);
    y[i] = NAME(sum_of_distances)(&row, NULL, mean, n);
  }
}
#endif

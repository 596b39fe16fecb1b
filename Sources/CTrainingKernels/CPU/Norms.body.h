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
  REAL buffers[3][TK_CHUNK], values[TK_CHUNK], scaled[TK_CHUNK], *roots = rule->roots;
  NAME(row) weight = {rule->weight, REAL_DTYPE, n, 0, buffers[1], false};
  NAME(row) bias = {rule->bias, REAL_DTYPE, n, 0, buffers[2], false};
  int64_t size = tk_element_size(rule->dtype), kept_size = tk_element_size(rule->values_dtype);
  int64_t y_size = tk_element_size(rule->y_dtype);
  for (int64_t i = begin; i < end; i++) {
    NAME(row) row = {x + i * n * size, rule->dtype, n, 0, buffers[0], false};
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
      for (int64_t k = 0; k < count; k += LANES) {
        V value = (LOAD(from + k) - P) * R;
        STORE(values + k, value);
        // Rounded before the sum, as the operations one by one do it.
        if (ws) value = value * LOAD(ws + k);
        if (bs) value = value + LOAD(bs + k);
        STORE(scaled + k, value);
      }
      int64_t place = i * n + first;
      NAME(tk_narrow)(rule->values_dtype, count, values, (char *)rule->values + place * kept_size, 1);
      if (rule->y)
        NAME(tk_narrow)(rule->y_dtype, count, scaled, (char *)rule->y + place * y_size, 1);
    }
  }
}

// sums[i] += g v, or g where there is no v, over a chunk whose last lanes are padded.
static void NAME(add_slopes)(REAL *sums, int64_t count, const REAL *gs, const REAL *vs) {
  int64_t k = 0;
  for (; k + LANES <= count; k += LANES)
    STORE(sums + k, LOAD(sums + k) + (vs ? LOAD(gs + k) * LOAD(vs + k) : LOAD(gs + k)));
  for (; k < count; k++) sums[k] += vs ? gs[k] * vs[k] : gs[k];
}
static void NAME(standardize_backward)(const tk_standardization *rule, tk_dtype g_dtype,
  const char *g, char *dx, REAL *dw, REAL *db, int64_t n, int64_t begin, int64_t end) {
  REAL buffers[3][TK_CHUNK], slopes[TK_CHUNK];
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
        V inner = ws ? LOAD(gs + k) * LOAD(ws + k) : LOAD(gs + k);
        along_part = along_part + inner * LOAD(vs + k);
        across_part = across_part + inner;
      }
      along = along + along_part;
      across = across + across_part;
      if (dw) NAME(add_slopes)(dw + first, count, gs, vs);
      if (db) NAME(add_slopes)(db + first, count, gs, NULL);
    }
    if (!dx) continue;
    V A = SPLAT(NAME(sum_of_lanes)(along) / (REAL)n), R = SPLAT(roots[i]);
    V M = SPLAT(rule->centered ? NAME(sum_of_lanes)(across) / (REAL)n : 0);
    for (int64_t first = 0, count; first < n; first += count) {
      count = NAME(chunk)(n - first);
      const REAL *gs = NAME(take)(&gradient, first, count), *vs = NAME(take)(&value, first, count);
      const REAL *ws = rule->weight ? NAME(take)(&weight, first, count) : NULL;
      for (int64_t k = 0; k < count; k += LANES) {
        V inner = ws ? LOAD(gs + k) * LOAD(ws + k) : LOAD(gs + k);
        STORE(slopes + k, (inner - LOAD(vs + k) * A - M) * R);
      }
      NAME(tk_narrow)(rule->dtype, count, slopes, dx + (i * n + first) * size, 1);
    }
  }
}
#endif

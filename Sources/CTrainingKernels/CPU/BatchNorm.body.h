#include "LanesArithmetic.h"
#include "Stage.h"
#if IS_REAL
#include "LanesFolds.h"
#include "RowChunks.h"

DEFINE_ROW_SUM(sum_of_plane, A)
DEFINE_ROW_SUM(sum_of_squares, (A - P) * (A - P))
DEFINE_ROW_SUM(sum_of_products, A * (B - P))

static int64_t NAME(plane_offset)(const tk_batch_norm *norm, int64_t sample, int64_t channel) {
  return (sample * norm->channels + channel) * norm->inner * tk_element_size(norm->dtype);
}
static NAME(row) NAME(plane)(const tk_batch_norm *norm, const void *data, int64_t offset, REAL *buffer) {
  return (NAME(row)){(const char *)data + offset, norm->dtype, norm->inner, 0, buffer, false};
}

typedef struct NAME(moments) { double count, mean, squares; } NAME(moments);

// Each plane by itself, while it is in the cache, and then together: no square is large beside the variance.
static NAME(moments) NAME(moments_of_channel)(const tk_batch_norm *norm, int64_t channel) {
  REAL buffer[TK_CHUNK];
  NAME(moments) all = {0, 0, 0};
  for (int64_t sample = 0; sample < norm->batch; sample++) {
    NAME(row) row = NAME(plane)(norm, norm->x, NAME(plane_offset)(norm, sample, channel), buffer);
    REAL mean = NAME(sum_of_plane)(&row, NULL, 0, norm->inner) / (REAL)norm->inner;
    row.padding = mean;
    for (int64_t i = norm->inner; row.held && i % LANES; i++) buffer[i] = mean;
    double squares = NAME(sum_of_squares)(&row, NULL, mean, norm->inner), distance = mean - all.mean;
    double count = all.count + (double)norm->inner, share = (double)norm->inner / count;
    all.mean += distance * share;
    all.squares += squares + distance * distance * all.count * share;
    all.count = count;
  }
  return all;
}

static void NAME(batch_norm)(
  const tk_batch_norm *norm, double epsilon, REAL *variances, char *y, int64_t begin, int64_t end) {
  REAL buffer[TK_CHUNK], values[TK_CHUNK], *means = norm->means, *roots = norm->roots;
  const REAL *weight = norm->weight, *bias = norm->bias;
  int64_t size = tk_element_size(norm->dtype);
  for (int64_t channel = begin; channel < end; channel++) {
    NAME(moments) moments = NAME(moments_of_channel)(norm, channel);
    REAL variance = (REAL)(moments.squares / moments.count);
    means[channel] = (REAL)moments.mean, variances[channel] = variance;
    roots[channel] = 1 / SQRT(SPLAT(variance + (REAL)epsilon))[0];
    V M = SPLAT(means[channel]), S = SPLAT(weight ? roots[channel] * weight[channel] : roots[channel]);
    V B = SPLAT(bias ? bias[channel] : 0);
    for (int64_t sample = 0; sample < norm->batch; sample++) {
      int64_t offset = NAME(plane_offset)(norm, sample, channel);
      NAME(row) row = NAME(plane)(norm, norm->x, offset, buffer);
      for (int64_t first = 0, count; first < norm->inner; first += count) {
        count = NAME(chunk)(norm->inner - first);
        const REAL *from = NAME(take)(&row, first, count);
        REAL *to = size == sizeof(REAL) && count % LANES == 0 ? (REAL *)(y + offset) + first : values;
        for (int64_t k = 0; k < count; k += LANES) STORE(to + k, FMA(LOAD(from + k) - M, S, B));
        if (to == values) NAME(tk_narrow)(norm->dtype, count, values, y + offset + first * size, 1);
      }
    }
  }
}

static void NAME(batch_norm_backward)(const tk_batch_norm *norm, const void *g, char *dx, REAL *dw, REAL *db,
                                      int64_t begin, int64_t end) {
  REAL buffers[2][TK_CHUNK], slopes[TK_CHUNK];
  const REAL *means = norm->means, *roots = norm->roots, *weight = norm->weight;
  int64_t size = tk_element_size(norm->dtype);
  double count_of_channel = (double)norm->batch * (double)norm->inner;
  for (int64_t channel = begin; channel < end; channel++) {
    double along = 0, across = 0;
    for (int64_t sample = 0; sample < norm->batch; sample++) {
      int64_t offset = NAME(plane_offset)(norm, sample, channel);
      NAME(row) gradient = NAME(plane)(norm, g, offset, buffers[0]);
      NAME(row) value = NAME(plane)(norm, norm->x, offset, buffers[1]);
      along += NAME(sum_of_products)(&gradient, &value, means[channel], norm->inner);
      across += NAME(sum_of_plane)(&gradient, NULL, 0, norm->inner);
    }
    REAL root = roots[channel];
    if (dw) dw[channel] = (REAL)along * root;
    if (db) db[channel] = (REAL)across;
    if (!dx) continue;
    V S = SPLAT(weight ? root * weight[channel] : root), M = SPLAT(means[channel]);
    V A = SPLAT((REAL)(along / count_of_channel) * root * root), C = SPLAT((REAL)(across / count_of_channel));
    for (int64_t sample = 0; sample < norm->batch; sample++) {
      int64_t offset = NAME(plane_offset)(norm, sample, channel);
      NAME(row) gradient = NAME(plane)(norm, g, offset, buffers[0]);
      NAME(row) value = NAME(plane)(norm, norm->x, offset, buffers[1]);
      for (int64_t first = 0, count; first < norm->inner; first += count) {
        count = NAME(chunk)(norm->inner - first);
        const REAL *gs = NAME(take)(&gradient, first, count), *xs = NAME(take)(&value, first, count);
        REAL *to = size == sizeof(REAL) && count % LANES == 0 ? (REAL *)(dx + offset) + first : slopes;
        for (int64_t k = 0; k < count; k += LANES)
          STORE(to + k, (LOAD(gs + k) - C - (LOAD(xs + k) - M) * A) * S);
        if (to == slopes) NAME(tk_narrow)(norm->dtype, count, slopes, dx + offset + first * size, 1);
      }
    }
  }
}
#endif

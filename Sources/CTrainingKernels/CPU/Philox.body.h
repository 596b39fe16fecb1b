#include "Random.body.h"
#include "Stage.h"

#if COMPUTE_BITS == 32
// Four words a block; the block's number is the counter.
static void NAME(blocks)(uint64_t key, uint64_t counter, uint32_t *words, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)(counter + (uint64_t)i), c1 = (uint32_t)((counter + (uint64_t)i) >> 32);
    uint32_t c2 = 0, c3 = 0;
    for (int round = 0; round < 10; round++, key0 += 0x9e3779b9, key1 += 0xbb67ae85) {
      uint64_t product0 = (uint64_t)0xd2511f53 * c0, product1 = (uint64_t)0xcd9e8d57 * c2;
      c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
      c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
      c1 = (uint32_t)product1;
      c3 = (uint32_t)product0;
    }
    words[4 * i] = c0;
    words[4 * i + 1] = c1;
    words[4 * i + 2] = c2;
    words[4 * i + 3] = c3;
  }
}
// Two words an element; the first keeps all its bits, for the tails.
static void NAME(normal)(const uint32_t *words, float mean, float deviation, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    float cosine, sine;
    float u = FUSED((float)words[2 * i], 0x1p-32f, 0x1p-33f);
    float v = (float)(int32_t)(words[2 * i + 1] >> 8) * 0x1p-24f;
    NAME(box_muller)(u, v, &cosine, &sine);
    y[i] = FUSED(cosine, deviation, mean);
  }
}
#else
// Four words an element.
static void NAME(normal)(const uint32_t *words, double mean, double deviation, double *y,
  int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double u[2], cosine, sine;
    NAME(uniform)(words + 4 * i, 0, 1, u, 2);
    NAME(box_muller)(1 - u[0], u[1], &cosine, &sine);
    y[i] = FUSED(cosine, deviation, mean);
  }
}
#endif
// y = x times a factor, of the dtype, where an element's word is below the threshold, and times zero
// elsewhere.
static void NAME(drop)(const uint32_t *words, uint64_t threshold, double factor, tk_dtype dtype,
  const char *x, char *y, int64_t n, bool far) {
  REAL kept = (REAL)factor, values[stretch];
  NAME(tk_narrow)(dtype, 1, &kept, values, 1);
  NAME(tk_widen)(dtype, 1, values, 1, &kept);
  // The last word below; where there is none, nothing is kept.
  uint32_t last = (uint32_t)(threshold - 1);
  if (threshold == 0) kept = 0;
  const REAL *from = (const REAL *)x;
  if (dtype != REAL_DTYPE) NAME(tk_widen)(dtype, n, x, 1, values), from = values;
  REAL *to = dtype == REAL_DTYPE && !far ? (REAL *)y : values;
  // y may be x, place by place.
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = 0; i < n; i++) to[i] = from[i] * (words[i] <= last ? kept : 0);
  if (far && dtype == REAL_DTYPE) tk_stream(y, to, n * (int64_t)sizeof *to);
  else if (to == values) NAME(tk_narrow)(dtype, n, values, y, 1);
}

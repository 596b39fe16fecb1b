#include "Random.body.h"

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

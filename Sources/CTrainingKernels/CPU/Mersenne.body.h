#include "Random.body.h"

// Blocks of 16: uniforms become normals, the first eight with the last eight.
static void NAME(normal)(REAL *y, REAL mean, REAL deviation, int64_t n) {
  for (REAL *block = y; block < y + n; block += 16) {
#pragma clang loop unroll(disable)
    for (int j = 0; j < 8; j++) {
      REAL cosine, sine;
      NAME(box_muller)(1 - block[j], block[j + 8], &cosine, &sine);
      block[j] = FUSED(cosine, deviation, mean);
      block[j + 8] = FUSED(sine, deviation, mean);
    }
  }
}

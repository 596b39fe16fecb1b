#pragma once

// C = alpha A B + beta C, `batch` times, as tk_gemm. A and B have one dtype, C that or float.
typedef struct tk_cuda_gemm {
  int64_t m, n, k, batch;
  const void *a, *b;
  void *c;
  int64_t a_row, a_column, a_batch;
  int64_t b_row, b_column, b_batch;
  int64_t c_row, c_batch;
  float alpha, beta;
  // Whether chunks of 16 bytes of A and of B may be read at once.
  bool a_vector, b_vector;
  // Whether C is float where A and B are halves.
  bool wide;
  // Runs of `share` along k, whose sums are kept in `parts` where there are several: [splits, batch, m, n] in float, or
  // double.
  int64_t splits, share;
  void *parts;
} tk_cuda_gemm;

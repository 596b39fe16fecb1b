#pragma once

// C = alpha A B + beta C, `batch` times. Row and column strides count elements and may be anything, so
// that transposes are views; C's columns are contiguous (its row stride is free). A and B have the
// dtype of C or, when C is float32, may be float16 or bfloat16; accumulation is float32, or float64
// for float64. beta is 0 (C is not read) or 1. At the level amx, products of bfloat16 take subnormal
// numbers for zeros.
typedef struct tk_gemm {
  int64_t m, n, k, batch;
  const void *a, *b;
  void *c;
  tk_dtype input, output;
  int64_t a_row, a_column, a_batch;
  int64_t b_row, b_column, b_batch;
  int64_t c_row, c_batch;
  float alpha, beta;
  // How many threads share the blocks; results are the same bits for any.
  int64_t threads;
} tk_gemm;

// The work is cut into blocks by its sizes and the threads that share it; every block writes its own part of C.
int64_t tk_gemm_block_count(const tk_gemm *gemm);
// Bytes of 64-byte aligned scratch memory that one call of tk_gemm_run needs.
size_t tk_gemm_workspace(const tk_gemm *gemm);
void tk_gemm_run(const tk_gemm *gemm, void *workspace, int64_t begin, int64_t end);

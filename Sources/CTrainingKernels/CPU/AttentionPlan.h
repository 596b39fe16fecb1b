// How attention is cut. Scores exist for a tile of targets at a time, in whole rows, so that backward
// finds the weights again without a note from forward.
#pragma once
#include "GemmPlan.h"
#include "TrainingKernels.h"

// Targets of a tile, and of a unit of work: what is widened for a unit is shared by its tiles.
#define TILE_TARGETS ((int64_t)64)
#define UNIT_TARGETS ((int64_t)256)

static inline int64_t attention_least(int64_t a, int64_t b) { return a < b ? a : b; }

// The sources that the first targets see, up to `end`.
static inline int64_t attention_seen(const tk_attention *a, int64_t end) {
  return a->causal ? attention_least(end, a->sources) : a->sources;
}
// C[m, n] = A[m, k] B[k, n] without the pointers.
static inline tk_gemm attention_product(tk_dtype input, tk_dtype output, int64_t m, int64_t n,
  int64_t k, int64_t a_row, int64_t a_column, int64_t b_row, int64_t b_column, int64_t c_row) {
  return (tk_gemm){.m = m, .n = n, .k = k, .batch = 1, .input = input, .output = output,
    .a_row = a_row, .a_column = a_column, .b_row = b_row, .b_column = b_column, .c_row = c_row,
    .alpha = 1, .threads = 1};
}

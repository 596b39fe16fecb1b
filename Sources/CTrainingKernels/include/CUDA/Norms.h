#pragma once

// Rows of `width` contiguous elements, brought to mean 0 where they are centered and to mean square 1. Roots, weight
// and bias are of the type that rows are computed in; the weight and the bias of a row may be null.
typedef struct tk_cuda_norms {
  // Rows, or their gradient on the way back.
  const void *x;
  const void *weight, *bias;
  void *values, *roots;
  // Null where nothing is scaled, or no gradient of the rows is asked for.
  void *y;
  // A row of sums for each block; either may be null.
  void *to_weight, *to_bias;
  int64_t rows, width;
  // The rows of a block on the way back.
  int64_t block_rows;
  double epsilon;
  bool centered;
} tk_cuda_norms;

// Runs of `slices` rows of partial sums, each added up to one row. Either pair may be null.
typedef struct tk_cuda_slices {
  const void *weight_slices, *bias_slices;
  void *to_weight, *to_bias;
  int64_t width;
  int32_t slices;
} tk_cuda_slices;

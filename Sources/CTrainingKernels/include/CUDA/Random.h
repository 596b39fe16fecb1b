#pragma once

// count elements from a Philox stream, as tk_philox_uniform and its kin draw them. A thread takes four.
typedef struct tk_cuda_random {
  const void *x;               // of dropout
  void *y;
  uint64_t key, position;
  int64_t count;
  double a, b;                 // bounds, or mean and deviation, or probability and value
  int64_t lower, upper;        // the bounds of integers
  bool packed;                 // whether four elements can be read and written at once
} tk_cuda_random;

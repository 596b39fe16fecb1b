#pragma once
#include "CUDA/Space.h"

// y, x
typedef struct tk_cuda_copy { tk_cuda_walk walk; } tk_cuda_copy;

// Integers take `integer`, reals take `real`.
typedef struct tk_cuda_fill {
  tk_cuda_walk walk;
  double real;
  int64_t integer;
} tk_cuda_fill;

typedef struct tk_cuda_range {
  void *y;
  int64_t count;
  double start, step;
} tk_cuda_range;

#pragma once
#include "CUDA/Space.h"

// The first operand is written. Parameters are P0 and P1 of a row.
typedef struct tk_cuda_pointwise {
  tk_cuda_walk walk;
  double parameters[2];
} tk_cuda_pointwise;

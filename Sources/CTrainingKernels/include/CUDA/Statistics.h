#pragma once
#include "CUDA/Table.h"

// What one pass finds, as tk_statistics.
typedef struct tk_cuda_statistics {
  double power_sum, largest;
  int64_t non_finite, zeros;
} tk_cuda_statistics;

// found[part * pieces + piece] = what a piece of x holds, which are `parts` equal runs.
typedef struct tk_cuda_measure {
  const void *x;
  tk_cuda_statistics *found;
  int64_t length;              // elements of a part
  int64_t piece, pieces;       // elements of a piece, a multiple of 16, and pieces of a part
  double power, scale;
  bool packed;                 // whether 16 bytes can be read at once
} tk_cuda_measure;

// joined[part] = what `pieces` of a part have found.
typedef struct tk_cuda_join {
  const tk_cuda_statistics *found;
  tk_cuda_statistics *joined;
  int64_t pieces;
} tk_cuda_join;

// A tensor of a table, of which every block takes a piece of TK_CUDA_MEASURED elements.
#define TK_CUDA_MEASURED 16384
typedef struct tk_cuda_measured {
  const void *x;
  int64_t length;
  bool packed;                 // whether 16 bytes can be read at once
} tk_cuda_measured;

// found[block] = what the squares of a piece are, and joined[tensor] = what those of a tensor are.
typedef struct tk_cuda_measure_each {
  tk_cuda_table table;
  tk_cuda_statistics *found, *joined;
} tk_cuda_measure_each;

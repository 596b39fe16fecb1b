#pragma once

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

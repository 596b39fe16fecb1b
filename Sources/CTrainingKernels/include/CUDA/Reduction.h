#pragma once

// Some axes of an array, in their order; strides count elements. Of N elements that are read at once, the last axis
// counts packs.
typedef struct tk_cuda_axes {
  int64_t shape[8], strides[8];
  int32_t rank;
} tk_cuda_axes;

// y[piece * results + i] = the fold of a piece of the reduced points of kept point i.
typedef struct tk_cuda_reduction {
  const void *x;
  void *y;
  const int64_t *places;       // what pieces have found
  tk_cuda_axes kept, reduced;
  int64_t results;             // kept points, or packs of them where kept points are read together
  int64_t points;              // reduced points, or packs of them
  int64_t piece, pieces;       // points of a piece, and how many pieces there are
  int32_t width;               // threads that share a result, or results beside each other: a power of two
  int32_t dtype;               // of y, where it is not found places
} tk_cuda_reduction;

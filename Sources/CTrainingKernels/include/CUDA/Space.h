// The points that a kernel visits, and where its operands hold them.
#pragma once
#include "CUDA/Elements.h"

#define TK_CUDA_RANK 8
#define TK_CUDA_OPERANDS 4
// Threads of a block that walks.
#define TK_CUDA_THREADS 256

// Divides n < 2^31 by a value up to 2^31: ((n multiplier >> 32) + n) >> shift.
typedef struct tk_cuda_divisor { uint32_t value, multiplier, shift; } tk_cuda_divisor;

// How the points of one thread lie, beside each other on the last axis: the same element for all, a pack at a multiple
// of its size, or elements that are read one by one.
typedef enum tk_cuda_access : int32_t { tk_cuda_same, tk_cuda_packed, tk_cuda_strided } tk_cuda_access;

// Strides count elements; those of the last axis come first.
typedef struct tk_cuda_operand {
  void *data;
  tk_dtype dtype;
  tk_cuda_access access;
  int64_t strides[TK_CUDA_RANK];
} tk_cuda_operand;

// Axes from the last, which moves fastest. A thread takes `width` points of it at a time, so that the first axis counts
// packs of its `columns` points.
typedef struct tk_cuda_walk {
  int32_t rank;
  uint32_t threads;
  int64_t columns;
  tk_cuda_divisor axes[TK_CUDA_RANK];
  tk_cuda_operand operands[TK_CUDA_OPERANDS];
} tk_cuda_walk;

// A copy through tiles of `side` by `side` elements that x holds down and y along; there are `down` rows and `across`
// columns, and the axes of `before` outside. Strides are those of rows, then of columns.
typedef struct tk_cuda_tiles {
  const void *x;
  void *y;
  int64_t down, across, x_strides[2], y_strides[2];
  tk_cuda_divisor tiles_down, tiles_across;
  int32_t rank, tiles;
  tk_cuda_divisor before[TK_CUDA_RANK];
  int64_t x_before[TK_CUDA_RANK], y_before[TK_CUDA_RANK];
} tk_cuda_tiles;

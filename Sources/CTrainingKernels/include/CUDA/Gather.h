#pragma once

// Arrays seen as [outer, axis, inner], and the index of a point of [outer, count, inner], as tk_index.
typedef struct tk_cuda_gather {
  const void *x;
  void *y;
  const int64_t *index;
  int64_t outer_stride, axis_stride, inner_stride;
  int64_t outer, count, inner;   // packs along the inner axis where some elements are moved at once
  int64_t axis;                  // the extent that indices pick from
} tk_cuda_gather;

// The first index that is a mistake of the caller, in memory that the processor reads, too.
typedef struct tk_cuda_stray {
  int64_t index;
  int64_t is_there;
} tk_cuda_stray;

// Indices that are to be in 0 ..< limit, or the one that is ignored where `ignores`. Kernels that use indices leave out
// others, and read zeros in their place.
typedef struct tk_cuda_index_check {
  const int64_t *index;
  tk_cuda_stray *stray;
  int64_t count, limit, ignored;
  bool ignores;
} tk_cuda_index_check;

// What is added to y where one list of indices is for all columns, (outer, inner) pairs, and `order` sorts it. Sums of
// runs of equal indices that reach beyond a piece of 32 places are left in heads and tails, [pieces, columns].
typedef struct tk_cuda_scatter {
  const void *x;
  void *y;
  const int64_t *index, *order;
  void *heads, *tails;
  int64_t outer, count, inner, axis;
} tk_cuda_scatter;

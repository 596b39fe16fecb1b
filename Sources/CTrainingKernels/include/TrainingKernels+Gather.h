#pragma once

// Arrays seen as [outer, axis, inner], contiguous. The index of result point (o, j, i) stands at
// data[o * outer_stride + j * axis_stride + i * inner_stride], so that one list of rows (embedding,
// index select: strides 0, 1, 0) and a full array of indices (gather) are the same kernel.
typedef struct tk_index {
  const int64_t *data;
  int64_t outer_stride, axis_stride, inner_stride;
  int64_t outer, count, inner;   // extent of the indexed result: [outer, count, inner]
} tk_index;

// The first position of the result whose index is outside 0 ..< limit, or -1.
int64_t tk_index_check(const tk_index *index, int64_t limit);
// y[o, j, i] = x[o, index(o, j, i), i]; x is [outer, axis, inner]; a range counts (o, j) pairs.
void tk_gather(tk_dtype dtype, const tk_index *index, int64_t axis, const void *x, void *y,
  int64_t begin, int64_t end);
// y[o, index(o, j, i), i] += x[o, j, i], in order of j; y is [outer, axis, inner]. A range counts
// (o, i) pairs, so that no two ranges write one element. Halves are rounded after every addition:
// where many elements meet, add into float32 instead. Integers wrap around, bool is set.
void tk_scatter_add(tk_dtype dtype, const tk_index *index, int64_t axis, const void *x, void *y,
  int64_t begin, int64_t end);

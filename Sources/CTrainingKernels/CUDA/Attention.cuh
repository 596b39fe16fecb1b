// What attention by threads and by matrix units have in common. Scores exist for a tile of rows and columns at a time.
#pragma once
#include "Tile.cuh"
#include "CUDA/Attention.h"

#ifdef __CUDACC_RTC__
#define INFINITE __int_as_float(0x7f800000)
#else
#define INFINITE HUGE_VALF
#endif

// What a pass makes. Rows are targets and columns sources, but the other way round for gradients of keys and values.
enum Pass {
  means,    // the result
  records,  // what the passes after it read of every target
  queries,  // the gradients of these
  keys,
  values
};

// The tile of a block: one head, and some of the rows and of the columns of the result.
struct Work {
  int64 head, batch, lane, row, part, rows, columns, begin, end;

  // `depth` is how many columns the result has, of which a block takes `width`.
  DEVICE Work(const tk_cuda_attention &a, Pass pass, int height, int64 depth, int width) {
    bool isTurned = pass == keys || pass == values;
    rows = isTurned ? a.sources : a.targets, columns = isTurned ? a.targets : a.sources;
    int64 tall = (rows + height - 1) / height, parts = pass == records ? 1 : (depth + width - 1) / width;
    int64 at = blockIdx.x / tall;
    // The longest rows of a causal order come first.
    row = (isTurned ? blockIdx.x % tall : tall - 1 - blockIdx.x % tall) * height;
    part = at % parts * width, head = at / parts, batch = head / a.heads, lane = head % a.heads;
    begin = 0, end = columns;
    if (a.causal && isTurned) begin = row < columns ? row : columns;
    if (a.causal && !isTurned && row + height < columns) end = row + height;
  }

  template <class T> DEVICE T *of(const tk_cuda_heads &m) const {
    return (T *)m.data + batch * m.batch + lane * m.head;
  }

  // Whether the one at a row sees that at a column, or is seen by it.
  DEVICE bool sees(const tk_cuda_attention &a, Pass pass, int64 r, int64 c) const {
    bool isTurned = pass == keys || pass == values;
    int64 target = isTurned ? c : r, source = isTurned ? r : c;
    if (r >= rows || c >= columns || (a.causal && source > target)) return false;
    return !a.mask.data || of<uint8_t>(a.mask)[target * a.mask.row + source * a.mask_step];
  }
};

// What is kept of a target.
template <class C> struct Record {
  C greatest, inverse, mean;

  DEVICE void read(const tk_cuda_attention &a, int64 at) {
    greatest = ((const C *)a.greatest)[at], inverse = ((const C *)a.inverse)[at], mean = ((const C *)a.mean)[at];
  }
  DEVICE void write(const tk_cuda_attention &a, int64 at) const {
    ((C *)a.greatest)[at] = greatest, ((C *)a.inverse)[at] = inverse, ((C *)a.mean)[at] = mean;
  }
};

// The weights of a row that is read from column to column: the greatest score so far, and beside it the sum of this
// thread's weights, and of their products.
template <class C> struct Row {
  C greatest, sum, mean;

  DEVICE void clear() { greatest = -INFINITE, sum = 0, mean = 0; }

  // Brings sums to another greatest score; returns what others have to be multiplied with.
  template <class F> DEVICE C raise(C score, F power) {
    C most = score > greatest ? score : greatest, factor = power(greatest - base(most));
    greatest = most, sum *= factor, mean *= factor;
    return factor;
  }
  // What scores are compared with; nothing is seen where there is none.
  DEVICE static C base(C greatest) { return greatest == -INFINITE ? C(0) : greatest; }
  DEVICE C beside() const { return base(greatest); }
};

// The greatest score of a row of `lanes` neighbours, in all of them. NaN is found by its weight.
template <class C, int lanes> DEVICE C greatestOf(C x) {
#pragma unroll
  for (int offset = lanes / 2; offset > 0; offset /= 2) {
    C other = __shfl_xor_sync(0xffffffffu, x, offset);
    x = other > x ? other : x;
  }
  return x;
}
template <class C, int lanes> DEVICE C sumOf(C x) {
#pragma unroll
  for (int offset = lanes / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}

// Products of matrices.
#include "Tile.cuh"
#include "CUDA/Gemm.h"

// Rows of an operand, which has an element every `step` along depth; columns of B are its rows. Chunks lie along depth
// or along rows. LATER tells that every chunk is on a multiple of 16 bytes.
template <class T, bool ALONG_DEPTH, bool LATER> struct Strided {
  static constexpr bool isDense = true, isLater = LATER;
  const T *data;
  int64 rows, row, step, end;
  bool vector;

  DEVICE void turn(int64) {}

  DEVICE int left(int at, int64 depth) const {
    bool isOutside = ALONG_DEPTH ? at >= rows : depth >= end;
    int64 left = ALONG_DEPTH ? end - depth : rows - at;
    return isOutside || left < 0 ? 0 : left > 8 ? 8 : (int)left;
  }

  DEVICE void copy(T *to, int at, int64 depth) const {
    int count = left(at, depth);
    copyLater(to, count > 0 ? data + at * row + depth * step : data, count * (int)sizeof(T));
  }

  template <int E> DEVICE void chunk(T (&to)[E], int at, int64 depth) const {
    int count = left(at, depth);
    const T *from = data + at * row + depth * step;
    if (vector && count >= E) return copyChunk<T, E>(to, from);
    int64 next = ALONG_DEPTH ? step : row;
#pragma unroll
    for (int e = 0; e < E; e++) to[e] = e < count ? from[e * next] : T{};
  }
};

template <class T, class Number> DEVICE void putQuad(
  T *to, Number (&quad)[4], int64 left, float alpha, float beta) {
#pragma unroll
  for (int e = 0; e < 4; e++) {
    quad[e] *= alpha;
    if (beta != 0 && e < left) quad[e] += beta * compute(to[e]);
  }
  if (left >= 4 && (size_t)to % sizeof(Pack<T, 4>) == 0 && sizeof(T) < 8) {
    Pack<T, 4> pack;
#pragma unroll
    for (int e = 0; e < 4; e++) pack.values[e] = rounded<T>(quad[e]);
    *(Pack<T, 4> *)to = pack;
    return;
  }
#pragma unroll
  for (int e = 0; e < 4; e++)
    if (e < left) to[e] = rounded<T>(quad[e]);
}

// Four numbers of a row go to C, or to the parts.
template <class T, class Number> DEVICE void putSums(
  const tk_cuda_gemm &a, int64 split, int64 batch, int64 i, int64 j, Number (&quad)[4]) {
  if (i >= a.m || j >= a.n) return;
  int64 at = batch * a.c_batch + i * a.c_row + j, part = ((split * a.batch + batch) * a.m + i) * a.n + j;
  if (a.splits > 1) putQuad((Number *)a.parts + part, quad, a.n - j, 1, 0);
  else if (sizeof(T) == 2 && a.wide) putQuad((float *)a.c + at, quad, a.n - j, a.alpha, a.beta);
  else putQuad((T *)a.c + at, quad, a.n - j, a.alpha, a.beta);
}

// One tile of SIDE x SIDE of C over one run of k. A_DEPTH and B_DEPTH tell that chunks of an operand lie along k, and
// LATER that all of them are on multiples of 16 bytes.
template <class T, int SIDE, bool A_DEPTH, bool B_DEPTH, bool LATER>
__global__ void __launch_bounds__(TileOf<T, SIDE>::type::threads, SIDE == 128 && sizeof(T) == 2 ? 2 : 1)
gemm(tk_cuda_gemm a) {
  using Tile = typename TileOf<T, SIDE>::type;
  using SourceA = Strided<T, A_DEPTH, LATER>;
  using SourceB = Strided<T, B_DEPTH, LATER>;
  using A = Loader<T, SIDE, Tile::depth, Tile::threads, A_DEPTH, SourceA>;
  using B = Loader<T, SIDE, Tile::depth, Tile::threads, B_DEPTH, SourceB>;
  DYNAMIC_SHARED(T, memory);
  int64 high = (a.m + SIDE - 1) / SIDE, wide = (a.n + SIDE - 1) / SIDE, rest = blockIdx.x / (high * wide);
  int64 at = blockIdx.x % (high * wide), batch = rest % a.batch, split = rest / a.batch;
  // Tiles of eight rows after each other read the same columns.
  int64 band = at / (8 * wide), tall = high - band * 8 < 8 ? high - band * 8 : 8, inside = at - band * 8 * wide;
  int64 i = (band * 8 + inside % tall) * SIDE, j = inside / tall * SIDE;
  int64 start = split * a.share, end = start + a.share < a.k ? start + a.share : a.k;
  SourceA left{(const T *)a.a + batch * a.a_batch + i * a.a_row, a.m - i, a.a_row, a.a_column, end, a.a_vector};
  SourceB right{(const T *)a.b + batch * a.b_batch + j * a.b_column, a.n - j, a.b_column, a.b_row, end, a.b_vector};
  Tile tile;
  sumProducts<T, Tile, A, B>(tile, memory, left, right, start, end);
  tile.forQuads(memory, [&](int r, int c, typename Tile::Number (&quad)[4]) {
    putSums<T>(a, split, batch, i + r, j + c, quad);
  });
}

// C from the sums of runs, in their order.
template <class T, class C> __global__ void gemm_parts(tk_cuda_gemm a) {
  using Number = Compute<T>;
  int64 count = a.batch * a.m * a.n, stride = (int64)gridDim.x * blockDim.x;
  for (int64 e = (int64)blockIdx.x * blockDim.x + threadIdx.x; e < count; e += stride) {
    Number sum = 0;
    for (int64 split = 0; split < a.splits; split++) sum += ((const Number *)a.parts)[split * count + e];
    int64 row = e / a.n;
    C *to = (C *)a.c + row / a.m * a.c_batch + row % a.m * a.c_row + e % a.n;
    sum *= a.alpha;
    *to = rounded<C>(a.beta != 0 ? sum + a.beta * compute(*to) : sum);
  }
}

// Rows brought to mean 0 and mean square 1, and the way back. A row is held in PACKS packs a thread of its team, or
// read again where PACKS is 0.
#include "Row.cuh"
#include "CUDA/Norms.h"

// The mean of a row and the sum of squared distances from it; without a mean, of squares.
template <class C> struct Spread { C mean, squares; };

template <class TEAM, class T, int PACKS, int N, bool ALIGNED>
DEVICE Spread<Compute<T>> spreadOfHeld(const Pack<T, N> (&x)[PACKS], const Line<N, ALIGNED> &line, bool centered) {
  using C = Compute<T>;
  C sum = 0, squares = 0;
  if (centered) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) sum += compute(x[k].values[i]);
    }
    sum = TEAM::sum(sum);
  }
  C mean = sum / (C)line.length;
#pragma unroll
  for (int k = 0; k < PACKS; k++) {
#pragma unroll
    for (int i = 0; i < N; i++) {
      C distance = compute(x[k].values[i]) - mean;
      if (line.has(TEAM::rank() + k * TEAM::size(), i)) squares += distance * distance;
    }
  }
  return {mean, TEAM::sum(squares)};
}

template <class TEAM, class T, int N, bool ALIGNED>
DEVICE Spread<Compute<T>> spreadOf(const T *row, const Line<N, ALIGNED> &line, bool centered) {
  using C = Compute<T>;
  C length = (C)line.length;
  Moments<C> found = momentsOf<TEAM>(row, line);
  C mean = centered ? TEAM::sum(found.count * found.mean) / length : C(0), distance = found.mean - mean;
  return {mean, TEAM::sum(found.squares + found.count * distance * distance)};
}

template <class X, class V, class Y, int N, bool ALIGNED> struct Standardizer {
  using C = Compute<X>;
  const Line<N, ALIGNED> &line;
  const C *weight, *bias;
  V *values;
  Y *y;
  C mean, root;

  DEVICE void write(int pack, const Pack<X, N> &x) const {
    C results[N];
#pragma unroll
    for (int i = 0; i < N; i++) results[i] = (compute(x.values[i]) - mean) * root;
    line.store(values, pack, results);
    if (!y) return;
    if (weight) {
      Pack<C, N> factors = line.load(weight, pack);
#pragma unroll
      for (int i = 0; i < N; i++) results[i] *= factors.values[i];
    }
    if (bias) {
      Pack<C, N> shifts = line.load(bias, pack);
#pragma unroll
      for (int i = 0; i < N; i++) results[i] += shifts.values[i];
    }
    line.store(y, pack, results);
  }
};

// values = (x - mean) root with root = 1 / sqrt(mean square + epsilon); y = values weight + bias. Four blocks are
// asked for because the compiler spills for one more otherwise.
template <class X, class V, class Y, int LANES, int PACKS, bool ALIGNED> __global__
__launch_bounds__(LANES ? 128 : 512, LANES ? 4 : 1) void standardize(tk_cuda_norms a) {
  using C = Compute<X>;
  using Own = Team<LANES>;
  constexpr int N = packLength<X, V, Y>, BATCH = PACKS ? PACKS : 2;
  int64 row = Own::row(), length = row < a.rows ? a.width : 0;
  const X *x = (const X *)a.x + row * a.width;
  Line<N, ALIGNED> line(length, Line<N, ALIGNED>::shiftOf(x));
  Pack<X, N> packs[BATCH];
  Spread<C> spread;
  if constexpr (PACKS > 0) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) packs[k] = line.load(x, Own::rank() + k * Own::size());
    spread = spreadOfHeld<Own>(packs, line, a.centered);
  } else {
    spread = spreadOf<Own>(x, line, a.centered);
  }
  if (length == 0) return;
  C root = 1 / squareRoot(spread.squares / (C)length + (C)a.epsilon);
  V *values = (V *)a.values + row * a.width;
  Y *y = a.y ? (Y *)a.y + row * a.width : nullptr;
  Standardizer<X, V, Y, N, ALIGNED> to = {line, (const C *)a.weight, (const C *)a.bias, values, y, spread.mean, root};
  int stride = BATCH * Own::size(), last = PACKS ? 0 : (line.packs - 1) / stride * stride;
  // From the end of the row, which is still near.
  for (int from = last; from >= 0; from -= stride) {
    if (PACKS == 0) {
#pragma unroll
      for (int k = 0; k < BATCH; k++) packs[k] = line.load(x, from + Own::rank() + k * Own::size());
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) to.write(from + Own::rank() + k * Own::size(), packs[k]);
  }
  if (Own::rank() == 0) ((C *)a.roots)[row] = root;
}

template <class T, int LANES, bool ALIGNED> __global__ __launch_bounds__(LANES ? 128 : 512)
void squareDistances(tk_cuda_norms a) {
  using C = Compute<T>;
  using Own = Team<LANES>;
  constexpr int N = packLength<T>;
  int64 row = Own::row(), length = row < a.rows ? a.width : 0;
  const T *x = (const T *)a.x + row * a.width;
  Line<N, ALIGNED> line(length, Line<N, ALIGNED>::shiftOf(x));
  Spread<C> spread = spreadOf<Own>(x, line, true);
  if (length && Own::rank() == 0) ((C *)a.y)[row] = spread.squares;
}

// The weight at a pack of a row, or ones.
template <class C, int N, bool ALIGNED>
DEVICE Pack<C, N> factorsOf(const C *weight, const Line<N, ALIGNED> &line, int pack) {
  if (weight) return line.load(weight, pack);
  Pack<C, N> ones;
#pragma unroll
  for (int i = 0; i < N; i++) ones.values[i] = 1;
  return ones;
}

// A gradient and the values of a row, in the packs of a thread.
template <class G, class V, int N, int PACKS> struct Slopes {
  Pack<G, N> g[PACKS];
  Pack<V, N> v[PACKS];

  template <class TEAM, bool ALIGNED>
  DEVICE void load(const G *gradient, const V *values, const Line<N, ALIGNED> &line, int from) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
      g[k] = line.load(gradient, from + TEAM::rank() + k * TEAM::size());
      v[k] = line.load(values, from + TEAM::rank() + k * TEAM::size());
    }
  }
  // The sums of g weight values, and of g weight, to which this adds.
  template <class TEAM, bool ALIGNED, class C>
  DEVICE void add(const C *weight, const Line<N, ALIGNED> &line, int from, C &along, C &across) const {
    C alongPart = 0, acrossPart = 0;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
      Pack<C, N> factors = factorsOf(weight, line, from + TEAM::rank() + k * TEAM::size());
#pragma unroll
      for (int i = 0; i < N; i++) {
        C inner = compute(g[k].values[i]) * factors.values[i];
        alongPart += inner * compute(v[k].values[i]);
        acrossPart += inner;
      }
    }
    along += alongPart;
    across += acrossPart;
  }
  template <class TEAM, bool ALIGNED, class C, class X>
  DEVICE void write(const C *weight, const Line<N, ALIGNED> &line, int from, C along, C across, C root, X *dx) const {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
      int pack = from + TEAM::rank() + k * TEAM::size();
      Pack<C, N> factors = factorsOf(weight, line, pack);
      C slopes[N];
#pragma unroll
      for (int i = 0; i < N; i++) {
        C inner = compute(g[k].values[i]) * factors.values[i];
        slopes[i] = (inner - compute(v[k].values[i]) * along - across) * root;
      }
      line.store(dx, pack, slopes);
    }
  }
};

// dx = (i - values mean(i values) - mean(i)) root with i = g weight; without the last mean where rows are not centered.
template <class G, class V, class X, int LANES, int PACKS, bool ALIGNED> __global__
__launch_bounds__(LANES ? 128 : 512) void standardizeBackward(tk_cuda_norms a) {
  using C = Compute<X>;
  using Own = Team<LANES>;
  constexpr int N = packLength<G, V, X>, BATCH = PACKS ? PACKS : 2;
  int64 row = Own::row(), length = row < a.rows ? a.width : 0;
  const G *g = (const G *)a.x + row * a.width;
  const V *values = (const V *)a.values + row * a.width;
  const C *weight = (const C *)a.weight;
  Line<N, ALIGNED> line(length, Line<N, ALIGNED>::shiftOf(g));
  int stride = BATCH * Own::size(), last = PACKS ? 0 : (line.packs - 1) / stride * stride;
  Slopes<G, V, N, BATCH> slopes;
  C along = 0, across = 0;
  for (int from = 0; from <= last; from += stride) {
    slopes.template load<Own>(g, values, line, from);
    slopes.template add<Own>(weight, line, from, along, across);
  }
  along = Own::sum(along) / (C)a.width;
  across = a.centered ? Own::sum(across) / (C)a.width : C(0);
  if (length == 0) return;
  C root = ((const C *)a.roots)[row];
  // From the end of the row, which is still here.
  for (int from = last; from >= 0; from -= stride) {
    if (from < last) slopes.template load<Own>(g, values, line, from);
    slopes.template write<Own>(weight, line, from, along, across, root, (X *)a.y + row * a.width);
  }
}

// The sums of columns over the rows of a block, in the threads that read them.
template <class C, int N, int PACKS> struct ColumnSums {
  C along[PACKS][N] = {}, across[PACKS][N] = {};

  template <class G, class V> DEVICE void add(const Slopes<G, V, N, PACKS> &slopes) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        C gradient = compute(slopes.g[k].values[i]);
        along[k][i] += gradient * compute(slopes.v[k].values[i]);
        across[k][i] += gradient;
      }
    }
  }
  // The teams of a warp together, and then its warps one behind the other.
  template <int LANES> DEVICE void join() {
    __shared__ C sums[2][PACKS * N * (LANES ? LANES : 1)];
    int warp = threadIdx.x / WARP, warps = blockDim.x / WARP, lane = threadIdx.x % WARP;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
#pragma unroll
        for (int offset = LANES; offset < WARP; offset *= 2) {
          along[k][i] += __shfl_xor_sync(0xffffffffu, along[k][i], offset);
          across[k][i] += __shfl_xor_sync(0xffffffffu, across[k][i], offset);
        }
      }
    }
    for (int turn = 0; turn < warps; turn++) {
      if (turn == warp && lane < LANES) {
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
#pragma unroll
          for (int i = 0; i < N; i++) {
            int place = (k * N + i) * LANES + lane;
            sums[0][place] = along[k][i] += turn ? sums[0][place] : C(0);
            sums[1][place] = across[k][i] += turn ? sums[1][place] : C(0);
          }
        }
      }
      __syncthreads();
    }
  }
};

// The same, and the sums over the rows of each block of g values, to the weight, and of g, to the bias.
template <class G, class V, class X, int LANES, int PACKS, bool ALIGNED> __global__
__launch_bounds__(LANES || packLength<G, V, X> == 8 ? 256 : 512) void standardizeBackwardWithSums(tk_cuda_norms a) {
  using C = Compute<X>;
  using Own = Team<LANES>;
  constexpr int N = packLength<G, V, X>;
  int64 begin = (int64)blockIdx.x * a.block_rows, end = begin + a.block_rows < a.rows ? begin + a.block_rows : a.rows;
  const C *weight = (const C *)a.weight;
  ColumnSums<C, N, PACKS> sums;
  Slopes<G, V, N, PACKS> slopes, next;
  // Columns stay with their threads, so that no pack begins before its row.
  auto lineOf = [&](int64 row) { return Line<N, ALIGNED>(row < end ? a.width : 0, 0); };
  auto load = [&](Slopes<G, V, N, PACKS> &target, int64 row) {
    target.template load<Own>((const G *)a.x + row * a.width, (const V *)a.values + row * a.width, lineOf(row), 0);
  };
  load(next, begin + Own::place());
  for (int64 first = begin; first < end; first += Own::count()) {
    int64 row = first + Own::place();
    slopes = next;
    load(next, row + Own::count());
    sums.add(slopes);
    if (!a.y) continue;
    Line<N, ALIGNED> line = lineOf(row);
    C along = 0, across = 0;
    slopes.template add<Own>(weight, line, 0, along, across);
    along = Own::sum(along) / (C)a.width;
    across = a.centered ? Own::sum(across) / (C)a.width : C(0);
    C root = row < end ? ((const C *)a.roots)[row] : C(0);
    slopes.template write<Own>(weight, line, 0, along, across, root, (X *)a.y + row * a.width);
  }
  if constexpr (LANES > 0) {
    sums.template join<LANES>();
    if (threadIdx.x < blockDim.x - WARP || threadIdx.x % WARP >= LANES) return;
  }
  Line<N, ALIGNED> line(a.width, 0);
  C *toWeight = a.to_weight ? (C *)a.to_weight + blockIdx.x * a.width : nullptr;
  C *toBias = a.to_bias ? (C *)a.to_bias + blockIdx.x * a.width : nullptr;
#pragma unroll
  for (int k = 0; k < PACKS; k++) {
    int pack = Own::rank() + k * Own::size();
    if (toWeight) line.store(toWeight, pack, sums.along[k]);
    if (toBias) line.store(toBias, pack, sums.across[k]);
  }
}

// The sums alone, of rows that are too long to be held: a thread a column.
template <class G, class V> __global__ __launch_bounds__(256) void standardizeSums(tk_cuda_norms a) {
  using C = Compute<V>;
  constexpr int BATCH = 8;
  int64 column = (int64)blockIdx.y * blockDim.x + threadIdx.x;
  int64 begin = (int64)blockIdx.x * a.block_rows, end = begin + a.block_rows < a.rows ? begin + a.block_rows : a.rows;
  if (column >= a.width) return;
  C along = 0, across = 0;
  for (int64 first = begin; first < end; first += BATCH) {
    C gs[BATCH], vs[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 place = (first + k) * a.width + column;
      gs[k] = first + k < end ? compute(((const G *)a.x)[place]) : C(0);
      vs[k] = first + k < end ? compute(((const V *)a.values)[place]) : C(0);
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) along += gs[k] * vs[k], across += gs[k];
  }
  if (a.to_weight) ((C *)a.to_weight)[blockIdx.x * a.width + column] = along;
  if (a.to_bias) ((C *)a.to_bias)[blockIdx.x * a.width + column] = across;
}

// Adds up the rows of sums of the blocks that share a piece.
template <class C> __global__ __launch_bounds__(256) void joinSlices(tk_cuda_slices a) {
  int64 column = (int64)blockIdx.y * blockDim.x + threadIdx.x;
  if (column >= a.width) return;
  int64 from = (int64)blockIdx.x * a.slices * a.width + column, to = blockIdx.x * a.width + column;
  C along = 0, across = 0;
#pragma unroll 4
  for (int k = 0; k < a.slices; k++) {
    if (a.to_weight) along += ((const C *)a.weight_slices)[from + k * a.width];
    if (a.to_bias) across += ((const C *)a.bias_slices)[from + k * a.width];
  }
  if (a.to_weight) ((C *)a.to_weight)[to] = along;
  if (a.to_bias) ((C *)a.to_bias)[to] = across;
}

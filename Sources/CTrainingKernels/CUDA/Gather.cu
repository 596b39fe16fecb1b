#include "Device.cuh"
#include "CUDA/Gather.h"

DEVICE int64 quotient(int64 a, int64 b) {
  if (((a | b) >> 32) == 0) return (uint32_t)a / (uint32_t)b;
  return a / b;
}
DEVICE int64 threadIndex() { return (int64)blockIdx.x * blockDim.x + threadIdx.x; }
// What is not is a mistake that checkIndices tells of.
DEVICE bool isInside(int64 target, int64 axis) { return (uint64_t)target < (uint64_t)axis; }

// N elements are moved at once; T has as many bytes as an element.
template <class T, int N> __global__ void gather(tk_cuda_gather a) {
  int64 at = threadIndex(), pair = quotient(at, a.inner), i = at - pair * a.inner;
  int64 o = quotient(pair, a.count), j = pair - o * a.count;
  if (o >= a.outer) return;
  int64 target = a.index[o * a.outer_stride + j * a.axis_stride + i * a.inner_stride];
  Pack<T, N> pack{};
  if (isInside(target, a.axis)) pack = ((const Pack<T, N> *)a.x)[(o * a.axis + target) * a.inner + i];
  ((Pack<T, N> *)a.y)[at] = pack;
}

// One block, so that the first is found in one launch.
__global__ void __launch_bounds__(1024) checkIndices(tk_cuda_index_check a) {
  constexpr int64 none = (int64)(~(uint64_t)0 >> 1);
  int64 first = none;
#pragma unroll 4
  for (int64 at = threadIdx.x; at < a.count; at += blockDim.x) {
    int64 target = a.index[at];
    if (!isInside(target, a.limit) && !(a.ignores && target == a.ignored)) first = min(first, at);
  }
  first = blockFold(first, none, [](int64 a, int64 b) { return min(a, b); });
  if (threadIdx.x == 0 && first != none) *a.stray = {a.index[first], 1};
}

DEVICE float plus(float a, float b) { return a + b; }
DEVICE double plus(double a, double b) { return a + b; }
DEVICE int64 plus(int64 a, int64 b) { return (int64)((uint64_t)a + (uint64_t)b); }

// A thread a column: each adds along the axis, one after the other.
template <class T> __global__ void scatterColumns(tk_cuda_gather a) {
  int64 column = threadIndex(), o = quotient(column, a.inner), i = column - o * a.inner;
  if (o >= a.outer) return;
  const int64_t *index = a.index + o * a.outer_stride + i * a.inner_stride;
  const T *x = (const T *)a.x + o * a.count * a.inner + i;
  T *y = (T *)a.y + o * a.axis * a.inner + i;
#pragma unroll 4
  for (int64 j = 0; j < a.count; j++) {
    int64 target = index[j * a.axis_stride];
    if (!isInside(target, a.axis)) continue;
    T *element = y + target * a.inner;
    *element = rounded<T>(plus(compute(*element), compute(x[j * a.inner])));
  }
}

// A warp a column: each of 32 lanes adds all of their elements that meet in its element of y, one after the other, so
// that those that meet write the same.
template <class T> __global__ void scatterWarps(tk_cuda_gather a) {
  int64 column = threadIndex() / WARP, o = quotient(column, a.inner), i = column - o * a.inner;
  if (o >= a.outer) return;
  int lane = threadIdx.x % WARP;
  const int64_t *index = a.index + o * a.outer_stride + i * a.inner_stride;
  const T *x = (const T *)a.x + o * a.count * a.inner + i;
  T *y = (T *)a.y + o * a.axis * a.inner + i;
  for (int64 first = 0; first < a.count; first += WARP) {
    int64 j = first + lane, target = j < a.count ? index[j * a.axis_stride] : -1;
    if (!isInside(target, a.axis)) target = -1;
    Compute<T> own = j < a.count ? compute(x[j * a.inner]) : Compute<T>(0);
    T sum = target < 0 ? rounded<T>(Compute<T>(0)) : y[target * a.inner];
#pragma unroll 8
    for (int k = 0; k < WARP; k++) {
      int64 other = __shfl_sync(0xffffffffu, target, k);
      Compute<T> value = __shfl_sync(0xffffffffu, own, k);
      if (other == target) sum = rounded<T>(plus(compute(sum), value));
    }
    if (target >= 0) y[target * a.inner] = sum;
    __syncwarp();
  }
}

#define PIECE 32

// The sums of N neighbouring columns over a piece of the sorted indices.
template <class T, int N> struct Run {
  using C = Compute<T>;
  C sums[N];

  DEVICE void clear() {
#pragma unroll
    for (int k = 0; k < N; k++) sums[k] = 0;
  }
  DEVICE void add(Pack<T, N> pack) {
#pragma unroll
    for (int k = 0; k < N; k++) sums[k] = plus(sums[k], compute(pack.values[k]));
  }
  DEVICE void store(T *y) const {
    Pack<T, N> pack;
#pragma unroll
    for (int k = 0; k < N; k++) pack.values[k] = rounded<T>(sums[k]);
    *(Pack<T, N> *)y = pack;
  }
  DEVICE void leave(void *parts, int64 at) const {
#pragma unroll
    for (int k = 0; k < N; k++) ((C *)parts)[at + k] = sums[k];
  }
};

// A thread for each piece and N columns. Runs within the piece are written to y, which holds zeros.
template <class T, int N> __global__ void scatterPieces(tk_cuda_scatter a) {
  constexpr int ahead = 4;
  int64 packs = a.inner / N, columns = a.outer * packs, at = threadIndex();
  int64 piece = quotient(at, columns), column = at - piece * columns;
  int64 first = piece * PIECE, last = min(first + PIECE, a.count);
  if (first >= a.count) return;
  int64 o = quotient(column, packs), i = (column - o * packs) * N;
  const T *__restrict__ x = (const T *)a.x + o * a.count * a.inner + i;
  T *y = (T *)a.y + o * a.axis * a.inner + i;
  int64 part = (piece * a.outer + o) * a.inner + i;
  int64 current = a.index[a.order[first]];
  bool isHead = first > 0 && a.index[a.order[first - 1]] == current;
  Run<T, N> run;
  run.clear();
  for (int64 place = first; place < last; place += ahead) {
    int64 targets[ahead];
    Pack<T, N> packs[ahead];
#pragma unroll
    for (int k = 0; k < ahead; k++) {
      int64 j = a.order[min(place + k, last - 1)];
      targets[k] = a.index[j];
      packs[k] = *(const Pack<T, N> *)(x + j * a.inner);
    }
#pragma unroll
    for (int k = 0; k < ahead; k++) {
      if (place + k >= last) break;
      if (targets[k] != current) {
        if (isHead) run.leave(a.heads, part);
        else if (isInside(current, a.axis)) run.store(y + current * a.inner);
        isHead = false;
        current = targets[k];
        run.clear();
      }
      run.add(packs[k]);
    }
  }
  if (isHead) run.leave(a.heads, part);
  else if (last < a.count && a.index[a.order[last]] == current) run.leave(a.tails, part);
  else if (isInside(current, a.axis)) run.store(y + current * a.inner);
}

// A thread for each piece and column: the runs that begin in a piece and reach beyond it.
template <class T> __global__ void joinPieces(tk_cuda_scatter a) {
  using C = Compute<T>;
  int64 columns = a.outer * a.inner, at = threadIndex();
  int64 piece = quotient(at, columns), column = at - piece * columns;
  int64 next = (piece + 1) * PIECE;
  if (next >= a.count) return;
  int64 target = a.index[a.order[next]];
  if (!isInside(target, a.axis) || a.index[a.order[next - 1]] != target) return;
  if (piece > 0 && a.index[a.order[piece * PIECE - 1]] == target) return;
  C sum = ((const C *)a.tails)[at];
  for (; next < a.count && a.index[a.order[next]] == target; next += PIECE)
    sum = plus(sum, ((const C *)a.heads)[next / PIECE * columns + column]);
  int64 o = quotient(column, a.inner), i = column - o * a.inner;
  ((T *)a.y)[(o * a.axis + target) * a.inner + i] = rounded<T>(sum);
}

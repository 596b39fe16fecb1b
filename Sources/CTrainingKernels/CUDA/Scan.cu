#include "Device.cuh"
#include "CUDA/Scan.h"

// Cumulative sums: reals are added in double, integers in 64 bits, which wrap around. No sum is found by a subtraction,
// so that infinities and NaN are in those behind them alone.

template <class T> struct SumOf { using type = int64; };
template <> struct SumOf<float> { using type = double; };
template <> struct SumOf<float16> { using type = double; };
template <> struct SumOf<bfloat16> { using type = double; };
template <> struct SumOf<double> { using type = double; };
template <class T> using Sum = typename SumOf<T>::type;

DEVICE double plus(double a, double b) { return a + b; }
DEVICE int64 plus(int64 a, int64 b) { return (int64)((uint64_t)a + (uint64_t)b); }

#define THREADS 256
#define ITEMS 4
#define CHUNK (THREADS * ITEMS)
// A place of a chunk, such that threads that read ITEMS neighbours each do not meet in a bank.
#define PLACE(i) ((i) + (i) / 16)

// The sum of the values of the threads before this one; `all` becomes that of every thread.
template <class S> DEVICE S sumBefore(S value, S *all) {
  __shared__ S warps[WARP];
  int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
  S sum = value;
  for (int distance = 1; distance < WARP; distance *= 2) {
    S other = __shfl_up_sync(0xffffffffu, sum, distance);
    if (lane >= distance) sum = plus(other, sum);
  }
  if (lane == WARP - 1) warps[warp] = sum;
  S before = __shfl_up_sync(0xffffffffu, sum, 1);
  if (lane == 0) before = 0;
  __syncthreads();
  S total = 0, own = 0;
  for (int i = 0; i < THREADS / WARP; i++) {
    if (i == warp) own = total;
    total = plus(total, warps[i]);
  }
  *all = total;
  return plus(own, before);
}

// sums[row * pieces + piece] = the sum of a piece.
template <class T> __global__ void pieceSums(tk_cuda_scan a) {
  using S = Sum<T>;
  int64 row = blockIdx.x / a.pieces, piece = blockIdx.x % a.pieces;
  int64 first = piece * a.piece, last = min(first + a.piece, a.width);
  const T *x = (const T *)a.x + row * a.width;
  S sum = 0;
  for (int64 i = first + threadIdx.x; i < last; i += THREADS) sum = plus(sum, (S)compute(x[i]));
  sum = blockFold(sum, S(0), [](S a, S b) { return plus(a, b); });
  if (threadIdx.x == 0) ((S *)a.y)[blockIdx.x] = sum;
}

template <class T, class Y> __global__ void scan(tk_cuda_scan a) {
  using S = Sum<T>;
  __shared__ S chunk[PLACE(CHUNK)];
  int64 row = blockIdx.x / a.pieces, piece = blockIdx.x % a.pieces;
  int64 begin = piece * a.piece, end = min(begin + a.piece, a.width);
  const T *x = (const T *)a.x + row * a.width;
  Y *y = (Y *)a.y + row * a.width;
  S sum = piece > 0 ? ((const S *)a.before)[blockIdx.x - 1] : S(0);
  int thread = threadIdx.x;
  for (int64 first = begin; first < end; first += CHUNK) {
    int count = (int)min(end - first, (int64)CHUNK);
#pragma unroll
    for (int k = 0; k < ITEMS; k++) {
      int i = k * THREADS + thread;
      chunk[PLACE(i)] = i < count ? (S)compute(x[first + i]) : S(0);
    }
    __syncthreads();
    S sums[ITEMS], all;
#pragma unroll
    for (int k = 0; k < ITEMS; k++) {
      S value = chunk[PLACE(thread * ITEMS + k)];
      sums[k] = k ? plus(sums[k - 1], value) : value;
    }
    S before = plus(sum, sumBefore(sums[ITEMS - 1], &all));
#pragma unroll
    for (int k = 0; k < ITEMS; k++) chunk[PLACE(thread * ITEMS + k)] = plus(before, sums[k]);
    sum = plus(sum, all);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < ITEMS; k++) {
      int i = k * THREADS + thread;
      if (i < count) y[first + i] = rounded<Y>(chunk[PLACE(i)]);
    }
    __syncthreads();
  }
}

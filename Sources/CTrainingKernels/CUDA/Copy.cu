// Elements moved, converted and made.
#include "Device.cuh"
#include "CUDA/Copy.h"
#include "Space.cuh"

// Bits of elements: T is any type of their size.
template <class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) copy(tk_cuda_copy a) {
  constexpr int N = 16 / (int)sizeof(T);
  const tk_cuda_operand &y = a.walk.operands[0], &x = a.walk.operands[1];
  Points<2> at;
  if (!locate<N>(a.walk, at)) return;
  Pack<T, N> pack = fetch<T, N>((const T *)x.data + at.offsets[1], x.access, x.strides[0], at.left);
  put<T, N>((T *)y.data + at.offsets[0], y.access, y.strides[0], at.left, pack);
}

template <class From, class To> __global__ void __launch_bounds__(TK_CUDA_THREADS) convert(tk_cuda_copy a) {
  constexpr int N = 8;
  Points<2> at;
  Compute<From> x[N];
  if (!locate<N>(a.walk, at)) return;
  read<From>(a.walk.operands[1], at.offsets[1], at.left, x);
  write<To>(a.walk.operands[0], at.offsets[0], at.left, x);
}
template <class C> __global__ void __launch_bounds__(TK_CUDA_THREADS) convert_mixed(tk_cuda_copy a) {
  constexpr int N = 4;
  Points<2> at;
  C x[N];
  if (!locate<N>(a.walk, at)) return;
  readAny(a.walk.operands[1], at.offsets[1], at.left, x);
  writeAny(a.walk.operands[0], at.offsets[0], at.left, x);
}

// A block moves a tile of `side` by `side` elements through shared memory: both sides are touched along their runs. A
// row of the tile is an odd number of banks long.
template <class T, int side> __global__ void __launch_bounds__(TK_CUDA_THREADS) transpose(tk_cuda_tiles a) {
  constexpr int padding = sizeof(T) < 4 ? 4 / (int)sizeof(T) : 1, turns = TK_CUDA_THREADS / side;
  __shared__ T tile[side][side + padding];
  uint32_t rest = divided(blockIdx.x, a.tiles_across), outer = divided(rest, a.tiles_down);
  int64 left = (int64)(blockIdx.x - rest * a.tiles_across.value) * side;
  int64 top = (int64)(rest - outer * a.tiles_down.value) * side;
  const T *x = (const T *)a.x + top * a.x_strides[0] + left * a.x_strides[1];
  T *y = (T *)a.y + top * a.y_strides[0] + left * a.y_strides[1];
  for (int axis = 0; axis < a.rank; axis++) {
    uint32_t next = divided(outer, a.before[axis]);
    int64 place = outer - next * a.before[axis].value;
    x += place * a.x_before[axis];
    y += place * a.y_before[axis];
    outer = next;
  }
  int along = threadIdx.x % side, turn = threadIdx.x / side;
  int rows = a.down - top < side ? (int)(a.down - top) : side;
  int columns = a.across - left < side ? (int)(a.across - left) : side;
#pragma unroll
  for (int j = 0; j < side; j += turns)
    if (along < rows && j + turn < columns)
      tile[j + turn][along] = x[along * a.x_strides[0] + (j + turn) * a.x_strides[1]];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < side; i += turns)
    if (i + turn < rows && along < columns)
      y[(i + turn) * a.y_strides[0] + along * a.y_strides[1]] = tile[along][i + turn];
}

template <class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) fill(tk_cuda_fill a) {
  constexpr int N = 16 / (int)sizeof(T);
  const tk_cuda_operand &y = a.walk.operands[0];
  Points<1> at;
  if (!locate<N>(a.walk, at)) return;
  T value = IsReal<T>::value ? rounded<T>(a.real) : rounded<T>(a.integer);
  Pack<T, N> pack;
#pragma unroll
  for (int i = 0; i < N; i++) pack.values[i] = value;
  put<T, N>((T *)y.data + at.offsets[0], y.access, y.strides[0], at.left, pack);
}

template <class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) range(tk_cuda_range a) {
  int64 i = (int64)blockIdx.x * TK_CUDA_THREADS + threadIdx.x;
  if (i >= a.count) return;
  if constexpr (IsReal<T>::value) ((T *)a.y)[i] = rounded<T>(fma((double)i, a.step, a.start));
  else ((T *)a.y)[i] = rounded<T>(whole(a.start) + i * whole(a.step));
}

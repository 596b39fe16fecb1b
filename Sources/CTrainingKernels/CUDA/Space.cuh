// Walks over strided spaces: where the points of a thread lie, and their elements.
#pragma once
#include "CUDA/Space.h"

DEVICE uint32_t divided(uint32_t n, const tk_cuda_divisor &by) {
  return (__umulhi(n, by.multiplier) + n) >> by.shift;
}

// The place of a thread's points in K operands; `left` of them are there, 1 to the width.
template <int K> struct Points {
  int64 offsets[K];
  int left;
};

// False for threads behind the last.
template <int N, int K> DEVICE bool locate(const tk_cuda_walk &walk, Points<K> &points) {
  uint32_t index = blockIdx.x * TK_CUDA_THREADS + threadIdx.x;
  if (index >= walk.threads) return false;
  uint32_t outer = walk.rank > 1 ? divided(index, walk.axes[0]) : 0;
  int64 column = (int64)(index - outer * walk.axes[0].value) * N;
  points.left = walk.columns - column < N ? (int)(walk.columns - column) : N;
#pragma unroll
  for (int k = 0; k < K; k++) points.offsets[k] = column * walk.operands[k].strides[0];
  for (int axis = 1; axis < walk.rank; axis++) {
    uint32_t next = axis + 1 < walk.rank ? divided(outer, walk.axes[axis]) : 0;
    int64 place = outer - next * walk.axes[axis].value;
#pragma unroll
    for (int k = 0; k < K; k++) points.offsets[k] += place * walk.operands[k].strides[axis];
    outer = next;
  }
  return true;
}

// N elements beside each other, at once where they lie for that; behind the last is none.
template <class T, int N> DEVICE Pack<T, N> fetch(const T *from, tk_cuda_access access, int64 stride, int left) {
  Pack<T, N> pack{};
  if (access == tk_cuda_packed && left == N) return *(const Pack<T, N> *)from;
#pragma unroll
  for (int i = 0; i < N; i++)
    if (i < left) pack.values[i] = from[i * stride];
  return pack;
}
template <class T, int N> DEVICE void put(
  T *to, tk_cuda_access access, int64 stride, int left, const Pack<T, N> &pack) {
  if (access == tk_cuda_packed && left == N) {
    *(Pack<T, N> *)to = pack;
    return;
  }
#pragma unroll
  for (int i = 0; i < N; i++)
    if (i < left) to[i * stride] = pack.values[i];
}

// Elements of an operand as they are computed with.
template <class T, int N, class C> DEVICE void read(const tk_cuda_operand &operand, int64 offset, int left, C (&x)[N]) {
  Pack<T, N> pack = fetch<T, N>((const T *)operand.data + offset, operand.access, operand.strides[0], left);
#pragma unroll
  for (int i = 0; i < N; i++) x[i] = As<C>::of(compute(pack.values[i]));
}
template <class T, int N, class C> DEVICE void write(
  const tk_cuda_operand &operand, int64 offset, int left, const C (&x)[N]) {
  Pack<T, N> pack;
#pragma unroll
  for (int i = 0; i < N; i++) pack.values[i] = rounded<T>(x[i]);
  put<T, N>((T *)operand.data + offset, operand.access, operand.strides[0], left, pack);
}

// The same for a dtype that is known at run time.
#define FOR_EACH_DTYPE(X)                                                                          \
  X(float32, float) X(float64, double) X(float16, float16) X(bfloat16, bfloat16) X(int32, int32_t) \
  X(int64, int64) X(uint8, uint8) X(bool, uint8)
template <int N, class C> DEVICE void readAny(const tk_cuda_operand &operand, int64 offset, int left, C (&x)[N]) {
  switch (operand.dtype) {
#define READ(name, T) \
  case tk_##name: return read<T, N>(operand, offset, left, x);
    FOR_EACH_DTYPE(READ)
#undef READ
  }
}
template <int N, class C> DEVICE void writeAny(
  const tk_cuda_operand &operand, int64 offset, int left, const C (&x)[N]) {
  switch (operand.dtype) {
#define WRITE(name, T) \
  case tk_##name: return write<T, N>(operand, offset, left, x);
    WRITE(float32, float) WRITE(float64, double) WRITE(float16, float16) WRITE(bfloat16, bfloat16)
    WRITE(int32, int32_t) WRITE(int64, int64) WRITE(uint8, uint8) WRITE(bool, bool)
#undef WRITE
  }
}

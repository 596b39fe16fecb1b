#include "Device.cuh"
#include "CUDA/Statistics.h"
#include "Table.cuh"

DEVICE float magnitude(float x) { return floatOf(bitsOf(x) & 0x7fffffff); }
DEVICE double magnitude(double x) { return fabs(x); }

// |x|^power; a power of 0 stands for any other.
template <int power> DEVICE double raised(double magnitude, double exponent) {
  if (power == 1) return magnitude;
  if (power == 2) return magnitude * magnitude;
  if (power == 3) return magnitude * magnitude * magnitude;
  return pow(magnitude, exponent);
}

// What a thread finds. Its elements are few enough for 32 bits.
template <class C> struct Findings {
  double powers = 0;
  C largest = 0;
  uint32_t nonFinite = 0, zeros = 0;

  template <int power> DEVICE void add(C x, double scale, double exponent) {
    C size = magnitude(x);
    bool isFinite = size < (C)floatOf(0x7f800000);
    powers += raised<power>((double)size * scale, exponent);
    if (isFinite && size > largest) largest = size;
    nonFinite += !isFinite;
    zeros += size == 0;
  }
};

DEVICE tk_cuda_statistics joined(tk_cuda_statistics a, tk_cuda_statistics b) {
  return {a.power_sum + b.power_sum, a.largest > b.largest ? a.largest : b.largest,
    a.non_finite + b.non_finite, a.zeros + b.zeros};
}

// Those of all threads of a block, in the first of them.
DEVICE tk_cuda_statistics blockJoin(tk_cuda_statistics own) {
  own.power_sum = blockSum(own.power_sum);
  own.largest = blockFold(own.largest, 0.0, [](double a, double b) { return a > b ? a : b; });
  own.non_finite = blockSum(own.non_finite);
  own.zeros = blockSum(own.zeros);
  return own;
}

// What a block finds in `count` elements, in the first of its threads.
template <class T, int power> DEVICE tk_cuda_statistics findings(
  const T *x, int count, bool packed, double scale, double exponent) {
  constexpr int N = 16 / sizeof(T);
  int packs = packed ? count / N : 0;
  Findings<Compute<T>> own;
#pragma unroll 4
  for (int i = threadIdx.x; i < packs; i += blockDim.x) {
    Pack<T, N> pack = ((const Pack<T, N> *)x)[i];
#pragma unroll
    for (int k = 0; k < N; k++) own.template add<power>(compute(pack.values[k]), scale, exponent);
  }
#pragma unroll 4
  for (int i = packs * N + threadIdx.x; i < count; i += blockDim.x)
    own.template add<power>(compute(x[i]), scale, exponent);
  return blockJoin({own.powers, (double)own.largest, (int64)own.nonFinite, (int64)own.zeros});
}

template <class T, int power> __global__ void measure(tk_cuda_measure a) {
  int64 part = blockIdx.x / a.pieces, piece = blockIdx.x % a.pieces;
  int64 first = piece * a.piece;
  int count = (int)(min(first + a.piece, a.length) - first);
  tk_cuda_statistics all =
    findings<T, power>((const T *)a.x + part * a.length + first, count, a.packed, a.scale, a.power);
  if (threadIdx.x == 0) a.found[blockIdx.x] = all;
}

// What a block joins, in the first of its threads.
DEVICE tk_cuda_statistics joined(const tk_cuda_statistics *found, int64 count) {
  tk_cuda_statistics own = {0, 0, 0, 0};
  for (int64 i = threadIdx.x; i < count; i += blockDim.x) own = joined(own, found[i]);
  return blockJoin(own);
}

__global__ void joinStatistics(tk_cuda_join a) {
  tk_cuda_statistics own = joined(a.found + blockIdx.x * a.pieces, a.pieces);
  if (threadIdx.x == 0) a.joined[blockIdx.x] = own;
}

template <class T> __global__ void measureEach(tk_cuda_measure_each a) {
  TablePlace place = placeIn(a.table);
  tk_cuda_measured own = ((const tk_cuda_measured *)a.table.tensors)[place.tensor];
  int64 first = (int64)place.block * TK_CUDA_MEASURED;
  int count = (int)(min(first + TK_CUDA_MEASURED, own.length) - first);
  tk_cuda_statistics all = findings<T, 2>((const T *)own.x + first, count, own.packed, 1, 2);
  if (threadIdx.x == 0) a.found[blockIdx.x] = all;
}

// A block a tensor.
__global__ void joinEach(tk_cuda_measure_each a) {
  int first = a.table.first_blocks[blockIdx.x];
  tk_cuda_statistics own = joined(a.found + first, a.table.first_blocks[blockIdx.x + 1] - first);
  if (threadIdx.x == 0) a.joined[blockIdx.x] = own;
}

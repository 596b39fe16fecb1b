#include "Device.cuh"
#include "CUDA/Statistics.h"

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

  template <int power> DEVICE void add(C x, const tk_cuda_measure &a) {
    C size = magnitude(x);
    bool isFinite = size < (C)floatOf(0x7f800000);
    powers += raised<power>((double)size * a.scale, a.power);
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

template <class T, int power> __global__ void measure(tk_cuda_measure a) {
  constexpr int N = 16 / sizeof(T);
  int64 part = blockIdx.x / a.pieces, piece = blockIdx.x % a.pieces;
  int64 first = piece * a.piece;
  int count = (int)(min(first + a.piece, a.length) - first);
  const T *x = (const T *)a.x + part * a.length + first;
  Findings<Compute<T>> own;
  if (a.packed) {
#pragma unroll 4
    for (int i = threadIdx.x; i < count / N; i += blockDim.x) {
      Pack<T, N> pack = ((const Pack<T, N> *)x)[i];
#pragma unroll
      for (int k = 0; k < N; k++) own.template add<power>(compute(pack.values[k]), a);
    }
  } else {
#pragma unroll 4
    for (int i = threadIdx.x; i < count; i += blockDim.x) own.template add<power>(compute(x[i]), a);
  }
  tk_cuda_statistics all =
    blockJoin({own.powers, (double)own.largest, (int64)own.nonFinite, (int64)own.zeros});
  if (threadIdx.x == 0) a.found[blockIdx.x] = all;
}

__global__ void joinStatistics(tk_cuda_join a) {
  const tk_cuda_statistics *found = a.found + blockIdx.x * a.pieces;
  tk_cuda_statistics own = {0, 0, 0, 0};
  for (int64 i = threadIdx.x; i < a.pieces; i += blockDim.x) own = joined(own, found[i]);
  own = blockJoin(own);
  if (threadIdx.x == 0) a.joined[blockIdx.x] = own;
}

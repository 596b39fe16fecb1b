// What kernels are written in: types, loads and stores, and the words of the processor that not every compiler of them
// knows. NVRTC reads it for a GPU, the C++ compiler for the emulator of the tests.
#pragma once

#ifdef __CUDACC_RTC__
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
typedef unsigned long size_t;
#define DYNAMIC_SHARED(T, name)                                                                    \
  extern __shared__ __align__(16) unsigned char name##_bytes[];                                    \
  T *name = (T *)name##_bytes
#else
#include "Emulator.h"
#define DYNAMIC_SHARED(T, name) T *name = (T *)emulator::dynamicShared()
#endif

#define DEVICE __device__ __forceinline__
#define WARP 32

// The names of dtypes in the names of kernels. Halves are storage: arithmetic is in float.
struct float16 { uint16_t bits; };
struct bfloat16 { uint16_t bits; };
using int64 = int64_t;
using uint8 = uint8_t;

// What a dtype is computed in.
template <class T> struct ComputeOf { using type = int64; };
template <> struct ComputeOf<float> { using type = float; };
template <> struct ComputeOf<float16> { using type = float; };
template <> struct ComputeOf<bfloat16> { using type = float; };
template <> struct ComputeOf<double> { using type = double; };
template <class T> using Compute = typename ComputeOf<T>::type;

template <class T> struct IsReal { static constexpr bool value = false; };
template <> struct IsReal<float> { static constexpr bool value = true; };
template <> struct IsReal<float16> { static constexpr bool value = true; };
template <> struct IsReal<bfloat16> { static constexpr bool value = true; };
template <> struct IsReal<double> { static constexpr bool value = true; };

#ifdef __CUDACC_RTC__
DEVICE float widen(float16 x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits)); return y; }
DEVICE float16 toHalf(float x) {
  float16 y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}
DEVICE bfloat16 toBFloat(float x) {
  bfloat16 y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}
DEVICE uint32_t bitsOf(float x) { return __float_as_uint(x); }
DEVICE float floatOf(uint32_t bits) { return __uint_as_float(bits); }
#else
inline uint32_t bitsOf(float x) { uint32_t bits; memcpy(&bits, &x, 4); return bits; }
inline float floatOf(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
inline float widen(float16 x) { _Float16 y; memcpy(&y, &x, 2); return (float)y; }
inline float16 toHalf(float x) { _Float16 y = (_Float16)x; float16 z; memcpy(&z, &y, 2); return z; }
inline bfloat16 toBFloat(float x) {
  uint32_t bits = bitsOf(x);
  if (x != x) return bfloat16{(uint16_t)(bits >> 16 | 0x40)};
  return bfloat16{(uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
#endif
DEVICE float widen(bfloat16 x) { return floatOf((uint32_t)x.bits << 16); }

// An element as it is computed with.
DEVICE float compute(float x) { return x; }
DEVICE double compute(double x) { return x; }
DEVICE float compute(float16 x) { return widen(x); }
DEVICE float compute(bfloat16 x) { return widen(x); }
DEVICE int64 compute(int32_t x) { return x; }
DEVICE int64 compute(int64 x) { return x; }
DEVICE int64 compute(uint8 x) { return x; }
DEVICE int64 compute(bool x) { return x; }

// Toward zero; what does not fit becomes the nearest integer, NaN zero.
DEVICE int64 whole(double x) {
  if (x >= 0x1p63) return 0x7fffffffffffffff;
  return x < -0x1p63 ? -0x7fffffffffffffff - 1 : x == x ? (int64)x : 0;
}
// A number as another compute type.
template <class C> struct As { template <class X> static DEVICE C of(X x) { return (C)x; } };
template <> struct As<int64> {
  static DEVICE int64 of(int64 x) { return x; }
  static DEVICE int64 of(float x) { return whole(x); }
  static DEVICE int64 of(double x) { return whole(x); }
};

// A number rounded to an element. Real to integer truncates toward zero, anything to bool is x != 0.
template <class T> struct Rounded { template <class C> static DEVICE T of(C x) { return (T)As<Compute<T>>::of(x); } };
template <> struct Rounded<float16> { template <class C> static DEVICE float16 of(C x) { return toHalf((float)x); } };
template <> struct Rounded<bfloat16> {
  template <class C> static DEVICE bfloat16 of(C x) { return toBFloat((float)x); }
};
template <> struct Rounded<bool> { template <class C> static DEVICE bool of(C x) { return x != 0; } };
template <class T, class C> DEVICE T rounded(C x) { return Rounded<T>::template of<C>(x); }

// N elements that are read or written at once, where they lie on a multiple of their size.
template <class T, int N> struct alignas(sizeof(T) * N) Pack { T values[N]; };

// The sum of the lanes of a warp, in every lane.
template <class C> DEVICE C warpSum(C x) {
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset /= 2) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}

// `combine` over the threads of a block, in every thread; the order is the same in every run. `start` is its neutral
// element. Threads are a multiple of 32.
template <class C, class F> DEVICE C blockFold(C x, C start, F combine) {
  __shared__ C parts[WARP];
  int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset /= 2) x = combine(x, __shfl_xor_sync(0xffffffffu, x, offset));
  if (warps == 1) return x;
  if (lane == 0) parts[warp] = x;
  __syncthreads();
  x = lane < warps ? parts[lane] : start;
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset /= 2) x = combine(x, __shfl_xor_sync(0xffffffffu, x, offset));
  __syncthreads();
  return x;
}
template <class C> DEVICE C blockSum(C x) {
  return blockFold(x, C(0), [](C a, C b) { return a + b; });
}

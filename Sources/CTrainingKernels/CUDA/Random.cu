#include "Device.cuh"
#include "CUDA/Random.h"
#include "Philox.cuh"

// Elements have the processor's bits: what it does not fuse is kept from being fused.

#define ITEMS 4

DEVICE float times(float a, float b) { return __fmul_rn(a, b); }
DEVICE float sum(float a, float b) { return __fadd_rn(a, b); }

// The words of four elements from one of this thread's on, `width` for each.
template <int width> struct Draw {
  uint32_t words[width * ITEMS];
  DEVICE Draw(const tk_cuda_random &a, int64 thread) {
#pragma unroll
    for (int block = 0; block < width; block++) {
      PhiloxBlock drawn = philox(a.key, a.position + (uint64_t)(thread * width + block));
#pragma unroll
      for (int k = 0; k < 4; k++) words[4 * block + k] = drawn.words[k];
    }
  }
};

// The first of this thread's elements, and those of it that there are.
struct Items {
  int64 thread, first;
  int count;
  DEVICE Items(const tk_cuda_random &a) {
    thread = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    first = thread * ITEMS;
    count = (int)max((int64)0, min(a.count - first, (int64)ITEMS));
  }
};
template <class T> DEVICE void store(const tk_cuda_random &a, Items items, Pack<T, ITEMS> values) {
  T *y = (T *)a.y + items.first;
  if (a.packed && items.count == ITEMS) *(Pack<T, ITEMS> *)y = values;
  else
#pragma unroll
    for (int k = 0; k < ITEMS; k++)
      if (k < items.count) y[k] = values.values[k];
}

// lower + (upper - lower) u. What is rounded up to the upper bound, which is no part of the range, becomes the lower.
DEVICE float between(float u, float lower, float upper) {
  float x = fmaf(u, sum(upper, -lower), lower);
  return x == upper ? lower : x;
}
DEVICE double between(double u, double lower, double upper) {
  double x = fma(u, upper - lower, lower);
  return x == upper ? lower : x;
}
// The same for what was rounded once more.
DEVICE float wrapped(float x, float, float) { return x; }
template <class H> DEVICE H wrapped(H x, H lower, H upper) { return x.bits == upper.bits ? lower : x; }

// 24 bits of one word, or 53 of two.
DEVICE float unit(uint32_t word) { return times((float)(int32_t)(word & 0xffffff), 0x1p-24f); }
DEVICE double unit(uint32_t high, uint32_t low) {
  uint64_t word = (uint64_t)high << 32 | low;
  return (double)(int64)(word & 0x1fffffffffffff) * 0x1p-53;
}

template <class T> struct Uniform {
  static constexpr int words = 1;
  static DEVICE T of(const tk_cuda_random &a, const uint32_t *word) {
    float lower = (float)a.a, upper = (float)a.b;
    return wrapped(rounded<T>(between(unit(word[0]), lower, upper)), rounded<T>(lower), rounded<T>(upper));
  }
};
template <> struct Uniform<double> {
  static constexpr int words = 2;
  static DEVICE double of(const tk_cuda_random &a, const uint32_t *word) {
    return between(unit(word[0], word[1]), a.a, a.b);
  }
};

// Logarithm and cosine after Cephes (Moshier 1989), as in CPU/Random.body.h, for x > 0.
DEVICE float cephesLog(float x) {
  uint32_t bits = bitsOf(x);
  float m = floatOf((bits & 0x007fffff) | 0x3f000000);
  bool low = m < 0.707106781186547524f;
  float e = (float)((int32_t)(bits >> 23) - (low ? 127 : 126));
  m = low ? sum(sum(m, -1.0f), m) : sum(m, -1.0f);
  float y = 7.0376836292e-2f, z = times(m, m);
  y = fmaf(y, m, -1.1514610310e-1f);
  y = fmaf(y, m, 1.1676998740e-1f);
  y = fmaf(y, m, -1.2420140846e-1f);
  y = fmaf(y, m, 1.4249322787e-1f);
  y = fmaf(y, m, -1.6668057665e-1f);
  y = fmaf(y, m, 2.0000714765e-1f);
  y = fmaf(y, m, -2.4999993993e-1f);
  y = fmaf(y, m, 3.3333331174e-1f);
  y = sum(fmaf(times(y, m), z, times(e, -2.12194440e-4f)), -times(z, 0.5f));
  return fmaf(e, 0.693359375f, sum(m, y));
}
DEVICE float cephesCosine(float x) {
  int32_t octant = ((int32_t)times(x, 1.27323954473516f) + 1) & ~1;
  float y = (float)octant;
  x = fmaf(y, -0.78515625f, x);
  x = fmaf(y, -2.4187564849853515625e-4f, x);
  x = fmaf(y, -3.77489497744594108e-8f, x);
  float z = times(x, x);
  float even = fmaf(z, 2.443315711809948e-5f, -1.388731625493765e-3f);
  even = fmaf(even, z, 4.166664568298827e-2f);
  even = sum(fmaf(times(even, z), z, times(z, -0.5f)), 1.0f);
  float odd = fmaf(z, -1.9515295891e-4f, 8.3321608736e-3f);
  odd = fmaf(odd, z, -1.6666654611e-1f);
  odd = fmaf(times(odd, z), x, x);
  return floatOf(bitsOf(octant & 2 ? odd : even) ^ (uint32_t)((octant + 2) & 4) << 29);
}

// By Box and Muller (1958). The first word keeps all its bits, for the tails.
template <class T> struct Normal {
  static constexpr int words = 2;
  static DEVICE T of(const tk_cuda_random &a, const uint32_t *word) {
    float u = fmaf((float)word[0], 0x1p-32f, 0x1p-33f);
    float v = times((float)(int32_t)(word[1] >> 8), 0x1p-24f);
    float radius = sqrtf(times(-2, cephesLog(u)));
    float cosine = times(radius, cephesCosine(times(6.28318530717958648f, v)));
    return rounded<T>(fmaf(cosine, (float)a.b, (float)a.a));
  }
};
// The last bit is that of the library's functions.
template <> struct Normal<double> {
  static constexpr int words = 4;
  static DEVICE double of(const tk_cuda_random &a, const uint32_t *word) {
    double u = 1 - unit(word[0], word[1]), v = unit(word[2], word[3]);
    double cosine = sqrt(-2 * log(u)) * cos(6.28318530717958648 * v);
    return fma(cosine, a.b, a.a);
  }
};

template <class Distribution, class T> DEVICE void fill(const tk_cuda_random &a) {
  Items items(a);
  if (items.count <= 0) return;
  Draw<Distribution::words> draw(a, items.thread);
  Pack<T, ITEMS> values;
#pragma unroll
  for (int k = 0; k < ITEMS; k++) values.values[k] = Distribution::of(a, draw.words + k * Distribution::words);
  store(a, items, values);
}
template <class T> __global__ void uniform(tk_cuda_random a) { fill<Uniform<T>, T>(a); }
template <class T> __global__ void normal(tk_cuda_random a) { fill<Normal<T>, T>(a); }

// The upper half of the product of two words.
DEVICE uint64_t upperProduct(uint64_t a, uint64_t b) {
  uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
  uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (uint32_t)middle;
  return a1 * b1 + (middle >> 32) + (other >> 32);
}
template <class T> struct Integer {
  static constexpr int words = 2;
  static DEVICE T of(const tk_cuda_random &a, const uint32_t *word) {
    uint64_t drawn = (uint64_t)word[0] << 32 | word[1], range = (uint64_t)a.upper - (uint64_t)a.lower;
    return (T)((uint64_t)a.lower + upperProduct(drawn, range));
  }
};
template <class T> __global__ void integer(tk_cuda_random a) { fill<Integer<T>, T>(a); }

// A value as an element.
template <class T> DEVICE T valueOf(double value) {
  if constexpr (IsReal<T>::value) return rounded<T>((Compute<T>)value);
  else return rounded<T>((int64)value);
}
template <class T> struct Bernoulli {
  static constexpr int words = 1;
  static DEVICE T of(const tk_cuda_random &a, const uint32_t *word) {
    return (uint64_t)word[0] < (uint64_t)(a.a * 0x1p32) ? valueOf<T>(a.b) : valueOf<T>(0);
  }
};
template <class T> __global__ void bernoulli(tk_cuda_random a) { fill<Bernoulli<T>, T>(a); }

// y = x times what bernoulli draws.
template <class T> __global__ void dropout(tk_cuda_random a) {
  Items items(a);
  if (items.count <= 0) return;
  const T *x = (const T *)a.x + items.first;
  Pack<T, ITEMS> values;
  if (a.packed && items.count == ITEMS) values = *(const Pack<T, ITEMS> *)x;
  else
#pragma unroll
    for (int k = 0; k < ITEMS; k++) values.values[k] = k < items.count ? x[k] : valueOf<T>(0);
  Draw<1> draw(a, items.thread);
  uint64_t threshold = (uint64_t)(a.a * 0x1p32);
  Compute<T> kept = compute(valueOf<T>(a.b));
#pragma unroll
  for (int k = 0; k < ITEMS; k++)
    values.values[k] = rounded<T>(compute(values.values[k]) * (draw.words[k] < threshold ? kept : Compute<T>(0)));
  store(a, items, values);
}

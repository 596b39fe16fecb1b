// Rows of the table of updates: one launch for all parameters. Results are the processor's to the bit.
#include "Device.cuh"
#include "CUDA/Update.h"
#include "Space.cuh"
#include "Table.cuh"
#include "Terms.cuh"
#include "Philox.cuh"

// A number whose products and sums round on their own, whatever the compiler is told of their fusion.
template <class C> struct Exact {
  C value;
  Exact() = default;
  explicit DEVICE Exact(double x) : value((C)x) {}
};
#ifdef __CUDACC_RTC__
#define ROUNDED_OPERATOR(op, ofFloat, ofDouble)                                             \
  DEVICE Exact<float> operator op(Exact<float> a, Exact<float> b) {                         \
    a.value = ofFloat(a.value, b.value);                                                    \
    return a;                                                                               \
  }                                                                                         \
  DEVICE Exact<double> operator op(Exact<double> a, Exact<double> b) {                      \
    a.value = ofDouble(a.value, b.value);                                                   \
    return a;                                                                               \
  }
#else
#define ROUNDED_OPERATOR(op, ...)                                                           \
  template <class C> DEVICE Exact<C> operator op(Exact<C> a, Exact<C> b) {                  \
    a.value = a.value op b.value;                                                           \
    return a;                                                                               \
  }
#endif
ROUNDED_OPERATOR(+, __fadd_rn, __dadd_rn)
ROUNDED_OPERATOR(-, __fsub_rn, __dsub_rn)
ROUNDED_OPERATOR(*, __fmul_rn, __dmul_rn)
ROUNDED_OPERATOR(/, __fdiv_rn, __ddiv_rn)
template <class C> DEVICE Exact<C> operator-(Exact<C> a) {
  a.value = -a.value;
  return a;
}
template <class C> DEVICE bool operator<(Exact<C> a, Exact<C> b) { return a.value < b.value; }
template <class C> DEVICE bool operator>(Exact<C> a, Exact<C> b) { return a.value > b.value; }
template <class C> DEVICE bool operator!=(Exact<C> a, Exact<C> b) { return a.value != b.value; }
template <class C> DEVICE Exact<C> fused(Exact<C> a, Exact<C> b, Exact<C> c) {
  a.value = fused(a.value, b.value, c.value);
  return a;
}
template <class C> DEVICE Exact<C> magnitude(Exact<C> a) {
  a.value = magnitude(a.value);
  return a;
}
template <class C> DEVICE Exact<C> squareRoot(Exact<C> a) {
  a.value = squareRoot(a.value);
  return a;
}

// From the nearer end, as PyTorch does it.
#define LERP(a, b, weight) between(a, b, weight)
template <class V> DEVICE V between(V a, V b, V weight) {
  return SELECT(LT(ABS(weight), SPLAT(0.5)), FMA(weight, b - a, a), FMA(a - b, ONE - weight, b));
}

#define H0 h[0]
#define H1 h[1]
#define H2 h[2]
#define H3 h[3]
#define H4 h[4]
#define H5 h[5]
#define H6 h[6]
#define H7 h[7]
#define H8 h[8]
#define S0 s[0]
#define S1 s[1]
#define S2 s[2]
// A row is a type: update_adam.
#define UPDATE(name, state_count, scalar_count, ...)                                        \
  struct update_##name {                                                                    \
    static constexpr int states = state_count, scalars = scalar_count;                      \
    template <class V> static DEVICE void step(const V *h, V &p, V g, V *s) {               \
      g = g * h[scalar_count - 1];                                                          \
      __VA_ARGS__                                                                           \
    }                                                                                       \
  };
#include "Tables/Update.h"

// N elements of each; what is behind the last is computed with and dropped.
template <class Row, int N, class C> DEVICE void step(
  const Exact<C> *h, C (&p)[N], const C (&g)[N], C (&s)[TK_MAX_STATES][N]) {
#pragma unroll
  for (int i = 0; i < N; i++) {
    Exact<C> parameter, gradient, state[TK_MAX_STATES];
    parameter.value = p[i];
    gradient.value = g[i];
    for (int k = 0; k < Row::states; k++) state[k].value = s[k][i];
    Row::step(h, parameter, gradient, state);
    p[i] = parameter.value;
    for (int k = 0; k < Row::states; k++) s[k][i] = state[k].value;
  }
}

// The tensor of a block and the scalars of its step, rounded once for all threads; the first element of the thread.
template <class Row, class Tensor, class C, int N> struct Part {
  static_assert(Row::scalars <= TK_CUDA_SCALARS, "a row of updates has more scalars than a table has room for");
  Tensor tensor;
  int64 first;

  DEVICE Part(const tk_cuda_table &table, Exact<C> *h) {
    TablePlace place = placeIn(table);
    const Tensor *own = (const Tensor *)table.tensors + place.tensor;
    tensor = *own;
    if (threadIdx.x < Row::scalars) h[threadIdx.x] = Exact<C>(own->scalars[threadIdx.x]);
    __syncthreads();
    first = ((int64)place.block * TK_CUDA_UPDATE_SWEEPS * TK_CUDA_THREADS + threadIdx.x) * N;
  }
};

template <class T, int N> DEVICE void load(const void *from, bool packed, int64 at, int left, T (&x)[N]) {
  tk_cuda_access access = packed ? tk_cuda_packed : tk_cuda_strided;
  Pack<T, N> pack = fetch<T, N>((const T *)from + at, access, 1, left);
#pragma unroll
  for (int i = 0; i < N; i++) x[i] = pack.values[i];
}
template <class T, int N> DEVICE void store(void *to, bool packed, int64 at, int left, const T (&x)[N]) {
  Pack<T, N> pack;
#pragma unroll
  for (int i = 0; i < N; i++) pack.values[i] = x[i];
  put<T, N>((T *)to + at, packed ? tk_cuda_packed : tk_cuda_strided, 1, left, pack);
}

template <class Row, class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) update(tk_cuda_table table) {
  constexpr int N = 16 / (int)sizeof(T);
  __shared__ Exact<T> h[Row::scalars];
  Part<Row, tk_cuda_update, T, N> part(table, h);
  const tk_cuda_update &a = part.tensor;
#pragma unroll 1
  for (int sweep = 0; sweep < TK_CUDA_UPDATE_SWEEPS; sweep++) {
    int64 at = part.first + (int64)sweep * TK_CUDA_THREADS * N;
    if (at >= a.count) return;
    int left = a.count - at < N ? (int)(a.count - at) : N;
    T p[N], g[N], s[TK_MAX_STATES][N];
    load(a.parameter, a.packed, at, left, p);
    load(a.gradient, a.packed, at, left, g);
#pragma unroll
    for (int k = 0; k < Row::states; k++) load(a.states[k], a.packed, at, left, s[k]);
    step<Row>(h, p, g, s);
    store(a.parameter, a.packed, at, left, p);
#pragma unroll
    for (int k = 0; k < Row::states; k++) store(a.states[k], a.packed, at, left, s[k]);
  }
}

// The processor's own text, by its names.
DEVICE uint32_t tk_float_bits(float x) { return bitsOf(x); }
DEVICE float tk_float_from_bits(uint32_t bits) { return floatOf(bits); }
DEVICE float tk_half_to_float(uint16_t bits) { return widen(float16{bits}); }
DEVICE uint16_t tk_float_to_half(float x) { return toHalf(x).bits; }
DEVICE uint16_t tk_float_to_bfloat(float x) { return toBFloat(x).bits; }
#include "Tables/Rounding.h"

// Eight elements a thread: a block of the stream, where rounding is stochastic.
enum { roundedWidth = 8 };

DEVICE void loadRounded(const tk_cuda_rounded &a, bool packed, int64 at, int left, float (&x)[roundedWidth]) {
  if (a.dtype == tk_float32) return load(a.elements, packed, at, left, x);
  uint16_t bits[roundedWidth];
  int16_t rest[roundedWidth] = {};
  bool isHalf = a.dtype == tk_float16;
  load(a.elements, packed, at, left, bits);
  if (a.rounding == tk_round_compensated) load(a.compensation, packed, at, left, rest);
#pragma unroll
  for (int i = 0; i < roundedWidth; i++) {
    x[i] = isHalf ? widen(float16{bits[i]}) : widen(bfloat16{bits[i]});
    if (a.rounding == tk_round_compensated)
      x[i] = isHalf ? tk_half_with_rest(x[i], rest[i]) : tk_bfloat_with_rest(x[i], rest[i]);
  }
}

DEVICE void storeRounded(const tk_cuda_rounded &a, bool packed, int64 at, int left, const float (&x)[roundedWidth]) {
  if (a.dtype == tk_float32) return store(a.elements, packed, at, left, x);
  uint16_t bits[roundedWidth];
  bool isHalf = a.dtype == tk_float16;
  if (a.rounding == tk_round_nearest) {
#pragma unroll
    for (int i = 0; i < roundedWidth; i++) bits[i] = isHalf ? tk_float_to_half(x[i]) : tk_float_to_bfloat(x[i]);
  } else if (a.rounding == tk_round_stochastic) {
    // The low half of a word comes first.
    PhiloxBlock block = philox(a.key, a.position + (uint64_t)at / roundedWidth);
#pragma unroll
    for (int i = 0; i < roundedWidth; i++) {
      uint32_t random = block.words[i / 2] >> (i % 2 * 16) & 0xffff;
      bits[i] = isHalf ? tk_float_to_half_by(x[i], random) : tk_float_to_bfloat_by(x[i], random);
    }
  } else {
    int16_t rest[roundedWidth];
#pragma unroll
    for (int i = 0; i < roundedWidth; i++)
      bits[i] = isHalf ? tk_float_to_half_and_rest(x[i], &rest[i]) : tk_float_to_bfloat_and_rest(x[i], &rest[i]);
    store(a.compensation, packed, at, left, rest);
  }
  store(a.elements, packed, at, left, bits);
}

// Everything in float32; the gradient may have any dtype.
template <class Row> __global__ void __launch_bounds__(TK_CUDA_THREADS) update_rounded(tk_cuda_table table) {
  constexpr int N = roundedWidth;
  __shared__ Exact<float> h[Row::scalars];
  Part<Row, tk_cuda_update_rounded, float, N> part(table, h);
  const tk_cuda_update_rounded &a = part.tensor;
#pragma unroll 1
  for (int sweep = 0; sweep < TK_CUDA_UPDATE_SWEEPS; sweep++) {
    int64 at = part.first + (int64)sweep * TK_CUDA_THREADS * N;
    if (at >= a.count) return;
    int left = a.count - at < N ? (int)(a.count - at) : N;
    float p[N], g[N], s[TK_MAX_STATES][N];
    tk_cuda_operand gradient = {(void *)a.gradient, a.gradient_dtype, a.packed ? tk_cuda_packed : tk_cuda_strided, {1}};
    readAny(gradient, at, left, g);
    loadRounded(a.weights, a.packed, at, left, p);
#pragma unroll
    for (int k = 0; k < Row::states; k++) loadRounded(a.states[k], a.packed, at, left, s[k]);
    step<Row>(h, p, g, s);
    storeRounded(a.weights, a.packed, at, left, p);
#pragma unroll
    for (int k = 0; k < Row::states; k++) storeRounded(a.states[k], a.packed, at, left, s[k]);
  }
}

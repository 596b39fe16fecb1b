// Rows of the unary and the binary table, and select. A thread takes a pack of points; `mixed` kernels read and write
// any dtypes.
#include "Device.cuh"
#include "CUDA/Pointwise.h"
#include "Space.cuh"
#include "Terms.cuh"

enum { mixedWidth = 4 };
template <class T> constexpr int packWidth = 16 / (int)sizeof(T);

// A row is a type: unary_relu. It says what its derivatives read.
#define READS_NONE readsInput = false, readsOutput = false
#define READS_X readsInput = true, readsOutput = false
#define READS_Y readsInput = false, readsOutput = true
#define READS_XY readsInput = true, readsOutput = true
#define UNARY_ANY(name, reads, value, slope, bend, ...)                                              \
  struct unary_##name {                                                                              \
    static constexpr bool READS_##reads;                                                             \
    template <class V> static DEVICE V forward(V X, V P0, V P1) { return value; }                    \
    template <class V> static DEVICE V derivative1(V G, V X, V Y, V P0, V P1) { return slope; }      \
    template <class V> static DEVICE V derivative2(V G, V X, V Y, V P0, V P1) { return bend; }       \
  };
#define UNARY_REAL UNARY_ANY
#include "Tables/Unary.h"

#define BINARY_ANY(name, value, ...)                                          \
  struct binary_##name {                                                      \
    template <class V> static DEVICE V value_of(V A, V B) { return value; }   \
  };
#define BINARY_REAL BINARY_ANY
#define COMPARISON(name, mask, ...) BINARY_ANY(name, SELECT(mask, ONE, ZERO))
#include "Tables/Binary.h"

template <class Row, int N, class C> DEVICE void apply(const tk_cuda_pointwise &a, C (&x)[N]) {
  C p0 = As<C>::of(a.parameters[0]), p1 = As<C>::of(a.parameters[1]);
#pragma unroll
  for (int i = 0; i < N; i++) x[i] = Row::forward(x[i], p0, p1);
}

template <class Row, class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) unary(tk_cuda_pointwise a) {
  constexpr int N = packWidth<T>;
  Points<2> at;
  Compute<T> x[N];
  if (!locate<N>(a.walk, at)) return;
  read<T>(a.walk.operands[1], at.offsets[1], at.left, x);
  apply<Row>(a, x);
  write<T>(a.walk.operands[0], at.offsets[0], at.left, x);
}

template <class Row, class C> __global__ void __launch_bounds__(TK_CUDA_THREADS) unary_mixed(tk_cuda_pointwise a) {
  Points<2> at;
  C x[mixedWidth];
  if (!locate<mixedWidth>(a.walk, at)) return;
  readAny(a.walk.operands[1], at.offsets[1], at.left, x);
  apply<Row>(a, x);
  writeAny(a.walk.operands[0], at.offsets[0], at.left, x);
}

// operands: result, g, x, f(x)
template <class Row, int order, int N, class C> DEVICE void differentiate(
  const tk_cuda_pointwise &a, C (&g)[N], const C (&x)[N], const C (&y)[N]) {
  C p0 = (C)a.parameters[0], p1 = (C)a.parameters[1];
#pragma unroll
  for (int i = 0; i < N; i++)
    g[i] = order == 1 ? Row::derivative1(g[i], x[i], y[i], p0, p1) : Row::derivative2(g[i], x[i], y[i], p0, p1);
}

template <class Row, int order, class T>
__global__ void __launch_bounds__(TK_CUDA_THREADS) unary_derivative(tk_cuda_pointwise a) {
  constexpr int N = packWidth<T>;
  Points<4> at;
  Compute<T> g[N], x[N] = {}, y[N] = {};
  if (!locate<N>(a.walk, at)) return;
  read<T>(a.walk.operands[1], at.offsets[1], at.left, g);
  if (Row::readsInput) read<T>(a.walk.operands[2], at.offsets[2], at.left, x);
  if (Row::readsOutput) read<T>(a.walk.operands[3], at.offsets[3], at.left, y);
  differentiate<Row, order>(a, g, x, y);
  write<T>(a.walk.operands[0], at.offsets[0], at.left, g);
}

template <class Row, int order, class C>
__global__ void __launch_bounds__(TK_CUDA_THREADS) unary_derivative_mixed(tk_cuda_pointwise a) {
  Points<4> at;
  C g[mixedWidth], x[mixedWidth] = {}, y[mixedWidth] = {};
  if (!locate<mixedWidth>(a.walk, at)) return;
  readAny(a.walk.operands[1], at.offsets[1], at.left, g);
  if (Row::readsInput) readAny(a.walk.operands[2], at.offsets[2], at.left, x);
  if (Row::readsOutput) readAny(a.walk.operands[3], at.offsets[3], at.left, y);
  differentiate<Row, order>(a, g, x, y);
  writeAny(a.walk.operands[0], at.offsets[0], at.left, g);
}

template <class Row, int N, class C> DEVICE void combine(C (&a)[N], const C (&b)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) a[i] = Row::value_of(a[i], b[i]);
}

// Elements of T to elements of Y.
template <class Row, class T, class Y> DEVICE void combinePacks(const tk_cuda_walk &walk) {
  constexpr int N = packWidth<T>;
  Points<3> at;
  Compute<T> a[N], b[N];
  if (!locate<N>(walk, at)) return;
  read<T>(walk.operands[1], at.offsets[1], at.left, a);
  read<T>(walk.operands[2], at.offsets[2], at.left, b);
  combine<Row>(a, b);
  write<Y>(walk.operands[0], at.offsets[0], at.left, a);
}
template <class Row, class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) binary(tk_cuda_pointwise a) {
  combinePacks<Row, T, T>(a.walk);
}
template <class Row, class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) compare(tk_cuda_pointwise a) {
  combinePacks<Row, T, bool>(a.walk);
}
template <class Row, class C> __global__ void __launch_bounds__(TK_CUDA_THREADS) binary_mixed(tk_cuda_pointwise args) {
  Points<3> at;
  C a[mixedWidth], b[mixedWidth];
  if (!locate<mixedWidth>(args.walk, at)) return;
  readAny(args.walk.operands[1], at.offsets[1], at.left, a);
  readAny(args.walk.operands[2], at.offsets[2], at.left, b);
  combine<Row>(a, b);
  writeAny(args.walk.operands[0], at.offsets[0], at.left, a);
}

// operands: result, condition, a, b. The condition is bool.
template <class T> __global__ void __launch_bounds__(TK_CUDA_THREADS) select(tk_cuda_pointwise args) {
  constexpr int N = packWidth<T>;
  const tk_cuda_walk &walk = args.walk;
  Points<4> at;
  int64 c[N];
  Compute<T> a[N], b[N];
  if (!locate<N>(walk, at)) return;
  read<uint8>(walk.operands[1], at.offsets[1], at.left, c);
  read<T>(walk.operands[2], at.offsets[2], at.left, a);
  read<T>(walk.operands[3], at.offsets[3], at.left, b);
#pragma unroll
  for (int i = 0; i < N; i++) a[i] = c[i] != 0 ? a[i] : b[i];
  write<T>(walk.operands[0], at.offsets[0], at.left, a);
}
template <class C> __global__ void __launch_bounds__(TK_CUDA_THREADS) select_mixed(tk_cuda_pointwise args) {
  const tk_cuda_walk &walk = args.walk;
  Points<4> at;
  C c[mixedWidth], a[mixedWidth], b[mixedWidth];
  if (!locate<mixedWidth>(walk, at)) return;
  readAny(walk.operands[1], at.offsets[1], at.left, c);
  readAny(walk.operands[2], at.offsets[2], at.left, a);
  readAny(walk.operands[3], at.offsets[3], at.left, b);
#pragma unroll
  for (int i = 0; i < mixedWidth; i++) a[i] = c[i] != 0 ? a[i] : b[i];
  writeAny(walk.operands[0], at.offsets[0], at.left, a);
}

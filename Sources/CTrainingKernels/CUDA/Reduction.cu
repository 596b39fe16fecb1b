#include "Device.cuh"
#include "CUDA/Reduction.h"

// Folds over axes. `foldRows` gives some threads to each result, `foldColumns` a thread to neighbouring results. Both
// fold pieces of fixed size where one block for a result would be too few, and fold what the pieces gave once more.

template <class C> struct Ends;
template <> struct Ends<float> {
  static DEVICE float least() { return floatOf(0xff800000); }
  static DEVICE float greatest() { return floatOf(0x7f800000); }
};
template <> struct Ends<double> {
  static DEVICE double least() { return floatOf(0xff800000); }
  static DEVICE double greatest() { return floatOf(0x7f800000); }
};
template <> struct Ends<int64> {
  static DEVICE int64 least() { return (int64)((uint64_t)1 << 63); }
  static DEVICE int64 greatest() { return (int64)(((uint64_t)1 << 63) - 1); }
};

// Integers wrap around.
DEVICE float plus(float a, float b) { return a + b; }
DEVICE double plus(double a, double b) { return a + b; }
DEVICE int64 plus(int64 a, int64 b) { return (int64)((uint64_t)a + (uint64_t)b); }
DEVICE float times(float a, float b) { return a * b; }
DEVICE double times(double a, double b) { return a * b; }
DEVICE int64 times(int64 a, int64 b) { return (int64)((uint64_t)a * (uint64_t)b); }

// What tables say, for a number of each kind: + and * are members so that integers wrap around.
template <class C> struct Number {
  C value;
  DEVICE Number(C x) : value(x) {}
};
template <class C> DEVICE Number<C> operator+(Number<C> a, Number<C> b) { return plus(a.value, b.value); }
template <class C> DEVICE Number<C> operator*(Number<C> a, Number<C> b) { return times(a.value, b.value); }

#define ZERO Number<C>(C(0))
#define ONE Number<C>(C(1))
#define LEAST Number<C>(Ends<C>::least())
#define GREATEST Number<C>(Ends<C>::greatest())
#define NE(a, b) ((a).value != (b).value)
#define SELECT(condition, a, b) ((condition) ? (a) : (b))
// NaN wins.
#define MAXIMUM(a, b) ((a).value > (b).value || (a).value != (a).value ? (a) : (b))
#define MINIMUM(a, b) ((a).value < (b).value || (a).value != (a).value ? (a) : (b))

// A row of the table: what is kept while elements are folded is a number.
#define REDUCTION(name, begin, element, both_of)                                                   \
  struct reduction_##name {                                                                        \
    static constexpr bool finds = false;                                                           \
    template <class C> using State = C;                                                            \
    template <class C> static DEVICE C start() { return (begin).value; }                           \
    template <class C> static DEVICE C of(C x, int64) {                                            \
      Number<C> X(x);                                                                              \
      return (element).value;                                                                      \
    }                                                                                              \
    template <class C> static DEVICE C both(C a, C b) {                                            \
      Number<C> A(a), B(b);                                                                        \
      return (both_of).value;                                                                      \
    }                                                                                              \
  };
#include "Tables/Reduction.h"

// An extreme and its place; the first of equal ones, and the first NaN before all others.
template <class C> struct Found {
  C value;
  int64 place;
};
template <bool isLargest> struct Find {
  static constexpr bool finds = true;
  template <class C> using State = Found<C>;
  template <class C> static DEVICE Found<C> start() {
    return Found<C>{isLargest ? Ends<C>::least() : Ends<C>::greatest(), Ends<int64>::greatest()};
  }
  template <class C> static DEVICE Found<C> of(C x, int64 place) { return Found<C>{x, place}; }
  template <class C> static DEVICE Found<C> both(Found<C> a, Found<C> b) {
    bool aIsNaN = a.value != a.value, bIsNaN = b.value != b.value;
    bool equal = aIsNaN ? bIsNaN : a.value == b.value;
    bool better = aIsNaN ? !bIsNaN : isLargest ? a.value > b.value : a.value < b.value;
    return better || (equal && a.place < b.place) ? a : b;
  }
};
using reduction_argmax = Find<true>;
using reduction_argmin = Find<false>;

template <class C> DEVICE C exchanged(C x, int mask) { return __shfl_xor_sync(0xffffffffu, x, mask); }
template <class C> DEVICE Found<C> exchanged(Found<C> x, int mask) {
  return Found<C>{exchanged(x.value, mask), exchanged(x.place, mask)};
}

template <class Row, class C> using State = typename Row::template State<C>;

// The states of `width` neighbouring threads together: part of a warp, or the block.
template <class Row, class C> DEVICE State<Row, C> together(State<Row, C> state, int width) {
  using S = State<Row, C>;
  __shared__ S parts[WARP];
  int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
  for (int offset = min(width, WARP) / 2; offset > 0; offset /= 2)
    state = Row::template both<C>(state, exchanged(state, offset));
  if (width <= WARP) return state;
  if (lane == 0) parts[warp] = state;
  __syncthreads();
  state = lane < warps ? parts[lane] : Row::template start<C>();
  for (int offset = WARP / 2; offset > 0; offset /= 2)
    state = Row::template both<C>(state, exchanged(state, offset));
  return state;
}

DEVICE int64 quotient(int64 a, int64 b) {
  if (((a | b) >> 32) == 0) return (uint32_t)a / (uint32_t)b;
  return a / b;
}
// Where a point of axes lies.
DEVICE int64 offsetOf(const tk_cuda_axes &axes, int64 point) {
  int64 offset = 0;
  for (int axis = axes.rank - 1; axis > 0; axis--) {
    int64 rest = quotient(point, axes.shape[axis]);
    offset += (point - rest * axes.shape[axis]) * axes.strides[axis];
    point = rest;
  }
  return offset + point * axes.strides[0];
}

template <class C> DEVICE void write(const tk_cuda_reduction &a, int64 i, C x) {
  switch (a.dtype) {
    case 0: ((float *)a.y)[i] = rounded<float>(x); break;
    case 1: ((double *)a.y)[i] = rounded<double>(x); break;
    case 2: ((float16 *)a.y)[i] = rounded<float16>(x); break;
    case 3: ((bfloat16 *)a.y)[i] = rounded<bfloat16>(x); break;
    case 4: ((int32_t *)a.y)[i] = rounded<int32_t>(x); break;
    case 5: ((int64 *)a.y)[i] = rounded<int64>(x); break;
    case 6: ((uint8 *)a.y)[i] = rounded<uint8>(x); break;
    case 7: ((bool *)a.y)[i] = rounded<bool>(x); break;
  }
}
template <class C> DEVICE void write(const tk_cuda_reduction &a, int64 i, Found<C> x) { ((int64 *)a.y)[i] = x.place; }

// Calls `take(offset, point)` for the points first, first + step … before `last`.
template <class F> DEVICE void forEachPoint(const tk_cuda_axes &axes, int64 first, int64 last, int64 step, F take) {
  if (axes.rank == 1) {
    int64 stride = axes.strides[0];
#pragma unroll 4
    for (int64 point = first; point < last; point += step) take(point * stride, point);
  } else {
    for (int64 point = first; point < last; point += step) take(offsetOf(axes, point), point);
  }
}

// N elements are read at once along the reduced axes.
template <class Row, class T, int N> __global__ void foldRows(tk_cuda_reduction a) {
  using C = Compute<T>;
  constexpr int sums = Row::finds ? 1 : N;
  int64 item = ((int64)blockIdx.x * blockDim.x + threadIdx.x) / a.width;
  int lane = threadIdx.x % a.width;
  bool isPart = item < a.results * a.pieces;
  int64 piece = quotient(item, a.results), result = item - piece * a.results;
  State<Row, C> state[sums];
#pragma unroll
  for (int k = 0; k < sums; k++) state[k] = Row::template start<C>();
  if (isPart) {
    const T *x = (const T *)a.x + offsetOf(a.kept, result);
    int64 first = piece * a.piece, last = min(first + a.piece, a.points);
    forEachPoint(a.reduced, first + lane, last, a.width, [&](int64 offset, int64 point) {
      Pack<T, N> pack = *(const Pack<T, N> *)(x + offset);
#pragma unroll
      for (int k = 0; k < N; k++) {
        auto element = Row::template of<C>(compute(pack.values[k]), point * N + k);
        state[k % sums] = Row::template both<C>(state[k % sums], element);
      }
    });
  }
#pragma unroll
  for (int k = 1; k < sums; k++) state[0] = Row::template both<C>(state[0], state[k]);
  State<Row, C> all = together<Row, C>(state[0], a.width);
  if (isPart && lane == 0) write(a, item, all);
}

// N results beside each other are read at once; `width` packs of them stand beside each other in a block of 256.
template <class Row, class T, int N> __global__ void foldColumns(tk_cuda_reduction a) {
  using C = Compute<T>;
  using S = State<Row, C>;
  __shared__ S parts[N * 256];
  int across = a.width, down = blockDim.x / across, thread = threadIdx.x, row = thread / across;
  int64 tiles = (a.results + across - 1) / across;
  int64 piece = quotient(blockIdx.x, tiles), tile = blockIdx.x - piece * tiles;
  int64 column = tile * across + thread % across;
  S state[N];
#pragma unroll
  for (int k = 0; k < N; k++) state[k] = Row::template start<C>();
  if (column < a.results) {
    const T *x = (const T *)a.x + offsetOf(a.kept, column);
    int64 first = piece * a.piece, last = min(first + a.piece, a.points);
    forEachPoint(a.reduced, first + row, last, down, [&](int64 offset, int64 point) {
      Pack<T, N> pack = *(const Pack<T, N> *)(x + offset);
#pragma unroll
      for (int k = 0; k < N; k++)
        state[k] = Row::template both<C>(state[k], Row::template of<C>(compute(pack.values[k]), point));
    });
  }
#pragma unroll
  for (int k = 0; k < N; k++) parts[k * 256 + thread] = state[k];
  for (int half = down / 2; half > 0; half /= 2) {
    __syncthreads();
    if (row >= half) continue;
#pragma unroll
    for (int k = 0; k < N; k++) {
      state[k] = Row::template both<C>(state[k], parts[k * 256 + thread + half * across]);
      parts[k * 256 + thread] = state[k];
    }
  }
  if (row > 0 || column >= a.results) return;
#pragma unroll
  for (int k = 0; k < N; k++) write(a, (piece * a.results + column) * N + k, state[k]);
}

// The best of what pieces have found: `points` places for each result.
template <class Row, class T> __global__ void joinFound(tk_cuda_reduction a) {
  using C = Compute<T>;
  int64 result = ((int64)blockIdx.x * blockDim.x + threadIdx.x) / a.width;
  int lane = threadIdx.x % a.width;
  Found<C> best = Row::template start<C>();
  if (result < a.results) {
    const T *x = (const T *)a.x + offsetOf(a.kept, result);
    for (int64 piece = lane; piece < a.pieces; piece += a.width) {
      int64 place = a.places[piece * a.results + result];
      best = Row::template both<C>(best, Row::of(compute(x[offsetOf(a.reduced, place)]), place));
    }
  }
  best = together<Row, C>(best, a.width);
  if (result < a.results && lane == 0) ((int64 *)a.y)[result] = best.place;
}

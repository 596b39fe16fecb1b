// Rows of contiguous elements, and the threads that work on one together.
#pragma once
#include "Device.cuh"

DEVICE float exponential(float x) { return expf(x); }
DEVICE double exponential(double x) { return exp(x); }
DEVICE float logarithmOf(float x) { return logf(x); }
DEVICE double logarithmOf(double x) { return log(x); }
DEVICE float squareRoot(float x) { return sqrtf(x); }
DEVICE double squareRoot(double x) { return sqrt(x); }
// A number wins over NaN.
DEVICE float greater(float a, float b) { return fmaxf(a, b); }
DEVICE double greater(double a, double b) { return fmax(a, b); }
template <class C> DEVICE C lowest() { return (C)-floatOf(0x7f800000u); }

constexpr int greatestSize(int a, int b) { return a > b ? a : b; }
// Elements of a row that a thread reads at once: 16 bytes of the largest type.
template <class A, class B = A, class D = A>
constexpr int packLength = 16 / greatestSize(sizeof(A), greatestSize(sizeof(B), sizeof(D)));

// The threads that work on one row: LANES of a warp, or the block where LANES is 0.
template <int LANES> struct Team {
  static DEVICE int size() { return LANES ? LANES : (int)blockDim.x; }
  static DEVICE int rank() { return LANES ? (int)threadIdx.x % LANES : (int)threadIdx.x; }
  // Its place in the block, and how many a block has.
  static DEVICE int place() { return LANES ? (int)threadIdx.x / LANES : 0; }
  static DEVICE int count() { return LANES ? (int)blockDim.x / LANES : 1; }
  static DEVICE int64 row() { return (int64)blockIdx.x * count() + place(); }

  template <class C, class F> static DEVICE C fold(C x, C start, F combine) {
    if constexpr (LANES == 0) {
      return blockFold(x, start, combine);
    } else {
#pragma unroll
      for (int offset = LANES / 2; offset > 0; offset /= 2) x = combine(x, __shfl_xor_sync(0xffffffffu, x, offset));
      return x;
    }
  }
  template <class C> static DEVICE C sum(C x) {
    return fold(x, C(0), [](C a, C b) { return a + b; });
  }
  template <class C> static DEVICE C greatest(C x) {
    return fold(x, lowest<C>(), [](C a, C b) { return greater(a, b); });
  }
};

// A row cut into packs of N elements. Where rows are not ALIGNED, `shift` elements before the row belong to its first
// pack, so that packs lie on multiples of their size all the same.
template <int N, bool ALIGNED> struct Line {
  int64 length;
  int shift, packs;

  DEVICE Line(int64 length, int shift)
    : length(length), shift(ALIGNED ? 0 : shift), packs((int)((length + this->shift + N - 1) / N)) {}
  template <class T> static DEVICE int shiftOf(const T *row) { return (int)((size_t)row / sizeof(T) % N); }

  DEVICE bool has(int pack, int i) const {
    if (ALIGNED) return pack < packs;
    int64 k = (int64)pack * N + i - shift;
    return k >= 0 && k < length;
  }
  template <class T> DEVICE Pack<T, N> load(const T *row, int pack, T outside) const {
    using Whole = Pack<T, N>;
    Whole x;
    if (ALIGNED) {
      if (pack < packs) return ((const Whole *)row)[pack];
#pragma unroll
      for (int i = 0; i < N; i++) x.values[i] = outside;
      return x;
    }
    int64 first = (int64)pack * N - shift;
    const T *from = row + first;
    if (first >= 0 && first + N <= length && (size_t)from % sizeof(Whole) == 0) return *(const Whole *)from;
#pragma unroll
    for (int i = 0; i < N; i++) x.values[i] = first + i >= 0 && first + i < length ? from[i] : outside;
    return x;
  }
  template <class T> DEVICE Pack<T, N> load(const T *row, int pack) const { return load(row, pack, rounded<T>(0.0f)); }
  template <class T, class C> DEVICE void store(T *row, int pack, const C *values) const {
    using Whole = Pack<T, N>;
    Whole y;
#pragma unroll
    for (int i = 0; i < N; i++) y.values[i] = rounded<T>(values[i]);
    if (ALIGNED) {
      if (pack < packs) ((Whole *)row)[pack] = y;
      return;
    }
    int64 first = (int64)pack * N - shift;
    T *to = row + first;
    if (first >= 0 && first + N <= length && (size_t)to % sizeof(Whole) == 0) {
      *(Whole *)to = y;
      return;
    }
#pragma unroll
    for (int i = 0; i < N; i++) {
      if (first + i >= 0 && first + i < length) to[i] = y.values[i];
    }
  }
};

// The mean of numbers and their squared distances from it. They come in batches, each of which is measured from its
// own mean: no square is large beside the sum.
template <class C> struct Moments {
  C count = 0, mean = 0, squares = 0;

  DEVICE void join(C others, C otherMean, C otherSquares) {
    if (others == 0) return;
    C all = count + others, share = others / all, distance = otherMean - mean;
    mean += distance * share;
    squares += otherSquares + distance * distance * count * share;
    count = all;
  }
};

// What each thread of a team finds of its packs of a row, four at a time.
template <class TEAM, class T, int N, bool ALIGNED>
DEVICE Moments<Compute<T>> momentsOf(const T *row, const Line<N, ALIGNED> &line) {
  using C = Compute<T>;
  constexpr int BATCH = 4;
  Moments<C> found;
  for (int first = TEAM::rank(); first < line.packs; first += BATCH * TEAM::size()) {
    Pack<T, N> x[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) x[k] = line.load(row, first + k * TEAM::size());
    C sum = 0, squares = 0;
    int count = 0;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        sum += compute(x[k].values[i]);
        count += line.has(first + k * TEAM::size(), i);
      }
    }
    C mean = count ? sum / count : C(0);
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        C distance = compute(x[k].values[i]) - mean;
        if (line.has(first + k * TEAM::size(), i)) squares += distance * distance;
      }
    }
    found.join((C)count, mean, squares);
  }
  return found;
}

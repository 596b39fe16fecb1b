// Softmax, cross-entropy and their derivatives, row by row. A row is held in PACKS packs a thread of its team, or read
// twice where PACKS is 0: then its greatest element and the sum are found together.
#include "Row.cuh"
#include "CUDA/Rows.h"

template <class C> struct Exponentials { C greatest, sum; };

// The sum of exp(x - greatest) of a row, read once. A row of minus infinities gives NaN.
template <class TEAM, class T, int N, bool ALIGNED>
DEVICE Exponentials<Compute<T>> exponentialsOf(const T *row, const Line<N, ALIGNED> &line) {
  using C = Compute<T>;
  constexpr int BATCH = sizeof(T) == 4 ? 4 : 2;
  C greatest = lowest<C>(), sum = 0;
  for (int first = TEAM::rank(); first < line.packs; first += BATCH * TEAM::size()) {
    Pack<T, N> x[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) x[k] = line.load(row, first + k * TEAM::size(), rounded<T>(lowest<float>()));
    C top = greatest, part = 0;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) top = greater(top, compute(x[k].values[i]));
    }
    // From 0 as long as nothing is above minus infinity, which has no distance from itself.
    C base = top == lowest<C>() ? C(0) : top;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) part += exponential(compute(x[k].values[i]) - base);
    }
    sum = sum * exponential(greatest - base) + part;
    greatest = top;
  }
  C top = TEAM::greatest(greatest);
  return {top, TEAM::sum(sum * exponential(greatest - top))};
}

// How elements of a row become its result: gradient softmax(x), less the gradient at the label where one is.
template <class C, bool LABELLED> struct SoftmaxRule {
  bool logarithm;
  C gradient;
  // Counted from the first pack.
  int64 label;

  // What an element of a pack at `offset` loses.
  DEVICE C less(int64 offset, int i, C otherwise) const {
    return LABELLED ? (label - offset == i ? gradient : C(0)) : otherwise;
  }
};

template <class T, int LANES, int PACKS, bool ALIGNED, bool LABELLED>
DEVICE void softmaxOfHeldRow(const T *x, T *y, const Line<packLength<T>, ALIGNED> &line,
                             SoftmaxRule<Compute<T>, LABELLED> rule) {
  using C = Compute<T>;
  using Own = Team<LANES>;
  constexpr int N = packLength<T>;
  Pack<T, N> stored[PACKS];
#pragma unroll
  for (int k = 0; k < PACKS; k++) {
    stored[k] = line.load(x, Own::rank() + k * Own::size(), rounded<T>(lowest<float>()));
  }
  C values[PACKS][N], greatest = lowest<C>(), sum = 0;
#pragma unroll
  for (int k = 0; k < PACKS; k++) {
#pragma unroll
    for (int i = 0; i < N; i++) greatest = greater(greatest, values[k][i] = compute(stored[k].values[i]));
  }
  greatest = Own::greatest(greatest);
#pragma unroll
  for (int k = 0; k < PACKS; k++) {
#pragma unroll
    for (int i = 0; i < N; i++) {
      C distance = values[k][i] - greatest, power = exponential(distance);
      sum += power;
      values[k][i] = rule.logarithm ? distance : power;
    }
  }
  sum = Own::sum(sum);
  C scale = rule.logarithm ? C(1) : rule.gradient / sum, fall = rule.logarithm ? logarithmOf(sum) : C(0);
#pragma unroll
  for (int k = 0; k < PACKS; k++) {
    int pack = Own::rank() + k * Own::size();
#pragma unroll
    for (int i = 0; i < N; i++) values[k][i] = values[k][i] * scale - rule.less((int64)pack * N, i, fall);
    line.store(y, pack, values[k]);
  }
}

// From the end of the row, which is still near.
template <class T, int LANES, bool ALIGNED, bool LABELLED>
DEVICE void softmaxOfLongRow(const T *x, T *y, const Line<packLength<T>, ALIGNED> &line,
                             SoftmaxRule<Compute<T>, LABELLED> rule) {
  using C = Compute<T>;
  using Own = Team<LANES>;
  constexpr int N = packLength<T>, BATCH = 2;
  Exponentials<C> found = exponentialsOf<Own>(x, line);
  C scale = rule.gradient / found.sum, fall = rule.logarithm ? logarithmOf(found.sum) : C(0);
  int stride = BATCH * Own::size();
  for (int from = (line.packs - 1) / stride * stride; from >= 0; from -= stride) {
    Pack<T, N> stored[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) stored[k] = line.load(x, from + Own::rank() + k * Own::size());
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int pack = from + Own::rank() + k * Own::size();
      C values[N];
#pragma unroll
      for (int i = 0; i < N; i++) {
        C distance = compute(stored[k].values[i]) - found.greatest;
        C share = rule.logarithm ? distance : exponential(distance) * scale;
        values[i] = share - rule.less((int64)pack * N, i, fall);
      }
      line.store(y, pack, values);
    }
  }
}

template <class T, int LANES, int PACKS, bool ALIGNED> __global__ __launch_bounds__(LANES ? 128 : 512)
void softmax(tk_cuda_rows a) {
  int64 row = Team<LANES>::row(), length = row < a.rows ? a.width : 0;
  const T *x = (const T *)a.x + row * a.width;
  T *y = (T *)a.y + row * a.width;
  Line<packLength<T>, ALIGNED> line(length, Line<packLength<T>, ALIGNED>::shiftOf(x));
  SoftmaxRule<Compute<T>, false> rule = {a.logarithm, 1, 0};
  if constexpr (PACKS > 0) softmaxOfHeldRow<T, LANES, PACKS, ALIGNED>(x, y, line, rule);
  else softmaxOfLongRow<T, LANES, ALIGNED>(x, y, line, rule);
}

// Rows whose gradient is 0 get zeros, whatever they hold.
template <class T, int LANES, int PACKS, bool ALIGNED> __global__ __launch_bounds__(LANES ? 128 : 512)
void surpriseBackward(tk_cuda_rows a) {
  using C = Compute<T>;
  using Own = Team<LANES>;
  constexpr int N = packLength<T>;
  int64 row = Own::row(), length = row < a.rows ? a.width : 0;
  C gradient = length ? ((const C *)a.g)[row] : C(0);
  const T *x = (const T *)a.x + row * a.width;
  T *y = (T *)a.y + row * a.width;
  Line<N, ALIGNED> all(length, Line<N, ALIGNED>::shiftOf(x));
  if (gradient == 0) {
    C zeros[N] = {};
    for (int pack = Own::rank(); pack < all.packs; pack += Own::size()) all.store(y, pack, zeros);
    length = 0;
  }
  // The others of a warp go on with rows of theirs, so that this one has to go along.
  Line<N, ALIGNED> line(length, all.shift);
  SoftmaxRule<C, true> rule = {false, gradient, length ? ((const int64 *)a.labels)[row] + line.shift : -1};
  if constexpr (PACKS > 0) softmaxOfHeldRow<T, LANES, PACKS, ALIGNED>(x, y, line, rule);
  else softmaxOfLongRow<T, LANES, ALIGNED>(x, y, line, rule);
}

template <class T, int LANES, bool ALIGNED> __global__ __launch_bounds__(LANES ? 128 : 512, LANES ? 4 : 1)
void surprise(tk_cuda_rows a) {
  using C = Compute<T>;
  using Own = Team<LANES>;
  int64 row = Own::row(), length = row < a.rows ? a.width : 0;
  const T *x = (const T *)a.x + row * a.width;
  Line<packLength<T>, ALIGNED> line(length, Line<packLength<T>, ALIGNED>::shiftOf(x));
  Exponentials<C> found = exponentialsOf<Own>(x, line);
  if (length == 0 || Own::rank() > 0) return;
  // A label that is no class is a mistake that somebody else tells of.
  int64 label = ((const int64 *)a.labels)[row];
  C labelled = (uint64_t)label < (uint64_t)a.width ? compute(x[label]) : C(0);
  ((C *)a.y)[row] = logarithmOf(found.sum) - (labelled - found.greatest);
}

template <class T, int N>
DEVICE Compute<T> slopeSum(const Pack<T, N> &g, const Pack<T, N> &y, bool logarithm) {
  Compute<T> sum = 0;
#pragma unroll
  for (int i = 0; i < N; i++) {
    Compute<T> gradient = compute(g.values[i]);
    sum += logarithm ? gradient : gradient * compute(y.values[i]);
  }
  return sum;
}
template <class T, int N, bool ALIGNED>
DEVICE void storeSlopes(T *dx, const Line<N, ALIGNED> &line, int pack, const Pack<T, N> &g, const Pack<T, N> &y,
                        Compute<T> sum, bool logarithm) {
  Compute<T> slopes[N];
#pragma unroll
  for (int i = 0; i < N; i++) {
    Compute<T> gradient = compute(g.values[i]), result = compute(y.values[i]);
    slopes[i] = logarithm ? gradient - exponential(result) * sum : result * (gradient - sum);
  }
  line.store(dx, pack, slopes);
}

// dx = y (g - sum(g y)), or g - exp(y) sum(g) for the logarithm.
template <class T, int LANES, int PACKS, bool ALIGNED> __global__ __launch_bounds__(LANES ? 128 : 512)
void softmaxBackward(tk_cuda_rows a) {
  using Own = Team<LANES>;
  constexpr int N = packLength<T>, BATCH = PACKS ? PACKS : 2;
  int64 row = Own::row(), length = row < a.rows ? a.width : 0;
  const T *g = (const T *)a.g + row * a.width, *y = (const T *)a.x + row * a.width;
  T *dx = (T *)a.y + row * a.width;
  Line<N, ALIGNED> line(length, Line<N, ALIGNED>::shiftOf(g));
  int stride = BATCH * Own::size(), last = PACKS ? 0 : (line.packs - 1) / stride * stride;
  Pack<T, N> gs[BATCH], ys[BATCH];
  Compute<T> sum = 0;
  for (int from = 0; from <= last; from += stride) {
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      gs[k] = line.load(g, from + Own::rank() + k * Own::size());
      ys[k] = line.load(y, from + Own::rank() + k * Own::size());
    }
    Compute<T> part = 0;
#pragma unroll
    for (int k = 0; k < BATCH; k++) part += slopeSum(gs[k], ys[k], a.logarithm);
    sum += part;
  }
  sum = Own::sum(sum);
  // From the end of the row, which is still here.
  for (int from = last; from >= 0; from -= stride) {
    if (from < last) {
#pragma unroll
      for (int k = 0; k < BATCH; k++) {
        gs[k] = line.load(g, from + Own::rank() + k * Own::size());
        ys[k] = line.load(y, from + Own::rank() + k * Own::size());
      }
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      storeSlopes(dx, line, from + Own::rank() + k * Own::size(), gs[k], ys[k], sum, a.logarithm);
    }
  }
}

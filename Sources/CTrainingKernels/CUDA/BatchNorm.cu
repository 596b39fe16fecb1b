// Channels brought to mean 0 and variance 1, and the way back: blocks leave what they find of their share of a channel,
// a warp a channel joins it, and blocks write the result. Channels of planes are read plane by plane; where planes are
// short, an element of a plane is a column of a matrix whose rows are samples.
#include "Row.cuh"
#include "CUDA/BatchNorm.h"

struct MomentsPart { double count, mean, squares; };
struct SlopesPart { double along, across; };

DEVICE uint32_t quotient(uint32_t x, const tk_cuda_batch_norm &a) {
  return (__umulhi(x, a.multiplier) + x) >> a.shift;
}

// The share of a block in a channel, in packs: a position from its beginning is one in the channel's planes.
template <class T, bool ALIGNED> struct PlaneShare {
  static constexpr int N = ALIGNED ? packLength<T> : 1;
  int64 plane, stride, firstPlane;
  uint32_t offset, count;

  DEVICE explicit PlaneShare(const tk_cuda_batch_norm &a) : plane(a.inner / N), stride(a.channels * (a.inner / N)) {
    int64 all = a.batch * plane, length = (all + a.splits - 1) / a.splits, begin = blockIdx.y * length;
    int64 sample = begin / plane;
    count = begin < all ? (uint32_t)(all - begin < length ? all - begin : length) : 0;
    offset = (uint32_t)(begin - sample * plane);
    firstPlane = sample * stride + blockIdx.x * plane;
  }
  DEVICE int64 place(uint32_t position, const tk_cuda_batch_norm &a) const {
    uint32_t at = offset + position, sample = quotient(at, a);
    return firstPlane + sample * stride + (at - sample * (uint32_t)plane);
  }
};

template <class T, int N> DEVICE void clear(Pack<T, N> &x) {
#pragma unroll
  for (int i = 0; i < N; i++) x.values[i] = rounded<T>(0.0f);
}

// Of the threads of a block, in the first of them; count is that of all of them.
template <class C> DEVICE MomentsPart joined(const Moments<C> &found, double count) {
  double mean = count > 0 ? blockSum((double)found.count * (double)found.mean) / count : 0;
  double distance = (double)found.mean - mean;
  return {count, mean, blockSum((double)found.squares + (double)found.count * distance * distance)};
}

template <class T, bool ALIGNED> __global__ __launch_bounds__(256) void batchNormMoments(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int N = PlaneShare<T, ALIGNED>::N, BATCH = ALIGNED ? 4 : 8;
  PlaneShare<T, ALIGNED> share(a);
  const Pack<T, N> *x = (const Pack<T, N> *)a.x;
  Moments<C> found;
  for (uint32_t first = threadIdx.x; first < share.count; first += BATCH * blockDim.x) {
    Pack<T, N> packs[BATCH];
    C sum = 0, squares = 0;
    int count = 0;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      uint32_t position = first + k * blockDim.x;
      clear(packs[k]);
      if (position < share.count) packs[k] = x[share.place(position, a)], count += N;
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) sum += compute(packs[k].values[i]);
    }
    C mean = sum / count;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        C distance = compute(packs[k].values[i]) - mean;
        if (first + k * blockDim.x < share.count) squares += distance * distance;
      }
    }
    found.join((C)count, mean, squares);
  }
  MomentsPart part = joined(found, (double)share.count * N);
  if (threadIdx.x == 0) ((MomentsPart *)a.parts)[blockIdx.x * a.splits + blockIdx.y] = part;
}

DEVICE int64 partOfChannel(int64 channel, int64 k, const tk_cuda_batch_norm &a) {
  return k / a.part_run * a.part_stride + channel * a.part_run + k % a.part_run;
}

// A warp a channel.
template <class C> __global__ __launch_bounds__(128) void batchNormStatistics(tk_cuda_batch_norm a) {
  int64 channel = (int64)blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  int64 parts = channel < a.channels ? a.part_count : 0;
  const MomentsPart *part = (const MomentsPart *)a.parts;
  double count = (double)a.batch * (double)a.inner, mean = 0, squares = 0;
  for (int64 k = threadIdx.x % WARP; k < parts; k += WARP) {
    MomentsPart found = part[partOfChannel(channel, k, a)];
    mean += found.count * found.mean;
  }
  mean = warpSum(mean) / count;
  for (int64 k = threadIdx.x % WARP; k < parts; k += WARP) {
    MomentsPart found = part[partOfChannel(channel, k, a)];
    double distance = found.mean - mean;
    squares += found.squares + found.count * distance * distance;
  }
  C variance = (C)(warpSum(squares) / count);
  if (channel >= a.channels || threadIdx.x % WARP > 0) return;
  ((C *)a.means)[channel] = (C)mean;
  ((C *)a.variances)[channel] = variance;
  ((C *)a.roots)[channel] = 1 / squareRoot(variance + (C)a.epsilon);
}

// y = (x - mean) scale + bias, with scale = root weight.
template <class C> struct ChannelScale {
  C mean, scale, bias;
  DEVICE ChannelScale(int64 channel, const tk_cuda_batch_norm &a) {
    mean = ((const C *)a.means)[channel];
    scale = ((const C *)a.roots)[channel];
    if (a.weight) scale *= ((const C *)a.weight)[channel];
    bias = a.bias ? ((const C *)a.bias)[channel] : C(0);
  }
  DEVICE C operator()(C x) const { return (x - mean) * scale + bias; }
};

template <class T, bool ALIGNED> __global__ __launch_bounds__(256) void batchNorm(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int N = PlaneShare<T, ALIGNED>::N, BATCH = 4;
  PlaneShare<T, ALIGNED> share(a);
  const Pack<T, N> *x = (const Pack<T, N> *)a.x;
  Pack<T, N> *y = (Pack<T, N> *)a.y;
  ChannelScale<C> scaled(blockIdx.x, a);
  for (uint32_t first = threadIdx.x; first < share.count; first += BATCH * blockDim.x) {
    Pack<T, N> packs[BATCH];
    int64 places[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      uint32_t position = first + k * blockDim.x;
      places[k] = share.place(position < share.count ? position : first, a);
      packs[k] = x[places[k]];
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) packs[k].values[i] = rounded<T>(scaled(compute(packs[k].values[i])));
      if (first + k * blockDim.x < share.count) y[places[k]] = packs[k];
    }
  }
}

template <class T, bool ALIGNED> __global__ __launch_bounds__(256) void batchNormSlopes(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int N = PlaneShare<T, ALIGNED>::N, BATCH = ALIGNED ? 2 : 4;
  PlaneShare<T, ALIGNED> share(a);
  const Pack<T, N> *x = (const Pack<T, N> *)a.x, *g = (const Pack<T, N> *)a.g;
  C mean = ((const C *)a.means)[blockIdx.x], along = 0, across = 0;
  for (uint32_t first = threadIdx.x; first < share.count; first += BATCH * blockDim.x) {
    Pack<T, N> xs[BATCH], gs[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      uint32_t position = first + k * blockDim.x;
      int64 place = share.place(position < share.count ? position : first, a);
      xs[k] = x[place], gs[k] = g[place];
    }
    C alongPart = 0, acrossPart = 0;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      if (first + k * blockDim.x >= share.count) continue;
#pragma unroll
      for (int i = 0; i < N; i++) {
        C gradient = compute(gs[k].values[i]);
        alongPart += gradient * (compute(xs[k].values[i]) - mean);
        acrossPart += gradient;
      }
    }
    along += alongPart, across += acrossPart;
  }
  SlopesPart part = {blockSum((double)along), blockSum((double)across)};
  if (threadIdx.x == 0) ((SlopesPart *)a.parts)[blockIdx.x * a.splits + blockIdx.y] = part;
}

// A warp a channel.
template <class C> __global__ __launch_bounds__(128) void batchNormSlopeSums(tk_cuda_batch_norm a) {
  int64 channel = (int64)blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  int64 parts = channel < a.channels ? a.part_count : 0;
  double along = 0, across = 0, count = (double)a.batch * (double)a.inner;
  for (int64 k = threadIdx.x % WARP; k < parts; k += WARP) {
    SlopesPart found = ((const SlopesPart *)a.parts)[partOfChannel(channel, k, a)];
    along += found.along, across += found.across;
  }
  along = warpSum(along), across = warpSum(across);
  if (channel >= a.channels || threadIdx.x % WARP > 0) return;
  if (a.to_weight) ((C *)a.to_weight)[channel] = (C)along * ((const C *)a.roots)[channel];
  if (a.to_bias) ((C *)a.to_bias)[channel] = (C)across;
  ((C *)a.slopes)[2 * channel] = (C)(along / count);
  ((C *)a.slopes)[2 * channel + 1] = (C)(across / count);
}

// dx = (g - mean(g) - (x - mean) mean(g (x - mean)) root^2) root weight.
template <class C> struct ChannelSlope {
  C mean, scale, along, across;
  DEVICE ChannelSlope(int64 channel, const tk_cuda_batch_norm &a) {
    C root = ((const C *)a.roots)[channel];
    mean = ((const C *)a.means)[channel];
    scale = a.weight ? root * ((const C *)a.weight)[channel] : root;
    along = ((const C *)a.slopes)[2 * channel] * root * root;
    across = ((const C *)a.slopes)[2 * channel + 1];
  }
  DEVICE C operator()(C g, C x) const { return (g - across - (x - mean) * along) * scale; }
};

template <class T, bool ALIGNED> __global__ __launch_bounds__(256) void batchNormBackward(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int N = PlaneShare<T, ALIGNED>::N, BATCH = ALIGNED ? 2 : 4;
  PlaneShare<T, ALIGNED> share(a);
  const Pack<T, N> *x = (const Pack<T, N> *)a.x, *g = (const Pack<T, N> *)a.g;
  Pack<T, N> *y = (Pack<T, N> *)a.y;
  ChannelSlope<C> slope(blockIdx.x, a);
  for (uint32_t first = threadIdx.x; first < share.count; first += BATCH * blockDim.x) {
    Pack<T, N> xs[BATCH], gs[BATCH];
    int64 places[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      uint32_t position = first + k * blockDim.x;
      places[k] = share.place(position < share.count ? position : first, a);
      xs[k] = x[places[k]], gs[k] = g[places[k]];
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        xs[k].values[i] = rounded<T>(slope(compute(gs[k].values[i]), compute(xs[k].values[i])));
      }
      if (first + k * blockDim.x < share.count) y[places[k]] = xs[k];
    }
  }
}

// The rows of a block in the matrix of samples by columns; a lane has a column, a warp every eighth row.
struct ColumnShare {
  int64 columns, column, begin, end;
  int warp, warps;

  DEVICE explicit ColumnShare(const tk_cuda_batch_norm &a) {
    int64 length = (a.batch + a.splits - 1) / a.splits;
    columns = a.channels * a.inner, column = (int64)blockIdx.x * WARP + threadIdx.x % WARP;
    begin = blockIdx.y * length, end = begin + length < a.batch ? begin + length : a.batch;
    warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    if (column >= columns) end = begin;
  }
  DEVICE int64 channel(const tk_cuda_batch_norm &a) const {
    return column < columns ? quotient((uint32_t)column, a) : 0;
  }
};

template <class T> __global__ __launch_bounds__(256) void batchNormColumnMoments(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int BATCH = 8;
  __shared__ MomentsPart parts[8][WARP];
  ColumnShare share(a);
  const T *x = (const T *)a.x + share.column;
  Moments<C> found;
  for (int64 first = share.begin + share.warp; first < share.end; first += BATCH * share.warps) {
    C values[BATCH], sum = 0, squares = 0;
    int count = 0;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 row = first + k * share.warps;
      values[k] = row < share.end ? compute(x[row * share.columns]) : C(0);
      count += row < share.end;
      sum += values[k];
    }
    C mean = sum / count;
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      C distance = values[k] - mean;
      if (first + k * share.warps < share.end) squares += distance * distance;
    }
    found.join((C)count, mean, squares);
  }
  int lane = threadIdx.x % WARP;
  parts[share.warp][lane] = {(double)found.count, (double)found.mean, (double)found.squares};
  __syncthreads();
  if (share.warp > 0 || share.column >= share.columns) return;
  Moments<double> all;
  for (int k = 0; k < share.warps; k++) all.join(parts[k][lane].count, parts[k][lane].mean, parts[k][lane].squares);
  ((MomentsPart *)a.parts)[blockIdx.y * share.columns + share.column] = {all.count, all.mean, all.squares};
}

template <class T> __global__ __launch_bounds__(256) void batchNormOfColumns(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int BATCH = 8;
  ColumnShare share(a);
  const T *x = (const T *)a.x + share.column;
  T *y = (T *)a.y + share.column;
  ChannelScale<C> scaled(share.channel(a), a);
  for (int64 first = share.begin + share.warp; first < share.end; first += BATCH * share.warps) {
    T values[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 row = first + k * share.warps;
      values[k] = x[(row < share.end ? row : first) * share.columns];
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 row = first + k * share.warps;
      if (row < share.end) y[row * share.columns] = rounded<T>(scaled(compute(values[k])));
    }
  }
}

template <class T> __global__ __launch_bounds__(256) void batchNormColumnSlopes(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int BATCH = 4;
  __shared__ SlopesPart parts[8][WARP];
  ColumnShare share(a);
  const T *x = (const T *)a.x + share.column, *g = (const T *)a.g + share.column;
  C mean = ((const C *)a.means)[share.channel(a)], along = 0, across = 0;
  for (int64 first = share.begin + share.warp; first < share.end; first += BATCH * share.warps) {
    C xs[BATCH], gs[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 row = first + k * share.warps;
      xs[k] = row < share.end ? compute(x[row * share.columns]) : mean;
      gs[k] = row < share.end ? compute(g[row * share.columns]) : C(0);
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      if (first + k * share.warps < share.end) along += gs[k] * (xs[k] - mean), across += gs[k];
    }
  }
  int lane = threadIdx.x % WARP;
  parts[share.warp][lane] = {(double)along, (double)across};
  __syncthreads();
  if (share.warp > 0 || share.column >= share.columns) return;
  SlopesPart all = {0, 0};
  for (int k = 0; k < share.warps; k++) all.along += parts[k][lane].along, all.across += parts[k][lane].across;
  ((SlopesPart *)a.parts)[blockIdx.y * share.columns + share.column] = all;
}

template <class T> __global__ __launch_bounds__(256) void batchNormBackwardOfColumns(tk_cuda_batch_norm a) {
  using C = Compute<T>;
  constexpr int BATCH = 4;
  ColumnShare share(a);
  const T *x = (const T *)a.x + share.column, *g = (const T *)a.g + share.column;
  T *y = (T *)a.y + share.column;
  ChannelSlope<C> slope(share.channel(a), a);
  for (int64 first = share.begin + share.warp; first < share.end; first += BATCH * share.warps) {
    T xs[BATCH], gs[BATCH];
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 row = first + k * share.warps, place = (row < share.end ? row : first) * share.columns;
      xs[k] = x[place], gs[k] = g[place];
    }
#pragma unroll
    for (int k = 0; k < BATCH; k++) {
      int64 row = first + k * share.warps;
      if (row < share.end) y[row * share.columns] = rounded<T>(slope(compute(gs[k]), compute(xs[k])));
    }
  }
}

// Convolutions as products of a weight with what windows see of the images, which is read where it lies.
#include "Tile.cuh"
#include "CUDA/Convolution.h"

// Results first, first + step, ... along an axis, `count` of them. Number i is a sum over `taps`: tap t sees the
// source's element start + i * stride + t * spacing, weighted by the kernel's element tap + t * tap_step.
struct Phase {
  int first, step, count, start, stride, spacing, tap, tap_step, taps;
};

// A pixel is reached by every tap whose distance from it is a whole number of strides: those of one remainder, which
// are seen by every stride-th pixel. The weight is reversed then, so that taps go upwards.
DEVICE Phase phaseOf(const tk_cuda_axis &axis, bool makesImages, int phase) {
  if (!makesImages)
    return {0, 1, axis.places, -axis.before, axis.stride, axis.dilation, 0, 1, axis.kernel};
  int stride = axis.stride, step = axis.tap_step, pixel = phase + axis.before, tap = 0;
  int candidates = min(step, axis.kernel);
  while (tap < candidates && (pixel - tap * axis.dilation) % stride != 0) tap++;
  int taps = tap < candidates ? (axis.kernel - tap + step - 1) / step : 0, last = tap + (taps - 1) * step;
  int count = phase < axis.extent ? (axis.extent - phase + stride - 1) / stride : 0;
  int start = (pixel - last * axis.dilation) / stride, spacing = step * axis.dilation / stride;
  return {phase, stride, count, start, 1, spacing, axis.kernel - 1 - last, step, taps};
}

DEVICE int phaseCount(const tk_cuda_axis &axis, bool makesImages) {
  return makesImages ? min(axis.stride, axis.extent) : 1;
}

// What windows see: channels, rows and columns of a source.
struct Seen {
  Phase rows, columns;
  int channels, height, width;

  DEVICE Seen(const tk_cuda_convolution &a, int phase)
    : channels(a.source_channels), height(a.makes_images ? a.rows.places : a.rows.extent),
      width(a.makes_images ? a.columns.places : a.columns.extent) {
    int across = phaseCount(a.columns, a.makes_images);
    rows = phaseOf(a.rows, a.makes_images, phase / across);
    columns = phaseOf(a.columns, a.makes_images, phase % across);
  }
  DEVICE int depth() const { return rows.taps * columns.taps * channels; }
  DEVICE int64 places(int64 images) const { return images * rows.count * columns.count; }
};

// One of the places of all images in the order [images, rows, columns], and where its window begins.
template <class T> struct Place {
  const T *data;
  int64 image;
  int row, column, y, x;

  DEVICE void find(const tk_cuda_convolution &a, const Seen &seen, int group, int64 place) {
    image = place / (seen.rows.count * seen.columns.count);
    int rest = (int)(place % (seen.rows.count * seen.columns.count));
    row = rest / seen.columns.count, column = rest % seen.columns.count;
    y = seen.rows.start + row * seen.rows.stride, x = seen.columns.start + column * seen.columns.stride;
    data = (const T *)a.source + (image * a.groups + group) * seen.channels * seen.height * seen.width;
  }

  // E neighbours in the order [taps, channels], of which there are `left`.
  template <int E> DEVICE void chunk(const Seen &seen, T (&to)[E], int at, int left) const {
    int tap = at / seen.channels, channel = at % seen.channels;
    int64 plane = (int64)seen.height * seen.width;
    const T *from = left > 0 ? see(seen, tap) : nullptr;
    if (left >= E && channel + E <= seen.channels) {
      if (from) from += channel * plane;
#pragma unroll
      for (int e = 0; e < E; e++) to[e] = from ? from[e * plane] : T{};
      return;
    }
#pragma unroll
    for (int e = 0; e < E; e++) {
      to[e] = from && e < left ? from[channel * plane] : T{};
      if (++channel == seen.channels && e + 1 < left) channel = 0, from = see(seen, ++tap);
    }
  }

  // The first channel of what a tap sees, or NULL beside the image.
  DEVICE const T *see(const Seen &seen, int tap) const {
    int r = y + tap / seen.columns.taps * seen.rows.spacing, c = x + tap % seen.columns.taps * seen.columns.spacing;
    bool isInside = (unsigned)r < (unsigned)seen.height && (unsigned)c < (unsigned)seen.width;
    return isInside ? data + (int64)r * seen.width + c : nullptr;
  }
};

// Rows are places, depth is [taps, channels]: every thread stays at one place.
template <class T> struct Windows {
  static constexpr bool isDense = false, isLater = false;
  const Seen &seen;
  Place<T> place;
  bool isPlace;

  DEVICE void turn(int64) {}
  template <int E> DEVICE void chunk(T (&to)[E], int, int64 at) const {
    place.chunk(seen, to, (int)at, isPlace ? seen.depth() - (int)at : 0);
  }
};

// Rows are [taps, channels], depth is places: every thread goes from place to place.
template <class T, int DEPTH> struct WindowColumns {
  static constexpr bool isDense = false, isLater = false;
  const tk_cuda_convolution &a;
  const Seen &seen;
  int group, first;
  int64 end;
  Place<T> place;
  bool isPlace;

  DEVICE void turn(int64 start) {
    start += threadIdx.x % DEPTH;
    isPlace = start < end;
    if (isPlace) place.find(a, seen, group, start);
  }
  template <int E> DEVICE void chunk(T (&to)[E], int row, int64) const {
    place.chunk(seen, to, first + row, isPlace ? seen.depth() - first - row : 0);
  }
};

// The ordered weight: rows are channels of results, depth is [taps of a phase, channels].
template <class T> struct Weights {
  static constexpr bool isDense = true, isLater = false;
  const Seen &seen;
  const T *data;
  int rows, kernelColumns;
  int64 row;
  bool vector;

  DEVICE void turn(int64) {}
  DEVICE const T *tapOf(int tap) const {
    int r = seen.rows.tap + tap / seen.columns.taps * seen.rows.tap_step;
    int c = seen.columns.tap + tap % seen.columns.taps * seen.columns.tap_step;
    return data + (int64)(r * kernelColumns + c) * seen.channels;
  }
  template <int E> DEVICE void chunk(T (&to)[E], int at, int64 depth) const {
    int left = at < rows ? seen.depth() - (int)depth : 0;
    if (left <= 0) left = 0;
    int tap = (int)depth / seen.channels, channel = (int)depth % seen.channels;
    if (vector && left > 0) return copyChunk<T, E>(to, tapOf(tap) + at * row + channel);
#pragma unroll
    for (int e = 0; e < E; e++) {
      to[e] = e < left ? tapOf(tap)[at * row + channel] : T{};
      if (++channel == seen.channels) channel = 0, tap++;
    }
  }
};

// The gradient of places: rows are channels, depth is places.
template <class T> struct Slopes {
  static constexpr bool isDense = true, isLater = false;
  const T *data;
  int rows;
  // Places of an image, and elements from image to image.
  int64 plane, image, end;
  bool vector;

  DEVICE void turn(int64) {}
  template <int E> DEVICE void chunk(T (&to)[E], int at, int64 depth) const {
    int64 left = at < rows ? end - depth : 0, lot = depth / plane, rest = depth % plane;
    const T *from = data + lot * image + at * plane;
    if (vector && left >= E) return copyChunk<T, E>(to, from + rest);
#pragma unroll
    for (int e = 0; e < E; e++) {
      to[e] = e < left ? from[rest] : T{};
      if (++rest == plane) rest = 0, from += image;
    }
  }
};

// The weight in the order [groups, result channels, taps, source channels]; reversed where images are made.
template <class T> __global__ void order_weight(tk_cuda_convolution a) {
  int64 taps = (int64)a.rows.kernel * a.columns.kernel, c = a.source_channels, r = a.result_channels;
  int64 count = a.groups * r * taps * c, stride = (int64)gridDim.x * blockDim.x;
  for (int64 e = (int64)blockIdx.x * blockDim.x + threadIdx.x; e < count; e += stride) {
    int64 channel = e % c, tap = e / c % taps, result = e / c / taps % r, group = e / c / taps / r;
    int64 from = a.makes_images ? ((group * c + channel) * r + result) * taps + taps - 1 - tap
                                : ((group * r + result) * c + channel) * taps + tap;
    ((T *)a.ordered)[e] = ((const T *)a.weight)[from];
  }
}

// Four results of neighbouring places.
template <class T, class Number> DEVICE void putPlaces(
  const tk_cuda_convolution &a, const Seen &seen, int channel, int64 place, const Number (&quad)[4]) {
  int64 height = a.makes_images ? a.rows.extent : a.rows.places;
  int64 width = a.makes_images ? a.columns.extent : a.columns.places;
  int64 left = seen.places(a.count) - place, across = seen.rows.count * seen.columns.count;
  Number bias = a.bias ? compute(((const T *)a.bias)[channel]) : 0;
  int64 channels = (int64)a.groups * a.result_channels, image = place / across;
  int rest = (int)(place % across), row = rest / seen.columns.count, column = rest % seen.columns.count;
  T *plane = (T *)a.result + (image * channels + channel) * height * width;
  T *to = plane + rest;
  if (across == height * width && rest + 4 <= across && (size_t)to % sizeof(Pack<T, 4>) == 0 && sizeof(T) < 8) {
    Pack<T, 4> pack;
#pragma unroll
    for (int e = 0; e < 4; e++) pack.values[e] = rounded<T>(quad[e] + bias);
    *(Pack<T, 4> *)to = pack;
    return;
  }
#pragma unroll
  for (int e = 0; e < 4; e++) {
    if (e >= left) return;
    plane[(seen.rows.first + row * seen.rows.step) * width + seen.columns.first + column * seen.columns.step] =
      rounded<T>(quad[e] + bias);
    if (++column < seen.columns.count) continue;
    column = 0;
    if (++row == seen.rows.count) row = 0, plane += channels * height * width;
  }
}

// Places, or images, from the other of them and a weight: one tile of [result channels of a group, places].
template <class T, int SIDE>
__global__ void __launch_bounds__(TileOf<T, SIDE>::type::threads, 1) convolve(tk_cuda_convolution a) {
  using Tile = typename TileOf<T, SIDE>::type;
  using A = Loader<T, SIDE, Tile::depth, Tile::threads, true, Weights<T>>;
  using B = Loader<T, SIDE, Tile::depth, Tile::threads, true, Windows<T>>;
  DYNAMIC_SHARED(T, memory);
  // Phases are the outermost; the first is the largest.
  int64 most = Seen(a, 0).places(a.count), tall = (a.result_channels + SIDE - 1) / SIDE;
  int64 wide = (most + SIDE - 1) / SIDE, at = blockIdx.x;
  int i = (int)(at % tall) * SIDE;
  int64 j = at / tall % wide * SIDE;
  int group = (int)(at / tall / wide % a.groups), phase = (int)(at / tall / wide / a.groups);
  Seen seen(a, phase);
  if (j >= seen.places(a.count)) return;
  int64 taps = (int64)a.rows.kernel * a.columns.kernel, row = taps * seen.channels, mine = j + threadIdx.x % SIDE;
  constexpr int E = A::E;
  const T *weights = (const T *)a.ordered + ((int64)group * a.result_channels + i) * row;
  Weights<T> left{seen, weights, a.result_channels - i, a.columns.kernel, row, seen.channels % E == 0};
  Windows<T> right{seen, {}, mine < seen.places(a.count)};
  right.place.find(a, seen, group, right.isPlace ? mine : 0);
  Tile tile;
  sumProducts<T, Tile, A, B>(tile, memory, left, right, 0, seen.depth());
  tile.forQuads(memory, [&](int r, int c, typename Tile::Number (&quad)[4]) {
    if (i + r >= a.result_channels || j + c >= seen.places(a.count)) return;
    putPlaces<T>(a, seen, group * a.result_channels + i + r, j + c, quad);
  });
}

// Where the sum of [a result channel of all groups, [taps, channels]] goes in a weight.
DEVICE int64 weightPlace(const tk_cuda_convolution &a, int64 channel, int64 column) {
  int64 taps = (int64)a.rows.kernel * a.columns.kernel;
  return (channel * a.source_channels + column % a.source_channels) * taps + column / a.source_channels;
}

// A weight from images and the gradient of places: one tile of [result channels of a group, [taps, channels]] over one
// run of places.
template <class T, int SIDE>
__global__ void __launch_bounds__(TileOf<T, SIDE>::type::threads, 1) convolve_weight(tk_cuda_convolution a) {
  using Tile = typename TileOf<T, SIDE>::type;
  using SourceB = WindowColumns<T, Tile::depth>;
  using A = Loader<T, SIDE, Tile::depth, Tile::threads, true, Slopes<T>>;
  using B = Loader<T, SIDE, Tile::depth, Tile::threads, false, SourceB>;
  DYNAMIC_SHARED(T, memory);
  Seen seen(a, 0);
  int64 tall = (a.result_channels + SIDE - 1) / SIDE, wide = (seen.depth() + SIDE - 1) / SIDE, at = blockIdx.x;
  int i = (int)(at % tall) * SIDE, j = (int)(at / tall % wide) * SIDE, depth = seen.depth();
  int group = (int)(at / tall / wide % a.groups);
  int64 split = at / tall / wide / a.groups, start = split * a.share, end = start + a.share;
  if (end > seen.places(a.count)) end = seen.places(a.count);
  int64 plane = (int64)a.rows.places * a.columns.places, channels = (int64)a.groups * a.result_channels;
  constexpr int E = A::E;
  const T *slopes = (const T *)a.gradient + ((int64)group * a.result_channels + i) * plane;
  bool vector = plane % E == 0 && (size_t)a.gradient % 16 == 0;
  Slopes<T> left{slopes, a.result_channels - i, plane, channels * plane, end, vector};
  SourceB right{a, seen, group, j, end, {}, false};
  Tile tile;
  sumProducts<T, Tile, A, B>(tile, memory, left, right, start, end);
  tile.forQuads(memory, [&](int r, int c, typename Tile::Number (&quad)[4]) {
    int64 channel = (int64)group * a.result_channels + i + r;
    if (i + r >= a.result_channels) return;
#pragma unroll
    for (int e = 0; e < 4; e++) {
      if (j + c + e >= depth) return;
      if (a.splits > 1) ((typename Tile::Number *)a.parts)[(split * channels + channel) * depth + j + c + e] = quad[e];
      else ((T *)a.result)[weightPlace(a, channel, j + c + e)] = rounded<T>(quad[e]);
    }
  });
}

// The sum of all parts of a weight, in their order.
template <class T> __global__ void convolve_parts(tk_cuda_convolution a) {
  int64 depth = (int64)a.rows.kernel * a.columns.kernel * a.source_channels;
  int64 count = (int64)a.groups * a.result_channels * depth, stride = (int64)gridDim.x * blockDim.x;
  for (int64 e = (int64)blockIdx.x * blockDim.x + threadIdx.x; e < count; e += stride) {
    Compute<T> sum = 0;
    for (int64 split = 0; split < a.splits; split++) sum += ((const Compute<T> *)a.parts)[split * count + e];
    ((T *)a.result)[weightPlace(a, e / depth, e % depth)] = rounded<T>(sum);
  }
}

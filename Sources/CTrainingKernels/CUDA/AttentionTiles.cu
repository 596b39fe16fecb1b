// Attention and its gradients of halves by matrix units, for up to 256 features.
#include "Attention.cuh"

#define LOG2_E 1.4426950408889634

// One pass for 64 rows of a head, 16 a warp. WIDTH is the number of features and of outputs, or more.
template <class T, int WIDTH, int PASS> struct AttentionTiles {
  static constexpr Pass pass = (Pass)PASS;
  static constexpr bool isTurned = pass == keys || pass == values, isFirst = pass == means || pass == records;
  static constexpr bool hasSlopes = pass == records || pass == queries || pass == keys;
  static constexpr int span = WIDTH == 256 ? 32 : 64, pitch = WIDTH + 8, threads = 128;
  // Rows of one or two matrices; and columns of two, once or twice.
  static constexpr int side = (hasSlopes ? 2 : 1) * 64 * pitch, stage = 2 * span * pitch;
  static constexpr int stages = (side + 2 * stage) * 2 <= 96 * 1024 ? 2 : 1;

  const tk_cuda_attention &a;
  Work work;
  T *memory;
  float sums[pass == records ? 1 : WIDTH / 8][4];
  Row<float> rows[2];
  Record<float> records2[2];
  // Scores are in powers of two.
  float scale;

  DEVICE AttentionTiles(const tk_cuda_attention &a, T *memory)
    : a(a), work(a, pass, 64, WIDTH, WIDTH), memory(memory), scale((float)(a.scale * LOG2_E)) {}

  DEVICE static int lane() { return threadIdx.x % WARP; }
  // Which row of the tile, of the two that a thread has a part of.
  DEVICE static int row(int half) { return threadIdx.x / WARP * 16 + half * 8 + lane() / 4; }

  // Brings rows of a matrix into shared memory, with zeros around them.
  DEVICE void bring(T *to, const tk_cuda_heads &from, int64 first, int64 end, int count, int64 width) {
    const T *data = work.of<T>(from) + first * from.row;
#pragma unroll 4
    for (int id = threadIdx.x; id < count * (WIDTH / 8); id += threads) {
      int r = id / (WIDTH / 8), c = id % (WIDTH / 8) * 8;
      int64 left = first + r < end ? width - c : 0;
      if (a.vector) {
        copyLater(to + r * pitch + c, left > 0 ? data + r * from.row + c : data, left > 0 ? 16 : 0);
        continue;
      }
#pragma unroll
      for (int e = 0; e < 8; e++) to[r * pitch + c + e] = e < left ? data[r * from.row + c + e] : T{};
    }
  }

  DEVICE void bringSide() {
    bring(memory, isTurned ? a.key : a.query, work.row, work.rows, 64, a.features);
    if (hasSlopes) bring(memory + 64 * pitch, isTurned ? a.value : a.gradient, work.row, work.rows, 64, a.outputs);
  }

  DEVICE T *columnsOf(int at) { return memory + side + at % stages * stage; }

  // Columns of a tile; behind each there is room for the record of a target.
  DEVICE void bringColumns(int64 column, int at) {
    T *to = columnsOf(at);
    bring(to, isTurned ? a.query : a.key, column, work.columns, span, a.features);
    bring(to + span * pitch, isTurned ? a.gradient : a.value, column, work.columns, span, a.outputs);
    if (isTurned && threadIdx.x < span) {
      Record<float> record{0, 0, 0};
      if (column + threadIdx.x < work.columns) record.read(a, work.head * a.targets + column + threadIdx.x);
      *(Record<float> *)(to + threadIdx.x * pitch + WIDTH) = record;
    }
  }

  // The products of rows with the columns of a tile.
  DEVICE void multiply(float (&tile)[span / 8][4], const T *left, const T *right) {
    int low = lane() % 8, third = lane() / 8 % 2 * 8, fourth = lane() / 16 * 8, r = threadIdx.x / WARP * 16;
#pragma unroll
    for (int j = 0; j < span / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) tile[j][e] = 0;
#pragma unroll
    for (int k = 0; k < WIDTH; k += 16) {
      uint32_t x[4], y[4];
      loadMatrices<false>(x, left + (r + low + third) * pitch + k + fourth);
#pragma unroll
      for (int j = 0; j < span / 16; j++) {
        loadMatrices<false>(y, right + (j * 16 + low + fourth) * pitch + k + third);
        multiplyMatrices<T>(tile[2 * j], x, y);
        multiplyMatrices<T>(tile[2 * j + 1], x, y + 2);
      }
    }
  }

  // Adds the products of weights with the columns of a tile.
  DEVICE void add(const float (&weights)[span / 8][4], const T *others) {
    int low = lane() % 8, third = lane() / 8 % 2 * 8, fourth = lane() / 16 * 8;
#pragma unroll
    for (int k = 0; k < span / 16; k++) {
      const float(&l)[4] = weights[2 * k], (&r)[4] = weights[2 * k + 1];
      uint32_t y[4];
      uint32_t x[4] = {pairOf<T>(l[0], l[1]), pairOf<T>(l[2], l[3]), pairOf<T>(r[0], r[1]), pairOf<T>(r[2], r[3])};
#pragma unroll
      for (int j = 0; j < WIDTH / 16; j++) {
        loadMatrices<true>(y, others + (k * 16 + low + third) * pitch + j * 16 + fourth);
        multiplyMatrices<T>(sums[2 * j], x, y);
        multiplyMatrices<T>(sums[2 * j + 1], x, y + 2);
      }
    }
  }

  // Scores in powers of two, minus infinity where nothing is seen.
  DEVICE void score(float (&scores)[span / 8][4], int64 column) {
    bool isWhole = !a.mask.data && column + span <= work.columns && work.row + 64 <= work.rows;
    if (a.causal) isWhole = isWhole && (isTurned ? work.row + 63 <= column : column + span - 1 <= work.row);
#pragma unroll
    for (int j = 0; j < span / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        scores[j][e] *= scale;
        if (!isWhole && !work.sees(a, pass, work.row + row(e / 2), column + j * 8 + lane() % 4 * 2 + e % 2))
          scores[j][e] = -INFINITE;
      }
  }

  // Brings both rows to their greatest score so far.
  DEVICE void raise(const float (&scores)[span / 8][4]) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float most = -INFINITE;
#pragma unroll
      for (int j = 0; j < span / 8; j++)
#pragma unroll
        for (int e = 0; e < 2; e++) most = max(most, scores[j][half * 2 + e]);
      float factor = rows[half].raise(greatestOf<float, 4>(most), [](float x) { return exp2f(x); });
      if constexpr (pass != records)
#pragma unroll
        for (int j = 0; j < WIDTH / 8; j++) sums[j][half * 2] *= factor, sums[j][half * 2 + 1] *= factor;
    }
  }

  // Scores become weights, or for gradients of queries and keys what those of scores are.
  DEVICE void weigh(float (&scores)[span / 8][4], const float (&slopes)[span / 8][4], const T *columns) {
#pragma unroll
    for (int j = 0; j < span / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        float x = scores[j][e];
        Record<float> record = records2[e / 2];
        if constexpr (isTurned) record = *(Record<float> *)(columns + (j * 8 + lane() % 4 * 2 + e % 2) * pitch + WIDTH);
        float weight = exp2f(x - (isFirst ? rows[e / 2].beside() : Row<float>::base(record.greatest)));
        if constexpr (isFirst) {
          rows[e / 2].sum += weight;
          if (hasSlopes && x != -INFINITE) rows[e / 2].mean += weight * slopes[j][e];
        } else {
          weight *= record.inverse;
          if (hasSlopes) weight *= slopes[j][e] - record.mean;
          if (x == -INFINITE) weight = 0;
        }
        scores[j][e] = weight;
      }
  }

  DEVICE void finish(int64 width) {
    float factors[2] = {1, 1};
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int64 r = work.row + row(half);
      if (pass == queries || pass == keys) factors[half] = (float)a.scale;
      if constexpr (isFirst) {
        float sum = sumOf<float, 4>(rows[half].sum), mean = sumOf<float, 4>(rows[half].mean);
        factors[half] = sum == 0 ? 0 : 1 / sum;
        if (pass == records && lane() % 4 == 0 && r < work.rows)
          Record<float>{rows[half].greatest, factors[half], mean * factors[half]}.write(a, work.head * a.targets + r);
      }
    }
    if constexpr (pass != records) put(factors, width);
  }

  // Rows of the result go through shared memory, so that they leave it side by side.
  DEVICE void put(const float (&factors)[2], int64 width) {
    __syncthreads();
#pragma unroll
    for (int j = 0; j < WIDTH / 8; j++)
#pragma unroll
      for (int half = 0; half < 2; half++)
        *(uint32_t *)(memory + row(half) * pitch + j * 8 + lane() % 4 * 2) =
          pairOf<T>(sums[j][half * 2] * factors[half], sums[j][half * 2 + 1] * factors[half]);
    __syncthreads();
    T *result = work.of<T>(a.result) + work.row * a.result.row;
    bool vector = width % 8 == 0 && a.result.row % 8 == 0 && (size_t)result % 16 == 0;
#pragma unroll 1
    for (int id = threadIdx.x; id < 64 * (WIDTH / 8); id += threads) {
      int r = id / (WIDTH / 8), c = id % (WIDTH / 8) * 8;
      if (work.row + r >= work.rows || c >= width) continue;
      T *to = result + r * a.result.row + c, *from = memory + r * pitch + c;
      if (vector) copyChunk<T, 8>(to, from);
      else
        for (int e = 0; e < 8 && c + e < width; e++) to[e] = from[e];
    }
  }
};

// All passes: `means`, `records`, `queries`, `keys` and `values` are 0 to 4.
template <class T, int WIDTH, int PASS> __global__ void __launch_bounds__(128) attend_tiles(tk_cuda_attention a) {
  using It = AttentionTiles<T, WIDTH, PASS>;
  constexpr Pass pass = (Pass)PASS;
  DYNAMIC_SHARED(T, memory);
  It it(a, memory);
#pragma unroll
  for (int j = 0; j < (pass == records ? 1 : WIDTH / 8); j++)
#pragma unroll
    for (int e = 0; e < 4; e++) it.sums[j][e] = 0;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    it.rows[half].clear(), it.records2[half] = {0, 0, 0};
    int64 r = it.work.row + It::row(half);
    if (pass == queries && r < it.work.rows) it.records2[half].read(a, it.work.head * a.targets + r);
  }
  it.bringSide();
  int64 begin = it.work.begin / It::span * It::span;
  if (begin < it.work.end) it.bringColumns(begin, 0);
  commitCopies();
  int at = 0;
#pragma unroll 1
  for (int64 column = begin; column < it.work.end; column += It::span, at++) {
    bool isMore = column + It::span < it.work.end;
    if (It::stages == 2) {
      if (isMore) it.bringColumns(column + It::span, at + 1);
      commitCopies();
      waitCopies<1>();
    } else waitCopies<0>();
    __syncthreads();
    const T *first = it.columnsOf(at), *second = first + It::span * It::pitch;
    float scores[It::span / 8][4], slopes[It::span / 8][4];
    it.multiply(scores, memory, first);
    if constexpr (It::hasSlopes) it.multiply(slopes, memory + 64 * It::pitch, second);
    it.score(scores, column);
    if constexpr (It::isFirst) it.raise(scores);
    it.weigh(scores, slopes, first);
    if constexpr (pass != records) it.add(scores, pass == means || pass == values ? second : first);
    __syncthreads();
    if (It::stages == 1 && isMore) it.bringColumns(column + It::span, at + 1);
    if (It::stages == 1) commitCopies();
  }
  waitCopies<0>();
  it.finish(pass == queries || pass == keys ? a.features : a.outputs);
}

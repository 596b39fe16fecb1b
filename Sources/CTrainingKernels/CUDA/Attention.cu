// Attention and its gradients by threads: of any dtype and any number of features.
#include "Attention.cuh"

DEVICE float power(float x) { return expf(x); }
DEVICE double power(double x) { return exp(x); }

// Rows of one head, widened: chunks lie along the row, which has `width` elements from where data begins.
template <class T, bool ALONG_DEPTH> struct HeadRows {
  static constexpr bool isDense = true, isLater = false;
  const T *data;
  int64 row, rows, width;

  DEVICE void turn(int64) {}
  template <class C, int E> DEVICE void chunk(C (&to)[E], int at, int64 depth) const {
    int64 r = ALONG_DEPTH ? at : depth, c = ALONG_DEPTH ? depth : at, left = r < rows ? width - c : 0;
    const T *from = data + r * row + c;
#pragma unroll
    for (int e = 0; e < E; e++) to[e] = e < left ? compute(from[e]) : C(0);
  }
};

// One pass for 64 rows of a head, and WIDTH columns of the result.
template <class T, int WIDTH, int PASS> struct Attention {
  using C = Compute<T>;
  using Scores = ThreadTile<C, 64, 64, 4, 4>;
  using Sums = ThreadTile<C, 64, WIDTH, 4, WIDTH / 16>;
  using Along = HeadRows<T, true>;
  using Across = HeadRows<T, false>;
  using Side = Loader<C, 64, 16, 256, true, Along>;
  using Others = Loader<C, WIDTH, 16, 256, false, Across>;
  static constexpr Pass pass = (Pass)PASS;
  static constexpr bool isTurned = pass == keys || pass == values, isFirst = pass == means || pass == records;
  static constexpr bool hasSlopes = pass == records || pass == queries || pass == keys;

  const tk_cuda_attention &a;
  Work work;
  C *memory, *weights;
  Sums sums;
  Row<C> rows[4];
  Record<C> records4[4];

  DEVICE Attention(const tk_cuda_attention &a, int64 depth, C *memory)
    : a(a), work(a, pass, 64, depth, WIDTH), memory(memory), weights(memory + 4 * Side::size) {}

  // The products of rows of two matrices.
  DEVICE void multiply(Scores &tile, const tk_cuda_heads &left, const tk_cuda_heads &right, int64 column, int64 width) {
    Along l{work.of<T>(left) + work.row * left.row, left.row, work.rows - work.row, width};
    Along r{work.of<T>(right) + column * right.row, right.row, work.columns - column, width};
    __syncthreads();
    sumProducts<C, Scores, Side, Side>(tile, memory, l, r, 0, width);
  }

  // Scores become weights, or for gradients of queries and keys what those of scores are.
  DEVICE void weigh(Scores &scores, const Scores &slopes, int64 column) {
    Record<C> seen[4];
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int64 c = column + Scores::column(j);
      if (isTurned && c < work.columns) seen[j].read(a, work.head * a.targets + c);
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      C most = -INFINITE;
#pragma unroll
      for (int j = 0; j < 4; j++) {
        bool sees = work.sees(a, pass, work.row + Scores::row(i), column + Scores::column(j));
        C score = sees ? scores.sums[i][j] * (C)a.scale : -INFINITE;
        scores.sums[i][j] = score;
        most = score > most ? score : most;
      }
      if constexpr (isFirst) raise(i, greatestOf<C, 16>(most));
#pragma unroll
      for (int j = 0; j < 4; j++) {
        const Record<C> &record = isTurned ? seen[j] : records4[i];
        C base = isFirst ? rows[i].beside() : Row<C>::base(record.greatest), score = scores.sums[i][j];
        C weight = score == -INFINITE ? C(0) : power(score - base);
        if constexpr (isFirst) {
          rows[i].sum += weight;
          if (hasSlopes && score != -INFINITE) rows[i].mean += weight * slopes.sums[i][j];
        } else if (score != -INFINITE) {
          weight *= record.inverse;
          if (hasSlopes) weight *= (C)a.scale * (slopes.sums[i][j] - record.mean);
        }
        scores.sums[i][j] = weight;
      }
    }
  }

  DEVICE void raise(int i, C most) {
    C factor = rows[i].raise(most, [](C x) { return power(x); });
#pragma unroll
    for (int j = 0; j < WIDTH / 16; j++) sums.sums[i][j] *= factor;
  }

  // Adds the products of weights and rows of a matrix.
  DEVICE void add(const Scores &scores, const tk_cuda_heads &others, int64 column, int64 width) {
    Others loader;
    Across source{work.of<T>(others) + column * others.row + work.part, others.row, work.columns - column,
                  width - work.part};
    loader.fetch(source, memory, 0);
    __syncthreads();
#pragma unroll
    for (int j = 0; j < 4; j++) {
      alignas(16) C line[4];
#pragma unroll
      for (int i = 0; i < 4; i++) line[i] = scores.sums[i][j];
      copyChunk<C, 4>(weights + Scores::column(j) * Side::pitch + Scores::row(0), line);
    }
#pragma unroll 1
    for (int k = 0; k < 64; k += 16) {
      C *tile = memory + k / 16 % 2 * Others::size;
      loader.put(tile);
      __syncthreads();
      if (k < 48) loader.fetch(source, memory, k + 16);
      sums.template multiply<Side, Others>(weights + k * Side::pitch, tile);
    }
  }

  DEVICE void finish(int64 width) {
    if constexpr (isFirst) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        C sum = sumOf<C, 16>(rows[i].sum), mean = sumOf<C, 16>(rows[i].mean), inverse = sum == 0 ? C(0) : 1 / sum;
        int64 r = work.row + Scores::row(i);
        if (pass == records && threadIdx.x % 16 == 0 && r < work.rows)
          Record<C>{rows[i].greatest, inverse, mean * inverse}.write(a, work.head * a.targets + r);
#pragma unroll
        for (int j = 0; j < WIDTH / 16; j++) sums.sums[i][j] *= inverse;
      }
    }
    if constexpr (pass != records)
      sums.forQuads(memory, [&](int r, int c, C (&quad)[4]) {
        if (work.row + r >= work.rows) return;
        T *to = work.of<T>(a.result) + (work.row + r) * a.result.row + work.part + c;
#pragma unroll
        for (int e = 0; e < 4; e++)
          if (work.part + c + e < width) to[e] = rounded<T>(quad[e]);
      });
  }
};

// All passes: `means`, `records`, `queries`, `keys` and `values` are 0 to 4.
template <class T, int WIDTH, int PASS> __global__ void __launch_bounds__(256, 1) attend(tk_cuda_attention a) {
  constexpr Pass pass = (Pass)PASS;
  DYNAMIC_SHARED(Compute<T>, memory);
  int64 width = pass == queries || pass == keys ? a.features : a.outputs;
  Attention<T, WIDTH, PASS> it(a, width, memory);
  constexpr bool isTurned = it.isTurned;
  it.sums.clear();
#pragma unroll
  for (int i = 0; i < 4; i++) {
    it.rows[i].clear();
    int64 r = it.work.row + ThreadTile<Compute<T>, 64, 64, 4, 4>::row(i);
    if (pass == queries && r < it.work.rows) it.records4[i].read(a, it.work.head * a.targets + r);
  }
  for (int64 column = it.work.begin; column < it.work.end; column += 64) {
    ThreadTile<Compute<T>, 64, 64, 4, 4> scores, slopes;
    if constexpr (it.hasSlopes)
      it.multiply(slopes, isTurned ? a.value : a.gradient, isTurned ? a.gradient : a.value, column, a.outputs);
    it.multiply(scores, isTurned ? a.key : a.query, isTurned ? a.query : a.key, column, a.features);
    it.weigh(scores, slopes, column);
    if constexpr (pass != records)
      it.add(scores, pass == means ? a.value : pass == queries ? a.key : pass == keys ? a.query : a.gradient, column,
             width);
  }
  it.finish(width);
}

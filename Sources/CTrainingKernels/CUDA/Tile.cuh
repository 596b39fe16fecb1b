// Tiles of products C = A B, whose operands are read through sources: what `turn` and `chunk` give. A tile of halves is
// multiplied by the matrix units, others by the threads.
#pragma once
#include "Device.cuh"
#ifndef __CUDACC_RTC__
#include "EmulatorTile.h"
#endif

// Copies 16 bytes to shared memory, which arrive later; those behind the first `bytes` are zeros.
DEVICE void copyLater(void *to, const void *from, int bytes) {
#ifdef __CUDACC_RTC__
  unsigned place = (unsigned)__cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(place), "l"(from), "r"(bytes) : "memory");
#else
  emulator::copyLater(to, from, bytes);
#endif
}

// Makes a group of the copies since the last.
DEVICE void commitCopies() {
#ifdef __CUDACC_RTC__
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  emulator::commitCopies();
#endif
}

// Waits for all groups of this thread but the last `left`.
template <int left> DEVICE void waitCopies() {
#ifdef __CUDACC_RTC__
  asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
#else
  emulator::waitCopies(left);
#endif
}

// Four matrices of 8 x 8 halves, whose rows begin where the lanes say: eight lanes a matrix.
template <bool transposed> DEVICE void loadMatrices(uint32_t (&words)[4], const void *row) {
#ifdef __CUDACC_RTC__
  unsigned place = (unsigned)__cvta_generic_to_shared(row);
  if constexpr (transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3]) : "r"(place) : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3]) : "r"(place) : "memory");
#else
  emulator::loadMatrices(words, 4, row, transposed);
#endif
}

template <class T> struct IsBFloat { static constexpr bool value = false; };
template <> struct IsBFloat<bfloat16> { static constexpr bool value = true; };

// d += a b of 16 x 16 and 16 x 8 halves.
template <class T> DEVICE void multiplyMatrices(float (&d)[4], const uint32_t (&a)[4], const uint32_t *b) {
#ifdef __CUDACC_RTC__
  if constexpr (IsBFloat<T>::value)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emulator::multiplyMatrices<T>(d, a, b, [](T x) { return widen(x); });
#endif
}

// Two numbers as neighbouring halves.
template <class T> DEVICE uint32_t pairOf(float low, float high) {
  return (uint32_t)rounded<T>(low).bits | (uint32_t)rounded<T>(high).bits << 16;
}

// Copies E elements, 16 bytes at a time; both places are multiples of that.
template <class T, int E> DEVICE void copyChunk(T *to, const T *from) {
  constexpr int n = 16 / sizeof(T);
#pragma unroll
  for (int i = 0; i < E; i += n) *(Pack<T, n> *)(to + i) = *(const Pack<T, n> *)(from + i);
}

// A tile of ROWS x DEPTH elements, read in chunks of E elements: along depth, or along rows. What is fetched waits in
// registers till it is put into shared memory. Threads are multiples of ROWS and of DEPTH; neighbours in a warp have
// neighbouring chunks where the source says so, and otherwise chunks beside each other's side.
template <class T, int ROWS, int DEPTH, int THREADS, bool ALONG_DEPTH, class Source> struct Loader {
  static constexpr int E = sizeof(T) == 2 ? 8 : 4;
  static constexpr int across = (ALONG_DEPTH ? DEPTH : ROWS) / E, side = ALONG_DEPTH ? ROWS : DEPTH;
  static constexpr int total = across * side, count = (total + THREADS - 1) / THREADS;
  // Elements from row to row, or from depth to depth; rows of chunks begin at different banks.
  static constexpr bool byRows = sizeof(T) == 2 && ALONG_DEPTH;
  static constexpr int pitch = byRows ? DEPTH + 8 : ROWS + (sizeof(T) == 2 ? 8 : 4);
  static constexpr int size = pitch * (byRows ? ROWS : DEPTH);
  alignas(16) T held[count][E];

  DEVICE static bool place(int i, int &row, int &depth) {
    int id = threadIdx.x + i * THREADS, chunk = Source::isDense ? id % across : id / side;
    int other = Source::isDense ? id / across : id % side;
    row = ALONG_DEPTH ? other : chunk * E, depth = ALONG_DEPTH ? chunk * E : other;
    return total % THREADS == 0 || id < total;
  }

  DEVICE void fetch(Source &source, T *tile, int64 start) {
    source.turn(start);
#pragma unroll
    for (int i = 0; i < count; i++) {
      int row, depth;
      bool isOurs = place(i, row, depth);
      if constexpr (Source::isLater) {
        if (isOurs) source.copy(tile + (byRows ? row * pitch + depth : depth * pitch + row), row, start + depth);
      } else if (isOurs) source.chunk(held[i], row, start + depth);
    }
  }

  DEVICE void put(T *tile) const {
    if constexpr (!Source::isLater) {
#pragma unroll
      for (int i = 0; i < count; i++) {
        int row, depth;
        if (!place(i, row, depth)) continue;
        if constexpr (ALONG_DEPTH && !byRows) {
#pragma unroll
          for (int e = 0; e < E; e++) tile[(depth + e) * pitch + row] = held[i][e];
        } else copyChunk<T, E>(tile + (byRows ? row * pitch + depth : depth * pitch + row), held[i]);
      }
    }
  }
};

// C of M x N float or double numbers, by threads that each have ROWS x COLUMNS of them.
template <class T, int M, int N, int ROWS, int COLUMNS> struct ThreadTile {
  static constexpr int depth = 16, threads = M / ROWS * (N / COLUMNS), stages = 2;
  using Number = T;
  alignas(16) T sums[ROWS][COLUMNS];

  // Numbers come in fours, so that threads of a warp read shared memory side by side.
  DEVICE static int row(int i) { return i / 4 * (M / (ROWS / 4)) + threadIdx.x / (N / COLUMNS) * 4 + i % 4; }
  DEVICE static int column(int j) { return j / 4 * (N / (COLUMNS / 4)) + threadIdx.x % (N / COLUMNS) * 4 + j % 4; }

  template <class A, class B> DEVICE void multiply(const T *a, const T *b) {
#pragma unroll
    for (int k = 0; k < depth; k++) {
      alignas(16) T left[ROWS], right[COLUMNS];
#pragma unroll
      for (int i = 0; i < ROWS; i += 4) copyChunk<T, 4>(left + i, a + k * A::pitch + row(i));
#pragma unroll
      for (int j = 0; j < COLUMNS; j += 4) copyChunk<T, 4>(right + j, b + k * B::pitch + column(j));
#pragma unroll
      for (int i = 0; i < ROWS; i++)
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) sums[i][j] += left[i] * right[j];
    }
  }

  DEVICE void clear() {
#pragma unroll
    for (int i = 0; i < ROWS; i++)
#pragma unroll
      for (int j = 0; j < COLUMNS; j++) sums[i][j] = 0;
  }

  // Calls f(row, column, four numbers of a row) for the whole tile, in an order that memory likes. What was in the
  // shared memory of stages is lost.
  template <class F> DEVICE void forQuads(void *memory, F f) const {
    constexpr int rows = M / (ROWS / 4);
    T *slab = (T *)memory;
#pragma unroll
    for (int part = 0; part < ROWS / 4; part++) {
      __syncthreads();
#pragma unroll
      for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < COLUMNS; j += 4) copyChunk<T, 4>(slab + row(i) * N + column(j), sums[part * 4 + i] + j);
      __syncthreads();
#pragma unroll 1
      for (int id = threadIdx.x; id < rows * N / 4; id += threads) {
        alignas(16) T quad[4];
        copyChunk<T, 4>(quad, slab + id * 4);
        f(part * rows + id / (N / 4), id % (N / 4) * 4, quad);
      }
    }
  }
};

// C of M x N from halves, by warps that each have ROWS x COLUMNS of it.
template <class T, int M, int N, int ROWS, int COLUMNS> struct MatrixTile {
  static constexpr int depth = 32, threads = M / ROWS * (N / COLUMNS) * WARP, stages = 3;
  using Number = float;
  float sums[ROWS / 16][COLUMNS / 8][4];

  DEVICE static int row() { return threadIdx.x / WARP / (N / COLUMNS) * ROWS; }
  DEVICE static int column() { return threadIdx.x / WARP % (N / COLUMNS) * COLUMNS; }

  template <class A, class B> DEVICE void multiply(const T *a, const T *b) {
    int lane = threadIdx.x % WARP, low = lane % 8, third = lane / 8 % 2 * 8, fourth = lane / 16 * 8;
#pragma unroll
    for (int k = 0; k < depth; k += 16) {
      uint32_t left[ROWS / 16][4], right[COLUMNS / 16][4];
#pragma unroll
      for (int i = 0; i < ROWS / 16; i++) {
        int r = row() + i * 16;
        if constexpr (A::byRows) loadMatrices<false>(left[i], a + (r + low + third) * A::pitch + k + fourth);
        else loadMatrices<true>(left[i], a + (k + low + fourth) * A::pitch + r + third);
      }
#pragma unroll
      for (int j = 0; j < COLUMNS / 16; j++) {
        int c = column() + j * 16;
        if constexpr (B::byRows) loadMatrices<false>(right[j], b + (c + low + fourth) * B::pitch + k + third);
        else loadMatrices<true>(right[j], b + (k + low + third) * B::pitch + c + fourth);
      }
#pragma unroll
      for (int i = 0; i < ROWS / 16; i++)
#pragma unroll
        for (int j = 0; j < COLUMNS / 8; j++) multiplyMatrices<T>(sums[i][j], left[i], right[j / 2] + j % 2 * 2);
    }
  }

  DEVICE void clear() {
#pragma unroll
    for (int i = 0; i < ROWS / 16; i++)
#pragma unroll
      for (int j = 0; j < COLUMNS / 8; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) sums[i][j][e] = 0;
  }

  // Calls f(row, column, four numbers of a row) for the whole tile, in an order that memory likes. What was in the
  // shared memory of stages is lost.
  template <class F> DEVICE void forQuads(void *memory, F f) const {
    constexpr int rows = M / ROWS * 16, pitch = N + 8;
    float *slab = (float *)memory;
    int lane = threadIdx.x % WARP;
    float *ours = slab + (row() / ROWS * 16 + lane / 4) * pitch + column() + lane % 4 * 2;
#pragma unroll
    for (int part = 0; part < ROWS / 16; part++) {
      __syncthreads();
#pragma unroll
      for (int j = 0; j < COLUMNS / 8; j++) {
        *(Pack<float, 2> *)(ours + j * 8) = {sums[part][j][0], sums[part][j][1]};
        *(Pack<float, 2> *)(ours + 8 * pitch + j * 8) = {sums[part][j][2], sums[part][j][3]};
      }
      __syncthreads();
#pragma unroll 1
      for (int id = threadIdx.x; id < rows * N / 4; id += threads) {
        alignas(16) float quad[4];
        int r = id / (N / 4), c = id % (N / 4) * 4;
        copyChunk<float, 4>(quad, slab + r * pitch + c);
        f(r / 16 * ROWS + part * 16 + r % 16, c, quad);
      }
    }
  }
};

// The tile that a dtype is multiplied by, of 128 x 128 or 64 x 64.
template <class T, int SIDE> struct TileOf { using type = ThreadTile<T, SIDE, SIDE, SIDE / 16, SIDE / 16>; };
template <int SIDE> struct TileOf<float16, SIDE> {
  using type = MatrixTile<float16, SIDE, SIDE, SIDE == 128 ? 64 : 32, 32>;
};
template <int SIDE> struct TileOf<bfloat16, SIDE> {
  using type = MatrixTile<bfloat16, SIDE, SIDE, SIDE == 128 ? 64 : 32, 32>;
};

// Adds up products from depth `start` to `end` in a tile. Memory is shared, of tile stages of both operands.
template <class T, class Tile, class A, class B, class SourceA, class SourceB>
DEVICE void sumProducts(Tile &tile, T *memory, SourceA &sourceA, SourceB &sourceB, int64 start, int64 end) {
  constexpr int stages = Tile::stages, depth = Tile::depth, size = A::size + B::size;
  A a;
  B b;
  tile.clear();
  int stage = 1;
#pragma unroll 1
  for (int64 k = start - (stages - 1) * depth; k < end; k += depth) {
    // The first rounds only fetch.
    bool isFull = k >= start;
    T *next = memory + (stage == 0 ? stages - 1 : stage - 1) * size;
    if (isFull) waitCopies<stages - 2>(), __syncthreads();
    a.fetch(sourceA, next, k + (stages - 1) * depth), b.fetch(sourceB, next + A::size, k + (stages - 1) * depth);
    commitCopies();
    if (isFull) tile.template multiply<A, B>(memory + stage * size, memory + stage * size + A::size);
    a.put(next), b.put(next + A::size);
    stage = stage == stages - 1 ? 0 : stage + 1;
  }
  waitCopies<0>();
}

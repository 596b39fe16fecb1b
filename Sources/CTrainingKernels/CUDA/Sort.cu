#include "Device.cuh"
#include "CUDA/Sort.h"

// Rows are sorted by merging: words of a key, which is ordered like the elements, and an index, so that no two are
// equal and equal elements keep their order. A block sorts eight words a thread, 2048 at most, and merges of ever
// longer runs follow.

#define ITEMS 8
#define TILE (256 * ITEMS)

DEVICE uint32_t keyOf(float x) {
  if (x != x) return 0xffffffff;
  uint32_t bits = bitsOf(x + 0.0f);   // -0 becomes 0
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}
DEVICE uint64_t keyOf(double x) {
  if (x != x) return ~(uint64_t)0;
  x += 0.0;
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}
DEVICE uint32_t keyOf(float16 x) { return keyOf(widen(x)); }
DEVICE uint32_t keyOf(bfloat16 x) { return keyOf(widen(x)); }
DEVICE uint32_t keyOf(int32_t x) { return (uint32_t)x ^ 0x80000000; }
DEVICE uint64_t keyOf(int64 x) { return (uint64_t)x ^ (uint64_t)1 << 63; }
DEVICE uint32_t keyOf(uint8 x) { return x; }
DEVICE uint32_t keyOf(bool x) { return x; }

// A key of 32 bits above its index, or one of 64 bits beside it.
struct alignas(16) LongWord { uint64_t key, index; };
template <int bytes> struct WordOf { using type = uint64_t; };
template <> struct WordOf<8> { using type = LongWord; };
template <class T> using Word = typename WordOf<sizeof(T)>::type;

DEVICE void set(uint64_t &word, uint32_t key, uint32_t index) { word = (uint64_t)key << 32 | index; }
DEVICE void set(LongWord &word, uint64_t key, uint32_t index) { word = LongWord{key, index}; }
DEVICE uint32_t indexOf(uint64_t word) { return (uint32_t)word; }
DEVICE uint32_t indexOf(LongWord word) { return (uint32_t)word.index; }
DEVICE bool before(uint64_t a, uint64_t b) { return a < b; }
DEVICE bool before(LongWord a, LongWord b) { return a.key < b.key || (a.key == b.key && a.index < b.index); }
// Behind all others.
DEVICE void setLast(uint64_t &word) { word = ~(uint64_t)0; }
DEVICE void setLast(LongWord &word) { word = LongWord{~(uint64_t)0, ~(uint64_t)0}; }

// How many of the first `place` words of two merged runs are of the first run.
template <class W> DEVICE int64 split(const W *a, int64 countA, const W *b, int64 countB, int64 place) {
  int64 low = max((int64)0, place - countB), high = min(place, countA);
  while (low < high) {
    int64 middle = low + (high - low) / 2;
    if (before(a[middle], b[place - 1 - middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
// ITEMS words of two merged runs from a place on.
template <class W> DEVICE void merge(const W *a, int countA, const W *b, int countB, int place, W *merged) {
  place = min(place, countA + countB);
  int i = (int)split(a, countA, b, countB, place), j = place - i;
#pragma unroll
  for (int k = 0; k < ITEMS; k++) {
    if (i < countA && (j >= countB || before(a[i], b[j]))) merged[k] = a[i++];
    else if (j < countB) merged[k] = b[j++];
    else setLast(merged[k]);
  }
}

template <class W> DEVICE void write(const tk_cuda_sort &a, int64 row, int64 first, int count, const W *words) {
  for (int i = threadIdx.x; i < count; i += blockDim.x) {
    int64 place = row * a.width + first + i;
    if (a.order) a.order[place] = indexOf(words[i]);
    else ((W *)a.merged)[place] = words[i];
  }
}

template <class T> __global__ void sortTiles(tk_cuda_sort a) {
  using W = Word<T>;
  __shared__ W words[TILE];
  int64 row = blockIdx.x / a.tiles, first = blockIdx.x % a.tiles * TILE;
  int count = (int)min(a.width - first, (int64)TILE);
  const T *x = (const T *)a.x + row * a.width + first;
  for (int i = threadIdx.x; i < (int)blockDim.x * ITEMS; i += blockDim.x) {
    if (i >= count) setLast(words[i]);
    else if (a.descending) set(words[i], ~keyOf(x[i]), (uint32_t)(first + i));
    else set(words[i], keyOf(x[i]), (uint32_t)(first + i));
  }
  __syncthreads();
  W own[ITEMS];
  int place = threadIdx.x * ITEMS;
#pragma unroll
  for (int k = 0; k < ITEMS; k++) own[k] = words[place + k];
#pragma unroll
  for (int turn = 0; turn < ITEMS; turn++)
#pragma unroll
    for (int k = turn % 2; k + 1 < ITEMS; k += 2)
      if (before(own[k + 1], own[k])) {
        W larger = own[k];
        own[k] = own[k + 1];
        own[k + 1] = larger;
      }
  for (int run = ITEMS;; run *= 2) {
#pragma unroll
    for (int k = 0; k < ITEMS; k++) words[place + k] = own[k];
    __syncthreads();
    if (run >= count) break;
    int begin = place / (2 * run) * (2 * run);
    merge(words + begin, run, words + begin + run, run, place - begin, own);
    __syncthreads();
  }
  write(a, row, first, count, words);
}

// A tile of the merged words; T has as many bits as their keys.
template <class T> __global__ void mergeRuns(tk_cuda_sort a) {
  using W = Word<T>;
  __shared__ W words[TILE];
  __shared__ int64 splits[2];
  int64 row = blockIdx.x / a.tiles, first = blockIdx.x % a.tiles * TILE;
  int64 begin = first / (2 * a.run) * (2 * a.run);
  int64 countA = min(a.run, a.width - begin), countB = min(a.run, a.width - begin - countA);
  const W *runA = (const W *)a.words + row * a.width + begin, *runB = runA + countA;
  int64 from = first - begin, to = min(from + TILE, countA + countB);
  if (threadIdx.x < 2) splits[threadIdx.x] = split(runA, countA, runB, countB, threadIdx.x ? to : from);
  __syncthreads();
  int64 beginA = splits[0], beginB = from - beginA;
  int ownA = (int)(splits[1] - beginA), count = (int)(to - from), ownB = count - ownA;
  for (int i = threadIdx.x; i < count; i += blockDim.x)
    words[i] = i < ownA ? runA[beginA + i] : runB[beginB + i - ownA];
  __syncthreads();
  W own[ITEMS];
  int place = threadIdx.x * ITEMS;
  merge(words, ownA, words + ownA, ownB, place, own);
  __syncthreads();
#pragma unroll
  for (int k = 0; k < ITEMS; k++) words[place + k] = own[k];
  __syncthreads();
  write(a, row, first, count, words);
}

// Rows of a few elements: each thread counts what comes before its element.
template <class T> __global__ void sortNarrow(tk_cuda_sort a) {
  int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x;
  int width = (int)a.width;
  int64 row = at / width;
  if (row >= a.rows) return;
  const T *x = (const T *)a.x + row * width;
  int index = (int)(at - row * width), rank = 0;
  auto key = keyOf(x[index]);
  for (int i = 0; i < width; i++) {
    auto other = keyOf(x[i]);
    bool isBefore = a.descending ? other > key : other < key;
    rank += isBefore || (other == key && i < index);
  }
  a.order[row * width + rank] = index;
}

// Products of bfloat16 matrices on the machine's tile registers: 16 by 16 sums in float32, which
// take 32 steps along k at a time. To these registers subnormal numbers are zeros, be they elements
// or sums.
#include "GemmPlan.h"
#include "Half.h"

#if defined(__x86_64__)
#include <immintrin.h>

// A tile is SIDE rows of SIDE words: of float32, or of two bfloat16 that are neighbours along k.
#define SIDE ((int64_t)16)
#define STEPS (2 * SIDE)
#define TILE_WORDS (SIDE * SIDE)
#define TILE_ROW_BYTES ((int64_t)64)
// Tiles of C that are summed up at a time, along each of its sides.
#define PAIR ((int64_t)2)

typedef uint32_t words __attribute__((vector_size(64)));
typedef float floats __attribute__((vector_size(64)));
typedef uint16_t halves __attribute__((vector_size(32)));

#pragma clang attribute push(                                                                      \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,bmi2"),     \
                 min_vector_width(512))), apply_to = function)

#define LOAD(type, p) ({ type loaded_; __builtin_memcpy(&loaded_, p, sizeof loaded_); loaded_; })
#define STORE(p, v) __builtin_memcpy(p, &(v), sizeof(v))

// Zipping each row with the one half the square away, four times, transposes the square.
static inline void transpose(words square[static SIDE]) {
#pragma clang loop unroll(full)
  for (int64_t step = 1; step < SIDE; step *= 2) {
    words zipped[SIDE];
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < SIDE / 2; i++) {
      words a = square[i], b = square[i + SIDE / 2];
      zipped[2 * i] =
        __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      zipped[2 * i + 1] =
        __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < SIDE; i++) square[i] = zipped[i];
  }
}

// One operand of a block: element (i, k) is data[i * across + k * step], for i below `side` and k
// below `depth`.
typedef struct operand {
  const uint16_t *data;
  int64_t across, step, side, depth;
} operand;

// The square from (i, k) on, a row for each i; what is missing is zero.
static void load_part(const operand *o, int64_t i, int64_t k, words square[static SIDE]) {
  uint16_t part[SIDE][STEPS];
  for (int64_t r = 0; r < SIDE; r++)
    for (int64_t s = 0; s < STEPS; s++)
      part[r][s] = i + r < o->side && k + s < o->depth
                     ? o->data[(i + r) * o->across + (k + s) * o->step] : 0;
  for (int64_t r = 0; r < SIDE; r++) square[r] = LOAD(words, part[r]);
}

static inline void pack_square(const operand *o, int64_t i, int64_t k, bool is_b, uint32_t *tile) {
  words square[SIDE];
  bool whole = i + SIDE <= o->side && k + STEPS <= o->depth, by_steps = whole && o->across == 1;
  if (by_steps) {
    const uint16_t *p = o->data + k * o->step + i;
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < SIDE; r++, p += 2 * o->step) {
      halves even = LOAD(halves, p), odd = LOAD(halves, p + o->step);
      square[r] = __builtin_convertvector(even, words) | __builtin_convertvector(odd, words) << 16;
    }
  } else if (whole && o->step == 1) {
    const uint16_t *p = o->data + i * o->across + k;
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < SIDE; r++, p += o->across) square[r] = LOAD(words, p);
  } else {
    load_part(o, i, k, square);
  }
  if (by_steps != is_b) transpose(square);
#pragma clang loop unroll(full)
  for (int64_t r = 0; r < SIDE; r++) STORE(tile + r * SIDE, square[r]);
}

// Tiles of 16 of the side, those of one after another along k. A tile of A has a row for each i,
// one of B a row for every two steps along k.
static void pack(const operand *o, bool is_b, uint32_t *tiles) {
  int64_t end = (o->side + PAIR * SIDE - 1) / (PAIR * SIDE) * PAIR * SIDE;
  int64_t across = (o->depth + STEPS - 1) / STEPS * TILE_WORDS;
  if (o->across == 1) {
    for (int64_t k = 0; k < o->depth; k += STEPS)
      for (int64_t i = 0; i < end; i += SIDE)
        pack_square(o, i, k, is_b, tiles + i / SIDE * across + k / STEPS * TILE_WORDS);
  } else {
    for (int64_t i = 0; i < end; i += SIDE)
      for (int64_t k = 0; k < o->depth; k += STEPS)
        pack_square(o, i, k, is_b, tiles + i / SIDE * across + k / STEPS * TILE_WORDS);
  }
}

// Four tiles of sums, two beside each other, from `count` tiles of A and B along k.
static void multiply(const uint32_t *a, const uint32_t *b, int64_t count, bool adds, float *sums) {
  if (adds) {
    _tile_loadd(0, sums, TILE_ROW_BYTES);
    _tile_loadd(1, sums + TILE_WORDS, TILE_ROW_BYTES);
    _tile_loadd(2, sums + 2 * TILE_WORDS, TILE_ROW_BYTES);
    _tile_loadd(3, sums + 3 * TILE_WORDS, TILE_ROW_BYTES);
  } else {
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
  }
  for (int64_t k = 0; k < count; k++, a += TILE_WORDS, b += TILE_WORDS) {
    _tile_loadd(4, a, TILE_ROW_BYTES);
    _tile_loadd(6, b, TILE_ROW_BYTES);
    _tile_loadd(7, b + count * TILE_WORDS, TILE_ROW_BYTES);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, a + count * TILE_WORDS, TILE_ROW_BYTES);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums, TILE_ROW_BYTES);
  _tile_stored(1, sums + TILE_WORDS, TILE_ROW_BYTES);
  _tile_stored(2, sums + 2 * TILE_WORDS, TILE_ROW_BYTES);
  _tile_stored(3, sums + 3 * TILE_WORDS, TILE_ROW_BYTES);
}

static inline halves rounded(floats x) {
  words bits = (words)x, nan = (words)((bits & 0x7fffffff) > 0x7f800000);
  words whole = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, quiet = (bits >> 16) | 0x40;
  return __builtin_convertvector((whole & ~nan) | (quiet & nan), halves);
}

// alpha times a tile of sums, plus what C holds where beta says so.
static inline void put_tile(const tk_gemm *g, const float *sums, char *c, int64_t rows,
                            int64_t columns, const int64_t size) {
  uint32_t part[SIDE] = {0};
  for (int64_t i = 0; i < rows; i++, c += g->c_row * size) {
    floats sum = LOAD(floats, sums + i * SIDE) * g->alpha;
    char *to = columns == SIDE ? c : (char *)part;
    if (g->beta != 0 && to != c) __builtin_memcpy(to, c, (size_t)(columns * size));
    if (size == sizeof(float)) {
      if (g->beta != 0) sum += LOAD(floats, to);
      STORE(to, sum);
    } else {
      if (g->beta != 0)
        sum += (floats)(__builtin_convertvector(LOAD(halves, to), words) << 16);
      halves half = rounded(sum);
      STORE(to, half);
    }
    if (to != c) __builtin_memcpy(c, to, (size_t)(columns * size));
  }
}

// The four tiles of sums that begin at (row, column) of a block of C.
static void put(const tk_gemm *g, const float *sums, char *c, int64_t rows, int64_t columns) {
  bool half = g->output == tk_bfloat16;
  int64_t size = half ? sizeof(uint16_t) : sizeof(float);
  for (int64_t t = 0; t < PAIR * PAIR; t++, sums += TILE_WORDS) {
    int64_t i = t / PAIR * SIDE, j = t % PAIR * SIDE;
    int64_t height = rows - i < SIDE ? rows - i : SIDE;
    int64_t width = columns - j < SIDE ? columns - j : SIDE;
    if (height <= 0 || width <= 0) continue;
    char *to = c + (i * g->c_row + j) * size;
    if (half) put_tile(g, sums, to, height, width, sizeof(uint16_t));
    else put_tile(g, sums, to, height, width, sizeof(float));
  }
}

static void run_block(const tk_gemm *g, const gemm_plan *plan, int64_t block, char *workspace) {
  int64_t column = block % plan->column_blocks * plan->columns;
  int64_t row = block / plan->column_blocks % plan->row_blocks * plan->rows;
  int64_t product = block / plan->column_blocks / plan->row_blocks;
  int64_t size = g->output == tk_bfloat16 ? sizeof(uint16_t) : sizeof(float);
  int64_t rows = g->m - row < plan->rows ? g->m - row : plan->rows;
  int64_t columns = g->n - column < plan->columns ? g->n - column : plan->columns;
  char *c = (char *)g->c + (product * g->c_batch + row * g->c_row + column) * size;
  operand a = {(const uint16_t *)g->a + product * g->a_batch + row * g->a_row, g->a_row,
               g->a_column, rows, 0};
  operand b = {(const uint16_t *)g->b + product * g->b_batch + column * g->b_column, g->b_column,
               g->b_row, columns, 0};
  uint32_t *b_tiles = (uint32_t *)workspace, *a_tiles = (uint32_t *)(workspace + plan->a_panels);
  int64_t from = 0;
  do {
    a.depth = b.depth = g->k - from < plan->depth ? g->k - from : plan->depth;
    int64_t count = (a.depth + STEPS - 1) / STEPS, across = count * TILE_WORDS / SIDE;
    bool ends = from + a.depth == g->k;
    pack(&b, true, b_tiles);
    pack(&a, false, a_tiles);
    float *sums = (float *)(workspace + plan->sums);
    for (int64_t i = 0; i < rows; i += PAIR * SIDE)
      for (int64_t j = 0; j < columns; j += PAIR * SIDE) {
        multiply(a_tiles + i * across, b_tiles + j * across, count, from > 0, sums);
        if (ends) put(g, sums, c + (i * g->c_row + j) * size, rows - i, columns - j);
        if (g->k > plan->depth) sums += PAIR * PAIR * TILE_WORDS;
      }
    a.data += a.depth * a.step, b.data += b.depth * b.step, from += a.depth;
  } while (from < g->k);
}

// A thread's tiles are set up for one call, and released so that nobody saves them in vain.
void tk_gemm_run_amx(const tk_gemm *g, const gemm_plan *plan, char *workspace, int64_t begin,
                     int64_t end) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } tiles = {.palette = 1};
  for (int t = 0; t < 8; t++) tiles.row_bytes[t] = TILE_ROW_BYTES, tiles.rows[t] = SIDE;
  _tile_loadconfig(&tiles);
  for (int64_t block = begin; block < end; block++) run_block(g, plan, block, workspace);
  _tile_release();
}
#pragma clang attribute pop
#endif

#include "TrainingKernels.h"

#include <stdlib.h>
#include <string.h>

#define BODY_WITH_INTEGERS
#define BODY "Copy.body.h"
#include "ForEachISA.h"

// A block of a matrix, with strides of rows and of columns.
typedef struct block {
  int64_t rows, columns;
  const void *x;
  void *y;
  int64_t x_row, x_column, y_row, y_column;
} block;

// A tile is read along its columns and written along its rows, through memory of its own, because
// far strides of the powers of two that shapes tend to be share few places in a cache.
enum { tile_side = 64, quad = 4 };
// Tiles of units, and the bytes that a unit may have.
enum { unit_side = 16, longest_unit = 1024 };

#define DEFINE_MOVE(bytes, type)                                                                   \
  typedef type quad_##bytes __attribute__((vector_size(quad * bytes)));                            \
  /* Four columns of x at a time, four elements of each, become rows. */                           \
  static void turn_##bytes(block b, type *tile) {                                                  \
    const type *x = b.x;                                                                           \
    for (int64_t j = 0; j < b.columns; j += quad)                                                  \
      for (int64_t i = 0; i < b.rows; i += quad) {                                                 \
        quad_##bytes c[quad];                                                                      \
        for (int k = 0; k < quad; k++) memcpy(c + k, x + i + (j + k) * b.x_column, sizeof *c);     \
        quad_##bytes low0 = __builtin_shufflevector(c[0], c[1], 0, 4, 1, 5);                       \
        quad_##bytes high0 = __builtin_shufflevector(c[0], c[1], 2, 6, 3, 7);                      \
        quad_##bytes low1 = __builtin_shufflevector(c[2], c[3], 0, 4, 1, 5);                       \
        quad_##bytes high1 = __builtin_shufflevector(c[2], c[3], 2, 6, 3, 7);                      \
        c[0] = __builtin_shufflevector(low0, low1, 0, 1, 4, 5);                                    \
        c[1] = __builtin_shufflevector(low0, low1, 2, 3, 6, 7);                                    \
        c[2] = __builtin_shufflevector(high0, high1, 0, 1, 4, 5);                                  \
        c[3] = __builtin_shufflevector(high0, high1, 2, 3, 6, 7);                                  \
        for (int k = 0; k < quad; k++) memcpy(tile + (i + k) * tile_side + j, c + k, sizeof *c);   \
      }                                                                                            \
  }                                                                                                \
  static void gather_##bytes(block b, type *tile) {                                                \
    const type *x = b.x;                                                                           \
    for (int64_t j = 0; j < b.columns; j++)                                                        \
      for (int64_t i = 0; i < b.rows; i++)                                                         \
        tile[i * tile_side + j] = x[i * b.x_row + j * b.x_column];                                 \
  }                                                                                                \
  static void move_tile_##bytes(block b, bool far) {                                               \
    _Alignas(64) type tile[tile_side * tile_side], *y = b.y;                                       \
    if (b.x_row == 1 && b.rows % quad == 0 && b.columns % quad == 0) turn_##bytes(b, tile);        \
    else gather_##bytes(b, tile);                                                                  \
    for (int64_t i = 0; i < b.rows; i++) {                                                         \
      type *to = y + i * b.y_row, *from = tile + i * tile_side;                                    \
      if (far) tk_stream(to, from, b.columns * bytes);                                             \
      else                                                                                         \
        for (int64_t j = 0; j < b.columns; j++) to[j * b.y_column] = from[j];                      \
    }                                                                                              \
  }                                                                                                \
  static void move_run_##bytes(block b) {                                                          \
    const type *x = b.x;                                                                           \
    type *y = b.y;                                                                                 \
    for (int64_t j = 0; j < b.columns; j++) y[j * b.y_column] = x[j * b.x_column];                 \
  }
TK_FOR_EACH_SIZE(DEFINE_MOVE)

static void move_tile(int32_t size, block b, bool far) {
  switch (size) {
#define MOVE(bytes, type)                                                                          \
  case bytes: move_tile_##bytes(b, far); break;
    TK_FOR_EACH_SIZE(MOVE)
#undef MOVE
  }
}
static void move_run(int32_t size, block b, bool far) {
  if (b.x_column == 1 && b.y_column == 1) {
    if (far) tk_stream(b.y, b.x, b.columns * size);
    else memmove(b.y, b.x, (size_t)(b.columns * size));
    return;
  }
  switch (size) {
#define MOVE(bytes, type)                                                                          \
  case bytes: move_run_##bytes(b); break;
    TK_FOR_EACH_SIZE(MOVE)
#undef MOVE
  }
}
// Elements of one dtype, as bytes, by runs of the last axis.
static void move(int32_t size, const tk_space *space, const tk_operand *operands, int64_t begin,
  int64_t end) {
  tk_space points = *space;
  tk_operand own[2] = {operands[0], operands[1]};
  tk_simplify(&points, own, 2);
  int32_t last = points.rank - 1;
  const int64_t *y_strides = own[0].strides, *x_strides = own[1].strides;
  tk_walk y = tk_walk_from(&points, y_strides, begin), x = tk_walk_from(&points, x_strides, begin);
  bool far = points.rank == 1 && tk_fills_far(&points, &own[0]);
  for (int64_t left = end - begin, n; left > 0; left -= n) {
    n = tk_walk_run(&y, left);
    block b = {1, n, (const char *)own[1].data + x.offset * size,
      (char *)own[0].data + y.offset * size, 0, x_strides[last], 0, y_strides[last]};
    move_run(size, b, far);
    tk_walk_advance(&y, n);
    tk_walk_advance(&x, n);
  }
  tk_settle(far);
}

// A copy in tiles of two axes, of which `down` lie above one another and `across` side by side, over
// the points of the axes before. What moves is a unit: an element, or a short run of a third axis.
typedef struct tiling {
  tk_space points, before;
  tk_operand own[2];
  int32_t last;
  int64_t side, unit, down, across, count;
} tiling;

static tiling tiling_of(const tk_space *space, const tk_operand *operands) {
  tiling t = {.points = *space, .own = {operands[0], operands[1]}, .side = tile_side, .unit = 1};
  tk_simplify(&t.points, t.own, 2);
  const int64_t *shape = t.points.shape, *ys = t.own[0].strides, *xs = t.own[1].strides;
  t.last = t.points.rank - 1;
  int64_t run = shape[t.last] * tk_element_size(operands[0].dtype);
  if (t.last > 1 && xs[t.last] == 1 && ys[t.last] == 1 && run <= longest_unit)
    t.side = unit_side, t.unit = shape[t.last--];
  bool runs_down = t.last > 0 && llabs(xs[t.last - 1]) < llabs(xs[t.last]);
  if (!runs_down || operands[0].dtype != operands[1].dtype) return t;
  t.down = (shape[t.last - 1] + t.side - 1) / t.side;
  t.across = (shape[t.last] + t.side - 1) / t.side;
  t.before = t.points, t.before.rank = t.last > 1 ? t.last - 1 : 1;
  if (t.last == 1) t.before.shape[0] = 1;
  t.count = t.down * t.across;
  for (int32_t axis = 0; axis < t.before.rank; axis++) t.count *= t.before.shape[axis];
  return t;
}
int64_t tk_tile_count(const tk_space *space, const tk_operand *operands) {
  return tiling_of(space, operands).count;
}
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
// In the order of x.
static void move_units(block b, int64_t size, int64_t bytes, bool far) {
  for (int64_t j = 0; j < b.columns; j++)
    for (int64_t i = 0; i < b.rows; i++) {
      const char *from = (const char *)b.x + (i * b.x_row + j * b.x_column) * size;
      char *to = (char *)b.y + (i * b.y_row + j * b.y_column) * size;
      if (far) tk_stream(to, from, bytes);
      else memcpy(to, from, (size_t)bytes);
    }
}
void tk_copy_tiles(const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  tiling t = tiling_of(space, operands);
  int32_t size = tk_element_size(operands[0].dtype), last = t.last;
  const int64_t *shape = t.points.shape, *ys = t.own[0].strides, *xs = t.own[1].strides;
  bool far = tk_fills_far(&t.points, &t.own[0]);
  for (int64_t tile = begin; tile < end; tile++) {
    int64_t plane = tile / (t.down * t.across);
    int64_t top = tile / t.across % t.down * t.side, left = tile % t.across * t.side;
    int64_t x = tk_walk_from(&t.before, xs, plane).offset + top * xs[last - 1] + left * xs[last];
    int64_t y = tk_walk_from(&t.before, ys, plane).offset + top * ys[last - 1] + left * ys[last];
    block b = {least(shape[last - 1] - top, t.side), least(shape[last] - left, t.side),
      (const char *)t.own[1].data + x * size, (char *)t.own[0].data + y * size,
      xs[last - 1], xs[last], ys[last - 1], ys[last]};
    if (t.unit > 1) move_units(b, size, t.unit * size, far);
    else move_tile(size, b, far);
  }
  tk_settle(far);
}

static tk_compute compute_of(tk_dtype dtype) {
  return dtype >= tk_int32 ? tk_integer64 : dtype == tk_float64 ? tk_real64 : tk_real32;
}

void tk_copy(const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  tk_dtype to = operands[0].dtype, from = operands[1].dtype;
  if (to == from) move(tk_element_size(to), space, operands, begin, end);
  else TK_CALL(convert, compute_of(from), space, operands, begin, end);
}
void tk_fill(double real, int64_t integer,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  switch (compute_of(operands[0].dtype)) {
    case tk_real32: TK_PICK(fill, f32)((float)real, space, operands, begin, end); break;
    case tk_real64: TK_PICK(fill, f64)(real, space, operands, begin, end); break;
    case tk_integer64: TK_PICK(fill, i64)(integer, space, operands, begin, end); break;
  }
}
void tk_iota(double start, double step, tk_operand y, int64_t begin, int64_t end) {
  if (compute_of(y.dtype) == tk_integer64)
    TK_PICK(iota, i64)(tk_whole(start), tk_whole(step), y, begin, end);
  else
    TK_PICK(iota, f64)(start, step, y, begin, end);
}

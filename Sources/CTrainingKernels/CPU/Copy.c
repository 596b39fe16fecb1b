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

// A tile is read down its columns and written along its rows, through memory of its own, because
// far strides of the powers of two that shapes tend to be share few places in a cache.
enum { tile_side = 64 };

#define DEFINE_MOVE(bytes, type)                                                                   \
  static void move_tile_##bytes(block b) {                                                         \
    const type *x = b.x;                                                                           \
    type *y = b.y, tile[tile_side][tile_side + 1];                                                 \
    for (int64_t j = 0; j < b.columns; j++)                                                        \
      for (int64_t i = 0; i < b.rows; i++) tile[i][j] = x[i * b.x_row + j * b.x_column];           \
    for (int64_t i = 0; i < b.rows; i++)                                                           \
      for (int64_t j = 0; j < b.columns; j++) y[i * b.y_row + j * b.y_column] = tile[i][j];        \
  }                                                                                                \
  static void move_run_##bytes(block b) {                                                          \
    const type *x = b.x;                                                                           \
    type *y = b.y;                                                                                 \
    for (int64_t j = 0; j < b.columns; j++) y[j * b.y_column] = x[j * b.x_column];                 \
  }
TK_FOR_EACH_SIZE(DEFINE_MOVE)

static void move_tile(int32_t size, block b) {
  switch (size) {
#define MOVE(bytes, type)                                                                          \
  case bytes: move_tile_##bytes(b); break;
    TK_FOR_EACH_SIZE(MOVE)
#undef MOVE
  }
}
static void move_run(int32_t size, block b) {
  if (b.x_column == 1 && b.y_column == 1) {
    memmove(b.y, b.x, (size_t)(b.columns * size));
    return;
  }
  switch (size) {
#define MOVE(bytes, type)                                                                          \
  case bytes: move_run_##bytes(b); break;
    TK_FOR_EACH_SIZE(MOVE)
#undef MOVE
  }
}
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static void move_block(int32_t size, block b) {
  for (int64_t top = 0; top < b.rows; top += tile_side)
    for (int64_t left = 0; left < b.columns; left += tile_side) {
      block tile = b;
      tile.rows = least(b.rows - top, tile_side), tile.columns = least(b.columns - left, tile_side);
      tile.x = (const char *)b.x + (top * b.x_row + left * b.x_column) * size;
      tile.y = (char *)b.y + (top * b.y_row + left * b.y_column) * size;
      move_tile(size, tile);
    }
}
static bool runs_down(const tk_space *space, const tk_operand *x) {
  int32_t last = space->rank - 1;
  return last > 0 && llabs(x->strides[last - 1]) < llabs(x->strides[last]);
}
// Elements of one dtype, as bytes: by runs of the last axis, or by the last two axes where x runs
// down the columns and the range holds whole rows of them.
static void move(int32_t size, const tk_space *space, const tk_operand *operands, int64_t begin,
  int64_t end) {
  tk_space points = *space;
  tk_operand own[2] = {operands[0], operands[1]};
  tk_simplify(&points, own, 2);
  int32_t last = points.rank - 1, above = last ? last - 1 : 0;
  const int64_t *y_strides = own[0].strides, *x_strides = own[1].strides;
  tk_walk y = tk_walk_from(&points, y_strides, begin), x = tk_walk_from(&points, x_strides, begin);
  for (int64_t left = end - begin, n; left > 0; left -= n) {
    block b = {1, tk_walk_run(&y, left), (const char *)own[1].data + x.offset * size,
      (char *)own[0].data + y.offset * size,
      x_strides[above], x_strides[last], y_strides[above], y_strides[last]};
    int64_t rows = least(points.shape[above] - y.index[above], left / points.shape[last]);
    if (runs_down(&points, &own[1]) && y.index[last] == 0 && rows > 1) {
      b.rows = rows;
      move_block(size, b);
    } else {
      move_run(size, b);
    }
    n = b.rows * b.columns;
    for (int64_t row = 0; row < b.rows; row++) {
      tk_walk_advance(&y, b.columns);
      tk_walk_advance(&x, b.columns);
    }
  }
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

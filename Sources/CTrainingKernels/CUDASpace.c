#include "TrainingKernels.h"
#include "CPU/Space.h"

#include <stdlib.h>

static tk_cuda_divisor divisor_of(int64_t value) {
  uint32_t shift = 0;
  while ((int64_t)1 << shift < value) shift++;
  uint64_t rest = ((uint64_t)1 << shift) - (uint64_t)value;
  return (tk_cuda_divisor){(uint32_t)value, (uint32_t)((rest << 32) / (uint64_t)value + 1), shift};
}

// Whole axes from `axis` + 1 on and `length` points of it: as many as a piece may have.
typedef struct cut { int32_t axis; int64_t length, along, count; } cut;

static cut cut_of(const tk_space *points, int64_t most) {
  cut c = {points->rank - 1, 0, 0, 1};
  int64_t inner = 1;
  while (c.axis > 0 && inner * points->shape[c.axis] <= most) inner *= points->shape[c.axis--];
  int64_t extent = points->shape[c.axis], room = most / inner;
  c.length = extent < room ? extent : room;
  c.along = c.length ? (extent + c.length - 1) / c.length : 0;
  c.count = inner ? c.along : 0;
  for (int32_t axis = 0; axis < c.axis; axis++) c.count *= points->shape[axis];
  return c;
}

static tk_cuda_access access_of(const tk_cuda_operand *operand, int32_t rank, int32_t width) {
  if (operand->strides[0] == 0) return tk_cuda_same;
  bool packed = operand->strides[0] == 1;
  packed &= (uintptr_t)operand->data % (uintptr_t)(width * tk_element_size(operand->dtype)) == 0;
  for (int32_t axis = 1; axis < rank; axis++) packed &= operand->strides[axis] % width == 0;
  return packed ? tk_cuda_packed : tk_cuda_strided;
}

int64_t tk_cuda_piece(const tk_space *space, const tk_operand *operands, int32_t count, int32_t width, int64_t most,
  int64_t piece, tk_cuda_walk *walk) {
  tk_space points = *space;
  tk_operand own[TK_CUDA_OPERANDS];
  for (int32_t k = 0; k < count; k++) {
    own[k] = operands[k];
    // Null data is never read; without strides it joins any axes.
    for (int32_t axis = 0; !own[k].data && axis < space->rank; axis++) own[k].strides[axis] = 0;
  }
  for (int32_t axis = 0; axis < space->rank; axis++)
    if (space->shape[axis] == 0) return 0;
  tk_simplify(&points, own, count);
  cut c = cut_of(&points, most);
  int64_t start = piece % c.along * c.length, left = points.shape[c.axis] - start;
  tk_space before = {.rank = c.axis};
  for (int32_t axis = 0; axis < c.axis; axis++) before.shape[axis] = points.shape[axis];
  points.shape[c.axis] = left < c.length ? left : c.length;

  int32_t last = points.rank - 1, rank = points.rank - c.axis;
  walk->rank = rank;
  walk->columns = points.shape[last];
  int64_t threads = 1;
  for (int32_t axis = 0; axis < rank; axis++) {
    int64_t extent = points.shape[last - axis];
    if (axis == 0) extent = (extent + width - 1) / width;
    walk->axes[axis] = divisor_of(extent);
    threads *= extent;
  }
  walk->threads = (uint32_t)threads;
  for (int32_t k = 0; k < count; k++) {
    tk_cuda_operand *operand = &walk->operands[k];
    int64_t offset = start * own[k].strides[c.axis];
    if (c.axis > 0) offset += tk_walk_from(&before, own[k].strides, piece / c.along).offset;
    operand->dtype = own[k].dtype;
    operand->data = own[k].data ? (char *)own[k].data + offset * tk_element_size(own[k].dtype) : NULL;
    for (int32_t axis = 0; axis < rank; axis++) operand->strides[axis] = own[k].strides[last - axis];
    operand->access = access_of(operand, rank, width);
  }
  return c.count;
}

// The axis before the last that x runs along, or -1.
static int32_t axis_down(const tk_space *points, const int64_t *xs) {
  enum { least = 16 };
  int32_t last = points->rank - 1, found = -1;
  int64_t smallest = llabs(xs[last]);
  if (points->shape[last] < least) return -1;
  for (int32_t axis = 0; axis < last; axis++) {
    int64_t stride = llabs(xs[axis]);
    if (stride == 0 || stride >= smallest || points->shape[axis] < least) continue;
    smallest = stride, found = axis;
  }
  return found;
}

bool tk_cuda_tile(const tk_space *space, const tk_operand *operands, int32_t side, tk_cuda_tiles *tiles) {
  tk_space points = *space;
  tk_operand own[2] = {operands[0], operands[1]};
  if (own[0].dtype != own[1].dtype) return false;
  tk_simplify(&points, own, 2);
  const int64_t *ys = own[0].strides, *xs = own[1].strides;
  int32_t last = points.rank - 1, down = axis_down(&points, xs);
  if (down < 0) return false;
  *tiles = (tk_cuda_tiles){.x = own[1].data, .y = own[0].data, .down = points.shape[down],
    .across = points.shape[last], .x_strides = {xs[down], xs[last]}, .y_strides = {ys[down], ys[last]}};
  int64_t tiles_down = (tiles->down + side - 1) / side, tiles_across = (tiles->across + side - 1) / side;
  int64_t count = tiles_down * tiles_across;
  for (int32_t axis = last - 1; axis >= 0; axis--) {
    if (axis == down) continue;
    count *= points.shape[axis];
    if (count > INT32_MAX) return false;
    tiles->before[tiles->rank] = divisor_of(points.shape[axis]);
    tiles->x_before[tiles->rank] = xs[axis];
    tiles->y_before[tiles->rank++] = ys[axis];
  }
  if (count == 0 || count > INT32_MAX) return false;
  tiles->tiles_down = divisor_of(tiles_down);
  tiles->tiles_across = divisor_of(tiles_across);
  tiles->tiles = (int32_t)count;
  return true;
}

// Walks over strided spaces.
#pragma once

#include "Elements.h"
#include "Far.h"

// Drops axes of one point and joins axes that every operand walks as one, which keeps the points'
// order. At least one axis is left.
static inline void tk_simplify(tk_space *space, tk_operand *operands, int32_t count) {
  int32_t rank = 0;
  for (int32_t axis = 0; axis < space->rank; axis++) {
    int64_t extent = space->shape[axis];
    if (extent == 1) continue;
    bool joins = rank > 0;
    for (int32_t k = 0; joins && k < count; k++)
      joins = operands[k].strides[rank - 1] == operands[k].strides[axis] * extent;
    if (!joins) space->shape[rank++] = 1;
    space->shape[rank - 1] *= extent;
    for (int32_t k = 0; k < count; k++)
      operands[k].strides[rank - 1] = operands[k].strides[axis];
  }
  space->rank = rank ? rank : 1;
  if (rank) return;
  space->shape[0] = 1;
  // A null operand is not walked.
  for (int32_t k = 0; k < count; k++) operands[k].strides[0] = operands[k].data != NULL;
}

// An operand's memory where it holds the points in their order, one beside the other; else null.
static inline char *tk_dense(const tk_space *space, const tk_operand *operand) {
  int64_t stride = 1;
  for (int32_t axis = space->rank - 1; axis >= 0; stride *= space->shape[axis--])
    if (operand->strides[axis] != stride) return NULL;
  return operand->data;
}
static inline bool tk_fills_far(const tk_space *space, const tk_operand *operand) {
  int64_t bytes = tk_element_size(operand->dtype);
  for (int32_t axis = 0; axis < space->rank; axis++) bytes *= space->shape[axis];
  return tk_is_far(bytes) && tk_dense(space, operand);
}

// One operand's place in a space: the index of a point and its offset in elements.
typedef struct tk_walk {
  const tk_space *space;
  const int64_t *strides;
  int64_t index[TK_MAX_RANK], offset;
} tk_walk;

static inline tk_walk tk_walk_from(
  const tk_space *space, const int64_t *strides, int64_t position) {
  tk_walk walk = {.space = space, .strides = strides};
  for (int32_t axis = space->rank - 1; axis > 0; axis--) {
    walk.index[axis] = position % space->shape[axis];
    position /= space->shape[axis];
  }
  walk.index[0] = position;
  for (int32_t axis = 0; axis < space->rank; axis++)
    walk.offset += walk.index[axis] * strides[axis];
  return walk;
}
// The points left on the last axis, `limit` at most.
static inline int64_t tk_walk_run(const tk_walk *walk, int64_t limit) {
  int32_t last = walk->space->rank - 1;
  int64_t run = walk->space->shape[last] - walk->index[last];
  return run < limit ? run : limit;
}
static inline void tk_walk_advance(tk_walk *walk, int64_t run) {
  const int64_t *shape = walk->space->shape;
  int32_t axis = walk->space->rank - 1;
  walk->index[axis] += run;
  walk->offset += run * walk->strides[axis];
  for (; axis > 0 && walk->index[axis] == shape[axis]; axis--) {
    walk->index[axis] = 0;
    walk->index[axis - 1]++;
    walk->offset += walk->strides[axis - 1] - shape[axis] * walk->strides[axis];
  }
}

// Toward zero; what does not fit becomes the nearest integer, NaN zero.
static inline int64_t tk_whole(double x) {
  return x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : x == x ? (int64_t)x : 0;
}

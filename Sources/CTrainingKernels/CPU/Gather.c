#include "Elements.h"
#include "Far.h"

int64_t tk_index_check(const tk_index *index, int64_t limit) {
  // Axes that the index does not depend on are looked at once.
  int64_t outer = index->outer_stride == 0 && index->outer > 0 ? 1 : index->outer;
  int64_t inner = index->inner_stride == 0 && index->inner > 0 ? 1 : index->inner;
  for (int64_t o = 0; o < outer; o++)
    for (int64_t j = 0; j < index->count; j++) {
      const int64_t *at = index->data + o * index->outer_stride + j * index->axis_stride;
      for (int64_t i = 0; i < inner; i++)
        if ((uint64_t)at[i * index->inner_stride] >= (uint64_t)limit)
          return (o * index->count + j) * index->inner + i;
    }
  return -1;
}

#define GATHER(bytes, type)                                                                        \
  static void gather_##bytes(const tk_index *index, int64_t axis, const type *x, type *y,          \
    int64_t begin, int64_t end) {                                                                  \
    int64_t inner = index->inner, stride = index->inner_stride;                                    \
    bool whole = stride == 0 && inner > 1;                                                         \
    bool far = whole && tk_is_far(index->outer * index->count * inner * bytes);                    \
    for (int64_t pair = begin; pair < end; pair++) {                                               \
      int64_t o = pair / index->count, j = pair % index->count;                                    \
      const int64_t *at = index->data + o * index->outer_stride + j * index->axis_stride;          \
      const type *plane = x + o * axis * inner;                                                    \
      type *row = y + pair * inner;                                                                \
      if (far) tk_stream(row, plane + at[0] * inner, inner * bytes);                               \
      else if (whole) memcpy(row, plane + at[0] * inner, (size_t)inner * bytes);                   \
      else for (int64_t i = 0; i < inner; i++) row[i] = plane[at[i * stride] * inner + i];         \
    }                                                                                              \
    tk_settle(far);                                                                                \
  }
TK_FOR_EACH_SIZE(GATHER)

void tk_gather(tk_dtype dtype, const tk_index *index, int64_t axis, const void *x, void *y,
  int64_t begin, int64_t end) {
  switch (tk_element_size(dtype)) {
#define CASE(bytes, type) \
  case bytes: gather_##bytes(index, axis, x, y, begin, end); return;
    TK_FOR_EACH_SIZE(CASE)
#undef CASE
  }
}

// Columns [first, last) of one outer index.
#define SCATTER(name, stored, summed, WIDEN, NARROW)                                               \
  static void scatter_##name(const tk_index *index, const int64_t *at, const stored *x, stored *y, \
    int64_t first, int64_t last) {                                                                 \
    for (int64_t j = 0; j < index->count; j++, at += index->axis_stride, x += index->inner) {      \
      if (index->inner_stride == 0) {                                                              \
        stored *row = y + at[0] * index->inner;                                                    \
        for (int64_t i = first; i < last; i++)                                                     \
          row[i] = NARROW(WIDEN(row[i]) + WIDEN(x[i]));                                            \
      } else {                                                                                     \
        for (int64_t i = first; i < last; i++) {                                                   \
          stored *element = y + at[i * index->inner_stride] * index->inner + i;                    \
          *element = NARROW(WIDEN(*element) + WIDEN(x[i]));                                        \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  static void scatter_outer_##name(const tk_index *index, int64_t axis, int64_t o, const stored *x,\
    stored *y, int64_t first, int64_t last) {                                                      \
    scatter_##name(index, index->data + o * index->outer_stride,                                   \
      x + o * index->count * index->inner, y + o * axis * index->inner, first, last);              \
  }
TK_FOR_EACH_DTYPE(SCATTER)

void tk_scatter_add(tk_dtype dtype, const tk_index *index, int64_t axis, const void *x, void *y,
  int64_t begin, int64_t end) {
  for (int64_t at = begin; at < end;) {
    int64_t o = at / index->inner, first = at % index->inner;
    int64_t last = first + (end - at) < index->inner ? first + (end - at) : index->inner;
    switch (dtype) {
#define CASE(name, ...) \
  case tk_##name: scatter_outer_##name(index, axis, o, x, y, first, last); break;
      TK_FOR_EACH_DTYPE(CASE)
#undef CASE
    }
    at += last - first;
  }
}

#include "Elements.h"

#include <string.h>

// One axis of a window at one place of its kernel: output o sees input o * stride + offset.
typedef struct tap { int64_t stride, offset, first, last; } tap;

// The first output that sees `input` or beyond.
static int64_t output_reaching(tap t, int64_t input, int64_t outputs) {
  int64_t distance = input - t.offset;
  int64_t output = distance <= 0 ? 0 : (distance + t.stride - 1) / t.stride;
  return output < outputs ? output : outputs;
}
// Outputs [first, last) see inputs begin ..< end.
static tap tap_over(int64_t stride, int64_t offset, int64_t begin, int64_t end, int64_t outputs) {
  tap t = {stride, offset, 0, 0};
  t.first = output_reaching(t, begin, outputs);
  t.last = output_reaching(t, end, outputs);
  return t;
}
static tap column_tap(const tk_window *w, int64_t kernel_column, int64_t begin, int64_t end) {
  int64_t offset = kernel_column * w->dilation_width - w->pad_left;
  return tap_over(w->stride_width, offset, begin, end, w->out_width);
}
static int64_t row_offset(const tk_window *w, int64_t kernel_row) {
  return kernel_row * w->dilation_height - w->pad_top;
}

uint64_t tk_padding_bits(tk_dtype dtype, double padding) {
  double limit = dtype == tk_int64 ? 0x1p63 : 0x1p31;
  int64_t integer = padding >= limit    ? (int64_t)((uint64_t)limit - 1)
                    : padding >= -limit ? (int64_t)padding
                                        : -(int64_t)((uint64_t)limit - 1) - 1;
  uint64_t bits = 0;
  switch (dtype) {
  case tk_float32: return tk_float_bits((float)padding);
  case tk_float64: __builtin_memcpy(&bits, &padding, sizeof bits); return bits;
  case tk_float16: return tk_float_to_half((float)padding);
  case tk_bfloat16: return tk_float_to_bfloat((float)padding);
  case tk_int32: case tk_int64: return (uint64_t)integer;
  case tk_uint8: return (uint64_t)(integer < 0 ? 0 : integer > 255 ? 255 : integer);
  case tk_bool: return padding != 0;
  }
  return bits;
}

#define UNFOLD(bytes, type)                                                                        \
  static void unfold_row_##bytes(tap t, const type *row, type padding, type *out, int64_t width) { \
    for (int64_t o = 0; o < t.first; o++) out[o] = padding;                                        \
    if (t.stride == 1 && t.first < t.last)                                                         \
      memcpy(out + t.first, row + t.first + t.offset, (size_t)(t.last - t.first) * bytes);         \
    else                                                                                           \
      for (int64_t o = t.first; o < t.last; o++) out[o] = row[o * t.stride + t.offset];            \
    for (int64_t o = t.last; o < width; o++) out[o] = padding;                                     \
  }                                                                                                \
  static void unfold_plane_##bytes(const tk_window *w, type padding, const type *image,            \
    type *columns) {                                                                               \
    const tap outside = {1, 0, w->out_width, w->out_width};                                        \
    for (int64_t kernel_row = 0; kernel_row < w->kernel_height; kernel_row++)                      \
      for (int64_t kernel_column = 0; kernel_column < w->kernel_width; kernel_column++) {          \
        tap t = column_tap(w, kernel_column, 0, w->width);                                         \
        for (int64_t o = 0; o < w->out_height; o++, columns += w->out_width) {                     \
          int64_t y = o * w->stride_height + row_offset(w, kernel_row);                            \
          bool inside = y >= 0 && y < w->height;                                                   \
          unfold_row_##bytes(inside ? t : outside, inside ? image + y * w->width : image,          \
            padding, columns, w->out_width);                                                       \
        }                                                                                          \
      }                                                                                            \
  }
TK_FOR_EACH_SIZE(UNFOLD)

static int64_t column_count(const tk_window *w) {
  return w->kernel_height * w->kernel_width * w->out_height * w->out_width;
}

void tk_unfold(const tk_window *window, tk_dtype dtype, double padding, const void *images,
  void *columns, int64_t begin, int64_t end) {
  uint64_t bits = tk_padding_bits(dtype, padding);
  int64_t plane = window->height * window->width, count = column_count(window);
  for (int64_t i = begin; i < end; i++)
    switch (tk_element_size(dtype)) {
#define CASE(bytes, type)                                                                          \
  case bytes:                                                                                      \
    unfold_plane_##bytes(window, (type)bits, (const type *)images + i * plane,                     \
      (type *)columns + i * count);                                                                \
    break;
      TK_FOR_EACH_SIZE(CASE)
#undef CASE
    }
}

// Pixels are pulled, a stretch of a row at a time, so that halves sum in float32 and memory is
// written once; each pixel adds its columns in the order of the kernel's places.
enum { stretch = 256 };

#define FOLD(name, stored, summed, WIDEN, NARROW)                                                  \
  static void add_row_##name(tap t, const stored *row, summed *sums) {                             \
    if (t.stride == 1)                                                                             \
      for (int64_t o = t.first; o < t.last; o++) sums[o + t.offset] += WIDEN(row[o]);              \
    else                                                                                           \
      for (int64_t o = t.first; o < t.last; o++) sums[o * t.stride + t.offset] += WIDEN(row[o]);   \
  }                                                                                                \
  static void fold_stretch_##name(const tk_window *w, const stored *columns, stored *out,          \
    int64_t y, int64_t begin, int64_t end) {                                                       \
    summed sums[stretch] = {0};                                                                    \
    for (int64_t kernel_row = 0; kernel_row < w->kernel_height; kernel_row++) {                    \
      int64_t distance = y - row_offset(w, kernel_row), o = distance / w->stride_height;           \
      if (distance < 0 || distance % w->stride_height != 0 || o >= w->out_height) continue;        \
      for (int64_t kernel_column = 0; kernel_column < w->kernel_width; kernel_column++) {          \
        tap t = column_tap(w, kernel_column, begin, end);                                          \
        int64_t place = kernel_row * w->kernel_width + kernel_column;                              \
        t.offset -= begin;                                                                         \
        add_row_##name(t, columns + (place * w->out_height + o) * w->out_width, sums);             \
      }                                                                                            \
    }                                                                                              \
    for (int64_t i = begin; i < end; i++) out[i] = NARROW(sums[i - begin]);                        \
  }                                                                                                \
  static void fold_plane_##name(const tk_window *w, const stored *columns, stored *image) {        \
    for (int64_t y = 0; y < w->height; y++)                                                        \
      for (int64_t x = 0; x < w->width; x += stretch)                                              \
        fold_stretch_##name(w, columns, image + y * w->width, y, x,                                \
          x + stretch < w->width ? x + stretch : w->width);                                        \
  }
TK_FOR_EACH_DTYPE(FOLD)

void tk_fold(const tk_window *window, tk_dtype dtype, const void *columns, void *images,
  int64_t begin, int64_t end) {
  int64_t plane = window->height * window->width, count = column_count(window);
  for (int64_t i = begin; i < end; i++)
    switch (dtype) {
#define CASE(name, stored, ...)                                                                    \
  case tk_##name:                                                                                  \
    fold_plane_##name(window, (const stored *)columns + i * count, (stored *)images + i * plane);  \
    break;
      TK_FOR_EACH_DTYPE(CASE)
#undef CASE
    }
}

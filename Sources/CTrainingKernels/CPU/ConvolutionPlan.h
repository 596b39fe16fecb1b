// How a convolution is cut. Images are brought into the order [rows, columns, channels] a band at a time, with the
// zeros that windows see around them; then every place is a product of what lies there with the weight.
#ifndef TK_CONVOLUTION_PLAN
#define TK_CONVOLUTION_PLAN
#include "GemmPlan.h"

// One axis of a window over images. Every `tap_step`-th tap is a whole number of strides from the one before.
typedef struct window_axis {
  int64_t extent, kernel, stride, dilation, before, places, tap_step;
} window_axis;

// Results first, first + step, ... along one axis, `count` of them. Number i is a sum over `taps`: tap t sees source
// element start + i * stride + t * spacing, weighted by the kernel's element tap + t * tap_step.
typedef struct axis_phase {
  int64_t first, step, count, start, stride, spacing, tap, tap_step, taps;
} axis_phase;

typedef struct convolution_plan {
  bool makes_images;
  // Few channels: lanes are pixels of a row.
  bool by_planes;
  window_axis rows, columns;
  // Of one group: channels of what is seen, and of the results.
  int64_t source_channels, result_channels;
  int64_t source_height, source_width, result_height, result_width;
  // Columns of a source with its zeros, and the first of them; elements from one column to the next.
  int64_t width, first_column, pitch;
  // Results of every phase along rows in a band, the bands, and the source's rows of one.
  int64_t band, bands, band_rows;
  // Result channels of a piece, and so many pieces side by side.
  int64_t block, blocks;
  // Samples whose gradients of a weight are summed in one piece, and such pieces.
  int64_t chunk, chunks;
  size_t results, line, bytes;
} convolution_plan;

static inline int64_t phase_count(const convolution_plan *p, const window_axis *axis) {
  if (!p->makes_images) return 1;
  return axis->stride < axis->extent ? axis->stride : axis->extent;
}

// A pixel is reached by every tap whose distance from it is a whole number of strides: those of one remainder, which
// are seen by every stride-th pixel. The weight is reversed then, so that taps go upwards.
static inline axis_phase phase_of(const convolution_plan *p, const window_axis *axis, int64_t phase) {
  if (!p->makes_images)
    return (axis_phase){0, 1, axis->places, -axis->before, axis->stride, axis->dilation, 0, 1, axis->kernel};
  int64_t stride = axis->stride, tap = 0, step = axis->tap_step, pixel = phase + axis->before;
  int64_t candidates = step < axis->kernel ? step : axis->kernel;
  while (tap < candidates && (pixel - tap * axis->dilation) % stride != 0) tap++;
  int64_t taps = tap < candidates ? (axis->kernel - tap + step - 1) / step : 0;
  int64_t last = tap + (taps - 1) * step;
  return (axis_phase){
    .first = phase, .step = stride,
    .count = phase < axis->extent ? (axis->extent - phase + stride - 1) / stride : 0,
    .start = (pixel - last * axis->dilation) / stride, .stride = 1,
    .spacing = step * axis->dilation / stride,
    .tap = axis->kernel - 1 - last, .tap_step = step, .taps = taps,
  };
}

// The source elements that results from ..< to of every phase see: the first, and one past the last.
typedef struct axis_span { int64_t first, end; } axis_span;
static inline axis_span span_of(const convolution_plan *p, const window_axis *axis, int64_t from, int64_t to) {
  axis_span span = {INT64_MAX, INT64_MIN};
  for (int64_t i = 0; i < phase_count(p, axis); i++) {
    axis_phase phase = phase_of(p, axis, i);
    int64_t end = to < phase.count ? to : phase.count;
    if (phase.taps == 0 || from >= end) continue;
    int64_t first = phase.start + from * phase.stride;
    int64_t last = phase.start + (end - 1) * phase.stride + (phase.taps - 1) * phase.spacing;
    if (first < span.first) span.first = first;
    if (last + 1 > span.end) span.end = last + 1;
  }
  return span.first < span.end ? span : (axis_span){0, 0};
}

// Whether neighbouring taps of a row lie side by side, in the source and in the weight.
static inline bool is_flat(const convolution_plan *p, const axis_phase *columns) {
  return columns->spacing == 1 && columns->tap_step == 1 && p->pitch == p->source_channels;
}

#endif

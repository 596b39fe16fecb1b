#pragma once

// One axis of a window over images, as the convolution of the CPU has it: every `tap_step`-th tap is a whole number of
// strides from the one before.
typedef struct tk_cuda_axis {
  int32_t extent, kernel, stride, dilation, before, places, tap_step;
} tk_cuda_axis;

// Images [count, channels, height, width], a weight [outputs, channels / groups, kernel rows, kernel columns] and
// places [count, outputs, rows, columns] of one dtype, without gaps: one of them is made of the other two.
typedef struct tk_cuda_convolution {
  tk_cuda_axis rows, columns;
  int64_t count;
  int32_t groups;
  // Channels of one group: of what windows see, and of the results.
  int32_t source_channels, result_channels;
  // Whether images are made, of places.
  bool makes_images;
  // Images or places, and, where a weight is made, the gradient of places.
  const void *source, *gradient;
  // The weight as it is given, and in the order [groups, result channels, taps, source channels].
  const void *weight;
  void *ordered;
  // One number for each channel of the result, or NULL.
  const void *bias;
  void *result;
  // Runs of places whose parts of a weight are summed up by themselves, in `parts` where there are several.
  int64_t splits, share;
  void *parts;
} tk_cuda_convolution;

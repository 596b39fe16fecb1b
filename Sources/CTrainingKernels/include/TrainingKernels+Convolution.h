#pragma once

// What is made of the other two: places from images and a weight, images from a gradient of places and a weight, or a
// weight from images and a gradient of places. Each is the derivative of the others.
typedef enum tk_convolution_way : int32_t {
  tk_convolution_places, tk_convolution_images, tk_convolution_weight
} tk_convolution_way;

// Images [count, channels, height, width], a weight [outputs, channels / groups, kernel_height, kernel_width] and
// places [count, outputs, out_height, out_width] of one dtype, contiguous. Sums are float32, or float64 for float64.
typedef struct tk_convolution {
  tk_convolution_way way;
  tk_dtype dtype;
  tk_window window;
  int64_t outputs, groups;
  // In the order of images, weight, places without the result.
  const void *a, *b;
  // One number for each channel of places or images that are made, or NULL.
  const void *bias;
  void *result;
} tk_convolution;

// The work is done in three stages, each cut into pieces whose number depends on sizes alone. All share `shared` bytes
// of 64-byte aligned memory, and a call of the second needs as many bytes of `workspace`.
typedef struct tk_convolution_work {
  int64_t before, pieces, after;
  size_t shared, workspace;
} tk_convolution_work;

tk_convolution_work tk_convolution_plan(const tk_convolution *convolution);
// Brings the weight into the order that it is read in.
void tk_convolution_before(const tk_convolution *convolution, void *shared, int64_t begin, int64_t end);
void tk_convolution_run(const tk_convolution *convolution, void *shared, void *workspace, int64_t begin, int64_t end);
// Sums up the parts of a weight.
void tk_convolution_after(const tk_convolution *convolution, const void *shared, int64_t begin, int64_t end);

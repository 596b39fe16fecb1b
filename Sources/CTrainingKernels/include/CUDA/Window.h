#pragma once

// A window that slides over images, as tk_window. A block takes a tile of the outputs of a window's place in a plane of
// `columns`, or of the pixels of a plane of images.
typedef struct tk_cuda_window {
  const void *x;
  void *y;
  int64_t tiles;               // of a plane
  uint64_t padding;            // the bits of an element
  int32_t height, width, kernel_height, kernel_width, stride_height, stride_width;
  int32_t dilation_height, dilation_width, pad_top, pad_left, out_height, out_width;
  int32_t tile;                // outputs or pixels
} tk_cuda_window;

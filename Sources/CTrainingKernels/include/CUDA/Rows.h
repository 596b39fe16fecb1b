#pragma once

// Rows of `width` contiguous elements. softmax: x to y. softmaxBackward: the gradient g and the result x to y.
// surprise: x and labels to y. surpriseBackward: x, labels and the gradient g to y.
typedef struct tk_cuda_rows {
  const void *x, *g, *labels;
  void *y;
  int64_t rows, width;
  bool logarithm;
} tk_cuda_rows;

#pragma once

// Each row of n contiguous elements; a range counts rows. x and y may be the same memory. `far` says of what is written
// as a whole what tk_is_far says.

// y = exp(x - max) / sum, or its logarithm. A row of minus infinities gives NaN.
void tk_softmax(bool logarithm, tk_dtype dtype, const void *x, void *y, int64_t n,
  bool far, int64_t begin, int64_t end);
// dx = y (g - sum(g y)), or g - exp(y) sum(g) for the logarithm.
void tk_softmax_backward(bool logarithm, tk_dtype dtype, const void *g, const void *y, void *dx,
  int64_t n, bool far, int64_t begin, int64_t end);
// y = -log softmax(x)[label] of each row; y and its gradient g are float32, or float64 for float64. Rows
// whose g is 0 get zeros, whatever they hold.
void tk_surprise(tk_dtype dtype, const void *x, const int64_t *labels, void *y, int64_t n,
  int64_t begin, int64_t end);
// dx = g softmax(x), less g at the label.
void tk_surprise_backward(tk_dtype dtype, const void *x, const int64_t *labels, const void *g,
  void *dx, int64_t n, bool far, int64_t begin, int64_t end);
// y[i] = x[0] + … + x[i], summed in float64 or int64.
void tk_cumulative_sum(tk_dtype dtype, const void *x, void *y, tk_dtype y_dtype, int64_t n,
  int64_t begin, int64_t end);

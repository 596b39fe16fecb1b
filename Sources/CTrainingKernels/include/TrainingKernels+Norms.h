#pragma once

// Each row of n contiguous elements, brought to mean 0 where it is centered and to mean square 1. Roots, weight and
// bias are float32, or float64 where x is; the weight and the bias of a row may be NULL.
typedef struct tk_standardization {
  bool centered;
  // What tk_is_far says of the rows that are written.
  bool far;
  // Of x, of the values that are kept, and of y.
  tk_dtype dtype, values_dtype, y_dtype;
  const void *weight, *bias;
  void *values, *roots, *y;
} tk_standardization;

// values = (x - mean) root with root = 1 / sqrt(mean square + epsilon); y = values weight + bias unless it is NULL.
void tk_standardize(const tk_standardization *rule, const void *x, int64_t n, double epsilon,
  int64_t begin, int64_t end);
// dx = (i - values mean(i values) - mean(i)) root with i = g weight; without the last mean where rows are not centered.
// dw = the sum of g values over the rows, db that of g, of the type of roots. Each of the three may be NULL.
void tk_standardize_backward(const tk_standardization *rule, tk_dtype g_dtype, const void *g,
  void *dx, void *dw, void *db, int64_t n, int64_t begin, int64_t end);
// y = the sum of squared distances from the mean of each row; float32, or float64 where x is.
void tk_square_distances(tk_dtype dtype, const void *x, void *y, int64_t n, int64_t begin, int64_t end);

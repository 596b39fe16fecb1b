#pragma once

// Each channel of contiguous [batch, channels, inner] elements, brought to mean 0 and variance 1 over the batch and
// inner. Means, roots, weight and bias hold one number a channel, in float32, or float64 where x is; weight and bias
// may be NULL.
typedef struct tk_batch_norm {
  tk_dtype dtype;
  int64_t batch, channels, inner;
  const void *x, *weight, *bias;
  void *means, *roots;
} tk_batch_norm;

// y = (x - mean) root weight + bias, with root = 1 / sqrt(variance + epsilon); a range counts channels.
void tk_batch_norm_run(
  const tk_batch_norm *norm, double epsilon, void *variances, void *y, int64_t begin, int64_t end);
// The gradient g of y as that of x, the weight and the bias, each of which may be NULL.
void tk_batch_norm_backward(
  const tk_batch_norm *norm, const void *g, void *dx, void *dw, void *db, int64_t begin, int64_t end);

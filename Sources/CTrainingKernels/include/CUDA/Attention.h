#pragma once

// A matrix for each head of each sequence; strides count elements. Elements of a row are contiguous, except that those
// of a mask have a stride.
typedef struct tk_cuda_heads { void *data; int64_t batch, head, row; } tk_cuda_heads;

// Attention as tk_attention has it, and what one pass of it writes.
typedef struct tk_cuda_attention {
  int64_t batch, heads, targets, sources, features, outputs;
  tk_cuda_heads query, key, value, mask;
  int64_t mask_step;
  // That of the result, and what is made: the result or one of the three gradients.
  tk_cuda_heads gradient, result;
  double scale;
  bool causal;
  // Whether every chunk of 16 bytes of queries, keys, values and the gradient may be read at once.
  bool vector;
  // For every target of every head: the greatest score, one over the sum of weights beside it, and the mean of the
  // products of the gradient with the values; in float, or double.
  void *greatest, *inverse, *mean;
} tk_cuda_attention;

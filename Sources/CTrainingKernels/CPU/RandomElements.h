// How random numbers are stored.
#pragma once

#include "Half.h"
#include "TrainingKernels.h"

// Elements that are drawn at a time; a multiple of 16.
enum { stretch = 512 };

static inline bool is_half(tk_dtype dtype) { return dtype == tk_float16 || dtype == tk_bfloat16; }

// Halves are rounded floats. Dtypes other than these and float64 have no streams.
static inline void store_floats(tk_dtype dtype, const float *x, void *y, int64_t at, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (dtype == tk_float32) ((float *)y)[at + i] = x[i];
    else if (dtype == tk_float16) ((uint16_t *)y)[at + i] = tk_float_to_half(x[i]);
    else if (dtype == tk_bfloat16) ((uint16_t *)y)[at + i] = tk_float_to_bfloat(x[i]);
}
// What between in Random.body.h does, for what was rounded once more.
static inline void wrap_halves(tk_dtype dtype, float lower, float upper, uint16_t *y, int64_t at,
  int64_t n) {
  uint16_t bounds[2];
  store_floats(dtype, (float[]){lower, upper}, bounds, 0, 2);
  for (int64_t i = at; i < at + n; i++) y[i] = y[i] == bounds[1] ? bounds[0] : y[i];
}

#pragma once

typedef enum tk_reduction : int32_t {
#define REDUCTION(name, ...) tk_reduction_##name,
#include "../Tables/Reduction.h"
  tk_reduction_argmax, tk_reduction_argmin,
  tk_reduction_count
} tk_reduction;

// The array to reduce: `kept` axes index results, `reduced` axes are folded.
typedef struct tk_reduce_source {
  const void *data;
  tk_dtype dtype;
  tk_space kept, reduced;
  int64_t kept_strides[TK_MAX_RANK], reduced_strides[TK_MAX_RANK];
} tk_reduce_source;

// out[i] = fold of the reduced points of kept point i; a range counts kept points. `out` is contiguous.
// Sums are cascaded (error grows with the logarithm of the count). Maximum and minimum give NaN when
// one is there; argmax and argmin give the first index of the extreme (the first NaN, if any), row-major
// over the reduced axes, and write int64.
void tk_reduce(tk_reduction row, tk_compute compute, const tk_reduce_source *source,
  void *out, tk_dtype out_dtype, int64_t begin, int64_t end);
const char *tk_reduction_name(tk_reduction row);
// The type that stands for a row in the names of kernels of a GPU.
const char *tk_reduction_word(tk_reduction row);

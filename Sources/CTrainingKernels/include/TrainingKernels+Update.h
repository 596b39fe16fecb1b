#pragma once
#include "CUDA/Update.h"

// One optimizer step in one pass. Parameter, gradient and state are contiguous and of one dtype,
// float32 or float64; states are zero before the first step. `scalars` are the row's
// hyper-parameters of this step, as its comment in the table lists them.
typedef enum tk_update : int32_t {
#define UPDATE(name, states, scalars, ...) tk_update_##name,
#include "../Tables/Update.h"
  tk_update_count
} tk_update;

typedef struct tk_update_row {
  const char *name;
  const char *kernel;      // among those of CUDA
  int32_t states, scalars;
} tk_update_row;
tk_update_row tk_update_describe(tk_update row);

// A range counts elements.
void tk_update_run(tk_update row, tk_dtype dtype, const double *scalars, void *parameter,
  const void *gradient, void *const *states, int64_t begin, int64_t end);

// Weights or a state; only what is in half precision is rounded.
typedef struct tk_rounded {
  void *elements;
  int16_t *compensation;   // for compensated rounding only
  tk_dtype dtype;          // float32, float16 or bfloat16
  tk_rounding rounding;
  tk_philox generator;     // for stochastic rounding: 8 elements a block
} tk_rounded;

// The same step, in float32, where weights or states are in half precision; the gradient is of any
// dtype.
void tk_update_run_rounded(tk_update row, const double *scalars, const tk_rounded *weights,
  tk_dtype dtype, const void *gradient, const tk_rounded *states, int64_t begin, int64_t end);

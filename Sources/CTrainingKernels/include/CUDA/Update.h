#pragma once
#include "CUDA/Elements.h"
#include "CUDA/Table.h"

#define TK_MAX_STATES 4
#define TK_CUDA_SCALARS 10

// How float32 results become elements in half precision. Stochastic: up or down by the words of a
// Philox stream, 16 bits an element. Compensated: to the nearest, and what is lost is kept in units
// of 2^-16 of an element's last place and comes back with the next update.
typedef enum tk_rounding : int32_t {
  tk_round_nearest, tk_round_stochastic, tk_round_compensated
} tk_rounding;

// How many times its threads' width a block takes of a tensor.
#define TK_CUDA_UPDATE_SWEEPS 4

// A tensor of a table. Everything is contiguous; `packed` where it all begins at multiples of 16 bytes.
typedef struct tk_cuda_update {
  int64_t count;
  double scalars[TK_CUDA_SCALARS];
  void *parameter;
  const void *gradient;
  void *states[TK_MAX_STATES];
  bool packed;
} tk_cuda_update;

typedef struct tk_cuda_rounded {
  void *elements;
  int16_t *compensation;
  tk_dtype dtype;
  tk_rounding rounding;
  uint64_t key, position;
} tk_cuda_rounded;

// The same; `packed` where all begins at multiples of eight of its elements.
typedef struct tk_cuda_update_rounded {
  int64_t count;
  double scalars[TK_CUDA_SCALARS];
  const void *gradient;
  tk_dtype gradient_dtype;
  bool packed;
  tk_cuda_rounded weights, states[TK_MAX_STATES];
} tk_cuda_update_rounded;

#pragma once

// One optimizer step in one pass. Parameter, gradient and state are contiguous and of one dtype,
// float32 or float64; states are zero before the first step. `scalars` are the row's
// hyper-parameters of this step, as its comment in the table lists them.
typedef enum tk_update : int32_t {
#define UPDATE(name, states, scalars, ...) tk_update_##name,
#include "../Tables/Update.h"
  tk_update_count
} tk_update;

#define TK_MAX_STATES 4

typedef struct tk_update_row { const char *name; int32_t states, scalars; } tk_update_row;
tk_update_row tk_update_describe(tk_update row);

// A range counts elements.
void tk_update_run(tk_update row, tk_dtype dtype, const double *scalars, void *parameter,
  const void *gradient, void *const *states, int64_t begin, int64_t end);

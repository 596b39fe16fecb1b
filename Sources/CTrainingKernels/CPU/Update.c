#include "Elements.h"
#include "../Tables/Rounding.h"

#define BODY "Update.body.h"
#include "ForEachISA.h"

tk_update_row tk_update_describe(tk_update row) {
  static const tk_update_row rows[] = {
#define UPDATE(name, states, scalars, ...) {#name, "update_" #name, states, scalars},
#include "../Tables/Update.h"
  };
  return rows[row];
}

void tk_update_run(tk_update row, tk_dtype dtype, const double *scalars, void *parameter,
  const void *gradient, void *const *states, int64_t begin, int64_t end) {
  switch (row) {
#define UPDATE(name, ...)                                                                          \
  case tk_update_##name:                                                                           \
    if (dtype == tk_float64)                                                                       \
      TK_PICK(update_##name, f64)(scalars, parameter, gradient, states, begin, end);               \
    else                                                                                           \
      TK_PICK(update_##name, f32)(scalars, parameter, gradient, states, begin, end);               \
    return;
#include "../Tables/Update.h"
  case tk_update_count: return;
  }
}

void tk_update_run_rounded(tk_update row, const double *scalars, const tk_rounded *weights,
  tk_dtype dtype, const void *gradient, const tk_rounded *states, int64_t begin, int64_t end) {
  TK_PICK(update_rounded, f32)(row, scalars, weights, dtype, gradient, states, begin, end);
}

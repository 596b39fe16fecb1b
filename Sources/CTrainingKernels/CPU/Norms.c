#include "TrainingKernels.h"

#include <string.h>

#define BODY "Norms.body.h"
#include "ForEachISA.h"

void tk_standardize(const tk_standardization *rule, const void *x, int64_t n, double epsilon,
  int64_t begin, int64_t end) {
  if (rule->dtype == tk_float64) TK_PICK(standardize, f64)(rule, x, n, epsilon, begin, end);
  else TK_PICK(standardize, f32)(rule, x, n, epsilon, begin, end);
}
void tk_standardize_backward(const tk_standardization *rule, tk_dtype g_dtype, const void *g,
  void *dx, void *dw, void *db, int64_t n, int64_t begin, int64_t end) {
  if (rule->dtype == tk_float64)
    TK_PICK(standardize_backward, f64)(rule, g_dtype, g, dx, dw, db, n, begin, end);
  else TK_PICK(standardize_backward, f32)(rule, g_dtype, g, dx, dw, db, n, begin, end);
}
void tk_square_distances(tk_dtype dtype, const void *x, void *y, int64_t n, int64_t begin,
  int64_t end) {
  if (dtype == tk_float64) TK_PICK(square_distances, f64)(dtype, x, y, n, begin, end);
  else TK_PICK(square_distances, f32)(dtype, x, y, n, begin, end);
}

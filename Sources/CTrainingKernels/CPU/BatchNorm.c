#include "TrainingKernels.h"

#define BODY "BatchNorm.body.h"
#include "ForEachISA.h"

void tk_batch_norm_run(
  const tk_batch_norm *norm, double epsilon, void *variances, void *y, int64_t begin, int64_t end) {
  if (norm->dtype == tk_float64) TK_PICK(batch_norm, f64)(norm, epsilon, variances, y, begin, end);
  else TK_PICK(batch_norm, f32)(norm, epsilon, variances, y, begin, end);
}
void tk_batch_norm_backward(
  const tk_batch_norm *norm, const void *g, void *dx, void *dw, void *db, int64_t begin, int64_t end) {
  if (norm->dtype == tk_float64) TK_PICK(batch_norm_backward, f64)(norm, g, dx, dw, db, begin, end);
  else TK_PICK(batch_norm_backward, f32)(norm, g, dx, dw, db, begin, end);
}

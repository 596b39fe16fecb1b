#include "TrainingKernels.h"

#include <string.h>

// Elements of a row whose exponentials are held until their sum is known.
enum { TK_HELD = 4096 };

#define BODY_WITH_INTEGERS
#define BODY "Rows.body.h"
#include "ForEachISA.h"

void tk_softmax(bool logarithm, tk_dtype dtype, const void *x, void *y, int64_t n,
  bool far, int64_t begin, int64_t end) {
  if (dtype == tk_float64) TK_PICK(softmax, f64)(logarithm, dtype, x, y, n, far, begin, end);
  else TK_PICK(softmax, f32)(logarithm, dtype, x, y, n, far, begin, end);
}
void tk_softmax_backward(bool logarithm, tk_dtype dtype, const void *g, const void *y, void *dx,
  int64_t n, bool far, int64_t begin, int64_t end) {
  if (dtype == tk_float64)
    TK_PICK(softmax_backward, f64)(logarithm, dtype, g, y, dx, n, far, begin, end);
  else
    TK_PICK(softmax_backward, f32)(logarithm, dtype, g, y, dx, n, far, begin, end);
}
void tk_surprise(tk_dtype dtype, const void *x, const int64_t *labels, void *y, int64_t n,
  int64_t begin, int64_t end) {
  if (dtype == tk_float64) TK_PICK(surprise, f64)(dtype, x, labels, y, n, begin, end);
  else TK_PICK(surprise, f32)(dtype, x, labels, y, n, begin, end);
}
void tk_surprise_backward(tk_dtype dtype, const void *x, const int64_t *labels, const void *g,
  void *dx, int64_t n, bool far, int64_t begin, int64_t end) {
  if (dtype == tk_float64)
    TK_PICK(surprise_backward, f64)(dtype, x, labels, g, dx, n, far, begin, end);
  else TK_PICK(surprise_backward, f32)(dtype, x, labels, g, dx, n, far, begin, end);
}
void tk_cumulative_sum(tk_dtype dtype, const void *x, void *y, tk_dtype y_dtype, int64_t n,
  int64_t begin, int64_t end) {
  if (dtype >= tk_int32) TK_PICK(cumulative_sum, i64)(dtype, x, y, y_dtype, n, begin, end);
  else TK_PICK(cumulative_sum, f64)(dtype, x, y, y_dtype, n, begin, end);
}

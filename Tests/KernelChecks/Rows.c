// Rows: softmax, its derivative and cumulative sums, against long double.
#include "Check.h"

static const double digits[] = {2e-6, 4e-15, 2e-3, 1.6e-2};

static void *random_row(tk_dtype dtype, int64_t n, double lower, double upper) {
  void *x = elements(n);
  for (int64_t i = 0; i < n; i++)
    set_element(dtype, x, i, is_real(dtype) ? random_between(lower, upper) : (double)(i % 3));
  return x;
}

static void check_softmax(tk_dtype dtype, int64_t n, bool logarithm) {
  void *x = random_row(dtype, n, -20, 5), *y = elements(n);
  long double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += expl((long double)element(dtype, x, i));
  tk_softmax(logarithm, dtype, x, y, n, false, 0, 1);
  for (int64_t i = 0; i < n; i++) {
    long double e = (long double)element(dtype, x, i);
    double value = (double)(logarithm ? e - logl(sum) : expl(e) / sum);
    double error = fabs(element(dtype, y, i) - value);
    CHECK(error <= digits[dtype] * (fabs(value) + logarithm * 20) + (dtype == tk_float16) * 1e-7,
      "softmax of %lld, dtype %d: %g", (long long)n, dtype, error);
  }
  tk_softmax(logarithm, dtype, x, x, n, true, 0, 1);
  CHECK(memcmp(x, y, (size_t)(n * tk_element_size(dtype))) == 0, "softmax in place, far, differs");
  free(x), free(y);
}
static void check_backward(tk_dtype dtype, int64_t n, bool logarithm) {
  void *g = random_row(dtype, n, -1, 1), *dx = elements(n);
  void *y = random_row(dtype, n, logarithm ? -3 : 0, logarithm ? 0 : 1);
  long double sum = 0;
  for (int64_t i = 0; i < n; i++)
    sum += element(dtype, g, i) * (logarithm ? 1 : element(dtype, y, i));
  tk_softmax_backward(logarithm, dtype, g, y, dx, n, false, 0, 1);
  for (int64_t i = 0; i < n; i++) {
    double slope = element(dtype, g, i), result = element(dtype, y, i);
    double value = (double)(logarithm ? slope - exp(result) * sum : result * (slope - sum));
    double error = fabs(element(dtype, dx, i) - value);
    CHECK(error <= digits[dtype] * (double)(2 + n / 100 + fabsl(sum)),
      "softmax backward of %lld, dtype %d: %g", (long long)n, dtype, error);
  }
  tk_softmax_backward(logarithm, dtype, g, y, g, n, true, 0, 1);
  CHECK(memcmp(g, dx, (size_t)(n * tk_element_size(dtype))) == 0, "backward, far, differs");
  free(g), free(y), free(dx);
}
static void check_special(void) {
  float lows[40], y[40];
  for (int i = 0; i < 40; i++) lows[i] = -INFINITY;
  tk_softmax(false, tk_float32, lows, y, 20, false, 0, 2);
  for (int i = 0; i < 40; i++) CHECK(isnan(y[i]), "softmax of minus infinities: %g", (double)y[i]);
  for (int logarithm = 0; logarithm < 2; logarithm++)
    for (int place = 0; place < 20; place++) {
      float x[20] = {[0] = 1, [5] = -INFINITY}, share = 1, dx[20];
      const int64_t label = (place + 1) % 20;
      x[place] = NAN;
      tk_softmax(logarithm, tk_float32, x, y, 20, false, 0, 1);
      tk_surprise_backward(tk_float32, x, &label, &share, dx, 20, false, 0, 1);
      tk_surprise(tk_float32, x, &label, &share, 20, 0, 1);
      CHECK(isnan(share), "surprise with NaN at %d: %g", place, (double)share);
      for (int i = 0; i < 20; i++)
        CHECK(isnan(y[i]) && isnan(dx[i]), "softmax with NaN at %d: %g, %g", place, (double)y[i], (double)dx[i]);
    }
  lows[7] = 3;
  tk_softmax(false, tk_float32, lows, y, 20, false, 0, 1);
  for (int i = 0; i < 20; i++) CHECK(y[i] == (i == 7), "softmax of one: %g", (double)y[i]);
}
static void check_cumulative(tk_dtype dtype, tk_dtype result, int64_t n) {
  void *x = random_row(dtype, 2 * n, -1, 1), *y = malloc((size_t)n * 16);
  tk_cumulative_sum(dtype, x, y, result, n, 1, 2);
  tk_cumulative_sum(dtype, x, y, result, n, 0, 1);
  for (int64_t row = 0; row < 2; row++) {
    long double sum = 0;
    for (int64_t i = row * n; i < row * n + n; i++) {
      sum += element(dtype, x, i);
      double error = (double)fabsl(element(result, y, i) - sum), scale = 1 + (double)fabsl(sum);
      CHECK(error <= (result == tk_float32 ? 6e-8 : 1e-13) * scale, "cumulative sum: %g", error);
    }
  }
  free(x), free(y);
}

int main(void) {
  const int64_t lengths[] = {1, 2, 3, 10, 16, 31, 100, 512, 513, 3000, 5000};
  for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
    for (tk_dtype dtype = tk_float32; dtype <= tk_bfloat16; dtype++)
      for (int logarithm = 0; logarithm < 2; logarithm++) {
        check_softmax(dtype, lengths[k], logarithm);
        check_backward(dtype, lengths[k], logarithm);
      }
    check_cumulative(tk_float32, tk_float32, lengths[k]);
    check_cumulative(tk_float64, tk_float64, lengths[k]);
    check_cumulative(tk_bfloat16, tk_float32, lengths[k]);
    check_cumulative(tk_bool, tk_int64, lengths[k]);
    check_cumulative(tk_int64, tk_int64, lengths[k]);
  }
  check_special();
  return report("Rows");
}

// Statistics against a plain loop in the same order, to the last bit at every level; sums against long
// double; elements that are not finite at every place.
#include "Check.h"

enum { lanes = 16, leaf = 4096, room = 100003 };

// No fused products, as in the kernels.
#pragma clang fp contract(off)
static double power_of(double x, double power) {
  double a = fabs(x);
  return power == 1 ? a : power == 2 ? a * a : power == 3 ? a * a * a : pow(a, power);
}
static double cascade(
  tk_dtype dtype, double power, double scale, const void *x, int64_t first, int64_t n) {
  if (n > leaf) {
    int64_t half = (n + leaf - 1) / leaf / 2 * leaf;
    return cascade(dtype, power, scale, x, first, half) +
           cascade(dtype, power, scale, x, first + half, n - half);
  }
  double sums[lanes] = {0};
  for (int64_t i = 0; i < n; i++)
    sums[i % lanes] += power_of(fabs(element(dtype, x, first + i)) * scale, power);
  for (int half = lanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) sums[i] += sums[i + half];
  return sums[0];
}

static void check(tk_dtype dtype, double power, double scale, const void *x, int64_t n) {
  tk_statistics found = tk_measure(dtype, power, scale, x, n);
  long double sum = 0;
  double largest = 0;
  int64_t non_finite = 0, zeros = 0;
  for (int64_t i = 0; i < n; i++) {
    double a = fabs(element(dtype, x, i));
    if (!isfinite(a)) non_finite++;
    else if (a > largest) largest = a;
    zeros += a == 0;
    sum += powl((long double)(a * scale), (long double)power);
  }
  CHECK(found.largest == largest && found.non_finite == non_finite && found.zeros == zeros,
    "%lld of dtype %d: largest %g, %lld not finite, %lld zeros", (long long)n, dtype, found.largest,
    (long long)found.non_finite, (long long)found.zeros);
  if (non_finite) {
    CHECK(!isfinite(found.power_sum), "the sum lost what is not finite");
    return;
  }
  double error = (double)fabsl(found.power_sum - sum);
  CHECK(error <= 3e-15 * (double)sum, "%lld of dtype %d, power %g: %.17g, off by %g", (long long)n,
    dtype, power, found.power_sum, error);
  double same = cascade(dtype, power, scale, x, 0, n);
  bool plain = power == 1 || power == 2 || power == 3;
  CHECK(!plain || same == found.power_sum, "%lld of dtype %d, power %g: %.17g, in order %.17g",
    (long long)n, dtype, power, found.power_sum, same);
}

static void check_dtype(tk_dtype dtype, double *x) {
  static const int64_t counts[] = {0, 1, 2, 15, 16, 17, 31, 511, 513, 4096, 4097, 12289, room};
  static const double powers[] = {1, 2, 3, 0.5, 2.5, 7};
  double widest = dtype == tk_float16 ? 6e4 : dtype == tk_float64 ? 1e40 : 3e38;
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
    for (size_t k = 0; k < sizeof powers / sizeof *powers; k++) {
      double bound = k < 3 ? widest : 100;
      for (int64_t i = 0; i < counts[c]; i++)
        set_element(
          dtype, x, i, random_word() % 8 ? random_between(-bound, bound) : i % 2 ? 0 : -0.0);
      check(dtype, powers[k], 1, x, counts[c]);
      check(dtype, powers[k], 0x1p-3, x, counts[c]);
    }
  static const double strays[] = {NAN, INFINITY, -INFINITY};
  for (int at = 0; at < 600; at++) {
    double before = element(dtype, x, at);
    set_element(dtype, x, at, strays[at % 3]);
    check(dtype, 2, 1, x, 600);
    set_element(dtype, x, at, before);
  }
}

static void check_scale(void) {
  double x[3] = {3e300, -4e300, 0};
  CHECK(!isfinite(tk_measure(tk_float64, 2, 1, x, 3).power_sum), "squares of 1e300 do not overflow");
  tk_statistics found = tk_measure(tk_float64, 2, 1e-300, x, 3);
  CHECK(fabs(found.power_sum - 25) < 1e-13 && found.largest == 4e300, "scaled: %g", found.power_sum);
}

int main(void) {
  double *x = malloc(room * sizeof *x);
  for (tk_dtype dtype = tk_float32; dtype <= tk_bfloat16; dtype++) check_dtype(dtype, x);
  check_scale();
  free(x);
  return report("Statistics");
}

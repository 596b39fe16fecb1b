// Channels brought to mean 0 and variance 1, and the derivative, against long double: planes shorter and longer than a
// chunk, means that are large beside the deviation, all dtypes. TRAININGKIT_ISA picks the level.
#include "Check.h"

static const double digits[] = {1e-6, 4e-15, 1e-3, 8e-3};

static void *random_elements(tk_dtype dtype, int64_t n, double mean) {
  void *x = malloc((size_t)n * 8);
  for (int64_t i = 0; i < n; i++) set_element(dtype, x, i, mean + random_between(-2, 2));
  return x;
}

typedef struct shape { int64_t batch, channels, inner; } shape;
static int64_t place(shape s, int64_t sample, int64_t channel, int64_t i) {
  return (sample * s.channels + channel) * s.inner + i;
}
#define FOR_CHANNEL(s) for (int64_t n = 0; n < s.batch; n++) for (int64_t i = 0; i < s.inner; i++)

typedef struct result { void *y, *means, *variances, *roots, *dx, *dw, *db; } result;

static void check_channel(shape s, const tk_batch_norm *norm, const void *g, result r, int64_t c, double epsilon) {
  tk_dtype wide = norm->dtype == tk_float64 ? tk_float64 : tk_float32;
  long double count = (long double)(s.batch * s.inner), mean = 0, square = 0, along = 0, across = 0;
  FOR_CHANNEL(s) mean += element(norm->dtype, norm->x, place(s, n, c, i)) / count;
  FOR_CHANNEL(s) {
    long double distance = element(norm->dtype, norm->x, place(s, n, c, i)) - mean;
    square += distance * distance / count;
  }
  long double root = 1 / sqrtl(square + (long double)epsilon);
  double size = 1 + fabs((double)mean) * (double)root;
  CHECK(fabs(element(wide, r.means, c) - (double)mean) <= digits[wide] * (1 + fabs((double)mean)), "mean");
  CHECK(fabs(element(wide, r.variances, c) - (double)square) <= 20 * digits[wide] * (double)square, "variance");
  CHECK(fabs(element(wide, r.roots, c) - (double)root) <= 20 * digits[wide] * (double)root, "root");
  double weight = norm->weight ? element(wide, norm->weight, c) : 1;
  double bias = norm->bias ? element(wide, norm->bias, c) : 0;
  FOR_CHANNEL(s) {
    long double value = (element(norm->dtype, norm->x, place(s, n, c, i)) - mean) * root;
    long double slope = element(norm->dtype, g, place(s, n, c, i));
    along += slope * value, across += slope;
    double expected = (double)(value * weight + bias);
    CHECK(fabs(element(norm->dtype, r.y, place(s, n, c, i)) - expected) <=
            digits[norm->dtype] * (2 + fabs(expected)) + 4 * digits[wide] * size,
          "y of %lld x %lld", (long long)s.batch, (long long)s.inner);
  }
  double reach = digits[wide] * (40 + 4 * (double)count) * size;
  CHECK(fabs(element(wide, r.dw, c) - (double)along) <= reach, "slope of a weight");
  CHECK(fabs(element(wide, r.db, c) - (double)across) <= reach, "slope of a bias");
  FOR_CHANNEL(s) {
    long double value = (element(norm->dtype, norm->x, place(s, n, c, i)) - mean) * root;
    long double slope = element(norm->dtype, g, place(s, n, c, i));
    double expected = (double)((slope - across / count - value * along / count) * root * weight);
    CHECK(fabs(element(norm->dtype, r.dx, place(s, n, c, i)) - expected) <=
            digits[norm->dtype] * (2 + fabs(expected)) + 10 * digits[wide] * size * (double)root,
          "slope of %lld x %lld, dtype %d", (long long)s.batch, (long long)s.inner, norm->dtype);
  }
}

static void check(tk_dtype dtype, shape s, bool scaled, double mean) {
  tk_dtype wide = dtype == tk_float64 ? tk_float64 : tk_float32;
  int64_t all = s.batch * s.channels * s.inner;
  void *x = random_elements(dtype, all, mean), *g = random_elements(dtype, all, 0);
  void *weight = random_elements(wide, s.channels, 3), *bias = random_elements(wide, s.channels, 0), *parts[7];
  for (int i = 0; i < 7; i++) parts[i] = malloc((size_t)(all + s.channels) * 8);
  result r = {parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]};
  tk_batch_norm norm = {dtype, s.batch, s.channels, s.inner, x, scaled ? weight : NULL, scaled ? bias : NULL, r.means,
                        r.roots};
  tk_batch_norm_run(&norm, 1e-5, r.variances, r.y, 1, s.channels);
  tk_batch_norm_run(&norm, 1e-5, r.variances, r.y, 0, 1);
  tk_batch_norm_backward(&norm, g, r.dx, NULL, NULL, 0, s.channels);
  tk_batch_norm_backward(&norm, g, NULL, r.dw, r.db, 0, s.channels);
  for (int64_t c = 0; c < s.channels; c++) check_channel(s, &norm, g, r, c, 1e-5);
  free(x), free(g), free(weight), free(bias);
  for (int i = 0; i < 7; i++) free(parts[i]);
}

int main(void) {
  static const tk_dtype dtypes[] = {tk_float32, tk_float64, tk_float16, tk_bfloat16};
  static const int64_t inner[] = {2, 7, 16, 49, 196, 511, 512, 513, 1100};
  for (int d = 0; d < 4; d++)
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
      for (int64_t batch = 1; batch < 6; batch += 2) {
        check(dtypes[d], (shape){batch, 3, inner[i]}, i % 2 == 0, 0);
        check(dtypes[d], (shape){batch, 2, inner[i]}, i % 2 == 1, dtypes[d] == tk_float32 ? 300 : 3);
      }
  return report("batch norms");
}

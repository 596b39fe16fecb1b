// Rows brought to mean 0 and mean square 1, and their derivative, against long double.
#include "Check.h"

static const double digits[] = {2e-6, 4e-15, 2e-3, 1.6e-2};

static void *random_row(tk_dtype dtype, int64_t n, double mean) {
  void *x = elements(n);
  for (int64_t i = 0; i < n; i++) set_element(dtype, x, i, mean + random_between(-2, 2));
  return x;
}

typedef struct norm_case {
  tk_dtype dtype, kept;
  bool centered, scaled;
  int64_t n;
} norm_case;

static void check_backward(norm_case c, const tk_standardization *rule, int64_t rows) {
  tk_dtype wide = c.dtype == tk_float64 ? tk_float64 : tk_float32;
  void *g = random_row(c.dtype, rows * c.n, 0), *dx = elements(rows * c.n);
  void *dw = malloc((size_t)c.n * 8), *db = malloc((size_t)c.n * 8);
  tk_standardize_backward(rule, c.dtype, g, dx, NULL, NULL, c.n, 1, rows);
  tk_standardize_backward(rule, c.dtype, g, NULL, dw, db, c.n, 0, rows);
  tk_standardize_backward(rule, c.dtype, g, dx, NULL, NULL, c.n, 0, 1);
  for (int64_t i = 0; i < c.n; i++) {
    long double along = 0, plain = 0;
    for (int64_t row = 0; row < rows; row++) {
      long double slope = element(c.dtype, g, row * c.n + i);
      plain += slope, along += slope * element(c.kept, rule->values, row * c.n + i);
    }
    CHECK(fabs(element(wide, dw, i) - (double)along) <= 20 * digits[wide], "slope of a weight");
    CHECK(fabs(element(wide, db, i) - (double)plain) <= 20 * digits[wide], "slope of a bias");
  }
  for (int64_t row = 0; row < rows; row++) {
    long double along = 0, across = 0, root = element(wide, rule->roots, row);
    for (int pass = 0; pass < 2; pass++)
      for (int64_t i = 0; i < c.n; i++) {
        int64_t place = row * c.n + i;
        long double inner = element(c.dtype, g, place), value = element(c.kept, rule->values, place);
        if (c.scaled) inner *= element(wide, rule->weight, i);
        if (pass == 0) along += inner * value / c.n, across += c.centered ? inner / c.n : 0;
        if (pass == 0) continue;
        double expected = (double)((inner - value * along - across) * root);
        double error = fabs(element(c.dtype, dx, place) - expected);
        CHECK(error <= digits[c.dtype] * (4 + fabs(expected) + (double)root * 8),
          "slope of %lld, dtype %d: %g", (long long)c.n, c.dtype, error);
      }
  }
  free(g), free(dx), free(dw), free(db);
}
static void check_norm(norm_case c, double mean) {
  enum { rows = 3 };
  const double epsilon = 1e-5;
  tk_dtype wide = c.dtype == tk_float64 ? tk_float64 : tk_float32;
  void *x = random_row(c.dtype, rows * c.n, mean), *weight = random_row(wide, c.n, 1);
  void *bias = random_row(wide, c.n, 0), *values = elements(rows * c.n);
  void *roots = malloc(rows * 8), *y = elements(rows * c.n);
  tk_standardization rule = {c.centered, false, c.dtype, c.kept, c.dtype, c.scaled ? weight : NULL,
    c.scaled ? bias : NULL, values, roots, y};
  tk_standardize(&rule, x, c.n, epsilon, 0, 2);
  rule.far = true;
  tk_standardize(&rule, x, c.n, epsilon, 2, rows);
  for (int64_t row = 0; row < rows; row++) {
    long double middle = 0, square = 0;
    for (int64_t i = 0; i < c.n; i++) middle += element(c.dtype, x, row * c.n + i) / (long double)c.n;
    if (!c.centered) middle = 0;
    for (int64_t i = 0; i < c.n; i++) {
      long double distance = element(c.dtype, x, row * c.n + i) - middle;
      square += distance * distance / c.n;
    }
    long double root = 1 / sqrtl(square + (long double)epsilon);
    double wide_digits = digits[wide] * (1 + fabs(mean));
    CHECK(fabs(element(wide, roots, row) - (double)root) <= wide_digits * (double)root,
      "root of %lld, dtype %d", (long long)c.n, c.dtype);
    for (int64_t i = 0; i < c.n; i++) {
      int64_t place = row * c.n + i;
      double value = (double)((element(c.dtype, x, place) - middle) * root);
      double own = c.n == 1 && c.centered ? 400 : 1;
      CHECK(fabs(element(c.kept, values, place) - value)
          <= digits[c.kept] * (fabs(value) + 1) + own * wide_digits * 4,
        "value of %lld, dtype %d: %g", (long long)c.n, c.dtype, element(c.kept, values, place) - value);
      double scaled = c.scaled ? value * element(wide, weight, i) + element(wide, bias, i) : value;
      CHECK(fabs(element(c.dtype, y, place) - scaled)
          <= digits[c.dtype] * (fabs(scaled) + 2) + own * wide_digits * 12,
        "scaled value of %lld, dtype %d", (long long)c.n, c.dtype);
    }
  }
  // Nothing but the sample is written where nothing is scaled.
  rule.y = NULL;
  tk_standardize(&rule, x, c.n, epsilon, 0, rows);
  check_backward(c, &rule, rows);
  free(x), free(weight), free(bias), free(values), free(y), free(roots);
}
static void check_distances(tk_dtype dtype, int64_t n) {
  enum { rows = 3 };
  tk_dtype wide = dtype == tk_float64 ? tk_float64 : tk_float32;
  void *x = random_row(dtype, rows * n, 3), *y = elements(rows);
  tk_square_distances(dtype, x, y, n, 0, 1);
  tk_square_distances(dtype, x, y, n, 1, rows);
  for (int64_t row = 0; row < rows; row++) {
    long double mean = 0, sum = 0;
    for (int64_t i = row * n; i < row * n + n; i++) mean += element(dtype, x, i) / (long double)n;
    for (int64_t i = row * n; i < row * n + n; i++)
      sum += (element(dtype, x, i) - mean) * (element(dtype, x, i) - mean);
    CHECK(fabs(element(wide, y, row) - (double)sum) <= digits[wide] * (double)(sum + 1),
      "squared distances of %lld, dtype %d", (long long)n, dtype);
  }
  free(x), free(y);
}
static void check_special(void) {
  float x[40], values[40], roots[2];
  for (int i = 0; i < 40; i++) x[i] = i == 3 ? NAN : i < 20 ? (float)i : 7;
  tk_standardization rule = {
    true, false, tk_float32, tk_float32, tk_float32, NULL, NULL, values, roots, NULL};
  tk_standardize(&rule, x, 20, 0, 0, 2);
  for (int i = 0; i < 20; i++) CHECK(isnan(values[i]), "NaN in a row: %g", (double)values[i]);
  CHECK(isinf(roots[1]) && isnan(values[20]), "a row of one value: %g", (double)values[20]);
  tk_standardize(&rule, x, 20, 1e-5, 1, 2);
  for (int i = 20; i < 40; i++) CHECK(values[i] == 0, "a row of one value: %g", (double)values[i]);
}

int main(void) {
  const int64_t lengths[] = {1, 2, 3, 10, 16, 31, 100, 512, 513, 3000};
  for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
    for (tk_dtype dtype = tk_float32; dtype <= tk_bfloat16; dtype++) {
      check_distances(dtype, lengths[k]);
      for (int form = 0; form < 4; form++) {
        norm_case c = {dtype, dtype, form & 1, form & 2, lengths[k]};
        check_norm(c, 0);
        check_norm(c, 5);
        if (dtype == tk_float32) c.kept = tk_bfloat16, check_norm(c, 0);
      }
    }
  check_special();
  return report("Norms");
}

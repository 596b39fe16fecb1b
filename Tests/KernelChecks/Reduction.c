// Reductions against sums in long double, over dtypes, layouts, lengths and splits; extremes with
// NaN and ties.
#include "Check.h"

typedef struct fold {
  long double sum, product;
  double least, greatest;
  int64_t at[2];
} fold;
static fold fold_of(const tk_reduce_source *s, int64_t kept, int64_t count, int64_t stride) {
  fold f = {0, 1, INFINITY, -INFINITY, {0, 0}};
  for (int64_t i = 0; i < count; i++) {
    double x = element(s->dtype, s->data, kept + i * stride);
    f.sum += x, f.product *= x;
    if (x > f.greatest) f.greatest = x, f.at[0] = i;
    if (x < f.least) f.least = x, f.at[1] = i;
  }
  return f;
}

static double expected(tk_reduction row, const fold *f) {
  switch (row) {
    case tk_reduction_sum: return (double)f->sum;
    case tk_reduction_product: return (double)f->product;
    case tk_reduction_maximum: return f->greatest;
    case tk_reduction_minimum: return f->least;
    case tk_reduction_any: return f->greatest != 0 || f->least != 0;
    case tk_reduction_all: return f->product != 0;
    case tk_reduction_argmax: return (double)f->at[0];
    default: return (double)f->at[1];
  }
}
static tk_dtype result_of(tk_reduction row, tk_dtype dtype) {
  if (row >= tk_reduction_argmax) return tk_int64;
  if (row == tk_reduction_any || row == tk_reduction_all) return tk_bool;
  return is_real(dtype) ? dtype : tk_int64;
}

// `rows` results of `count` points each; the points lie `step` apart, the results next to each
// other or behind each other.
static void check_shape(tk_dtype dtype, int64_t rows, int64_t count, int64_t step, bool beside) {
  int64_t stride = beside ? rows * step : step, kept_stride = beside ? step : count * step;
  void *x = malloc((size_t)(rows * count * step + 1) * 8);
  for (int64_t i = 0; i < rows * count * step; i++)
    set_element(
      dtype, x, i, is_real(dtype) ? random_between(-1.5, 2) : (double)(random_word() % 3));
  tk_reduce_source source = {.data = x, .dtype = dtype, .kept = line(rows),
    .reduced = {2, {count / 2, 2}}, .kept_strides = {kept_stride},
    .reduced_strides = {2 * stride, stride}};
  if (count % 2) source.reduced = line(count), source.reduced_strides[0] = stride;
  tk_compute compute =
    dtype == tk_float64 ? tk_real64 : is_real(dtype) ? tk_real32 : tk_integer64;
  double digits = dtype == tk_float64 ? 4e-16 : dtype == tk_float32 ? 3e-7
                : dtype == tk_float16 ? 1e-3 : dtype == tk_bfloat16 ? 8e-3 : 0;
  char *y = malloc((size_t)rows * 8), *cut_y = malloc((size_t)rows * 8);
  for (tk_reduction row = 0; row < tk_reduction_count; row++) {
    tk_dtype result = result_of(row, dtype);
    int64_t cut = (int64_t)(random_word() % (uint64_t)(rows + 1));
    tk_reduce(row, compute, &source, y, result, 0, rows);
    tk_reduce(row, compute, &source, cut_y, result, cut, rows);
    tk_reduce(row, compute, &source, cut_y, result, 0, cut);
    CHECK(memcmp(y, cut_y, (size_t)(rows * tk_element_size(result))) == 0,
      "%s of %lld x %lld depends on the split", tk_reduction_name(row), (long long)rows,
      (long long)count);
    for (int64_t i = 0; i < rows; i++) {
      fold f = fold_of(&source, i * kept_stride, count, stride);
      double value = expected(row, &f), got = element(result, y, i);
      bool fits = value == 0 || (fabs(value) > 1e-4 && fabs(value) < 6e4);
      if (row == tk_reduction_product && !fits) continue;
      double scale = row == tk_reduction_sum ? 2 * (double)count
                   : row == tk_reduction_product ? (double)count * fabs(value) : fabs(value) * 30;
      CHECK(fabs(got - value) <= digits * scale + (dtype == tk_float16 ? 1e-7 : 0) || got == value,
        "%s of %lld x %lld, dtype %d: %g, expected %g", tk_reduction_name(row), (long long)rows,
        (long long)count, dtype, got, value);
    }
  }
  free(x), free(y), free(cut_y);
}

static void check_special(void) {
  double x[700] = {0}, y[1];
  int64_t at[1];
  tk_reduce_source source = {.data = x, .dtype = tk_float64, .kept = {.rank = 0},
    .reduced = line(700), .reduced_strides = {1}};
  x[600] = x[650] = NAN;
  x[3] = INFINITY;
  for (tk_reduction row = tk_reduction_maximum; row <= tk_reduction_minimum; row++) {
    tk_reduce(row, tk_real64, &source, y, tk_float64, 0, 1);
    CHECK(isnan(y[0]), "an extreme lost NaN");
  }
  tk_reduce(tk_reduction_argmin, tk_real64, &source, at, tk_int64, 0, 1);
  CHECK(at[0] == 600, "argmin at %lld", (long long)at[0]);
  for (int i = 0; i < 700; i++) x[i] = -INFINITY;
  tk_reduce(tk_reduction_argmax, tk_real64, &source, at, tk_int64, 0, 1);
  CHECK(at[0] == 0, "argmax of equals at %lld", (long long)at[0]);
  source.reduced = line(0);
  tk_reduce(tk_reduction_product, tk_real64, &source, y, tk_float64, 0, 1);
  CHECK(y[0] == 1, "the product of nothing is %g", y[0]);
}

int main(void) {
  const int64_t counts[] = {1, 2, 3, 17, 64, 129, 600, 2049, 5000}, rows[] = {1, 3, 8, 33, 300};
  for (tk_dtype dtype = tk_float32; dtype <= tk_bool; dtype++)
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
      for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        if (counts[c] * rows[r] > 200000) continue;
        for (int64_t step = 1; step <= 2; step++)
          for (int beside = 0; beside < 2; beside++)
            check_shape(dtype, rows[r], counts[c], step, beside);
      }
  check_special();
  return report("Reduction");
}

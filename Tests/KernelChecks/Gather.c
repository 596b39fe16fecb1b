// Checks of gather, scatter, sort and windows against loops that follow their definitions.
#include "Check.h"

enum { room = 40000 };
static double a[room], b[room], c[room], wanted[room];
static int64_t indices[room], order[room], scratch[room];

// Small integers, so that every dtype holds every sum.
static void fill(tk_dtype dtype, void *data, int64_t n) {
  for (int64_t i = 0; i < n; i++) set_element(dtype, data, i, (double)(random_word() % 5));
}
static void expect(const char *what, tk_dtype dtype, const void *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double x = element(dtype, y, i), truth = dtype == tk_bool ? wanted[i] != 0 : wanted[i];
    CHECK(x == truth, "%s dtype %d: %g for %g at %lld", what, dtype, x, truth, (long long)i);
  }
}
// The end of a piece that starts at `begin`.
static int64_t cut(int64_t begin, int64_t n) {
  int64_t end = begin + 1 + (int64_t)(random_word() % (uint64_t)(n / 3 + 1));
  return end < n ? end : n;
}

typedef struct shape { int64_t outer, axis, inner, count; } shape;

static int64_t index_at(const tk_index *x, int64_t o, int64_t j, int64_t i) {
  return x->data[o * x->outer_stride + j * x->axis_stride + i * x->inner_stride];
}
static void check_gather(tk_dtype dtype, shape s, const tk_index *index) {
  int64_t n = s.outer * s.count * s.inner, pairs = s.outer * s.count;
  fill(dtype, a, s.outer * s.axis * s.inner);
  for (int64_t p = 0; p < n; p++) {
    int64_t o = p / (s.count * s.inner), j = p / s.inner % s.count, i = p % s.inner;
    wanted[p] = element(dtype, a, (o * s.axis + index_at(index, o, j, i)) * s.inner + i);
  }
  for (int64_t begin = 0, end; begin < pairs; begin = end)
    tk_gather(dtype, index, s.axis, a, b, begin, end = cut(begin, pairs));
  expect("gather", dtype, b, n);
}
static void check_scatter(tk_dtype dtype, shape s, const tk_index *index) {
  int64_t n = s.outer * s.count * s.inner, m = s.outer * s.axis * s.inner;
  int64_t columns = s.outer * s.inner;
  fill(dtype, a, n);
  fill(dtype, b, m);
  for (int64_t p = 0; p < m; p++) wanted[p] = element(dtype, b, p);
  for (int64_t p = 0; p < n; p++) {
    int64_t o = p / (s.count * s.inner), j = p / s.inner % s.count, i = p % s.inner;
    wanted[(o * s.axis + index_at(index, o, j, i)) * s.inner + i] += element(dtype, a, p);
  }
  for (int64_t begin = 0, end; begin < columns; begin = end)
    tk_scatter_add(dtype, index, s.axis, a, b, begin, end = cut(begin, columns));
  expect("scatter", dtype, b, m);
}
static void check_index(tk_index *index, int64_t limit) {
  int64_t n = index->outer * index->count * index->inner;
  CHECK(tk_index_check(index, limit) == -1, "valid indices are refused");
  for (int64_t p = 0; p < n; p += 7) {
    int64_t o = p / (index->count * index->inner), j = p / index->inner % index->count;
    int64_t at = o * index->outer_stride + j * index->axis_stride +
                 p % index->inner * index->inner_stride;
    int64_t saved = indices[at], found;
    indices[at] = p % 2 ? limit : -1;
    found = tk_index_check(index, limit);
    // The first result point that reads this index.
    int64_t first = (index->outer_stride ? o : 0) * index->count * index->inner +
                    j * index->inner + (index->inner_stride ? p % index->inner : 0);
    CHECK(found == first, "index at %lld found at %lld", (long long)first, (long long)found);
    indices[at] = saved;
  }
}
static void check_indexing(tk_dtype dtype) {
  static const shape shapes[] = {{1, 10, 7, 20}, {3, 5, 1, 9}, {4, 6, 33, 5}, {2, 3, 4, 0}};
  for (int k = 0; k < 8; k++) {
    shape s = shapes[k / 2];
    bool full = k % 2;
    for (int i = 0; i < room; i++) indices[i] = (int64_t)(random_word() % (uint64_t)s.axis);
    tk_index index = {indices, full ? s.count * s.inner : 0, full ? s.inner : 1, full, s.outer,
      s.count, s.inner};
    check_gather(dtype, s, &index);
    check_scatter(dtype, s, &index);
    check_index(&index, s.axis);
  }
}

// Whether element i may stand before element j.
static bool in_order(tk_dtype dtype, bool descending, const void *x, int64_t i, int64_t j) {
  double p = element(dtype, x, i), q = element(dtype, x, j);
  bool less = p < q || (q != q && p == p), more = p > q || (p != p && q == q);
  if (dtype == tk_int64) {
    int64_t u = ((const int64_t *)x)[i], v = ((const int64_t *)x)[j];
    less = u < v, more = u > v;
  }
  return (descending ? more : less) || (!less && !more && i < j);
}
static void check_sort(tk_dtype dtype, bool descending, int64_t n) {
  static const double special[] = {NAN, -INFINITY, 0, -0.0, INFINITY, NAN, -1.5, 0};
  for (int64_t i = 0; i < n; i++)
    set_element(dtype, a, i, random_between(is_real(dtype) || dtype == tk_int32 ? -99 : 0, 99));
  for (int64_t i = 0; i < n && is_real(dtype) && n > 4; i += n / 5)
    set_element(dtype, a, i, special[i % 8]);
  if (dtype == tk_int64)
    for (int64_t i = 0; i < n; i++) ((int64_t *)a)[i] = (int64_t)random_word();
  for (int64_t i = 0; i < n; i++) order[i] = -1;
  tk_argsort(dtype, descending, a, order, scratch, n, 0, 1);
  static bool seen[room];
  memset(seen, 0, sizeof seen);
  for (int64_t i = 0; i < n; i++) {
    CHECK(order[i] >= 0 && order[i] < n && !seen[order[i]], "not a permutation at %lld",
      (long long)i);
    seen[order[i]] = true;
    CHECK(i == 0 || in_order(dtype, descending, a, order[i - 1], order[i]),
      "dtype %d: order of %lld at %lld", dtype, (long long)n, (long long)i);
  }
}

static const tk_window windows[] = {
  {2, 3, 5, 7, 3, 3, 1, 1, 1, 1, 1, 1, 5, 7},
  {1, 2, 8, 300, 3, 5, 2, 3, 2, 1, 2, 4, 4, 102},
  {3, 1, 4, 4, 1, 1, 1, 1, 1, 1, 0, 0, 4, 4},
  {1, 2, 6, 5, 2, 4, 3, 1, 1, 2, 0, 3, 2, 5},
  {1, 1, 3, 270, 2, 2, 1, 1, 1, 2, 0, 1, 2, 270},
};
// Runs through the columns of plane p; `at` is the pixel that a column sees, or -1.
#define FOR_EACH_COLUMN(w, p, ...)                                                                 \
  for (int64_t y = 0, column = 0; y < (w)->kernel_height; y++)                                     \
    for (int64_t x = 0; x < (w)->kernel_width; x++)                                                \
      for (int64_t i = 0; i < (w)->out_height; i++)                                                \
        for (int64_t j = 0; j < (w)->out_width; j++, column++) {                                   \
          int64_t row = i * (w)->stride_height + y * (w)->dilation_height - (w)->pad_top;          \
          int64_t at = j * (w)->stride_width + x * (w)->dilation_width - (w)->pad_left;            \
          bool inside = row >= 0 && row < (w)->height && at >= 0 && at < (w)->width;               \
          at = inside ? (p * (w)->height + row) * (w)->width + at : -1;                            \
          __VA_ARGS__                                                                              \
        }
static void check_window(tk_dtype dtype, const tk_window *w) {
  int64_t planes = w->count * w->channels, pixels = w->height * w->width;
  int64_t columns = w->kernel_height * w->kernel_width * w->out_height * w->out_width;
  fill(dtype, a, planes * pixels);
  for (int64_t p = 0; p < planes; p++)
    FOR_EACH_COLUMN(w, p, wanted[p * columns + column] = at < 0 ? 3 : element(dtype, a, at);)
  for (int64_t begin = 0, end; begin < planes; begin = end)
    tk_unfold(w, dtype, 3, a, b, begin, end = cut(begin, planes));
  expect("unfold", dtype, b, planes * columns);
  fill(dtype, b, planes * columns);
  memset(wanted, 0, sizeof wanted);
  for (int64_t p = 0; p < planes; p++)
    FOR_EACH_COLUMN(w, p, if (at >= 0) wanted[at] += element(dtype, b, p * columns + column);)
  for (int64_t begin = 0, end; begin < planes; begin = end)
    tk_fold(w, dtype, b, c, begin, end = cut(begin, planes));
  expect("fold", dtype, c, planes * pixels);
}
static void check_padding(void) {
  static const double least[] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY, INT32_MIN, INT64_MIN,
    0, 1};
  for (tk_dtype dtype = 0; dtype <= tk_bool; dtype++) {
    tk_unfold(&windows[0], dtype, -INFINITY, a, b, 0, 1);
    CHECK(element(dtype, b, 0) == least[dtype], "padding of dtype %d", dtype);
  }
}

int main(void) {
  static const int64_t sizes[] = {0, 1, 2, 10, 64, 65, 1000, 30000};
  for (tk_dtype dtype = 0; dtype <= tk_bool; dtype++) {
    check_indexing(dtype);
    for (int k = 0; k < 16; k++) check_sort(dtype, k % 2, sizes[k / 2]);
    for (size_t k = 0; k < sizeof windows / sizeof *windows; k++) check_window(dtype, &windows[k]);
  }
  check_padding();
  return report("Gather");
}

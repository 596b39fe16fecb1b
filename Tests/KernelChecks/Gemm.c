// Checks of the matrix product against a sum in float64, over sizes, strides, dtypes, beta and
// special values, and of its bits against other blocks in another order. TRAININGKIT_ISA picks the level.
#define _GNU_SOURCE
#include "Check.h"

// Memory that ends where the elements end, so that the address sanitizer sees what is read beyond.
static void *filled(tk_dtype dtype, int64_t count) {
  void *p = malloc((size_t)(count * tk_element_size(dtype)) + 1);
  for (int64_t i = 0; i < count; i++) set_element(dtype, p, i, random_between(-1, 1));
  return p;
}

static void run(const tk_gemm *g, int64_t group, bool backwards) {
  void *workspace = NULL;
  size_t bytes = tk_gemm_workspace(g);
  if (posix_memalign(&workspace, 64, bytes ? bytes : 64) != 0) abort();
  memset(workspace, 0xff, bytes);
  int64_t blocks = tk_gemm_block_count(g);
  int64_t groups = (blocks + group - 1) / group;
  for (int64_t i = 0; i < groups; i++) {
    int64_t begin = (backwards ? groups - 1 - i : i) * group;
    tk_gemm_run(g, workspace, begin, begin + group < blocks ? begin + group : blocks);
  }
  free(workspace);
}

typedef struct sizes { int64_t m, n, k, batch; } sizes;

// Layouts: 0 rows are contiguous, 1 columns are, 2 neither.
static void lay_out(int layout, int64_t rows, int64_t columns, int64_t *row, int64_t *column) {
  *row = layout == 0 ? columns + 3 : layout == 1 ? 1 : 2 * columns + 1;
  *column = layout == 0 ? 1 : layout == 1 ? rows + 1 : 2;
}

static int64_t extent(int64_t rows, int64_t columns, int64_t row, int64_t column) {
  return rows && columns ? (rows - 1) * row + (columns - 1) * column + 1 : 0;
}

static bool differs(double found, double expected, double scale, const tk_gemm *g) {
  if (isnan(expected)) return !isnan(found);
  if (isinf(expected)) return found != expected;
  double sum = g->input == tk_float64 ? 1e-15 : 4e-7;
  double last = g->output == tk_bfloat16 ? 0x1p-8 : g->output == tk_float16 ? 0x1p-11 : 0;
  return !(fabs(found - expected) <= (sum * (8 + sqrt((double)g->k)) + last) * scale + 1e-12);
}

static void compare(const tk_gemm *g, const void *before, const char *what) {
  for (int64_t p = 0; p < g->batch; p++)
    for (int64_t i = 0; i < g->m; i++)
      for (int64_t j = 0; j < g->n; j++) {
        int64_t at = p * g->c_batch + i * g->c_row + j;
        double sum = 0, scale = 1;
        for (int64_t k = 0; k < g->k; k++) {
          int64_t a = p * g->a_batch + i * g->a_row + k * g->a_column;
          double product = element(g->input, g->a, a) *
                           element(g->input, g->b, p * g->b_batch + k * g->b_row + j * g->b_column);
          sum += product, scale += fabs(product);
        }
        double expected = g->alpha * sum + (g->beta != 0 ? element(g->output, before, at) : 0);
        double found = element(g->output, g->c, at);
        if (isinf(scale) || isnan(scale)) scale = 0;
        if (differs(found, expected, scale, g)) {
          CHECK(false, "%s: m %lld n %lld k %lld batch %lld dtypes %d %d "
                "strides %lld %lld, %lld %lld: [%lld][%lld][%lld] expected %.9g, got %.9g",
                what, (long long)g->m, (long long)g->n, (long long)g->k, (long long)g->batch,
                g->input, g->output, (long long)g->a_row, (long long)g->a_column,
                (long long)g->b_row, (long long)g->b_column, (long long)p, (long long)i,
                (long long)j, expected, found);
          return;
        }
      }
}

// Places between C's rows must stay as they were.
static void check_gaps(const tk_gemm *g, const char *before, int64_t count) {
  int64_t size = tk_element_size(g->output);
  for (int64_t e = 0; e < count; e++)
    if (e % g->c_row >= g->n &&
        memcmp((char *)g->c + e * size, before + e * size, (size_t)size) != 0) {
      CHECK(false, "wrote beside C, element %lld, m %lld n %lld", (long long)e, (long long)g->m,
            (long long)g->n);
      return;
    }
}

static void check(sizes s, tk_dtype input, tk_dtype output, int a_layout, int b_layout, float alpha,
                  float beta, double special) {
  tk_gemm g = {.m = s.m, .n = s.n, .k = s.k, .batch = s.batch, .input = input, .output = output,
               .c_row = s.n + 2, .c_batch = s.m * (s.n + 2), .alpha = alpha, .beta = beta,
               .threads = 1};
  lay_out(a_layout, s.m, s.k, &g.a_row, &g.a_column);
  lay_out(b_layout, s.k, s.n, &g.b_row, &g.b_column);
  int64_t a_size = extent(s.m, s.k, g.a_row, g.a_column);
  int64_t b_size = extent(s.k, s.n, g.b_row, g.b_column), c_size = s.batch * g.c_batch;
  g.a_batch = a_size, g.b_batch = s.batch > 2 ? 0 : b_size;
  void *a = filled(input, a_size * s.batch), *b = filled(input, b_size * s.batch);
  void *before = filled(output, c_size), *c = malloc((size_t)c_size * 8 + 1);
  size_t bytes = (size_t)(c_size * tk_element_size(output));
  if (special != 0 && a_size && b_size) {
    set_element(input, a, s.m / 2 * g.a_row + s.k / 2 * g.a_column, special);
    set_element(input, b, s.k / 2 * g.b_row, 0);
  }
  g.a = a, g.b = b, g.c = c;
  memcpy(c, before, bytes);
  run(&g, INT64_MAX / 2, false);
  compare(&g, before, special != 0 ? "special" : "values");
  check_gaps(&g, before, c_size);
  void *whole = malloc(bytes + 1);
  memcpy(whole, c, bytes);
  memcpy(c, before, bytes);
  g.threads = 16;
  run(&g, 1, true);
  CHECK(memcmp(whole, c, bytes) == 0, "bits depend on the cut: m %lld n %lld k %lld",
        (long long)s.m, (long long)s.n, (long long)s.k);
  free(a), free(b), free(before), free(c), free(whole);
}

static void check_dtypes(sizes s, int a_layout, int b_layout, float alpha, float beta) {
  static const tk_dtype dtypes[][2] = {
    {tk_float32, tk_float32}, {tk_float64, tk_float64}, {tk_float16, tk_float16},
    {tk_float16, tk_float32}, {tk_bfloat16, tk_bfloat16}, {tk_bfloat16, tk_float32}};
  for (int d = 0; d < 6; d++)
    check(s, dtypes[d][0], dtypes[d][1], a_layout, b_layout, alpha, beta, 0);
}

int main(void) {
  static const int64_t small[] = {1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 33, 48};
  static const sizes large[] = {
    {100, 70, 300, 1}, {130, 260, 520, 1}, {257, 129, 65, 1}, {1, 700, 600, 1}, {700, 1, 600, 1},
    {14, 32, 256, 1}, {29, 600, 257, 1}, {300, 10, 64, 1}, {64, 64, 2000, 1}, {16, 16, 64, 9},
    {50, 40, 30, 2}, {0, 5, 3, 1}, {5, 0, 3, 1}, {5, 6, 0, 2}, {3, 4, 5, 0}, {513, 300, 20, 2}};
  for (int layouts = 0; layouts < 9; layouts++) {
    int a = layouts % 3, b = layouts / 3;
    for (int x = 0; x < 12; x++)
      for (int y = 0; y < 12; y++) {
        sizes s = {small[x], small[y], small[(x * 5 + y * 7) % 12], 1 + (x + y) % 3};
        check(s, tk_float32, tk_float32, a, b, 1, 0, 0);
        check(s, tk_float64, tk_float64, a, b, 1, (x + y) % 2, 0);
        check(s, (x ^ y) & 1 ? tk_float16 : tk_bfloat16, tk_float32, a, b, 1, (x + y) % 2, 0);
        check(s, tk_float32, tk_float32, a, b, 0.5f, 1, INFINITY);
        check(s, tk_float64, tk_float64, a, b, 1, 0, NAN);
        check(s, tk_bfloat16, tk_bfloat16, a, b, 1, 0, (x + y) % 2 ? INFINITY : NAN);
      }
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
      check_dtypes(large[i], a, b, i % 2 ? 1 : -0.75f, (float)((i + (size_t)a) % 2));
  }
  return report("Gemm");
}

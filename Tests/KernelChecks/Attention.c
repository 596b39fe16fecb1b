// Checks of attention and its gradients against sums in float64, over sizes, strides, dtypes, masks and
// causality, and of its bits against another order of units. TRAININGKIT_ISA picks the level.
#define _GNU_SOURCE
#include "Check.h"

typedef struct matrices { tk_heads heads; int64_t count; } matrices;

// Matrices of [batch, rows, heads, columns], as projections give them, that end where the memory ends.
static matrices made(tk_dtype dtype, int64_t batch, int64_t heads, int64_t rows, int64_t columns,
  int64_t gap) {
  int64_t row = heads * columns + gap, count = batch * rows * row;
  void *data = malloc((size_t)(count * tk_element_size(dtype)) + 1);
  for (int64_t i = 0; i < count; i++) set_element(dtype, data, i, random_between(-1, 1));
  return (matrices){{data, rows * row, columns, row}, count};
}
static double at(const tk_attention *a, const tk_heads *m, int64_t b, int64_t h, int64_t i, int64_t j) {
  return element(a->dtype, m->data, b * m->batch + h * m->head + i * m->row + j);
}

typedef struct expected { double *result, *query, *key, *value; } expected;

static bool sees(const tk_attention *a, int64_t b, int64_t h, int64_t i, int64_t j) {
  const uint8_t *mask = a->mask.data;
  if (a->causal && j > i) return false;
  return !mask || mask[b * a->mask.batch + h * a->mask.head + i * a->mask.row + j * a->mask_step];
}

// One head, with everything in float64 and nothing clever.
static expected plain(const tk_attention *a, const tk_heads *gradient, int64_t b, int64_t h) {
  int64_t t = a->targets, s = a->sources, f = a->features, o = a->outputs;
  expected e = {calloc((size_t)(t * o) + 1, 8), calloc((size_t)(t * f) + 1, 8),
                calloc((size_t)(s * f) + 1, 8), calloc((size_t)(s * o) + 1, 8)};
  double *p = malloc((size_t)s * 8 + 8), *slope = malloc((size_t)s * 8 + 8);
  for (int64_t i = 0; i < t; i++) {
    double most = -INFINITY, sum = 0, mean = 0;
    for (int64_t j = 0; j < s; j++) {
      p[j] = 0;
      for (int64_t k = 0; k < f; k++) p[j] += at(a, &a->query, b, h, i, k) * at(a, &a->key, b, h, j, k);
      p[j] = sees(a, b, h, i, j) ? p[j] * a->scale : -INFINITY;
      most = fmax(most, p[j]);
    }
    for (int64_t j = 0; j < s; j++) sum += p[j] = most == -INFINITY ? 0 : exp(p[j] - most);
    for (int64_t j = 0; j < s; j++) {
      p[j] = sum == 0 ? 0 : p[j] / sum, slope[j] = 0;
      for (int64_t k = 0; k < o; k++) {
        e.result[i * o + k] += p[j] * at(a, &a->value, b, h, j, k);
        e.value[j * o + k] += p[j] * at(a, gradient, b, h, i, k);
        slope[j] += at(a, gradient, b, h, i, k) * at(a, &a->value, b, h, j, k);
      }
      mean += p[j] * slope[j];
    }
    for (int64_t j = 0; j < s; j++)
      for (int64_t k = 0; k < f; k++) {
        double d = a->scale * p[j] * (slope[j] - mean);
        e.query[i * f + k] += d * at(a, &a->key, b, h, j, k);
        e.key[j * f + k] += d * at(a, &a->query, b, h, i, k);
      }
  }
  free(p), free(slope);
  return e;
}

static void compare(const tk_attention *a, const tk_heads *found, const double *wish, int64_t b,
  int64_t h, int64_t rows, int64_t columns, const char *what) {
  double last = a->dtype == tk_float64 ? 1e-13 : a->dtype == tk_bfloat16 ? 0x1p-7
                : a->dtype == tk_float16 ? 0x1p-10 : 4e-6;
  for (int64_t i = 0; i < rows * columns; i++) {
    double x = at(a, found, b, h, i / columns, i % columns);
    CHECK(fabs(x - wish[i]) <= last * (1 + fabs(wish[i])),
          "%s of %lldx%lldx%lldx%lld dtype %d causal %d at %lld: expected %.9g, got %.9g", what,
          (long long)a->targets, (long long)a->sources, (long long)a->features, (long long)a->outputs,
          a->dtype, a->causal, (long long)i, wish[i], x);
  }
}

static void *workspace_of(size_t bytes) {
  void *workspace = NULL;
  if (posix_memalign(&workspace, 64, bytes ? bytes : 64) != 0) abort();
  memset(workspace, 0xff, bytes);
  return workspace;
}

// Units one by one from the last to the first, or all at once.
static void run_all(const tk_attention *a, const tk_heads *result, const tk_attention_gradients *g,
  bool backwards) {
  void *workspace = workspace_of(tk_attention_workspace(a));
  int64_t units = tk_attention_unit_count(a);
  for (int64_t i = units; backwards && i > 0; i--) tk_attention_run(a, result, workspace, i - 1, i);
  if (!backwards) tk_attention_run(a, result, workspace, 0, units);
  free(workspace);
  workspace = workspace_of(tk_attention_gradient_workspace(a, g));
  units = tk_attention_gradient_unit_count(a);
  for (int64_t i = units; backwards && i > 0; i--)
    tk_attention_gradient_run(a, g, workspace, i - 1, i);
  if (!backwards) tk_attention_gradient_run(a, g, workspace, 0, units);
  free(workspace);
}

static void check(tk_attention a, int masking) {
  int64_t n = a.batch, h = a.heads, t = a.targets, s = a.sources, f = a.features, o = a.outputs;
  matrices q = made(a.dtype, n, h, t, f, 3), k = made(a.dtype, n, h, s, f, 0);
  matrices v = made(a.dtype, n, h, s, o, 5), gradient = made(a.dtype, n, h, t, o, 1);
  a.query = q.heads, a.key = k.heads, a.value = v.heads;
  // 1: a byte for each pair; 2: one for each source, the same for all heads and targets.
  uint8_t *mask = malloc((size_t)(n * h * t * s) + 1);
  for (int64_t i = 0; i < n * h * t * s; i++) mask[i] = random_between(0, 1) < 0.7;
  if (t > 2)
    for (int64_t j = 0; j < s; j++) mask[2 * s + j] = 0;
  if (masking == 1) a.mask = (tk_heads){mask, h * t * s, t * s, s}, a.mask_step = 1;
  if (masking == 2) a.mask = (tk_heads){mask, s, 0, 0}, a.mask_step = 1;
  matrices found[2][4];
  for (int way = 0; way < 2; way++) {
    matrices *m = found[way];
    m[0] = made(a.dtype, n, h, t, o, 0), m[1] = made(a.dtype, n, h, t, f, 0);
    m[2] = made(a.dtype, n, h, s, f, 2), m[3] = made(a.dtype, n, h, s, o, 0);
    tk_attention_gradients g = {gradient.heads, m[1].heads, m[2].heads, m[3].heads};
    run_all(&a, &m[0].heads, &g, way);
  }
  for (int64_t b = 0; b < n; b++)
    for (int64_t head = 0; head < h; head++) {
      expected e = plain(&a, &gradient.heads, b, head);
      for (int way = 0; way < 2; way++) {
        compare(&a, &found[way][0].heads, e.result, b, head, t, o, "attention");
        compare(&a, &found[way][1].heads, e.query, b, head, t, f, "gradient of queries");
        compare(&a, &found[way][2].heads, e.key, b, head, s, f, "gradient of keys");
        compare(&a, &found[way][3].heads, e.value, b, head, s, o, "gradient of values");
      }
      for (int part = 0; part < 4; part++) {
        int64_t rows = part == 2 || part == 3 ? s : t, columns = part == 0 || part == 3 ? o : f;
        for (int64_t i = 0; i < rows; i++)
          for (int64_t j = 0; j < columns; j++)
            CHECK(at(&a, &found[0][part].heads, b, head, i, j) ==
                    at(&a, &found[1][part].heads, b, head, i, j),
                  "bits depend on the order of units in part %d", part);
      }
      free(e.result), free(e.query), free(e.key), free(e.value);
    }
  for (int way = 0; way < 2; way++)
    for (int part = 0; part < 4; part++) free(found[way][part].heads.data);
  free(mask), free(q.heads.data), free(k.heads.data), free(v.heads.data), free(gradient.heads.data);
}

int main(void) {
  const int64_t sizes[][4] = {{1, 1, 1, 1}, {1, 9, 4, 4}, {5, 1, 3, 1}, {7, 11, 5, 3}, {64, 64, 8, 8},
                              {65, 63, 16, 12}, {130, 257, 8, 24}, {300, 128, 4, 4}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (tk_dtype dtype = tk_float32; dtype <= tk_bfloat16; dtype++)
      for (int masking = 0; masking < 3; masking++)
        for (int causal = 0; causal < 2; causal++)
          check((tk_attention){.batch = 2, .heads = i < 6 ? 3 : 1, .targets = sizes[i][0],
                  .sources = sizes[i][1], .features = sizes[i][2], .outputs = sizes[i][3],
                  .dtype = dtype, .scale = 0.7, .causal = causal}, masking);
  return report("Attention");
}

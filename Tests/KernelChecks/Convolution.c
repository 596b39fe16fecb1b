// Checks of convolutions against sums in float64, over kernels, strides, dilations, padding, groups and dtypes, and of
// their bits against another order of pieces. TRAININGKIT_ISA picks the level.
#define _GNU_SOURCE
#include "Check.h"

static int64_t random_in(int64_t lower, int64_t upper) {
  return lower + (int64_t)(random_word() % (uint64_t)(upper - lower + 1));
}

static void *filled(tk_dtype dtype, int64_t count) {
  void *p = malloc((size_t)(count * tk_element_size(dtype)) + 1);
  for (int64_t i = 0; i < count; i++) set_element(dtype, p, i, random_between(-1, 1));
  return p;
}

static void *scratch(size_t bytes) {
  void *p = NULL;
  if (posix_memalign(&p, 64, bytes ? bytes : 64) != 0) abort();
  memset(p, 0xff, bytes);
  return p;
}

static void run(const tk_convolution *c, int64_t group, bool backwards) {
  tk_convolution_work work = tk_convolution_plan(c);
  void *shared = scratch(work.shared), *workspace = scratch(work.workspace);
  tk_convolution_before(c, shared, 0, work.before);
  int64_t groups = (work.pieces + group - 1) / group;
  for (int64_t i = 0; i < groups; i++) {
    int64_t begin = (backwards ? groups - 1 - i : i) * group;
    tk_convolution_run(c, shared, workspace, begin, begin + group < work.pieces ? begin + group : work.pieces);
  }
  tk_convolution_after(c, shared, 0, work.after);
  free(shared), free(workspace);
}

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

typedef struct counts { int64_t images, weight, places; } counts;
static counts counts_of(const tk_convolution *c) {
  const tk_window *w = &c->window;
  return (counts){w->count * w->channels * w->height * w->width,
                  c->outputs * w->channels / c->groups * w->kernel_height * w->kernel_width,
                  w->count * c->outputs * w->out_height * w->out_width};
}

// Adds every product of an image, a weight and a place to the third of them, which is what is made.
static void sum_up(const tk_convolution *c, double *sums, double *scales) {
  const tk_window *w = &c->window;
  int64_t inner = w->channels / c->groups, outer = c->outputs / c->groups;
  for (int64_t n = 0; n < w->count; n++)
  for (int64_t o = 0; o < c->outputs; o++)
  for (int64_t i = 0; i < inner; i++)
  for (int64_t y = 0; y < w->out_height; y++)
  for (int64_t x = 0; x < w->out_width; x++)
  for (int64_t r = 0; r < w->kernel_height; r++)
  for (int64_t q = 0; q < w->kernel_width; q++) {
    int64_t row = y * w->stride_height + r * w->dilation_height - w->pad_top;
    int64_t column = x * w->stride_width + q * w->dilation_width - w->pad_left;
    if (row < 0 || row >= w->height || column < 0 || column >= w->width) continue;
    int64_t image = ((n * w->channels + o / outer * inner + i) * w->height + row) * w->width + column;
    int64_t weight = ((o * inner + i) * w->kernel_height + r) * w->kernel_width + q;
    int64_t place = ((n * c->outputs + o) * w->out_height + y) * w->out_width + x;
    int64_t a = c->way == tk_convolution_images ? place : image;
    int64_t b = c->way == tk_convolution_weight ? place : weight;
    int64_t to = c->way == tk_convolution_places ? place : c->way == tk_convolution_images ? image : weight;
    double product = element(c->dtype, c->a, a) * element(c->dtype, c->b, b);
    sums[to] += product, scales[to] += fabs(product);
  }
}

static void check(tk_convolution c) {
  counts n = counts_of(&c);
  int64_t results = c.way == tk_convolution_places ? n.places : c.way == tk_convolution_images ? n.images : n.weight;
  void *a = filled(c.dtype, c.way == tk_convolution_images ? n.places : n.images);
  void *b = filled(c.dtype, c.way == tk_convolution_weight ? n.places : n.weight);
  void *found = filled(c.dtype, results), *again = filled(c.dtype, results);
  double *sums = calloc((size_t)results + 1, sizeof(double)), *scales = calloc((size_t)results + 1, sizeof(double));
  int64_t channels = c.way == tk_convolution_places ? c.outputs : c.window.channels;
  void *bias = filled(c.dtype, channels);
  c.a = a, c.b = b, c.bias = c.way != tk_convolution_weight && c.outputs % 2 == 0 ? bias : NULL, c.result = found;
  run(&c, 1, false);
  sum_up(&c, sums, scales);
  const tk_window *w = &c.window;
  double sum = c.dtype == tk_float64 ? 1e-14 : 4e-6;
  double last = c.dtype == tk_bfloat16 ? 0x1p-8 : c.dtype == tk_float16 ? 0x1p-10 : 0;
  for (int64_t i = 0; c.bias && i < results; i++) {
    double b = element(c.dtype, bias, i / most(1, results / most(1, c.window.count * channels)) % channels);
    sums[i] += b, scales[i] += fabs(b);
  }
  for (int64_t i = 0; i < results; i++) {
    double x = element(c.dtype, found, i);
    CHECK(fabs(x - sums[i]) <= (sum + last) * scales[i] + 1e-6 * (c.dtype == tk_float16),
          "way %d dtype %d: %ld images of %ld x %ld x %ld, %ld outputs, %ld groups, kernel %ld %ld stride %ld %ld "
          "dilation %ld %ld: element %ld is %g, expected %g", c.way, c.dtype, (long)w->count, (long)w->channels,
          (long)w->height, (long)w->width, (long)c.outputs, (long)c.groups, (long)w->kernel_height,
          (long)w->kernel_width, (long)w->stride_height, (long)w->stride_width, (long)w->dilation_height,
          (long)w->dilation_width, (long)i, x, sums[i]);
  }
  c.result = again;
  run(&c, 3, true);
  CHECK(memcmp(found, again, (size_t)(results * tk_element_size(c.dtype))) == 0, "another order of pieces, other bits");
  free(a), free(b), free(bias), free(found), free(again), free(sums), free(scales);
}

static void fit(tk_window *w, int64_t behind) {
  int64_t rows = w->dilation_height * (w->kernel_height - 1), columns = w->dilation_width * (w->kernel_width - 1);
  w->out_height = (w->height + w->pad_top + behind - rows - 1) / w->stride_height + 1;
  w->out_width = (w->width + w->pad_left + behind - columns - 1) / w->stride_width + 1;
}

static void check_ways(tk_convolution c) {
  static const tk_dtype dtypes[] = {tk_float32, tk_float64, tk_float16, tk_bfloat16};
  for (int way = 0; way < 3; way++)
    for (int d = 0; d < 4; d++) c.way = way, c.dtype = dtypes[d], check(c);
}

int main(void) {
  for (int64_t i = 0; i < 150; i++) {
    tk_convolution c = {.groups = random_in(0, 2) ? 1 : random_in(2, 3)};
    c.outputs = c.groups * random_in(1, i % 3 == 0 ? 70 : 9);
    tk_window w = {.count = random_in(1, 4), .channels = c.groups * random_in(1, i % 4 == 0 ? 40 : 5),
                   .kernel_height = random_in(1, 4), .kernel_width = random_in(1, 4),
                   .stride_height = random_in(1, 3), .stride_width = random_in(1, 3),
                   .dilation_height = random_in(0, 2) ? 1 : random_in(2, 3),
                   .dilation_width = random_in(0, 2) ? 1 : random_in(2, 3), .pad_top = random_in(0, 3),
                   .pad_left = random_in(0, 3)};
    w.height = w.dilation_height * (w.kernel_height - 1) + random_in(1, 12);
    w.width = w.dilation_width * (w.kernel_width - 1) + random_in(1, i % 5 == 0 ? 40 : 12);
    fit(&w, random_in(0, 3));
    c.window = w;
    check_ways(c);
  }
  // Nothing, a single place, strides beyond kernel and image, many planes, bands of a weight, channels a power of two
  // apart, and several blocks of channels.
  static const int64_t windows[][12] = {
    // count, channels, outputs, groups, height, width, kernel, stride, dilation, padding, behind
    {0, 3, 4, 1, 5, 5, 3, 1, 1, 1, 1}, {2, 0, 4, 1, 5, 5, 3, 1, 1, 1, 1}, {2, 3, 20, 1, 9, 9, 9, 1, 1, 0, 0},
    {2, 3, 5, 1, 9, 9, 9, 1000000007, 1, 0, 0}, {2, 3, 5, 1, 6, 7, 1, 1, 1000000007, 0, 0},
    {1, 2, 3, 1, 64, 64, 16, 16, 1, 0, 0}, {1, 2, 2, 2, 70, 70, 5, 20, 1, 2, 2}, {2, 3, 9, 1, 50, 3, 2, 17, 3, 4, 1},
    {3, 48, 48, 48, 12, 17, 3, 2, 1, 1, 1}, {2, 70, 140, 70, 9, 20, 3, 1, 1, 1, 1},
    {1, 4, 4, 1, 1, 3000, 5, 1, 2, 4, 4}, {1, 256, 150, 1, 6, 5, 3, 1, 1, 1, 1},
    {1, 20, 24, 1, 70, 66, 3, 2, 1, 1, 1}, {2, 12, 260, 1, 40, 60, 3, 1, 1, 1, 1},
  };
  for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
    const int64_t *x = windows[i];
    tk_window w = {x[0], x[1], x[4], x[5], x[6] < x[4] ? x[6] : x[4], x[6], x[7], x[7], x[8], x[8],
                   x[6] < x[4] ? x[9] : 0, x[9], 0, 0};
    fit(&w, x[10]);
    if (w.height == 1) w.out_height = 1;
    check_ways((tk_convolution){.window = w, .outputs = x[2], .groups = x[3]});
  }
  return report("convolutions");
}

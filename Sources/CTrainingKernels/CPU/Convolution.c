#include "ConvolutionPlan.h"
#include "Elements.h"
#include "GemmTiles.h"

#include <string.h>

#define BODY "Convolution.body.h"
#include "ForEachISA.h"

// Bytes of a band's source and results, so that they stay in the cache beside the weight. A band is one row or more,
// however long a row is and however many rows lie between taps that are apart.
#define WISHED_BYTES ((int64_t)256 << 10)
// Pieces that keep several threads busy, for which a band is not cut shorter than so many rows.
#define WISHED_PIECES 16
#define SHORT_BAND 4
// Result channels of a weight that are summed at a time: what is read for them is brought into order each time.
#define WEIGHT_BLOCK 128
// Channels that fill too little of a vector, and of a tile where a weight is made.
#define FEW_CHANNELS 8
#define FEW_PAIRS 4
#define MOST_PARTS_BYTES ((int64_t)4 << 20)

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t multiple_up(int64_t a, int64_t b) { return quotient_up(a, b) * b; }

static gemm_tile tile_of(const tk_convolution *c) {
  return c->dtype == tk_float64 ? TK_PICK(shape, f64) : TK_PICK(shape, f32);
}
static int64_t real_size(const tk_convolution *c) {
  return c->dtype == tk_float64 ? sizeof(double) : sizeof(float);
}
static int64_t kernel_count(const tk_convolution *c) { return c->window.kernel_height * c->window.kernel_width; }

static int64_t common_divisor(int64_t a, int64_t b) { return b == 0 ? a : common_divisor(b, a % b); }

// A single place has no next one, and a single tap neither: their distance does not count, however large it is. Where
// images are made of a single place it is chosen so that every pixel is a phase of its own, seen by one tap.
static window_axis axis_of(const convolution_plan *p, int64_t extent, int64_t kernel, int64_t stride, int64_t dilation,
                           int64_t before, int64_t places) {
  if (kernel <= 1) dilation = 1;
  if (places <= 1) stride = p->makes_images ? extent + before + kernel * dilation : 1;
  return (window_axis){extent, kernel, stride, dilation, before, places, stride / common_divisor(stride, dilation)};
}

static void place_axes(const tk_convolution *c, convolution_plan *p) {
  const tk_window *w = &c->window;
  p->rows = axis_of(p, w->height, w->kernel_height, w->stride_height, w->dilation_height, w->pad_top, w->out_height);
  p->columns = axis_of(p, w->width, w->kernel_width, w->stride_width, w->dilation_width, w->pad_left, w->out_width);
  p->source_channels = w->channels / c->groups, p->result_channels = c->outputs / c->groups;
  p->source_height = w->height, p->source_width = w->width;
  p->result_height = w->out_height, p->result_width = w->out_width;
  if (!p->makes_images) return;
  p->source_channels = c->outputs / c->groups, p->result_channels = w->channels / c->groups;
  p->source_height = w->out_height, p->source_width = w->out_width;
  p->result_height = w->height, p->result_width = w->width;
}

// Results of the longest phase along an axis.
static int64_t steps_of(const convolution_plan *p, const window_axis *axis) { return phase_of(p, axis, 0).count; }

// Bands as high as the cache allows, and blocks of channels where bands alone are too few for several threads.
static void cut_images(const tk_convolution *c, convolution_plan *p) {
  int64_t columns = tile_of(c).columns, steps = steps_of(p, &p->rows), phases = phase_count(p, &p->rows);
  int64_t seen = p->makes_images ? 1 : p->rows.stride;
  int64_t row_bytes = (seen * p->width * p->pitch + phases * p->result_width * p->result_channels) * real_size(c);
  p->bands = most(1, quotient_up(steps * row_bytes, WISHED_BYTES));
  int64_t lots = most(1, c->window.count * c->groups);
  int64_t wished = quotient_up(WISHED_PIECES, lots);
  p->bands = least(steps, most(p->bands, least(wished, steps / SHORT_BAND)));
  p->band = quotient_up(steps, most(1, p->bands)), p->bands = quotient_up(steps, most(1, p->band));
  int64_t panels = quotient_up(p->result_channels, columns);
  p->blocks = least(panels, quotient_up(wished, most(1, p->bands)));
  p->block = quotient_up(panels, most(1, p->blocks)) * columns;
  p->blocks = quotient_up(p->result_channels, most(1, p->block));
}

static void cut_weight(const tk_convolution *c, convolution_plan *p) {
  int64_t columns = tile_of(c).columns, steps = steps_of(p, &p->rows);
  p->block = multiple_up(least(p->result_channels, WEIGHT_BLOCK), columns);
  p->blocks = quotient_up(p->result_channels, most(1, p->block));
  int64_t row_bytes = (p->rows.stride * p->width * p->pitch + p->result_width * p->block) * real_size(c);
  p->band = least(steps, most(1, WISHED_BYTES / most(1, row_bytes)));
  p->bands = quotient_up(steps, most(1, p->band));
  int64_t part = kernel_count(c) * p->source_channels * c->outputs * real_size(c);
  int64_t chunks = quotient_up(WISHED_PIECES, most(1, c->groups * p->blocks));
  chunks = most(1, least(c->window.count, least(chunks, most(2, MOST_PARTS_BYTES / most(1, part)))));
  p->chunk = quotient_up(c->window.count, chunks), p->chunks = quotient_up(c->window.count, most(1, p->chunk));
}

static convolution_plan plan_of(const tk_convolution *c) {
  convolution_plan p = {.makes_images = c->way == tk_convolution_images, .chunk = 1};
  place_axes(c, &p);
  axis_span columns = span_of(&p, &p.columns, 0, steps_of(&p, &p.columns));
  p.first_column = columns.first, p.width = columns.end - columns.first;
  p.pitch = p.source_channels;
  p.by_planes = c->way == tk_convolution_weight ? p.source_channels * p.result_channels <= FEW_PAIRS
                                                : p.result_channels <= FEW_CHANNELS;
  if (p.by_planes && !p.makes_images) p.width = multiple_up(p.width, p.columns.stride);
  if (!p.by_planes && gemm_aliases(p.pitch, real_size(c))) p.pitch += LINE_BYTES / real_size(c);
  if (c->way == tk_convolution_weight) cut_weight(c, &p);
  else cut_images(c, &p);
  for (int64_t band = 0; band < p.bands; band++) {
    axis_span rows = span_of(&p, &p.rows, band * p.band, (band + 1) * p.band);
    p.band_rows = most(p.band_rows, rows.end - rows.first);
  }
  // Whole vectors may be read behind the last element.
  int64_t spare = tile_of(c).columns, places = p.band * phase_count(&p, &p.rows) * p.result_width;
  p.results = (size_t)multiple_up((p.band_rows * p.width * p.pitch + spare) * real_size(c), LINE_BYTES);
  p.line = p.results + (size_t)multiple_up((places * p.block + spare) * real_size(c), LINE_BYTES);
  p.bytes = p.line + (size_t)(p.by_planes ? p.width * real_size(c) : 0);
  return p;
}

tk_convolution_work tk_convolution_plan(const tk_convolution *c) {
  convolution_plan p = plan_of(c);
  int64_t depth = kernel_count(c) * p.source_channels, columns = tile_of(c).columns;
  if (c->way == tk_convolution_weight)
    return (tk_convolution_work){
      .pieces = c->groups * p.chunks * p.blocks, .after = c->groups * depth, .workspace = p.bytes,
      .shared = (size_t)(p.chunks * depth * c->outputs * real_size(c))};
  int64_t panels = c->groups * quotient_up(p.result_channels, columns);
  return (tk_convolution_work){
    .before = panels, .pieces = c->window.count * c->groups * p.bands * p.blocks, .workspace = p.bytes,
    .shared = (size_t)(panels * columns * depth * real_size(c))};
}

#define CALL(name, ...)                                                                            \
  if (c->dtype == tk_float64) TK_PICK(name, f64)(c, __VA_ARGS__);                                  \
  else TK_PICK(name, f32)(c, __VA_ARGS__)

void tk_convolution_before(const tk_convolution *c, void *shared, int64_t begin, int64_t end) {
  convolution_plan plan = plan_of(c);
  CALL(pack_weight, &plan, shared, begin, end);
}
void tk_convolution_run(
  const tk_convolution *c, void *shared, void *workspace, int64_t begin, int64_t end) {
  convolution_plan plan = plan_of(c);
  if (c->way == tk_convolution_weight) {
    CALL(run_weight, &plan, shared, workspace, begin, end);
  } else {
    CALL(run_images, &plan, shared, workspace, begin, end);
  }
}
void tk_convolution_after(const tk_convolution *c, const void *shared, int64_t begin, int64_t end) {
  convolution_plan plan = plan_of(c);
  CALL(sum_weight, &plan, shared, begin, end);
}

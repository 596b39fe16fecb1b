#if IS_REAL
#include "GemmTile.body.h"
#include "LanesFolds.h"
#include "Stage.h"

static const gemm_tile NAME(shape) = {ROWS, COLUMNS, 0};
#ifndef LONG_SUM
#define LONG_SUM ((int64_t)512)
#endif

// ---- Between planes and neighbouring channels

INLINE void NAME(put_elements)(tk_dtype dtype, char *p, V v, int64_t count) {
  REAL part[LANE_BYTES / sizeof(REAL)];
  STORE(part, v);
  // The first loop is over a constant, which becomes vectors.
  if (dtype == REAL_DTYPE && count >= LANES) STORE((REAL *)p, v);
  else if (count >= LANES)
    for (int64_t l = 0; l < LANES; l++) NAME(set_element)(dtype, p, l, part[l]);
  else
    for (int64_t l = 0; l < count; l++) NAME(set_element)(dtype, p, l, part[l]);
}

// out[j * pitch + i] = the element in row i, `across` bytes apart, and column j.
INLINE void NAME(turn_in)(tk_dtype dtype, const char *p, int64_t across, int64_t rows, int64_t columns, REAL *out,
                          int64_t pitch) {
  int64_t size = tk_element_size(dtype);
  for (int64_t j = 0; j < columns; j += LANES)
    for (int64_t i = 0; i < rows; i += LANES) {
      V square[LANE_BYTES / sizeof(REAL)];
      const char *from = p + i * across + j * size;
#pragma clang loop unroll(full)
      for (int64_t r = 0; r < LANES; r++)
        square[r] = i + r < rows ? NAME(load_part)(dtype, from + r * across, 0, columns - j) : ZERO;
      NAME(transpose)(square);
#pragma clang loop unroll(full)
      for (int64_t l = 0; l < LANES; l++) {
        if (j + l >= columns) continue;
        REAL *to = out + (j + l) * pitch + i;
        if (rows - i >= LANES) STORE(to, square[l]);
        else {
          REAL part[LANE_BYTES / sizeof(REAL)];
          STORE(part, square[l]);
          NAME(copy_part)(to, part, rows - i);
        }
      }
    }
}

// Element (j, i) of a dtype, rows `across` bytes apart, = in[i * pitch + j] + bias[j].
INLINE void NAME(turn_out)(tk_dtype dtype, const REAL *in, int64_t pitch, int64_t rows, int64_t columns,
                           const char *bias, char *out, int64_t across) {
  int64_t size = tk_element_size(dtype);
  for (int64_t j = 0; j < columns; j += LANES)
    for (int64_t i = 0; i < rows; i += LANES) {
      V square[LANE_BYTES / sizeof(REAL)];
#pragma clang loop unroll(full)
      for (int64_t r = 0; r < LANES; r++)
        square[r] = i + r < rows ? NAME(load_part)(STORED_REAL, in + (i + r) * pitch, j, columns - j) : ZERO;
      NAME(transpose)(square);
#pragma clang loop unroll(full)
      for (int64_t l = 0; l < LANES; l++) {
        if (j + l >= columns) continue;
        V sums = bias ? square[l] + SPLAT(ELEMENT(dtype, bias, j + l)) : square[l];
        NAME(put_elements)(dtype, out + (j + l) * across + i * size, sums, rows - i);
      }
    }
}

#if COMPUTE_BITS == 32
#define FOR_DTYPE(dtype, call)                                                                     \
  switch (dtype) {                                                                                 \
  case tk_bfloat16: { const tk_dtype STORED = tk_bfloat16; call; break; }                          \
  case tk_float16: { const tk_dtype STORED = tk_float16; call; break; }                            \
  default: { const tk_dtype STORED = STORED_REAL; call; break; }                                   \
  }
#else
#define FOR_DTYPE(dtype, call) { const tk_dtype STORED = STORED_REAL; (void)(dtype), call; }
#endif

// Rows `first` ..< first + rows of one sample's planes, with the zeros around them.
static void NAME(load_band)(const tk_convolution *c, const convolution_plan *p, const char *planes, int64_t first,
                            int64_t rows, REAL *out) {
  int64_t size = tk_element_size(c->dtype), plane = p->source_height * p->source_width * size;
  int64_t left = p->first_column < 0 ? -p->first_column : 0, from = p->first_column + left;
  left = left < p->width ? left : p->width;
  int64_t inside = p->source_width - from < p->width - left ? p->source_width - from : p->width - left;
  inside = inside > 0 ? inside : 0;
  for (int64_t row = first; row < first + rows; row++, out += p->width * p->pitch) {
    bool sees = row >= 0 && row < p->source_height;
    int64_t count = sees ? inside : 0, before = sees ? left : p->width;
    memset(out, 0, (size_t)(before * p->pitch) * sizeof(REAL));
    REAL *to = out + before * p->pitch, *end = to + count * p->pitch;
    const char *source = planes + (row * p->source_width + from) * size;
    if (count > 0 && p->pitch == 1) NAME(tk_widen)(c->dtype, count, source, 1, to);
    else if (count > 0)
      FOR_DTYPE(c->dtype,
                NAME(turn_in)(STORED, source, plane, p->source_channels, count, to, p->pitch));
    memset(end, 0, (size_t)((p->width - before - count) * p->pitch) * sizeof(REAL));
  }
}

#include "ConvolutionPlanes.body.h"

// The rows of a source that a band sees.
static void NAME(load_source)(const tk_convolution *c, const convolution_plan *p, const char *planes, axis_span rows,
                              REAL *line, REAL *out) {
  if (p->by_planes) NAME(load_planes)(c, p, planes, rows.first, rows.end - rows.first, line, out);
  else NAME(load_band)(c, p, planes, rows.first, rows.end - rows.first, out);
}

// ---- Places from images, and images from places

// Panels of the weight [kernel rows, kernel columns, source channels, COLUMNS], one for so many result channels.
static void NAME(pack_weight)(const tk_convolution *c, const convolution_plan *p, REAL *panels, int64_t begin,
                              int64_t end) {
  int64_t taps = p->rows.kernel * p->columns.kernel, each = (p->result_channels + COLUMNS - 1) / COLUMNS;
  int64_t other = c->window.channels / c->groups * taps;
  int64_t source = p->makes_images ? other : taps, result = p->makes_images ? taps : other;
  int64_t group_size = c->outputs / c->groups * other;
  for (int64_t panel = begin; panel < end; panel++) {
    REAL *out = panels + panel * taps * p->source_channels * COLUMNS;
    int64_t first = panel % each * COLUMNS, count = p->result_channels - first;
    for (int64_t tap = 0; tap < taps; tap++)
      for (int64_t s = 0; s < p->source_channels; s++, out += COLUMNS) {
        int64_t at = panel / each * group_size + s * source + first * result;
        at += p->makes_images ? taps - 1 - tap : tap;
        for (int64_t r = 0; r < COLUMNS; r++)
          out[r] = r < count ? ELEMENT(c->dtype, c->b, at + r * result) : 0;
      }
  }
}

// Rows of a tile, so that `count` are cut into equal ones.
INLINE int64_t NAME(tile_rows)(int64_t count) {
  int64_t tiles = (count + ROWS - 1) / ROWS;
  return (count + tiles - 1) / tiles;
}

// One row of results of a phase: every phase.step-th column of `out`, for the channels of one panel.
static void NAME(convolve_row)(const convolution_plan *p, const axis_phase *rows, const axis_phase *columns,
                               const REAL *source, const REAL *panel, TILE tile, REAL *out) {
  int64_t pixel = p->pitch, channels = p->source_channels, line = p->columns.kernel * channels * COLUMNS;
  // Longer sums are written back between rows of taps: their error stays that of short ones.
  bool flat = is_flat(p, columns), at_once = flat && rows->taps * columns->taps * channels <= LONG_SUM;
  tile.a_row = columns->stride * pixel, tile.a_step = 1, tile.b_step = COLUMNS;
  tile.depth = flat ? columns->taps * channels : channels;
  tile.runs = at_once ? rows->taps : flat ? 1 : columns->taps;
  tile.a_run = flat ? rows->spacing * p->width * pixel : columns->spacing * pixel;
  tile.b_run = flat ? rows->tap_step * line : columns->tap_step * channels * COLUMNS;
  int64_t high = NAME(tile_rows)(columns->count), to_next = tile.c_row;
  tile.c_row *= columns->step;
  for (int64_t i = 0; i < columns->count; i += high) {
    int64_t count = columns->count - i < high ? columns->count - i : high;
    tile.c = out + (columns->first + i * columns->step) * to_next;
    for (int64_t t = 0; t < (at_once ? 1 : rows->taps); t++) {
      tile.adds = t > 0;
      tile.a = source + (t * rows->spacing * p->width + columns->start - p->first_column + i * columns->stride) * pixel;
      tile.b = panel + (rows->tap + t * rows->tap_step) * line + columns->tap * channels * COLUMNS;
      NAME(multiply_tile)(&tile, count, (tile.columns + LANES - 1) / LANES);
    }
  }
}

// A row of results of a phase that nothing reaches.
static void NAME(clear_row)(const axis_phase *columns, const TILE *tile, REAL *out) {
  for (int64_t i = 0; i < columns->count; i++)
    memset(out + (columns->first + i * columns->step) * tile->c_row, 0, (size_t)tile->columns * sizeof(REAL));
}

// The results of one panel in a band, whose source begins at row `first`.
static void NAME(convolve_band)(const convolution_plan *p, const axis_phase *rows, const axis_phase *columns,
                                int64_t from, int64_t to, int64_t first, const REAL *source, const REAL *panel,
                                const TILE *tile, REAL *out) {
  int64_t line = p->result_width * tile->c_row;
  if (columns->count == 0) return;
  for (int64_t i = from; i < to; i++) {
    REAL *row = out + (rows->first + (i - from) * rows->step) * line;
    const REAL *seen = source + (rows->start + i * rows->stride - first) * p->width * p->pitch;
    if (rows->taps == 0 || columns->taps == 0) NAME(clear_row)(columns, tile, row);
    else NAME(convolve_row)(p, rows, columns, seen, panel, *tile, row);
  }
}

// The results of all panels of a band.
static void NAME(run_band)(const convolution_plan *p, int64_t from, int64_t to, axis_span span, const REAL *source,
                           const REAL *panels, int64_t channels, REAL *results) {
  int64_t panel = p->rows.kernel * p->columns.kernel * p->source_channels * COLUMNS;
  int64_t result_plane = p->band * phase_count(p, &p->rows) * p->result_width;
  for (int64_t y = 0; y < phase_count(p, &p->rows); y++)
    for (int64_t x = 0; x < phase_count(p, &p->columns); x++) {
      axis_phase rows = phase_of(p, &p->rows, y), columns = phase_of(p, &p->columns, x);
      int64_t end = to < rows.count ? to : rows.count;
      if (p->by_planes) {
        NAME(convolve_planes)(p, &rows, &columns, from, end, span, source, panels, channels, results, result_plane);
        continue;
      }
      for (int64_t j = 0; j < channels; j += COLUMNS) {
        TILE tile = {.c_row = channels, .columns = channels - j < COLUMNS ? channels - j : COLUMNS, .alpha = 1};
        NAME(convolve_band)(p, &rows, &columns, from, end, span.first, source, panels + j / COLUMNS * panel, &tile,
                            results + j);
      }
    }
}

// Rows of results to where they belong.
static void NAME(put_band)(const tk_convolution *c, const convolution_plan *p, const REAL *results, int64_t rows,
                           int64_t channels, const char *bias, char *out) {
  int64_t size = tk_element_size(c->dtype), plane = p->result_height * p->result_width * size;
  int64_t result_plane = p->band * phase_count(p, &p->rows) * p->result_width, count = rows * p->result_width;
  if (p->by_planes)
    for (int64_t r = 0; r < channels; r++)
      NAME(put_plane)(c->dtype, results + r * result_plane, count, bias ? ELEMENT(c->dtype, bias, r) : 0,
                      out + r * plane);
  else FOR_DTYPE(c->dtype, NAME(turn_out)(STORED, results, channels, count, channels, bias, out, plane));
}

static void NAME(run_images)(const tk_convolution *c, const convolution_plan *p, const REAL *panels, char *workspace,
                             int64_t begin, int64_t end) {
  REAL *source = (REAL *)workspace, *results = (REAL *)(workspace + p->results), *line = (REAL *)(workspace + p->line);
  int64_t size = tk_element_size(c->dtype), each = (p->result_channels + COLUMNS - 1) / COLUMNS;
  int64_t panel = p->rows.kernel * p->columns.kernel * p->source_channels * COLUMNS;
  int64_t source_plane = p->source_height * p->source_width, plane = p->result_height * p->result_width;
  for (int64_t piece = begin; piece < end; piece++) {
    int64_t block = piece % p->blocks * p->block, band = piece / p->blocks % p->bands;
    int64_t lot = piece / p->blocks / p->bands, group = lot % c->groups, step = phase_count(p, &p->rows);
    int64_t from = band * p->band, to = from + p->band;
    int64_t channels = p->result_channels - block < p->block ? p->result_channels - block : p->block;
    axis_span span = span_of(p, &p->rows, from, to);
    const char *planes = (const char *)c->a + lot * p->source_channels * source_plane * size;
    NAME(load_source)(c, p, planes, span, line, source);
    NAME(run_band)(p, from, to, span, source, panels + (group * each + block / COLUMNS) * panel, channels, results);
    int64_t first = from * step, last = to * step < p->result_height ? to * step : p->result_height;
    char *out = (char *)c->result + ((lot * p->result_channels + block) * plane + first * p->result_width) * size;
    const char *bias = c->bias ? (const char *)c->bias + (group * p->result_channels + block) * size : NULL;
    NAME(put_band)(c, p, results, last - first, channels, bias, out);
  }
}

// ---- A weight from images and places

// Adds rows from ..< to of a band to sums [kernel rows, kernel columns, source channels, c_row], for the panels of the
// gradient of those rows, `panel` apart.
static void NAME(add_rows_of_band)(const convolution_plan *p, int64_t from, int64_t to, int64_t first,
                                   const REAL *source, const REAL *gradient, int64_t panel, int64_t channels, TILE tile,
                                   REAL *sums) {
  axis_phase rows = phase_of(p, &p->rows, 0), columns = phase_of(p, &p->columns, 0);
  bool flat = is_flat(p, &columns);
  int64_t side = p->source_channels * (flat ? columns.taps : 1), high = NAME(tile_rows)(side);
  int64_t line = p->width * p->pitch;
  tile.a_row = 1, tile.a_step = columns.stride * p->pitch, tile.a_run = rows.stride * line;
  tile.depth = p->result_width, tile.runs = to - from;
  tile.b_step = COLUMNS, tile.b_run = p->result_width * COLUMNS;
  for (int64_t row = 0; row < rows.taps; row++)
    for (int64_t column = 0; column < (flat ? 1 : columns.taps); column++) {
      const REAL *seen = source + (rows.start + from * rows.stride + row * rows.spacing - first) * line +
                         (columns.start + column * columns.spacing - p->first_column) * p->pitch;
      int64_t tap = row * columns.taps + column;
      for (int64_t i = 0; i < side; i += high)
        for (int64_t j = 0; j < channels; j += COLUMNS) {
          tile.a = seen + i, tile.b = gradient + j / COLUMNS * panel;
          tile.columns = channels - j < COLUMNS ? channels - j : COLUMNS;
          tile.c = sums + (tap * p->source_channels + i) * tile.c_row + j;
          NAME(multiply_tile)(&tile, side - i < high ? side - i : high, (tile.columns + LANES - 1) / LANES);
        }
    }
}

// A band, so many rows at a time that sums stay short.
static void NAME(add_band)(const convolution_plan *p, int64_t from, int64_t to, int64_t first, const REAL *source,
                           const REAL *gradient, int64_t channels, TILE tile, REAL *sums) {
  int64_t lot = LONG_SUM / p->result_width > 1 ? LONG_SUM / p->result_width : 1;
  int64_t panel = (to - from) * p->result_width * COLUMNS;
  for (int64_t row = from; row < to; row += lot, tile.adds = true)
    NAME(add_rows_of_band)(p, row, to - row < lot ? to : row + lot, first, source,
                           gradient + (row - from) * p->result_width * COLUMNS, panel, channels, tile, sums);
}

// A band of the gradient of places as planes, or as panels [places, COLUMNS].
static void NAME(load_gradient)(const tk_convolution *c, const convolution_plan *p, const char *planes,
                                int64_t channels, int64_t places, REAL *out) {
  int64_t across = p->result_height * p->result_width * tk_element_size(c->dtype);
  if (p->by_planes) {
    for (int64_t j = 0; j < channels; j++) NAME(tk_widen)(c->dtype, places, planes + j * across, 1, out + j * places);
    return;
  }
  for (int64_t j = 0; j < channels; j += COLUMNS, out += places * COLUMNS) {
    int64_t count = channels - j < COLUMNS ? channels - j : COLUMNS;
    if (count % LANES != 0) memset(out, 0, (size_t)(places * COLUMNS) * sizeof(REAL));
    FOR_DTYPE(c->dtype, NAME(turn_in)(STORED, planes + j * across, across, count, places, out, COLUMNS));
  }
}

static void NAME(run_weight)(const tk_convolution *c, const convolution_plan *p, REAL *parts, char *workspace,
                             int64_t begin, int64_t end) {
  REAL *source = (REAL *)workspace, *gradient = (REAL *)(workspace + p->results), *line = (REAL *)(workspace + p->line);
  int64_t size = tk_element_size(c->dtype), depth = p->rows.kernel * p->columns.kernel * p->source_channels;
  int64_t source_plane = p->source_height * p->source_width, plane = p->result_height * p->result_width;
  for (int64_t piece = begin; piece < end; piece++) {
    int64_t block = piece % p->blocks * p->block, chunk = piece / p->blocks % p->chunks;
    int64_t group = piece / p->blocks / p->chunks;
    int64_t channels = p->result_channels - block < p->block ? p->result_channels - block : p->block;
    REAL *sums = parts + (chunk * c->groups + group) * depth * p->result_channels + block;
    TILE tile = {.c_row = p->result_channels, .alpha = 1};
    int64_t last = (chunk + 1) * p->chunk < c->window.count ? (chunk + 1) * p->chunk : c->window.count;
    for (int64_t sample = chunk * p->chunk; sample < last; sample++)
      for (int64_t from = 0; from < p->result_height; from += p->band, tile.adds = true) {
        int64_t to = from + p->band < p->result_height ? from + p->band : p->result_height;
        int64_t lot = sample * c->groups + group;
        axis_span span = span_of(p, &p->rows, from, to);
        const char *images = (const char *)c->a + lot * p->source_channels * source_plane * size;
        NAME(load_source)(c, p, images, span, line, source);
        const char *places = (const char *)c->b +
                             ((lot * p->result_channels + block) * plane + from * p->result_width) * size;
        NAME(load_gradient)(c, p, places, channels, (to - from) * p->result_width, gradient);
        if (p->by_planes)
          NAME(add_planes)(p, from, to, span, source, gradient, channels, tile.c_row, tile.adds, sums);
        else NAME(add_band)(p, from, to, span.first, source, gradient, channels, tile, sums);
      }
  }
}

// The sum of all parts, in the order of a weight; a range counts rows of the parts.
static void NAME(sum_weight)(const tk_convolution *c, const convolution_plan *p, const REAL *parts, int64_t begin,
                             int64_t end) {
  int64_t taps = p->rows.kernel * p->columns.kernel, depth = taps * p->source_channels, n = p->result_channels;
  for (int64_t row = begin; row < end; row++) {
    int64_t group = row / depth, tap = row % depth / p->source_channels, channel = row % p->source_channels;
    for (int64_t o = 0; o < n; o++) {
      REAL sum = 0;
      for (int64_t chunk = 0; chunk < p->chunks; chunk++) sum += parts[(chunk * c->groups * depth + row) * n + o];
      NAME(set_element)(c->dtype, c->result, ((group * n + o) * p->source_channels + channel) * taps + tap, sum);
    }
  }
}
#undef FOR_DTYPE
#endif

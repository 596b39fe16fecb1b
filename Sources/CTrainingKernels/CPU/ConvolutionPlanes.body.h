// Convolutions of few channels, where lanes are pixels of a row. A band of the source is planes [channels, rows,
// columns] whose columns are sorted by their place within a stride, so that what a row of results sees at one tap lies
// side by side.

// Planes of rows `first` ..< first + rows, with the zeros around them; a row is put together in `line` first.
static void NAME(load_planes)(const tk_convolution *c, const convolution_plan *p, const char *planes, int64_t first,
                              int64_t rows, REAL *line, REAL *out) {
  int64_t plane = p->source_height * p->source_width * tk_element_size(c->dtype);
  int64_t split = p->makes_images ? 1 : p->columns.stride, share = p->width / split;
  convolution_plan alone = *p;
  alone.source_channels = alone.pitch = 1;
  for (int64_t channel = 0; channel < p->source_channels; channel++, planes += plane, out += rows * p->width) {
    if (split == 1) {
      NAME(load_band)(c, &alone, planes, first, rows, out);
      continue;
    }
    for (int64_t row = 0; row < rows; row++) {
      NAME(load_band)(c, &alone, planes, first + row, 1, line);
      for (int64_t part = 0; part < split; part++)
        for (int64_t i = 0; i < share; i++) out[row * p->width + part * share + i] = line[i * split + part];
    }
  }
}

// Where the columns begin that a phase sees at a tap.
INLINE int64_t NAME(tap_column)(const convolution_plan *p, const axis_phase *columns, int64_t tap) {
  int64_t column = columns->start - p->first_column + tap * columns->spacing, split = columns->stride;
  return split == 1 ? column : column % split * (p->width / split) + column / split;
}

// A row of results of a phase for `count` channels, a constant where it is inlined: `source` is the row that the first
// tap of the first channel sees, `plane` what lies between channels, and weights of one tap lie side by side.
INLINE void NAME(sum_taps)(const convolution_plan *p, const axis_phase *rows, const axis_phase *columns,
                           const REAL *source, int64_t plane, const REAL *weights, const int64_t count, REAL *out,
                           int64_t result_plane) {
  for (int64_t i = 0; i < columns->count; i += 2 * LANES) {
    V sums[4][2];
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < count; r++) sums[r][0] = sums[r][1] = ZERO;
    for (int64_t column = 0; column < columns->taps; column++)
      for (int64_t row = 0; row < rows->taps; row++) {
        const REAL *seen = source + NAME(tap_column)(p, columns, column) + row * rows->spacing * p->width + i;
        int64_t tap = (rows->tap + row * rows->tap_step) * p->columns.kernel;
        tap += columns->tap + column * columns->tap_step;
        const REAL *weight = weights + tap * p->source_channels * COLUMNS;
        for (int64_t channel = 0; channel < p->source_channels; channel++, seen += plane, weight += COLUMNS) {
          V low = LOAD(seen), high = LOAD(seen + LANES);
#pragma clang loop unroll(full)
          for (int64_t r = 0; r < count; r++) {
            sums[r][0] = FMA(SPLAT(weight[r]), low, sums[r][0]);
            sums[r][1] = FMA(SPLAT(weight[r]), high, sums[r][1]);
          }
        }
      }
    int64_t left = columns->count - i < 2 * LANES ? columns->count - i : 2 * LANES;
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < count; r++) {
      REAL line[2 * LANE_BYTES / sizeof(REAL)], *to = out + r * result_plane + columns->first + i * columns->step;
      STORE(line, sums[r][0]), STORE(line + LANES, sums[r][1]);
      if (columns->step == 1) memcpy(to, line, (size_t)left * sizeof(REAL));
      else
        for (int64_t l = 0; l < left; l++) to[l * columns->step] = line[l];
    }
  }
}

// Rows from ..< to of a phase for all channels of a piece, whose source begins at row `first`.
static void NAME(convolve_planes)(const convolution_plan *p, const axis_phase *rows, const axis_phase *columns,
                                  int64_t from, int64_t to, axis_span span, const REAL *source, const REAL *panels,
                                  int64_t channels, REAL *out, int64_t result_plane) {
  int64_t panel = p->rows.kernel * p->columns.kernel * p->source_channels * COLUMNS;
  int64_t plane = (span.end - span.first) * p->width;
  for (int64_t i = from; i < to; i++)
    for (int64_t r = 0; r < channels; r += 4) {
      const REAL *seen = source + (rows->start + i * rows->stride - span.first) * p->width;
      const REAL *weights = panels + r / COLUMNS * panel + r % COLUMNS;
      REAL *row = out + r * result_plane + (rows->first + (i - from) * rows->step) * p->result_width;
      switch (channels - r) {
      case 1: NAME(sum_taps)(p, rows, columns, seen, plane, weights, 1, row, result_plane); break;
      case 2: NAME(sum_taps)(p, rows, columns, seen, plane, weights, 2, row, result_plane); break;
      case 3: NAME(sum_taps)(p, rows, columns, seen, plane, weights, 3, row, result_plane); break;
      default: NAME(sum_taps)(p, rows, columns, seen, plane, weights, 4, row, result_plane);
      }
    }
}

// out[i] = in[i] + bias
static void NAME(put_plane)(tk_dtype dtype, const REAL *in, int64_t count, REAL bias, char *out) {
  int64_t size = tk_element_size(dtype);
  for (int64_t i = 0; i < count; i += LANES) {
    int64_t left = count - i < LANES ? count - i : LANES;
    V sums = NAME(load_part)(STORED_REAL, in + i, 0, left) + SPLAT(bias);
    FOR_DTYPE(dtype, NAME(put_elements)(STORED, out + i * size, sums, left));
  }
}

// Adds a band to sums [kernel rows, kernel columns, source channels, c_row], or overwrites them: dot products of rows
// of the source with those of the gradient, whose planes lie one behind the other.
static void NAME(add_planes)(const convolution_plan *p, int64_t from, int64_t to, axis_span span, const REAL *source,
                             const REAL *gradient, int64_t channels, int64_t c_row, bool adds, REAL *sums) {
  axis_phase rows = phase_of(p, &p->rows, 0), columns = phase_of(p, &p->columns, 0);
  int64_t plane = (span.end - span.first) * p->width, count = columns.count;
  for (int64_t tap = 0; tap < rows.taps * columns.taps; tap++)
    for (int64_t channel = 0; channel < p->source_channels; channel++)
      for (int64_t r = 0; r < channels; r++) {
        V sum = ZERO;
        for (int64_t i = from; i < to; i++) {
          int64_t row = rows.start + i * rows.stride + tap / columns.taps * rows.spacing - span.first;
          const REAL *seen = source + channel * plane + row * p->width;
          seen += NAME(tap_column)(p, &columns, tap % columns.taps);
          const REAL *slopes = gradient + (r * (to - from) + i - from) * count;
          int64_t x = 0;
          for (; x + LANES <= count; x += LANES) sum = FMA(LOAD(seen + x), LOAD(slopes + x), sum);
          if (x < count)
            sum = FMA(NAME(load_part)(STORED_REAL, seen + x, 0, count - x),
                      NAME(load_part)(STORED_REAL, slopes + x, 0, count - x), sum);
        }
        REAL *to_sum = sums + (tap * p->source_channels + channel) * c_row + r;
        *to_sum = adds ? *to_sum + NAME(sum_of_lanes)(sum) : NAME(sum_of_lanes)(sum);
      }
}

// Panels for the micro-kernel: one for each `width` elements along a strided matrix's side. Element
// i of a panel, at k, is panel[k * width + i], widened to REAL; beyond the side it is zero. Whole
// vectors are stored even where the width is none: they spill into the next row, which is written
// later, and LANES spare elements follow the last panel.
#include "GemmTiles.h"

#ifndef ELEMENT
#define ELEMENT(dtype, p, i) NAME(element)(dtype, p, i)
#define STORED_REAL (sizeof(REAL) == sizeof(float) ? tk_float32 : tk_float64)
#endif

// On baseline x86-64 a cast of _Float16 would call the compiler's runtime.
#undef MACHINE_CONVERTS_HALF
#if ISA_LEVEL > 0 || defined(__aarch64__)
#define MACHINE_CONVERTS_HALF 1
#else
#define MACHINE_CONVERTS_HALF 0
#endif

INLINE REAL NAME(element)(tk_dtype dtype, const void *p, int64_t i) {
#if COMPUTE_BITS == 32
  // Products make NaN quiet by themselves.
  if (dtype == tk_bfloat16) return tk_float_from_bits((uint32_t)((const uint16_t *)p)[i] << 16);
#if MACHINE_CONVERTS_HALF
  if (dtype == tk_float16) return (REAL)((const _Float16 *)p)[i];
#else
  if (dtype == tk_float16) return tk_half_to_float(((const uint16_t *)p)[i]);
#endif
#endif
  (void)dtype;
  return ((const REAL *)p)[i];
}

INLINE void NAME(set_element)(tk_dtype dtype, void *p, int64_t i, REAL x) {
#if COMPUTE_BITS == 32
  if (dtype == tk_bfloat16) {
    ((uint16_t *)p)[i] = tk_float_to_bfloat(x);
    return;
  }
  if (dtype == tk_float16) {
#if MACHINE_CONVERTS_HALF
    ((_Float16 *)p)[i] = (_Float16)x;
#else
    ((uint16_t *)p)[i] = tk_float_to_half(x);
#endif
    return;
  }
#endif
  (void)dtype;
  ((REAL *)p)[i] = x;
}

// Copies 1 to LANES elements in two moves that may overlap.
INLINE void NAME(copy_part)(REAL *to, const REAL *from, int64_t count) {
#define MOVE(n)                                                                                    \
  if (LANES >= n && count >= n) {                                                                  \
    REAL last[n];                                                                                  \
    __builtin_memcpy(last, from + count - n, sizeof last);                                         \
    __builtin_memcpy(to, from, sizeof last);                                                       \
    __builtin_memcpy(to + count - n, last, sizeof last);                                           \
    return;                                                                                        \
  }
  MOVE(16) MOVE(8) MOVE(4) MOVE(2) MOVE(1)
#undef MOVE
}

INLINE V NAME(load_whole)(tk_dtype dtype, const void *p, int64_t i) {
  REAL v[LANE_BYTES / sizeof(REAL)];
  for (int64_t l = 0; l < LANES; l++) v[l] = ELEMENT(dtype, p, i + l);
  return LOAD(v);
}
INLINE V NAME(load_part)(tk_dtype dtype, const void *p, int64_t i, int64_t count) {
  REAL v[LANE_BYTES / sizeof(REAL)] = {0};
  if (count >= LANES) return NAME(load_whole)(dtype, p, i);
  if (tk_element_size(dtype) == sizeof(REAL)) NAME(copy_part)(v, (const REAL *)p + i, count);
  else
    for (int64_t l = 0; l < count; l++) v[l] = ELEMENT(dtype, p, i + l);
  return LOAD(v);
}

// The low, or high, halves of two vectors, element by element in turn.
#define ZIP2(a, b, o) __builtin_shufflevector(a, b, o, 2 + o)
#define ZIP4(a, b, o) __builtin_shufflevector(a, b, o, 4 + o, 1 + o, 5 + o)
#define ZIP8(a, b, o)                                                                              \
  __builtin_shufflevector(a, b, o, 8 + o, 1 + o, 9 + o, 2 + o, 10 + o, 3 + o, 11 + o)
#define ZIP16(a, b, o)                                                                             \
  __builtin_shufflevector(a, b, o, 16 + o, 1 + o, 17 + o, 2 + o, 18 + o, 3 + o, 19 + o, 4 + o,     \
                          20 + o, 5 + o, 21 + o, 6 + o, 22 + o, 7 + o, 23 + o)
#if LANE_BYTES * 8 / COMPUTE_BITS == 2
#define ZIPS ZIP2
#elif LANE_BYTES * 8 / COMPUTE_BITS == 4
#define ZIPS ZIP4
#elif LANE_BYTES * 8 / COMPUTE_BITS == 8
#define ZIPS ZIP8
#else
#define ZIPS ZIP16
#endif
INLINE V NAME(zip_low)(V a, V b) { return ZIPS(a, b, 0); }
INLINE V NAME(zip_high)(V a, V b) { return ZIPS(a, b, LANE_BYTES * 4 / COMPUTE_BITS); }
#undef ZIPS
#undef ZIP2
#undef ZIP4
#undef ZIP8
#undef ZIP16

// Zipping each vector with the one half the square away, log2(LANES) times, transposes the square.
INLINE void NAME(transpose)(V square[static LANE_BYTES / sizeof(REAL)]) {
#pragma clang loop unroll(full)
  for (int64_t step = 1; step < LANES; step *= 2) {
    V zipped[LANE_BYTES / sizeof(REAL)];
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < LANES / 2; i++) {
      zipped[2 * i] = NAME(zip_low)(square[i], square[i + LANES / 2]);
      zipped[2 * i + 1] = NAME(zip_high)(square[i], square[i + LANES / 2]);
    }
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < LANES; i++) square[i] = zipped[i];
  }
}

// Elements of one k are neighbours: each k is read through to its end before the next. The machine
// does not foresee the jump to the next k, hence the prefetch.
INLINE void NAME(pack_copying)(tk_dtype dtype, REAL *panels, int64_t width, int64_t side,
                               int64_t depth, const char *p, int64_t step) {
  int64_t size = tk_element_size(dtype);
  for (int64_t k = 0; k < depth; k++, p += step) {
    REAL *row = panels + k * width;
    const char *later = k + 4 < depth ? p + 4 * step : p;
    int64_t i = 0;
    for (; i + width <= side; i += width, row += width * gemm_panel_depth(depth)) {
      for (int64_t b = 0; b < width * size; b += 64) __builtin_prefetch(later + i * size + b);
      for (int64_t e = 0; e < width; e++) row[e] = ELEMENT(dtype, p, i + e);
    }
    for (int64_t e = i; i < side && e < i + width; e += LANES)
      STORE(row + e - i, NAME(load_part)(dtype, p, e, side - e));
  }
}

// Up to LANES rows of LANES elements, `across` bytes apart; what is missing is zero.
INLINE void NAME(load_square)(tk_dtype dtype, V square[static LANE_BYTES / sizeof(REAL)],
                              const char *p, int64_t across, int64_t rows, int64_t columns) {
  REAL part[LANE_BYTES / sizeof(REAL)][LANE_BYTES / sizeof(REAL)];
  if (columns < LANES) {
    for (int64_t r = 0; r < LANES; r++)
      for (int64_t k = 0; k < LANES; k++)
        part[r][k] = r < rows && k < columns ? ELEMENT(dtype, p + r * across, k) : 0;
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < LANES; r++) square[r] = LOAD(part[r]);
  } else {
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < LANES; r++)
      square[r] = r < rows ? NAME(load_whole)(dtype, p + r * across, 0) : ZERO;
  }
}

// Elements of one i are neighbours along k. Squares go from the last to the first, because the last
// may be wider than what is left of the panel.
INLINE void NAME(pack_transposing)(tk_dtype dtype, REAL *panel, int64_t width, int64_t count,
                                   int64_t depth, const char *p, int64_t across, int64_t size) {
  for (int64_t i = (width - 1) / LANES * LANES; i >= 0; i -= LANES)
    for (int64_t k = 0; k < depth; k += LANES) {
      V square[LANE_BYTES / sizeof(REAL)];
      NAME(load_square)(dtype, square, p + i * across + k * size, across, count - i, depth - k);
      NAME(transpose)(square);
#pragma clang loop unroll(full)
      for (int64_t l = 0; l < LANES; l++)
        if (l < depth - k) STORE(panel + (k + l) * width + i, square[l]);
    }
}

INLINE void NAME(pack_as)(tk_dtype dtype, REAL *panels, int64_t width, int64_t side, int64_t depth,
                          const char *p, int64_t across, int64_t step) {
  int64_t size = tk_element_size(dtype);
  if (across == 1 && width == COLUMNS)
    return NAME(pack_copying)(dtype, panels, COLUMNS, side, depth, p, step * size);
  if (across == 1) return NAME(pack_copying)(dtype, panels, ROWS, side, depth, p, step * size);
  for (int64_t i = 0; i < side; i += width, p += width * across * size) {
    int64_t count = side - i < width ? side - i : width;
    if (step == 1) {
      NAME(pack_transposing)(dtype, panels, width, count, depth, p, across * size, size);
    } else {
      for (int64_t k = 0; k < depth; k++)
        for (int64_t e = 0; e < width; e++)
          panels[k * width + e] = e < count ? ELEMENT(dtype, p, e * across + k * step) : 0;
    }
    panels += width * gemm_panel_depth(depth);
  }
}

// The width is ROWS or COLUMNS.
static inline void NAME(pack)(tk_dtype dtype, REAL *panels, int64_t width, int64_t side, int64_t depth,
                       const void *p, int64_t across, int64_t step) {
#if COMPUTE_BITS == 32
  if (dtype == tk_bfloat16)
    return NAME(pack_as)(tk_bfloat16, panels, width, side, depth, p, across, step);
  if (dtype == tk_float16)
    return NAME(pack_as)(tk_float16, panels, width, side, depth, p, across, step);
#endif
  (void)dtype;
  NAME(pack_as)(STORED_REAL, panels, width, side, depth, p, across, step);
}

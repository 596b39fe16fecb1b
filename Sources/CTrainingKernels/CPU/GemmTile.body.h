// The micro-kernel of products of matrices.
#include "GemmPack.body.h"

#ifndef TILE
#define TILE NAME(tile)
#endif

// A tile of C and the panels that it is the product of: element (i, k) of A is
// a[i * a_row + k * a_step], row k of B begins at b[k * b_step]; `depth` steps of k are a run, and
// the next run begins a_run and b_run further on. Sums times alpha are added to C or overwrite it.
typedef struct TILE {
  const REAL *a, *b;
  int64_t a_row, a_step, b_step, depth;
  int64_t runs, a_run, b_run;
  REAL *c;
  int64_t c_row, columns;
  REAL alpha;
  bool adds;
} TILE;

// For tiles whose last vector is partial.
static void NAME(put_part)(const TILE *t, int64_t rows, int64_t vectors, const V *sums) {
  int64_t tail = t->columns - (vectors - 1) * LANES;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t v = 0; v < vectors; v++) {
      REAL *c = t->c + i * t->c_row + v * LANES, part[LANE_BYTES / sizeof(REAL)] = {0};
      int64_t count = v < vectors - 1 ? LANES : tail;
      if (t->adds) NAME(copy_part)(part, c, count);
      V sum = sums[i * vectors + v];
      STORE(part, t->adds ? FMA(SPLAT(t->alpha), sum, LOAD(part)) : SPLAT(t->alpha) * sum);
      NAME(copy_part)(c, part, count);
    }
}

INLINE void NAME(put)(const TILE *t, const int64_t rows, const int64_t vectors, const bool adds,
                      V sums[static ROWS][VECTORS]) {
  V alpha = SPLAT(t->alpha);
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < vectors; v++) {
      REAL *c = t->c + i * t->c_row + v * LANES;
      STORE(c, adds ? FMA(alpha, sums[i][v], LOAD(c)) : alpha * sums[i][v]);
    }
}

// What a step along k takes, and how many steps are taken together. Constants where the micro-kernel is inlined cost
// no instruction.
#ifndef STEPS
#define STEPS NAME(steps)
#endif
typedef struct STEPS { int64_t a_row, a, b, together; } STEPS;

// Every third row of A has an address of its own, so that addresses do not wait for one another.
INLINE void NAME(step)(V sums[static ROWS][VECTORS], const int64_t rows, const int64_t vectors,
                       const REAL *a, int64_t a_row, const REAL *b) {
  V row[VECTORS];
#pragma clang loop unroll(full)
  for (int64_t v = 0; v < vectors; v++) row[v] = LOAD(b + v * LANES);
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < rows; i++) {
    V factor = SPLAT(a[i / 3 * (3 * a_row) + i % 3 * a_row]);
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < vectors; v++) sums[i][v] = FMA(factor, row[v], sums[i][v]);
  }
}

// The micro-kernel. Rows and vectors are constants where it is inlined, so that sums are registers. C is fetched while
// it multiplies, for which short sums would wait.
INLINE void NAME(multiply)(const TILE *t, const int64_t rows, const int64_t vectors, const STEPS s) {
  V sums[ROWS][VECTORS];
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < vectors; v++) {
      sums[i][v] = ZERO;
      __builtin_prefetch(t->c + i * t->c_row + v * LANES, 1);
    }
  for (int64_t run = 0; run < t->runs; run++) {
    const REAL *a = t->a + run * t->a_run, *b = t->b + run * t->b_run;
    int64_t k = 0;
    for (; k + s.together <= t->depth; k += s.together)
#pragma clang loop unroll(full)
      for (int64_t u = 0; u < s.together; u++, a += s.a, b += s.b)
        NAME(step)(sums, rows, vectors, a, s.a_row, b);
    if (s.together > 1)
      for (; k < t->depth; k++, a += s.a, b += s.b) NAME(step)(sums, rows, vectors, a, s.a_row, b);
  }
  bool whole = t->columns == vectors * LANES;
  if (whole && t->adds) return NAME(put)(t, rows, vectors, true, sums);
  if (whole) return NAME(put)(t, rows, vectors, false, sums);
  V flat[ROWS * VECTORS];
#pragma clang loop unroll(full)
  for (int64_t i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < vectors; v++) flat[i * vectors + v] = sums[i][v];
  NAME(put_part)(t, rows, vectors, flat);
}

#define CASE(r)                                                                                    \
  case r:                                                                                          \
    if (r <= ROWS && vectors == 1) NAME(multiply)(t, r, 1, steps);                                 \
    else if (r <= ROWS) NAME(multiply)(t, r, VECTORS, steps);                                      \
    break;
#define EVERY_CASE                                                                                 \
  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)                                          \
  CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
_Static_assert(ROWS <= 14 && VECTORS <= 2, "a case for every tile");

static void NAME(multiply_strided)(const TILE *t, int64_t rows, int64_t vectors) {
  const STEPS steps = {t->a_row, t->a_step, t->b_step, 1};
  switch (rows) { EVERY_CASE }
}

static void NAME(multiply_in_rows)(const TILE *t, int64_t rows, int64_t vectors) {
  const STEPS steps = {t->a_row, 1, COLUMNS, 4};
  switch (rows) { EVERY_CASE }
}

static void NAME(multiply_packed)(const TILE *t) {
  NAME(multiply)(t, ROWS, VECTORS, (STEPS){1, ROWS, COLUMNS, 4});
}

static void NAME(multiply_tile)(const TILE *t, int64_t rows, int64_t vectors) {
  bool packs_b = t->b_step == COLUMNS;
  if (packs_b && t->a_step == 1) return NAME(multiply_in_rows)(t, rows, vectors);
  if (packs_b && t->a_step == ROWS && t->a_row == 1 && rows == ROWS && vectors == VECTORS)
    return NAME(multiply_packed)(t);
  NAME(multiply_strided)(t, rows, vectors);
}
#undef EVERY_CASE
#undef CASE

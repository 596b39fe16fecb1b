#include "GemmTile.body.h"
#include "GemmVector.body.h"

static const gemm_tile NAME(shape) = {ROWS, COLUMNS, NAME(depth)};

// The operands of one block for `depth` steps along k.
typedef struct NAME(slice) {
  const char *a, *b;
  int64_t depth, rows, columns;
  REAL *c;
  int64_t c_row;
  bool adds;
} NAME(slice);

// Where the panels are read in place, only a last one that is no whole number of vectors is packed.
INLINE int64_t NAME(columns_in_place)(const gemm_plan *plan, int64_t columns) {
  if (plan->packs_b) return 0;
  return columns % LANES == 0 ? columns : columns / COLUMNS * COLUMNS;
}

// Rows `from` to `to` of a slice, with panels of B that are there.
static void NAME(run_rows)(const tk_gemm *g, const gemm_plan *plan, const NAME(slice) *s, int64_t from,
                           int64_t to, char *workspace) {
  int64_t in_place = NAME(columns_in_place)(plan, s->columns), spacing = gemm_panel_depth(s->depth);
  const char *a = s->a + from * g->a_row * tk_element_size(g->input);
  const REAL *b = (const REAL *)s->b, *b_panels = (const REAL *)workspace;
  REAL *a_panels = (REAL *)(workspace + plan->a_panels);
  if (plan->packs_a)
    NAME(pack)(g->input, a_panels, ROWS, to - from, s->depth, a, g->a_row, g->a_column);
  TILE t = {.a_row = plan->packs_a ? 1 : g->a_row, .a_step = plan->packs_a ? ROWS : g->a_column,
            .depth = s->depth, .runs = 1, .c_row = s->c_row, .alpha = (REAL)g->alpha, .adds = s->adds};
  for (int64_t i = from; i < to; i += ROWS) {
    int64_t rows = to - i < ROWS ? to - i : ROWS;
    t.a = plan->packs_a ? a_panels + (i - from) * spacing : (const REAL *)s->a + i * g->a_row;
    for (int64_t j = 0; j < s->columns; j += COLUMNS) {
      t.columns = s->columns - j < COLUMNS ? s->columns - j : COLUMNS;
      t.b = j < in_place ? b + j : b_panels + j * spacing;
      t.b_step = j < in_place ? g->b_row : COLUMNS;
      t.c = s->c + i * s->c_row + j;
      NAME(multiply_tile)(&t, rows, (t.columns + LANES - 1) / LANES);
    }
  }
}

static void NAME(run_slice)(const tk_gemm *g, const gemm_plan *plan, const NAME(slice) *s,
                            char *workspace) {
  int64_t in_place = NAME(columns_in_place)(plan, s->columns);
  NAME(pack)(g->input, (REAL *)workspace + in_place * gemm_panel_depth(s->depth), COLUMNS,
             s->columns - in_place, s->depth,
             s->b + in_place * g->b_column * tk_element_size(g->input), g->b_column, g->b_row);
  for (int64_t from = 0; from < s->rows; from += plan->packed_rows) {
    int64_t left = s->rows - from, count = left < plan->packed_rows ? left : plan->packed_rows;
    NAME(run_rows)(g, plan, s, from, from + count, workspace);
  }
}

// Between C and the sums of half products, which are float32 to the end, so that C is rounded once.
#if COMPUTE_BITS == 32
INLINE void NAME(exchange_as)(tk_dtype dtype, const NAME(slice) *s, void *c, int64_t c_row,
                              bool rounds) {
  for (int64_t i = 0; i < s->rows; i++)
    for (int64_t j = 0; j < s->columns; j++)
      if (rounds) NAME(set_element)(dtype, c, i * c_row + j, s->c[i * s->c_row + j]);
      else s->c[i * s->c_row + j] = ELEMENT(dtype, c, i * c_row + j);
}
static void NAME(exchange)(const tk_gemm *g, const NAME(slice) *s, void *c, bool rounds) {
  if (g->output == tk_bfloat16) NAME(exchange_as)(tk_bfloat16, s, c, g->c_row, rounds);
  else NAME(exchange_as)(tk_float16, s, c, g->c_row, rounds);
}
#endif

static void NAME(run_tile_block)(const tk_gemm *g, const gemm_plan *plan, int64_t block,
                                 char *workspace) {
  int64_t column = block % plan->column_blocks * plan->columns;
  int64_t row = block / plan->column_blocks % plan->row_blocks * plan->rows;
  int64_t product = block / plan->column_blocks / plan->row_blocks;
  int64_t size = (int64_t)tk_element_size(g->input);
  char *c = (char *)g->c + (product * g->c_batch + row * g->c_row + column) *
                               (int64_t)tk_element_size(g->output);
  bool half = g->output == tk_float16 || g->output == tk_bfloat16;
  NAME(slice) s = {
    .a = (const char *)g->a + (product * g->a_batch + row * g->a_row) * size,
    .b = (const char *)g->b + (product * g->b_batch + column * g->b_column) * size,
    .rows = g->m - row < plan->rows ? g->m - row : plan->rows,
    .columns = g->n - column < plan->columns ? g->n - column : plan->columns,
    .c = half ? (REAL *)(workspace + plan->sums) : (REAL *)c,
    .c_row = half ? plan->columns : g->c_row,
    .adds = g->beta != 0,
  };
#if COMPUTE_BITS == 32
  if (half && s.adds) NAME(exchange)(g, &s, c, false);
#endif
  int64_t left = g->k;
  do {
    s.depth = left < NAME(depth) ? left : NAME(depth);
    NAME(run_slice)(g, plan, &s, workspace);
    s.a += s.depth * g->a_column * size;
    s.b += s.depth * g->b_row * size;
    s.adds = true;
    left -= s.depth;
  } while (left > 0);
#if COMPUTE_BITS == 32
  if (half) NAME(exchange)(g, &s, c, true);
#endif
}

static void NAME(run_blocks)(const tk_gemm *g, const gemm_plan *plan, char *workspace,
                             int64_t begin, int64_t end) {
  for (int64_t block = begin; block < end; block++)
    if (plan->way == gemm_by_tiles) NAME(run_tile_block)(g, plan, block, workspace);
    else NAME(run_vector_block)(g, plan, block, workspace);
}

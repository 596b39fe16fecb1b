#include "Elements.h"
#include "GemmPlan.h"
#include "GemmTiles.h"
#include "TrainingKernels.h"

#define BODY "Gemm.body.h"
#include "ForEachISA.h"

// Multiply-adds that make a block worth a thread's while, and the sides of C that make packing
// cheap.
#define LEAST_WORK ((int64_t)1 << 19)
#define LEAST_AREA ((int64_t)64 * 64)
// A thread takes about so many blocks where that leaves them large enough.
#define WISHED_BLOCKS 3
// Panels of A and of B stay in the second level cache, B's for all rows of a block. Packing costs a block about an
// element's copy for every row and every column, at each step along k, beside their product.
#define MOST_COLUMNS ((int64_t)512)
#define MOST_PACKED_ROWS ((int64_t)112)
// A part of B of so many bytes is as fast in place as packed, and so are panels that few tiles read.
#define MOST_IN_PLACE ((int64_t)256 << 10)
#define FEW_READERS_OF_A 4
#define FEW_READERS_OF_B 2

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t multiple_up(int64_t a, int64_t b) { return quotient_up(a, b) * b; }
static int64_t root(int64_t x) { return (int64_t)__builtin_sqrt((double)x); }

// Equal shares of a side, in whole tiles, of about `wish`.
static int64_t share(int64_t side, int64_t wish, int64_t tile) {
  int64_t blocks = most(1, (side + wish / 2) / most(1, wish));
  return multiple_up(most(1, quotient_up(side, blocks)), tile);
}

static bool is_half(tk_dtype dtype) { return dtype == tk_float16 || dtype == tk_bfloat16; }

// The largest block. Sums that are kept beside C, of vectors, half products and the machine's tiles, stay in the cache
// too.
typedef struct block_limits { int64_t rows, area; } block_limits;
static block_limits limits_of(const tk_gemm *g, gemm_way way) {
  if (way == gemm_by_dots || way == gemm_by_combination) return (block_limits){512, 512};
  if (way == gemm_by_amx) return (block_limits){512, 256 * 512};
  return (block_limits){INT64_MAX, is_half(g->output) ? 512 * 512 : 2048 * 512};
}

// Blocks are about twice as wide as high until they are as wide as they may be. Where C is cut changes no bit of it.
static void cut(const tk_gemm *g, gemm_tile tile, gemm_plan *plan) {
  block_limits limits = limits_of(g, plan->way);
  int64_t area = g->batch * g->m * g->n / (WISHED_BLOCKS * most(1, g->threads));
  area = least(most(most(area, LEAST_WORK / most(1, g->k)), LEAST_AREA), limits.area);
  int64_t rows = least(g->m, root(area / 2));
  int64_t columns = least(least(g->n, MOST_COLUMNS), area / most(1, rows));
  plan->columns = share(g->n, columns, tile.columns);
  rows = least(limits.rows, area / most(1, least(g->n, plan->columns)));
  plan->rows = share(g->m, rows, tile.rows);
  plan->packed_rows = least(plan->rows, share(plan->rows, MOST_PACKED_ROWS, tile.rows));
  plan->column_blocks = quotient_up(g->n, plan->columns);
  plan->row_blocks = quotient_up(g->m, plan->rows);
}

static gemm_tile tile_of(const tk_gemm *g, gemm_way way) {
  if (way == gemm_by_amx) return (gemm_tile){32, 32, 512};
  return g->input == tk_float64 ? TK_PICK(shape, f64) : TK_PICK(shape, f32);
}

static gemm_way way_of(const tk_gemm *g) {
  gemm_way tiles =
    g->input == tk_bfloat16 && tk_isa_level() == tk_isa_amx ? gemm_by_amx : gemm_by_tiles;
  if (g->m != 1 && g->n != 1) return tiles;
  int64_t across = g->m == 1 ? g->b_column : g->a_row, step = g->m == 1 ? g->b_row : g->a_column;
  if (step == 1 && g->k > 1) return gemm_by_dots;
  return across == 1 ? gemm_by_combination : tiles;
}

static void choose_packing(const tk_gemm *g, gemm_tile tile, int64_t size, gemm_plan *plan) {
  bool few_read_a = plan->columns <= FEW_READERS_OF_A * tile.columns;
  bool few_read_b = plan->rows <= FEW_READERS_OF_B * tile.rows;
  bool b_is_small = least(g->k, tile.depth) * least(g->n, plan->columns) * size <= MOST_IN_PLACE;
  // A short tile uses little of a line of A's column before the next column pushes it out.
  bool wastes_lines = tile.rows * size < LINE_BYTES / 2 && gemm_aliases(g->a_column, size);
  plan->packs_a = is_half(g->input) || gemm_aliases(g->a_row, size) ||
                  (g->a_column != 1 && (!few_read_a || wastes_lines));
  plan->packs_b = is_half(g->input) || g->b_column != 1 || !(few_read_b || b_is_small);
}

// Tiles of A and B in bfloat16, whole pairs of them, and of sums in float32: all of a block's where k
// is cut.
static void place_machine_tiles(const tk_gemm *g, gemm_tile tile, gemm_plan *plan) {
  int64_t depth = multiple_up(least(g->k, plan->depth), tile.rows);
  int64_t sums = g->k > plan->depth ? plan->rows * plan->columns : tile.rows * tile.columns;
  plan->a_panels = (size_t)(plan->columns * depth * 2);
  plan->sums = plan->a_panels + (size_t)(plan->rows * depth * 2);
  plan->bytes = plan->sums + (size_t)sums * sizeof(float);
}

static gemm_plan plan_of(const tk_gemm *g) {
  gemm_plan plan = {.way = way_of(g)};
  gemm_tile tile = tile_of(g, plan.way);
  plan.depth = tile.depth;
  cut(g, tile, &plan);
  if (plan.way == gemm_by_amx) {
    place_machine_tiles(g, tile, &plan);
    return plan;
  }
  int64_t real = g->input == tk_float64 ? sizeof(double) : sizeof(float);
  choose_packing(g, tile, real, &plan);
  int64_t depth = gemm_panel_depth(least(g->k, tile.depth));
  int64_t a_panels = plan.columns * depth;
  // The last of A's panels may be written a vector too far, and so may a vector.
  int64_t sums = multiple_up(a_panels + plan.packed_rows * depth + tile.columns, LINE_BYTES);
  int64_t end = sums;
  if (is_half(g->output)) end += plan.rows * plan.columns;
  if (plan.way != gemm_by_tiles) {
    sums = multiple_up(g->k + tile.columns, LINE_BYTES);
    end = sums + plan.rows * plan.columns + tile.columns;
  }
  plan.a_panels = (size_t)(a_panels * real);
  plan.sums = (size_t)(sums * real);
  plan.bytes = (size_t)(end * real);
  return plan;
}

int64_t tk_gemm_block_count(const tk_gemm *gemm) {
  if (gemm->m == 0 || gemm->n == 0) return 0;
  gemm_plan plan = plan_of(gemm);
  return gemm->batch * plan.row_blocks * plan.column_blocks;
}

size_t tk_gemm_workspace(const tk_gemm *gemm) { return plan_of(gemm).bytes; }

void tk_gemm_run(const tk_gemm *gemm, void *workspace, int64_t begin, int64_t end) {
  gemm_plan plan = plan_of(gemm);
#if defined(__x86_64__)
  if (plan.way == gemm_by_amx) return tk_gemm_run_amx(gemm, &plan, workspace, begin, end);
#endif
  if (gemm->input == tk_float64) TK_PICK(run_blocks, f64)(gemm, &plan, workspace, begin, end);
  else TK_PICK(run_blocks, f32)(gemm, &plan, workspace, begin, end);
}

// How a product is cut.
#ifndef TK_GEMM_PLAN
#define TK_GEMM_PLAN
#include "TrainingKernels.h"

// What the micro-kernel of one instance does at a time.
typedef struct gemm_tile { int64_t rows, columns, depth; } gemm_tile;

// C of one row or one column needs no tiles: it is dot products where the matrix is contiguous
// along k, or a combination of the matrix's rows or columns. The tiles of bfloat16 may be the machine's.
typedef enum gemm_way {
  gemm_by_tiles, gemm_by_amx, gemm_by_dots, gemm_by_combination
} gemm_way;

typedef struct gemm_plan {
  gemm_way way;
  // A block is `rows` by `columns` of one product of the batch.
  int64_t rows, columns, row_blocks, column_blocks;
  // Steps along k, and rows of A, that are packed at a time. Every sum is taken in runs of `depth`, whatever the cut.
  int64_t depth, packed_rows;
  // What is not packed is read in place.
  bool packs_a, packs_b;
  // Offsets into the workspace in bytes; B's panels, or the vector, come first.
  size_t a_panels, sums, bytes;
} gemm_plan;

void tk_gemm_run_amx(
  const tk_gemm *gemm, const gemm_plan *plan, char *workspace, int64_t begin, int64_t end);

// Rows from one panel to the next: one more than are used, because panels a power of two apart
// would push each other out of the cache while they are written side by side.
static inline int64_t gemm_panel_depth(int64_t depth) { return depth + 1; }

// Rows that are nearly a multiple of ALIAS_BYTES apart push each other out of the first level cache, of which a way is
// 4096 bytes.
#define ALIAS_BYTES 4096
#define LINE_BYTES 64
static inline bool gemm_aliases(int64_t stride, int64_t size) {
  int64_t bytes = (stride < 0 ? -stride : stride) * size;
  return bytes > LINE_BYTES && (bytes + LINE_BYTES) % ALIAS_BYTES <= 2 * LINE_BYTES;
}

#endif

// The micro-kernel of each instance: a tile of `rows` by `vectors` vectors of C stays in registers
// while `depth` steps along k pass. Rows times vectors, plus the vectors of B and one splat of A,
// fill the register file: 16 registers up to AVX2, 32 elsewhere. A step's products must outnumber
// the latency of a multiply-add times the units that do them (8 to 16).
#ifndef TK_GEMM_TILES
#define TK_GEMM_TILES

#if defined(__x86_64__)
#define GEMM_TILES(TILE)                                                                           \
  TILE(baseline_f32, 6, 2, 256)                                                                    \
  TILE(baseline_f64, 6, 2, 256)                                                                    \
  TILE(avx2_f32, 6, 2, 256)                                                                        \
  TILE(avx2_f64, 6, 2, 256)                                                                        \
  TILE(avx512_f32, 14, 2, 256)                                                                     \
  TILE(avx512_f64, 14, 2, 256)
#else
#define GEMM_TILES(TILE)                                                                           \
  TILE(baseline_f32, 12, 2, 256)                                                                   \
  TILE(baseline_f64, 12, 2, 256)
#endif

#define ROWS NAME(rows)
#define VECTORS NAME(vectors)
#define COLUMNS (VECTORS * LANES)

#define TILE(instance, rows, vectors, depth)                                                       \
  enum { rows_##instance = rows, vectors_##instance = vectors, depth_##instance = depth };
GEMM_TILES(TILE)
#undef TILE

#endif

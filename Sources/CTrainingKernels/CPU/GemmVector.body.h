// Products where C is one row or one column: out[j] = sum over k of x[k] M(j, k). Nothing is packed
// but x, because every element of M is used once.

// Rows of M are contiguous: vectors along k, summed at the end.
INLINE void NAME(dots)(tk_dtype dtype, const int64_t rows, REAL *out, const REAL *x, const char *p,
                       int64_t across, int64_t depth) {
  V sums[4] = {ZERO, ZERO, ZERO, ZERO}, last[4] = {ZERO, ZERO, ZERO, ZERO};
  int64_t k = 0;
  for (; k + LANES <= depth; k += LANES) {
    V factor = LOAD(x + k);
#pragma clang loop unroll(full)
    for (int64_t r = 0; r < rows; r++)
      sums[r] = FMA(factor, NAME(load_whole)(dtype, p + r * across, k), sums[r]);
  }
  if (k < depth)
    for (int64_t r = 0; r < rows; r++)
      last[r] = LOAD(x + k) * NAME(load_part)(dtype, p + r * across, k, depth - k);
#pragma clang loop unroll(full)
  for (int64_t r = 0; r < rows; r++) {
    REAL parts[LANE_BYTES / sizeof(REAL)];
    STORE(parts, sums[r] + last[r]);
    for (int64_t half = LANES / 2; half > 0; half /= 2)
      for (int64_t l = 0; l < half; l++) parts[l] += parts[l + half];
    out[r] = parts[0];
  }
}

// Columns of M are contiguous: adds `terms` of them, each read through to its end.
INLINE void NAME(combine)(tk_dtype dtype, const int64_t terms, REAL *out, const REAL *x,
                          const char *p, int64_t step, int64_t count) {
  for (int64_t j = 0; j < count; j += LANES) {
    V sum = LOAD(out + j);
#pragma clang loop unroll(full)
    for (int64_t k = 0; k < terms; k++) {
      V row = count - j >= LANES ? NAME(load_whole)(dtype, p + k * step, j)
                                 : NAME(load_part)(dtype, p + k * step, j, count - j);
      sum = FMA(SPLAT(x[k]), row, sum);
    }
    STORE(out + j, sum);
  }
}

// `x` and `out` are followed by LANES elements that count for nothing; x's are zero.
INLINE void NAME(apply_matrix)(tk_dtype dtype, bool along_k, REAL *out, int64_t count,
                               const REAL *x, int64_t depth, const char *p, int64_t across,
                               int64_t step) {
  int64_t size = tk_element_size(dtype), j = 0, k = 0;
  if (along_k) {
    for (; j + 4 <= count; j += 4)
      NAME(dots)(dtype, 4, out + j, x, p + j * across * size, across * size, depth);
    for (; j < count; j++)
      NAME(dots)(dtype, 1, out + j, x, p + j * across * size, across * size, depth);
  } else {
    for (; j < count + LANES; j++) out[j] = 0;
    for (; k + 8 <= depth; k += 8)
      NAME(combine)(dtype, 8, out, x + k, p + k * step * size, step * size, count);
    for (; k < depth; k++)
      NAME(combine)(dtype, 1, out, x + k, p + k * step * size, step * size, count);
  }
}

static void NAME(run_vector_block)(const tk_gemm *g, const gemm_plan *plan, int64_t block,
                                   char *workspace) {
  bool row = g->m == 1;
  int64_t blocks = plan->row_blocks * plan->column_blocks, product = block / blocks;
  int64_t side = row ? g->n : g->m, share = row ? plan->columns : plan->rows;
  int64_t from = block % blocks * share, count = side - from < share ? side - from : share;
  int64_t across = row ? g->b_column : g->a_row, step = row ? g->b_row : g->a_column;
  int64_t size = tk_element_size(g->input), x_step = row ? g->a_column : g->b_row;
  const char *a = (const char *)g->a + product * g->a_batch * size;
  const char *b = (const char *)g->b + product * g->b_batch * size;
  const char *x = row ? a : b, *matrix = (row ? b : a) + from * across * size;
  REAL *factors = (REAL *)workspace, *out = (REAL *)(workspace + plan->sums);
  for (int64_t k = 0; k < g->k + LANES; k++)
    factors[k] = k < g->k ? ELEMENT(g->input, x, k * x_step) : 0;
  bool along_k = plan->way == gemm_by_dots;
#define APPLY(dtype)                                                                               \
  NAME(apply_matrix)(dtype, along_k, out, count, factors, g->k, matrix, across, step)
#if COMPUTE_BITS == 32
  if (g->input == tk_bfloat16) APPLY(tk_bfloat16);
  else if (g->input == tk_float16) APPLY(tk_float16);
  else
#endif
    APPLY(STORED_REAL);
#undef APPLY
  int64_t c_step = row ? 1 : g->c_row, c = product * g->c_batch + from * c_step;
  for (int64_t j = 0; j < count; j++, c += c_step) {
    REAL old = g->beta != 0 ? ELEMENT(g->output, g->c, c) : 0;
    NAME(set_element)(g->output, g->c, c, (REAL)g->alpha * out[j] + old);
  }
}

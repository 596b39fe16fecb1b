#pragma once

// order = the stable order that sorts each row of n contiguous elements; NaN counts as the largest.
// `scratch` holds n int64 a call; n is at most 2^32; a range counts rows.
void tk_argsort(tk_dtype dtype, bool descending, const void *x, int64_t *order, int64_t *scratch,
  int64_t n, int64_t begin, int64_t end);

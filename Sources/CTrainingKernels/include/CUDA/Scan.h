#pragma once

// y = for each element of a row, the sum of all before it in the row, and of itself. A block takes a piece of a row.
typedef struct tk_cuda_scan {
  const void *x;
  void *y;
  const void *before;          // [rows, pieces], sums of pieces with all before them; null where a row is one piece
  int64_t width, piece, pieces;
} tk_cuda_scan;

#pragma once

// The stable order of rows of `width` elements; NaN counts as the largest.
typedef struct tk_cuda_sort {
  const void *x;               // elements
  const void *words;           // runs that are sorted: a key and an index each
  void *merged;                // twice as long ones
  int64_t *order;              // where it is not null, indices are written here, and no words
  int64_t width, rows;
  int64_t tiles;               // of 2048 elements, a row
  int64_t run;                 // words of a run
  bool descending;
} tk_cuda_sort;

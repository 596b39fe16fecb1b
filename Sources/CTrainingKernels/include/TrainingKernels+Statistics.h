#pragma once

// What one pass over contiguous elements finds.
typedef struct tk_statistics {
  double power_sum;          // of |scale x|^power; NaN or infinite when an element is
  double largest;            // the largest finite magnitude; 0 where there is none
  int64_t non_finite, zeros;
} tk_statistics;

// Of n real elements, for a power above 0. The sum is cascaded in double; for powers of 1, 2 and 3 it
// has the same bits at every instruction set level, and squares of float32 or less neither overflow
// nor vanish.
tk_statistics tk_measure(tk_dtype dtype, double power, double scale, const void *x, int64_t n);
// Those of two parts together.
tk_statistics tk_statistics_join(tk_statistics a, tk_statistics b);

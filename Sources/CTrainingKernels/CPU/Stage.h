// Staging: what lies between kernels, which know contiguous lanes of one compute type, and operands
// of any dtype and strides. Included by a body, after Lanes.h; Stage.c holds the functions.
#include "Space.h"

#ifndef TK_CHUNK
// Points staged at once: a few buffers of them stay in the nearest cache.
#define TK_CHUNK 512
#define KERNEL NAME(tk_kernel)
#endif

// y[i] = x[i stride], widened to REAL.
void NAME(tk_widen)(tk_dtype dtype, int64_t n, const void *x, int64_t stride, REAL *y);
// y[i stride] = x[i], rounded to dtype.
void NAME(tk_narrow)(tk_dtype dtype, int64_t n, const REAL *x, void *y, int64_t stride);
// The same without a stride, past the caches where `far`.
void NAME(tk_put)(tk_dtype dtype, int64_t n, const REAL *x, void *y, bool far);
// The same as the first two for n points of a simplified space.
void NAME(tk_stage_read)(
  const tk_space *space, const tk_operand *operand, int64_t position, int64_t n, REAL *y);
void NAME(tk_stage_write)(
  const tk_space *space, const tk_operand *operand, int64_t position, int64_t n, const REAL *x);
// An operand's contiguous lanes of REAL, or null where they have to be staged.
REAL *NAME(tk_in_place)(const tk_space *space, const tk_operand *operand);

// A row kernel: n is a multiple of LANES; pointers of operands that are not read may point
// anywhere. It writes past the caches where it is told to, which takes lanes at multiples of their
// size.
typedef void (*KERNEL)(
  int64_t n, const REAL *const *in, REAL *out, const REAL *parameters, bool far);
// Runs it over points of space: operands[0] is written, the `inputs` after it are read.
void NAME(tk_stage_run)(KERNEL kernel, const REAL *parameters, int32_t inputs,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);

#include "Stage.h"

static void NAME(convert)(
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  tk_space points = *space;
  tk_operand own[2] = {operands[0], operands[1]};
  tk_simplify(&points, own, 2);
  const REAL *source = NAME(tk_in_place)(&points, &own[1]);
  REAL *direct = NAME(tk_in_place)(&points, &own[0]), buffer[TK_CHUNK];
  char *dense = tk_dense(&points, &own[0]);
  bool far = tk_fills_far(&points, &own[0]);
  int32_t size = tk_element_size(own[0].dtype);
  for (int64_t position = begin, n; position < end; position += n) {
    n = end - position < TK_CHUNK ? end - position : TK_CHUNK;
    REAL *read = direct && !far ? direct + position : buffer;
    const REAL *values = source ? source + position : read;
    if (far && source) tk_fetch(values + n, n * (int64_t)sizeof *values);
    if (!source) NAME(tk_stage_read)(&points, &own[1], position, n, read);
    if (values == direct + position) continue;
    if (dense) NAME(tk_put)(own[0].dtype, n, values, dense + position * size, far);
    else NAME(tk_stage_write)(&points, &own[0], position, n, values);
  }
  tk_settle(far);
}
static void NAME(fill)(
  REAL value, const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  tk_space points = *space;
  tk_operand own = operands[0];
  tk_simplify(&points, &own, 1);
  REAL buffer[TK_CHUNK];
  for (int64_t i = 0; i < TK_CHUNK; i++) buffer[i] = value;
  for (int64_t position = begin, n; position < end; position += n) {
    n = end - position < TK_CHUNK ? end - position : TK_CHUNK;
    NAME(tk_stage_write)(&points, &own, position, n, buffer);
  }
}
#if COMPUTE_BITS == 64
static void NAME(iota)(REAL start, REAL step, tk_operand y, int64_t begin, int64_t end) {
  REAL buffer[TK_CHUNK];
  char *data = y.data;
  int64_t stride = y.strides[0] * tk_element_size(y.dtype);
  for (int64_t position = begin, n; position < end; position += n) {
    n = end - position < TK_CHUNK ? end - position : TK_CHUNK;
    for (int64_t i = 0; i < n; i++) buffer[i] = start + (REAL)(position + i) * step;
    NAME(tk_narrow)(y.dtype, n, buffer, data + position * stride, y.strides[0]);
  }
}
#endif

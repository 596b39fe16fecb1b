#include "Stage.h"

// The machine's own conversions where every machine of the level has them.
#if IS_REAL && (ISA_LEVEL > 0 || defined(__aarch64__))
#define STORED_HALF _Float16
#define FROM_HALF(x) (REAL)(x)
#define TO_HALF(x) (_Float16)(float)(x)
#else
#define STORED_HALF uint16_t
#define FROM_HALF(x) (REAL) tk_half_to_float(x)
#define TO_HALF(x) tk_float_to_half((float)(x))
#endif
#if IS_REAL
#define TO_INTEGER(x) tk_whole((double)(x))
#else
#define TO_INTEGER(x) (x)
#endif
// X(dtype, type in memory, memory to REAL, REAL to memory)
#define FOR_EACH_CONVERSION(X)                                                                     \
  X(float32, float, (REAL), (float))                                                               \
  X(float64, double, (REAL), (double))                                                             \
  X(float16, STORED_HALF, FROM_HALF, TO_HALF)                                                      \
  X(bfloat16, uint16_t, (REAL) tk_bfloat_to_float, TO_BFLOAT)                                      \
  X(int32, int32_t, (REAL), (int32_t)TO_INTEGER)                                                   \
  X(int64, int64_t, (REAL), (int64_t)TO_INTEGER)                                                   \
  X(uint8, uint8_t, (REAL), (uint8_t)TO_INTEGER)                                                   \
  X(bool, uint8_t, (REAL), (uint8_t)0 !=)
#define TO_BFLOAT(x) tk_float_to_bfloat((float)(x))

static void NAME(repeat)(REAL x, int64_t n, REAL *y) {
  for (int64_t i = 0; i < n; i++) y[i] = x;
}
void NAME(tk_widen)(tk_dtype dtype, int64_t n, const void *x, int64_t stride, REAL *y) {
  switch (dtype) {
#define WIDEN(name, stored, widen, narrow)                                                         \
  case tk_##name: {                                                                                \
    const stored *from = x;                                                                        \
    if (stride == 1)                                                                               \
      for (int64_t i = 0; i < n; i++) y[i] = widen(from[i]);                                       \
    else if (stride == 0 && n > 0)                                                                 \
      NAME(repeat)(widen(*from), n, y);                                                            \
    else                                                                                           \
      for (int64_t i = 0; i < n; i++) y[i] = widen(from[i * stride]);                              \
    break;                                                                                         \
  }
    FOR_EACH_CONVERSION(WIDEN)
#undef WIDEN
  }
}
void NAME(tk_narrow)(tk_dtype dtype, int64_t n, const REAL *x, void *y, int64_t stride) {
  switch (dtype) {
#define NARROW(name, stored, widen, narrow)                                                        \
  case tk_##name: {                                                                                \
    stored *to = y;                                                                                \
    if (stride == 1)                                                                               \
      for (int64_t i = 0; i < n; i++) to[i] = narrow(x[i]);                                        \
    else                                                                                           \
      for (int64_t i = 0; i < n; i++) to[i * stride] = narrow(x[i]);                               \
    break;                                                                                         \
  }
    FOR_EACH_CONVERSION(NARROW)
#undef NARROW
  }
}
void NAME(tk_put)(tk_dtype dtype, int64_t n, const REAL *x, void *y, bool far) {
  if (!far) return NAME(tk_narrow)(dtype, n, x, y, 1);
  char *to = y;
  int64_t size = tk_element_size(dtype);
  if (dtype == REAL_DTYPE) return tk_stream(to, x, n * size);
  _Alignas(64) double near[TK_CHUNK];
  for (int64_t first = 0, count; first < n; first += count) {
    count = n - first < TK_CHUNK ? n - first : TK_CHUNK;
    NAME(tk_narrow)(dtype, count, x + first, near, 1);
    tk_stream(to + first * size, near, count * size);
  }
}
#undef STORED_HALF
#undef FROM_HALF
#undef TO_HALF
#undef TO_INTEGER
#undef TO_BFLOAT
#undef FOR_EACH_CONVERSION

void NAME(tk_stage_read)(
  const tk_space *space, const tk_operand *operand, int64_t position, int64_t n, REAL *y) {
  const char *data = operand->data;
  int32_t size = tk_element_size(operand->dtype);
  tk_walk walk = tk_walk_from(space, operand->strides, position);
  for (int64_t run; n > 0; n -= run, y += run, tk_walk_advance(&walk, run)) {
    run = tk_walk_run(&walk, n);
    int64_t stride = operand->strides[space->rank - 1];
    NAME(tk_widen)(operand->dtype, run, data + walk.offset * size, stride, y);
  }
}
void NAME(tk_stage_write)(
  const tk_space *space, const tk_operand *operand, int64_t position, int64_t n, const REAL *x) {
  char *data = operand->data;
  int32_t size = tk_element_size(operand->dtype);
  tk_walk walk = tk_walk_from(space, operand->strides, position);
  for (int64_t run; n > 0; n -= run, x += run, tk_walk_advance(&walk, run)) {
    run = tk_walk_run(&walk, n);
    int64_t stride = operand->strides[space->rank - 1];
    NAME(tk_narrow)(operand->dtype, run, x, data + walk.offset * size, stride);
  }
}

REAL *NAME(tk_in_place)(const tk_space *space, const tk_operand *operand) {
  return operand->dtype == REAL_DTYPE ? (REAL *)tk_dense(space, operand) : NULL;
}
static bool NAME(is_repeated)(const tk_space *space, const tk_operand *operand) {
  for (int32_t axis = 0; axis < space->rank; axis++)
    if (operand->strides[axis] != 0) return false;
  return true;
}
// Whole lanes first, a chunk at most; what is left over is less than a lane and is always staged,
// on top of ones, so that kernels need no tails.
static int64_t NAME(step)(int64_t left) {
  if (left < LANES) return left;
  return left < TK_CHUNK ? left / LANES * LANES : TK_CHUNK;
}

// The operands of one run: `direct` lanes, or a buffer that is filled chunk by chunk unless it is
// `fixed`.
typedef struct NAME(stage) {
  tk_space space;
  tk_operand operands[4];
  REAL *direct[4];
  bool fixed[4];
  _Alignas(64) REAL buffers[4][TK_CHUNK];
} NAME(stage);

static void NAME(prepare)(NAME(stage) *stage, int32_t k, int64_t count) {
  const tk_operand *operand = &stage->operands[k];
  stage->direct[k] = NAME(tk_in_place)(&stage->space, operand);
  stage->fixed[k] = k > 0 && NAME(is_repeated)(&stage->space, operand);
  int64_t lanes = (count + LANES - 1) / LANES * LANES;
  if (!stage->fixed[k] || lanes > TK_CHUNK) lanes = stage->fixed[k] ? TK_CHUNK : LANES;
  for (int64_t i = 0; i < lanes; i++) stage->buffers[k][i] = 1;
  if (stage->fixed[k] && operand->data)
    NAME(tk_widen)(operand->dtype, lanes, operand->data, 0, stage->buffers[k]);
}
static const REAL *NAME(input)(NAME(stage) *stage, int32_t k, int64_t position, int64_t n) {
  if (stage->fixed[k]) return stage->buffers[k];
  if (stage->direct[k] && n >= LANES) return stage->direct[k] + position;
  NAME(tk_stage_read)(&stage->space, &stage->operands[k], position, n, stage->buffers[k]);
  return stage->buffers[k];
}
// What is made up for memory past the caches waits for memory on both sides, so that inputs are asked for early.
static void NAME(fetch)(const NAME(stage) *stage, int32_t k, int64_t position, int64_t n) {
  const char *data = tk_dense(&stage->space, &stage->operands[k]);
  int64_t size = tk_element_size(stage->operands[k].dtype);
  if (data) tk_fetch(data + position * size, n * size);
}

void NAME(tk_stage_run)(KERNEL kernel, const REAL *parameters, int32_t inputs,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  NAME(stage) stage;
  stage.space = *space;
  for (int32_t k = 0; k <= inputs; k++) {
    stage.operands[k] = operands[k];
    // Null data is never read; without strides it joins any axes.
    for (int32_t axis = 0; !operands[k].data && axis < space->rank; axis++)
      stage.operands[k].strides[axis] = 0;
  }
  tk_simplify(&stage.space, stage.operands, inputs + 1);
  for (int32_t k = 0; k <= inputs; k++) NAME(prepare)(&stage, k, end - begin);
  bool far = tk_fills_far(&stage.space, &stage.operands[0]);
  bool aligned = (uintptr_t)(stage.direct[0] + begin) % LANE_BYTES == 0;
  char *result = operands[0].data;
  int32_t size = tk_element_size(operands[0].dtype);
  const REAL *in[3] = {stage.buffers[0], stage.buffers[0], stage.buffers[0]};
  for (int64_t position = begin, n; position < end; position += n) {
    n = NAME(step)(end - position);
    for (int32_t k = 1; k <= inputs; k++) {
      if (far && !stage.direct[0]) NAME(fetch)(&stage, k, position + n, n);
      in[k - 1] = NAME(input)(&stage, k, position, n);
    }
    REAL *out = stage.direct[0] && n >= LANES ? stage.direct[0] + position : stage.buffers[0];
    bool held = out == stage.buffers[0];
    kernel(n < LANES ? LANES : n, in, out, parameters, far && aligned && !held);
    if (held && far) NAME(tk_put)(operands[0].dtype, n, out, result + position * size, true);
    else if (held)
      NAME(tk_stage_write)(&stage.space, &stage.operands[0], position, n, out);
  }
  tk_settle(far);
}

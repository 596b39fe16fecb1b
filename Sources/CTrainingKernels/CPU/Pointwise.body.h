#include "LanesArithmetic.h"
#include "Stage.h"
#if IS_REAL
#include "LanesMath.h"
#include "LanesAngles.h"
#include "LanesActivations.h"
#endif

// One loop a table row. Each row reads some of its operands, named by the table, and of P0 and P1.
#define ROW(name, first, second, third, value)                                                     \
  static void NAME(name)(                                                                          \
    int64_t n, const REAL *const *in, REAL *out, const REAL *parameters, bool far) {               \
    V P0 = SPLAT(parameters[0]), P1 = SPLAT(parameters[1]);                                        \
    for (int64_t i = 0; i < n; i += LANES) {                                                       \
      V first = LOAD(in[0] + i), second = LOAD(in[1] + i), third = LOAD(in[2] + i);                \
      PUT(out + i, value, far);                                                                    \
      (void)first, (void)second, (void)third;                                                      \
    }                                                                                              \
    (void)P0, (void)P1;                                                                            \
  }

#define FORWARD(name, reads, value, ...) ROW(name##_order0, X, X_, X__, value)
#define DERIVATIVES(name, reads, value, slope, bend, ...)                                          \
  ROW(name##_order1, G, X, Y, slope)                                                               \
  ROW(name##_order2, G, X, Y, bend)
#define UNARY_ANY FORWARD
#if IS_REAL
#define UNARY_REAL FORWARD
#endif
#include "../Tables/Unary.h"
#if IS_REAL
#define UNARY_ANY DERIVATIVES
#define UNARY_REAL DERIVATIVES
#include "../Tables/Unary.h"
#endif

#define MAP(name, value, ...) ROW(name##_rows, A, B, B_, value)
#define BINARY_ANY MAP
#if IS_REAL
#define BINARY_REAL MAP
#endif
#define COMPARISON(name, mask, ...) MAP(name, SELECT(mask, ONE, ZERO))
#include "../Tables/Binary.h"

ROW(select_rows, C, A, B, SELECT(NE(C, ZERO), A, B))

static const KERNEL NAME(unary_kernels)[tk_unary_count][3] = {
#if IS_REAL
#define ORDERS(name, ...)                                                                          \
  [tk_unary_##name] = {NAME(name##_order0), NAME(name##_order1), NAME(name##_order2)},
#define UNARY_REAL ORDERS
#else
#define ORDERS(name, ...) [tk_unary_##name] = {NAME(name##_order0)},
#endif
#define UNARY_ANY ORDERS
#include "../Tables/Unary.h"
};
static const KERNEL NAME(binary_kernels)[tk_binary_count] = {
#define ENTRY(name, ...) [tk_binary_##name] = NAME(name##_rows),
#define BINARY_ANY ENTRY
#if IS_REAL
#define BINARY_REAL ENTRY
#endif
#define COMPARISON ENTRY
#include "../Tables/Binary.h"
};

static void NAME(unary)(tk_unary row, int32_t order, const double *parameters,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  REAL own[2] = {0};
  for (int32_t i = 0; parameters && i < 2; i++)
    own[i] = IS_REAL ? (REAL)parameters[i] : (REAL)tk_whole(parameters[i]);
  NAME(tk_stage_run)(
    NAME(unary_kernels)[row][order], own, order ? 3 : 1, space, operands, begin, end);
}
static void NAME(binary)(tk_binary row,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  const REAL none[2] = {0};
  NAME(tk_stage_run)(NAME(binary_kernels)[row], none, 2, space, operands, begin, end);
}
static void NAME(choice)(
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  const REAL none[2] = {0};
  NAME(tk_stage_run)(NAME(select_rows), none, 3, space, operands, begin, end);
}
#undef ROW
#undef FORWARD
#undef DERIVATIVES
#undef MAP
#undef ORDERS
#undef ENTRY

#include "TrainingKernels.h"

#define BODY_WITH_INTEGERS
#define BODY "Pointwise.body.h"
#include "ForEachISA.h"

static const tk_unary_row unary_rows[] = {
#define READS_NONE false, false
#define READS_X true, false
#define READS_Y false, true
#define READS_XY true, true
#define UNARY_ANY(name, reads, value, slope, bend, lower, upper)                                   \
  [tk_unary_##name] = {#name, "unary_" #name, true, READS_##reads, lower, upper},
#define UNARY_REAL(name, reads, value, slope, bend, lower, upper)                                  \
  [tk_unary_##name] = {#name, "unary_" #name, false, READS_##reads, lower, upper},
#include "../Tables/Unary.h"
};
static const tk_binary_row binary_rows[] = {
#define BINARY_ANY(name, value, lower, upper)                                                      \
  [tk_binary_##name] = {#name, "binary_" #name, true, false, lower, upper},
#define BINARY_REAL(name, value, lower, upper)                                                     \
  [tk_binary_##name] = {#name, "binary_" #name, false, false, lower, upper},
#define COMPARISON(name, value, lower, upper)                                                      \
  [tk_binary_##name] = {#name, "binary_" #name, true, true, lower, upper},
#include "../Tables/Binary.h"
};

tk_unary_row tk_unary_describe(tk_unary row) { return unary_rows[row]; }
tk_binary_row tk_binary_describe(tk_binary row) { return binary_rows[row]; }

void tk_unary_forward(tk_unary row, tk_compute compute, const double *parameters,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  TK_CALL(unary, compute, row, 0, parameters, space, operands, begin, end);
}
void tk_unary_derivative(tk_unary row, int32_t order, tk_compute compute, const double *parameters,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  TK_CALL(unary, compute, row, order, parameters, space, operands, begin, end);
}
void tk_binary_forward(tk_binary row, tk_compute compute,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  TK_CALL(binary, compute, row, space, operands, begin, end);
}
void tk_select(tk_compute compute,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end) {
  TK_CALL(choice, compute, space, operands, begin, end);
}

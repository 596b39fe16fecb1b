#include "Space.h"

// Results that are folded side by side, and rows that are folded one after another.
enum { TK_BLOCK = 1024, TK_LEAF_ROWS = 64 };

// A simplified source. It is folded by rows where neighbouring results lie nearer to each other
// than neighbouring points of one result do, or where a result has one point.
typedef struct tk_plan {
  tk_space kept, reduced;
  tk_operand source;       // with the strides of `reduced`
  int64_t kept_strides[TK_MAX_RANK], count;
  bool by_rows;
} tk_plan;

#define BODY_WITH_INTEGERS
#define BODY "Reduction.body.h"
#include "ForEachISA.h"

static const char *const names[] = {
#define REDUCTION(name, ...) [tk_reduction_##name] = #name,
#include "../Tables/Reduction.h"
  [tk_reduction_argmax] = "argmax", [tk_reduction_argmin] = "argmin",
};
const char *tk_reduction_name(tk_reduction row) { return names[row]; }

static const char *const words[] = {
#define REDUCTION(name, ...) [tk_reduction_##name] = "reduction_" #name,
#include "../Tables/Reduction.h"
  [tk_reduction_argmax] = "reduction_argmax", [tk_reduction_argmin] = "reduction_argmin",
};
const char *tk_reduction_word(tk_reduction row) { return words[row]; }

static int64_t distance(int64_t stride) { return stride < 0 ? -stride : stride; }

static tk_plan plan_of(const tk_reduce_source *source) {
  tk_plan plan = {.kept = source->kept, .reduced = source->reduced, .count = 1};
  tk_operand kept = {.dtype = source->dtype};
  plan.source = (tk_operand){.data = (void *)source->data, .dtype = source->dtype};
  for (int32_t axis = 0; axis < plan.kept.rank; axis++)
    kept.strides[axis] = source->kept_strides[axis];
  for (int32_t axis = 0; axis < plan.reduced.rank; axis++)
    plan.source.strides[axis] = source->reduced_strides[axis];
  tk_simplify(&plan.kept, &kept, 1);
  tk_simplify(&plan.reduced, &plan.source, 1);
  __builtin_memcpy(plan.kept_strides, kept.strides, sizeof kept.strides);
  for (int32_t axis = 0; axis < plan.reduced.rank; axis++) plan.count *= plan.reduced.shape[axis];
  int64_t beside = distance(kept.strides[plan.kept.rank - 1]);
  int64_t along = distance(plan.source.strides[plan.reduced.rank - 1]);
  bool is_across = plan.count == 1 || (plan.count > 1 && beside < along);
  plan.by_rows = plan.kept.shape[plan.kept.rank - 1] >= 8 && is_across;
  return plan;
}

void tk_reduce(tk_reduction row, tk_compute compute, const tk_reduce_source *source,
  void *out, tk_dtype out_dtype, int64_t begin, int64_t end) {
  tk_plan plan = plan_of(source);
  if (row == tk_reduction_argmax)
    TK_CALL(find, compute, tk_reduction_maximum, &plan, out, begin, end);
  else if (row == tk_reduction_argmin)
    TK_CALL(find, compute, tk_reduction_minimum, &plan, out, begin, end);
  else
    TK_CALL(reduce, compute, row, &plan, out, out_dtype, begin, end);
}

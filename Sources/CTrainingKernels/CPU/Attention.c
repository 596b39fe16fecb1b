#include "AttentionPlan.h"
#include "Elements.h"

#define BODY "Attention.body.h"
#include "ForEachISA.h"

#define PICK(name, a, ...)                                                                         \
  ((a)->dtype == tk_float64 ? TK_PICK(name, f64)(__VA_ARGS__) : TK_PICK(name, f32)(__VA_ARGS__))

int64_t tk_attention_unit_count(const tk_attention *a) {
  return a->batch * a->heads * ((a->targets + UNIT_TARGETS - 1) / UNIT_TARGETS);
}
size_t tk_attention_workspace(const tk_attention *a) {
  return PICK(attention_workspace, a, a, NULL);
}
void tk_attention_run(const tk_attention *a, const tk_heads *result, void *workspace,
  int64_t begin, int64_t end) {
  int64_t chunks = (a->targets + UNIT_TARGETS - 1) / UNIT_TARGETS;
  for (int64_t unit = begin; unit < end; unit++)
    PICK(attend, a, a, result, workspace, unit / chunks, unit % chunks * UNIT_TARGETS);
}

int64_t tk_attention_gradient_unit_count(const tk_attention *a) { return a->batch * a->heads; }
size_t tk_attention_gradient_workspace(
  const tk_attention *a, const tk_attention_gradients *gradients) {
  return PICK(attention_workspace, a, a, gradients);
}
void tk_attention_gradient_run(const tk_attention *a, const tk_attention_gradients *gradients,
  void *workspace, int64_t begin, int64_t end) {
  for (int64_t head = begin; head < end; head++)
    PICK(attention_slopes, a, a, gradients, workspace, head);
}

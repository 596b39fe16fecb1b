#pragma once

// A matrix for each head of each sequence; strides count elements. Elements of a row are contiguous,
// except that those of a mask have a stride.
typedef struct tk_heads { void *data; int64_t batch, head, row; } tk_heads;

// Means of values, weighted by the softmax of `scale` times the products of queries and keys, which are
// [targets, features], [sources, features] and [sources, outputs]. The mask is bytes of [targets,
// sources], 0 where a source is not seen, or has no data; causal targets see sources up to their own
// position. A target that sees nothing gets zeros. Halves are computed in float32; at the level amx,
// products with bfloat16 round the weights and their gradients to bfloat16.
typedef struct tk_attention {
  int64_t batch, heads, targets, sources, features, outputs;
  tk_dtype dtype;
  tk_heads query, key, value, mask;
  int64_t mask_step;
  double scale;
  bool causal;
} tk_attention;

// The units of work, whose number depends on the sizes alone, and the bytes of 64-byte aligned scratch
// memory that a call for some of them needs.
int64_t tk_attention_unit_count(const tk_attention *attention);
size_t tk_attention_workspace(const tk_attention *attention);
void tk_attention_run(const tk_attention *attention, const tk_heads *result, void *workspace,
  int64_t begin, int64_t end);

// The gradients of queries, keys and values from that of the result; a unit is a head of a sequence.
typedef struct tk_attention_gradients { tk_heads result, query, key, value; } tk_attention_gradients;

int64_t tk_attention_gradient_unit_count(const tk_attention *attention);
size_t tk_attention_gradient_workspace(
  const tk_attention *attention, const tk_attention_gradients *gradients);
void tk_attention_gradient_run(const tk_attention *attention,
  const tk_attention_gradients *gradients, void *workspace, int64_t begin, int64_t end);

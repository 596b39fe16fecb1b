#pragma once

// Each channel of contiguous [batch, channels, inner] elements. Blocks of a channel leave what they find in `parts`,
// which is joined in a fixed order.
typedef struct tk_cuda_batch_norm {
  const void *x, *g, *weight, *bias;
  void *means, *variances, *roots, *y, *to_weight, *to_bias;
  // Three doubles a part; on the way back two.
  void *parts;
  // On the way back: the means over a channel of g (x - mean), and of g.
  void *slopes;
  int64_t batch, channels, inner;
  // The blocks that share a channel, or a run of columns.
  int64_t splits;
  // Where the parts of a channel are: `part_run` neighbours, every `part_stride`, `part_count` in all.
  int64_t part_run, part_stride, part_count;
  double epsilon;
  // The quotient of a number below 2^31 by the packs of a plane, or by `inner` columns: its upper product with the
  // multiplier, and it, shifted.
  uint32_t multiplier, shift;
} tk_cuda_batch_norm;

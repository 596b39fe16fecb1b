#pragma once

// A space as kernels of CUDA walk it: axes joined, `width` points a thread, and cut into pieces of at most `most`
// points, a multiple of the width. Writes one piece and returns how many there are; none where there are no points.
int64_t tk_cuda_piece(const tk_space *space, const tk_operand *operands, int32_t count, int32_t width, int64_t most,
  int64_t piece, tk_cuda_walk *walk);

// Whether a copy is better done by tiles, and which: where x runs down while y runs along, and both far enough.
bool tk_cuda_tile(const tk_space *space, const tk_operand *operands, int32_t side, tk_cuda_tiles *tiles);

// Which tensor of a table a block works on.
#pragma once
#include "CUDA/Table.h"

struct TablePlace {
  // The tensor, and the block's number among those of the tensor.
  int tensor, block;
};

// Threads look at a tensor each, so that a block waits for memory once. Every thread of a block has to come here.
DEVICE TablePlace placeIn(const tk_cuda_table &table) {
  __shared__ TablePlace found;
  int block = blockIdx.x;
  for (int k = threadIdx.x; k < table.count; k += blockDim.x) {
    int first = table.first_blocks[k];
    if (first <= block && block < table.first_blocks[k + 1]) found = {k, block - first};
  }
  __syncthreads();
  return found;
}

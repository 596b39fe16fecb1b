#pragma once

// Tensors that one launch works on, each by some blocks beside each other. All of it is in the device's memory.
typedef struct tk_cuda_table {
  const void *tensors;         // what the kernel is told of each
  const int32_t *first_blocks; // of each tensor, and how many blocks there are behind the last
  int32_t count;
} tk_cuda_table;

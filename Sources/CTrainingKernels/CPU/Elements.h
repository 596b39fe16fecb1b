// What each dtype is to a kernel that treats elements one by one.
#pragma once

#include "Half.h"
#include "TrainingKernels.h"

// X(dtype, type in memory, type of sums, memory to sum, sum to memory); integer sums wrap around.
#define TK_FOR_EACH_DTYPE(X)                                                                       \
  X(float32, float, float, , )                                                                     \
  X(float64, double, double, , )                                                                   \
  X(float16, uint16_t, float, tk_half_to_float, tk_float_to_half)                                  \
  X(bfloat16, uint16_t, float, tk_bfloat_to_float, tk_float_to_bfloat)                             \
  X(int32, int32_t, uint32_t, (uint32_t), (int32_t))                                               \
  X(int64, int64_t, uint64_t, (uint64_t), (int64_t))                                               \
  X(uint8, uint8_t, uint32_t, (uint32_t), (uint8_t))                                               \
  X(bool, uint8_t, uint32_t, (uint32_t), (uint8_t)0 !=)

// X(bytes, type): what moves an element of this many bytes.
#define TK_FOR_EACH_SIZE(X) X(1, uint8_t) X(2, uint16_t) X(4, uint32_t) X(8, uint64_t)

static inline int32_t tk_element_size(tk_dtype dtype) {
  switch (dtype) {
#define SIZE(name, stored, ...) \
  case tk_##name: return (int32_t)sizeof(stored);
    TK_FOR_EACH_DTYPE(SIZE)
#undef SIZE
  }
  return 0;
}
